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
from patterns.lab.style import card, escape
from patterns.wire.tap import Traffic

__all__ = ["Sequence", "sequence"]

MOST_LANES = 3
_CSS = " ".join(Path(__file__).with_name("sequence.css").read_text(encoding="utf-8").split())
_MESSAGES = (What.MESSAGE, What.BYTES)


class Sequence:
    """A drawn exchange: `html` for a notebook or a panel, `svg` alone, `text` for a terminal."""

    def __init__(self, html: str, svg: str, text: str) -> None:
        self.html = html
        self.svg = svg
        self.text = text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def sequence(
    traffic: Traffic,
    title: str = "",
    *,
    last: int | None = None,
    names: tuple[str, str] = ("client", "server"),
    lanes: bool | None = None,
) -> Sequence:
    """The sequence diagram of `traffic`, with a table of every message as its text alternative.

    last: draw only so many messages, the latest; times still count from the first record of the traffic.
    names: what stands above the two life lines. lanes: connections side by side (up to 3), or all in one,
    numbered; by default side by side where two or three of them overlap in time.
    """
    told = steps(traffic)
    if last is not None and last < 1:
        raise ValueError(f"expected last of 1 or more messages, got {last}")
    kept, left_out = _latest(told, last)
    if not kept:
        return _nothing(title)
    connections = sorted({step.connection for step in kept})
    apart = 1 < len(connections) <= MOST_LANES and (_overlap(kept) if lanes is None else lanes)
    numbered = len(connections) > 1 and not apart
    watch = clock([t for step in kept for t in (step.sent_s, step.arrived_s)], told[0].sent_s)
    note = f"{left_out} earlier {'message' if left_out == 1 else 'messages'} not drawn" if left_out else ""
    svg = draw(kept, names, watch, words.sentence(title, kept, names), apart=apart, numbered=numbered)
    count = sum(step.what in _MESSAGES for step in kept)
    summary = f"{count} message{'' if count == 1 else 's'} as a table"
    html = _framed(
        title,
        (f'<p class="bcp-soft">… {note}</p>' if note else "")
        + svg
        + f'<details data-testid="sequence-table"><summary>{summary}</summary>'
        + f'<div class="roll" tabindex="0" role="region" aria-label="{summary}">'
        + f"{words.table(kept, names, watch)}</div></details>",
    )
    return Sequence(html, svg, words.in_a_terminal(title, kept, names, watch, numbered=len(connections) > 1, note=note))


def _latest(told: list[Step], last: int | None) -> tuple[list[Step], int]:
    """The steps since the first of the `last` messages, and how many messages were left out."""
    places = [n for n, step in enumerate(told) if step.what in _MESSAGES]
    if last is None or len(places) <= last:
        return told, 0
    return told[places[-last] :], len(places) - last


def _overlap(told: list[Step]) -> bool:
    """Whether messages of two connections are under way, or awaited, at one time."""
    spans: dict[int, tuple[float, float]] = {}
    for step in (step for step in told if step.what in _MESSAGES):
        start, end = spans.get(step.connection, (step.sent_s, step.arrived_s))
        spans[step.connection] = min(start, step.sent_s), max(end, step.arrived_s)
    ordered = sorted(spans.values())
    return any(later[0] < earlier[1] for earlier, later in pairwise(ordered))


def _nothing(title: str) -> Sequence:
    said = "Nothing was seen on the wire yet."
    html = _framed(title, f'<p class="bcp-soft">{said}</p>')
    return Sequence(html, "", f"{title}\n{said}" if title else said)


def _framed(title: str, body: str) -> str:
    heading = f"<h4>{escape(title)}</h4>" if title else ""
    return card(f'<style>{_CSS}</style><div class="bcp bcp-seq">{heading}{body}</div>', testid="sequence")
