"""The race in the notebook and in the terminal: who runs, what the formula expects, the table, three plots.

racers      the patterns, each with what it counts as useless and the model that knows its messages
standings   the rows, measured and expected, as a table and as JSON
figures     staleness; messages; bytes; connections held: the model as lines, the measurement as points
panel       the race with sliders (imported when it is asked for: a terminal needs no widgets)
"""

from patterns.lab.race.racers import racers
from patterns.lab.race.standings import standings, to_json

__all__ = ["racers", "standings", "to_json"]
