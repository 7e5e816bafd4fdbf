"""A sequence diagram of what really went over the wire: drawn from the tap, never by hand.

The problem: a diagram in a book shows what its author believes; the learner's bytes may do something else.
The assumption: who sees each chunk leave and arrive can draw the exchange without knowing the pattern.
The bargain: the picture has no more than the tap saw: bytes, directions, times, ends. What a server does
inside is the empty space between two arrows.
"""

from itertools import islice, pairwise
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
LONG, BRIEF = 2000, 200
"""Records: of a longer traffic only the beginning, or the end, is looked at, in a time that hardly grows with it."""

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
    if len(traffic) == 0:
        return _nothing(title)
    is_long = len(traffic) > (LONG if last is None else BRIEF)
    kept, note = _of_long(traffic, last) if is_long else _short(traffic, last)
    connections = sorted({step.connection for step in kept})
    apart = 1 < len(connections) <= MOST_LANES and (_overlap(kept) if lanes is None else lanes)
    numbered = len(connections) > 1 and not apart
    watch = clock([t for step in kept for t in (step.sent_s, step.arrived_s)], traffic[0].sent_s)
    count = _count(kept)
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


def _short(traffic: Traffic, last: int | None) -> tuple[list[Step], str]:
    """The steps to draw, and a note on what is left out: before the `last` messages, or after the first 100."""
    told = steps(traffic)
    kept = _cut(told, last)
    rest = len(told) - len(kept)
    messages = _count(told) - _count(kept)
    what = ("message", "messages") if messages else ("opening or end", "openings and ends")
    where = "more" if last is None else "earlier"
    return kept, f"… {messages or rest:,} {where} {what[(messages or rest) != 1]} not drawn" if rest else ""


def _cut(told: list[Step], last: int | None) -> list[Step]:
    places = [n for n, step in enumerate(told) if step.what in _MESSAGES]
    most = min(MOST_MESSAGES, last or MOST_MESSAGES)
    if last is None:
        return told[: min(places[most] if len(places) > most else len(told), MOST_STEPS)]
    return told[max(places[-most] if len(places) > most else 0, len(told) - min(MOST_STEPS, 20 + 4 * last)) :]


def _of_long(traffic: Traffic, last: int | None) -> tuple[list[Step], str]:
    """The same of a long traffic, looking only at its beginning or its end."""
    if last is None:
        part = Traffic(framing=traffic.framing)
        for record in islice(traffic, LONG):
            part.append(record)
        rest = len(traffic) - LONG
        return _cut(steps(part), None), f"… a long run: more, and after that {rest:,} chunks and events, not drawn"
    seen = traffic.messages()
    since_s = min((one.sent_s for one in seen[-min(last, MOST_MESSAGES) :]), default=traffic[-1].sent_s)
    kept = _cut(steps(traffic, since_s), last)
    return kept, f"… {len(seen) - _count(kept):,} earlier messages not drawn"


def _count(told: list[Step]) -> int:
    return sum(step.what in _MESSAGES for step in told)


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
