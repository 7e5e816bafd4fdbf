"""A sequence diagram of what really went over the wire: drawn from the tap, never by hand.

The problem: a diagram in a book shows what its author believes; the learner's bytes may do something else.
The assumption: who sees each chunk leave and arrive can draw the exchange without knowing the pattern.
The bargain: the picture has no more than the tap saw: bytes, directions, times, ends. What a server does
inside is the empty space between two arrows.
"""

from itertools import pairwise
from pathlib import Path

from patterns.lab.sequence import words
from patterns.lab.sequence.drawing import draw
from patterns.lab.sequence.story import Step, What, steps
from patterns.lab.sequence.times import clock
from patterns.lab.style import Drawing
from patterns.wire.tap import Traffic

__all__ = ["MOST_MESSAGES", "sequence"]

MOST_LANES = 3
MOST_MESSAGES, MOST_STEPS = 100, 300
"""A longer run is cut, and says so: nobody reads more arrows, and a page of them would hold the loop up."""

_CSS = f"<style>{' '.join(Path(__file__).with_name('sequence.css').read_text(encoding='utf-8').split())}</style>"
_MESSAGES = (What.MESSAGE, What.BYTES)


def sequence(
    traffic: Traffic,
    title: str = "",
    *,
    last: int | None = None,
    names: tuple[str, str] = ("client", "server"),
    lanes: bool | None = None,
) -> Drawing:
    """The sequence diagram of `traffic`, with a table of every message drawn as its text alternative.

    last: draw only so many messages, the latest; times still count from the first record of the traffic.
    Without it the first 100 are drawn; what is not drawn is counted in a note.
    names: what stands above the two life lines. lanes: connections side by side (up to 3), or all in one,
    numbered; by default side by side where two or three of them overlap in time.
    """
    if last is not None and last < 1:
        raise ValueError(f"expected last of 1 or more messages, got {last}")
    told = steps(traffic)
    kept, note = _cut(told, last)
    if not kept:
        return _nothing(title)
    connections = sorted({step.connection for step in kept})
    apart = 1 < len(connections) <= MOST_LANES and (_overlap(kept) if lanes is None else lanes)
    numbered = len(connections) > 1 and not apart
    watch = clock([t for step in kept for t in (step.sent_s, step.arrived_s)], told[0].sent_s)
    count = sum(step.what in _MESSAGES for step in kept)
    return Drawing(
        "sequence",
        draw(kept, names, watch, words.sentence(title, kept, names, note), apart=apart, numbered=numbered),
        words.in_a_terminal(title, kept, names, watch, numbered=len(connections) > 1, note=note),
        css=_CSS,
        title=title,
        note=note,
        summary=f"{count} message{'' if count == 1 else 's'} as a table",
        table=words.table(kept, names, watch),
    )


def _cut(told: list[Step], last: int | None) -> tuple[list[Step], str]:
    """The steps to draw, and a note on what is left out: before the `last` messages, or after the first 100."""
    places = [n for n, step in enumerate(told) if step.what in _MESSAGES]
    most = min(MOST_MESSAGES, last or MOST_MESSAGES)
    if last is None:
        end = min(places[most] if len(places) > most else len(told), MOST_STEPS)
        kept, rest, where = told[:end], told[end:], "more"
    else:
        start = max(places[-most] if len(places) > most else 0, len(told) - MOST_STEPS)
        kept, rest, where = told[start:], told[:start], "earlier"
    messages = sum(step.what in _MESSAGES for step in rest)
    what = (
        ("message" if messages else "opening or end")
        if (messages or len(rest)) == 1
        else ("messages" if messages else "openings and ends")
    )
    return kept, f"… {messages or len(rest):,} {where} {what} not drawn" if rest else ""


def _overlap(told: list[Step]) -> bool:
    """Whether messages of two connections are under way, or awaited, at one time."""
    spans: dict[int, tuple[float, float]] = {}
    for step in (step for step in told if step.what in _MESSAGES):
        start, end = spans.get(step.connection, (step.sent_s, step.arrived_s))
        spans[step.connection] = min(start, step.sent_s), max(end, step.arrived_s)
    ordered = sorted(spans.values())
    return any(later[0] < earlier[1] for earlier, later in pairwise(ordered))


def _nothing(title: str) -> Drawing:
    said = "Nothing was seen on the wire yet."
    text = f"{title}\n{said}" if title else said
    return Drawing("sequence", "", text, css=_CSS, title=title, note=said, summary="", table="")
