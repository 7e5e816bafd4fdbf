"""A picture that is replaced ten times a second, and its table, which is not.

The problem: whatever is open, focused or scrolled inside HTML that is replaced is closed by the next frame.
The assumption: who opens the table wants to read it, and nobody reads what changes ten times a second.
The bargain: the table stands beside the picture, behind a button that keeps its state. It shows the messages
of the moment at which it was opened; opened again, newer ones.
"""

import re
from typing import Any

import ipywidgets

from patterns.lab.style import Drawing

_SHEETS = re.compile(r"<style>.*?</style>", re.DOTALL)


class Redrawn:
    """HTML that is replaced again and again: `html`, and apart from it its style sheets, which stay.

    For each sheet that comes or goes the browser looks at every element of the page again: in a long notebook that
    takes as long as a frame may last.
    """

    def __init__(self) -> None:
        self.html, self.sheets = ipywidgets.HTML(), ipywidgets.HTML()
        self.html.add_class("bcp-picture")
        self.sheets.layout.display = "none"  # they hold all the same
        self.widgets = [self.sheets, self.html]

    def show(self, html: str) -> None:
        """Replace it."""
        new = [sheet for sheet in dict.fromkeys(_SHEETS.findall(html)) if sheet not in self.sheets.value]
        if new:
            self.sheets.value += "".join(new)
        bare = _SHEETS.sub("", html)
        if self.html.value != bare:
            self.html.value = bare


class LivePicture:
    """`widget` holds the picture, the button and the table; `show` replaces the picture."""

    def __init__(self) -> None:
        self.picture = Redrawn()
        self.button = ipywidgets.ToggleButton(value=False)
        self.table = ipywidgets.HTML()
        for hidden in (self.button, self.table):
            hidden.layout.display = "none"
        self.button.observe(self._pressed, "value")
        self.widget = ipywidgets.VBox([*self.picture.widgets, self.button, self.table])
        self._drawn: Drawing | str = ""

    def show(self, drawn: Drawing | str) -> None:
        """Replace the picture; the table stays as it is while it is open."""
        self._drawn = drawn
        self.picture.show(drawn.picture if isinstance(drawn, Drawing) else drawn)
        has_table = isinstance(drawn, Drawing) and bool(drawn.table)
        if has_table and not self.button.value:
            self._name("Show", drawn)
        self._appear(self.button, has_table or self.button.value)

    def _pressed(self, change: dict[str, Any]) -> None:
        is_open, drawn = bool(change["new"]), self._drawn
        if is_open and isinstance(drawn, Drawing):
            self.table.value = drawn.table
        self._name("Hide" if is_open else "Show", drawn)
        self._appear(self.table, is_open)

    def _name(self, verb: str, drawn: Drawing | str) -> None:
        """The button says what pressing it does; set only when it changes, or it would be read out each time."""
        summary = drawn.summary if isinstance(drawn, Drawing) else "the table"
        description = f"{verb} {summary}"
        if self.button.description != description:
            self.button.description = description
            self.button.tooltip = "The table stays as it is while it is open; open it again for newer messages"

    def _appear(self, widget: Any, visible: bool) -> None:
        display = None if visible else "none"
        if widget.layout.display != display:
            widget.layout.display = display
