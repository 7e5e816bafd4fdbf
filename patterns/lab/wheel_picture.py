"""The timing wheel's picture: every wheel, every bucket, what lies in it, and one timer's way down.

The problem: a wheel of wheels is easy to draw and hard to imagine turning.
The assumption: the wheel itself knows where everything is, so that it can be drawn at any moment.
The bargain: nothing is drawn that is not in it. A bucket shows how many timers it holds, the hand shows where its
wheel stands; coarse wheels are on the left, so that a timer's way down leads from the left to the right.

The first bucket of a wheel is at the top, and they go round clockwise, as the hand does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from patterns.lab.style import Drawing, svg
from patterns.wait.timing_wheel import TimerEntry, TimingWheel

__all__ = ["Place", "place_of", "way_down", "wheel_picture"]

WIDTH, MOST_ACROSS = 720.0, 4
TOP, BELOW = 48.0, 44.0

_CSS = (
    "<style>.bcp-wheel .b{fill:var(--bcp-paper,#fff);stroke:var(--bcp-line,#e0e0e0);stroke-width:1}"
    ".bcp-wheel .full .b{fill:var(--bcp-1,#0072b2);fill-opacity:.3;stroke:var(--bcp-1,#0072b2)}"
    ".bcp-wheel .way .b{stroke:var(--bcp-2,#d55e00);stroke-width:2.6}"
    ".bcp-wheel .here .b{fill:var(--bcp-2,#d55e00);fill-opacity:.35}"
    ".bcp-wheel .hand{stroke:var(--bcp-ink,#212121);stroke-width:1.6;fill:var(--bcp-ink,#212121)}"
    ".bcp-wheel .step{fill:none;stroke:var(--bcp-2,#d55e00);stroke-width:1.8;stroke-dasharray:5 3}"
    ".bcp-wheel .tip{fill:var(--bcp-2,#d55e00)}"
    ".bcp-wheel svg text{font-size:11px;fill:var(--bcp-soft,#5f6368)}"
    ".bcp-wheel svg .count{font-size:9.5px;fill:var(--bcp-ink,#212121)}"
    ".bcp-wheel svg .turn{font-size:13px;font-weight:700;fill:var(--bcp-2,#d55e00)}"
    ".bcp-wheel svg .name{font-size:12px;font-weight:600;fill:var(--bcp-ink,#212121)}"
    ".bcp-wheel svg .at{fill:var(--bcp-ink,#212121);paint-order:stroke;stroke:var(--bcp-paper,#fff);stroke-width:5px;"
    "stroke-linejoin:round}</style>"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a timer lay from `since_ms` on: the wheel, from 1, the finest; the bucket, from 0; its range of time."""

    since_ms: int
    wheel: int
    bucket: int
    from_ms: int
    until_ms: int


def place_of(timers: TimingWheel[Any], entry: TimerEntry[Any] | None) -> Place | None:
    """Where the timer lies now; None once it has fired or was cancelled."""
    if entry is None or entry.bucket is None:
        return None
    for number, wheel in enumerate(timers.wheels, 1):
        for at, bucket in enumerate(wheel.buckets):
            if bucket is entry.bucket:
                from_ms = bucket.expiration_ms
                return Place(timers.now_ms, number, at, from_ms, from_ms + wheel.tick_ms)
    return None


def way_down(timers: TimingWheel[Any], entry: TimerEntry[Any] | None) -> list[Place]:
    """Turn the wheels until the timer has fired; each place it lay in. What is due before it fires, too."""
    places: list[Place] = []
    while (here := place_of(timers, entry)) is not None:
        if not places or (here.wheel, here.bucket) != (places[-1].wheel, places[-1].bucket):
            places.append(here)
        due_ms = timers.next_expiration_ms
        assert due_ms is not None, "a timer that lies in a bucket has a time"
        timers.advance_clock(due_ms)
    return places


def wheel_picture(timers: TimingWheel[Any], *, way: Sequence[Place] = (), title: str = "") -> Drawing:
    """The wheels as they are now, up to four beside each other.

    way: the places of one timer, oldest first, numbered and drawn as one way; the last is where it lies now, or lay
        before it fired.
    """
    words = _sentence(timers, way)
    return Drawing(
        "wheel",
        _draw(timers, way, words),
        "\n".join([*([title] if title else []), *_lines(timers), words]),
        css=_CSS,
        title=title,
        summary=f"{_full(timers)} buckets with timers as a table",
        table=_table(timers) if len(timers) else "",
    )


def span(ms: int) -> str:
    """A time in the unit that suits it: 20 ms, 8 s, 3,200 s."""
    return f"{ms:,} ms" if ms % 1000 or not ms else f"{ms // 1000:,} s"


# In words


def _sentence(timers: TimingWheel[Any], way: Sequence[Place]) -> str:
    held = [f"wheel {n} ({span(wheel.tick_ms)} a bucket) {_held(wheel)}" for n, wheel in enumerate(timers.wheels, 1)]
    count = len(timers)
    said = f"Timing wheel at {timers.now_ms:,} ms with {count:,} timer{'' if count == 1 else 's'}: {', '.join(held)}."
    if way:
        steps = [f"wheel {step.wheel}, bucket {step.bucket}, at {step.since_ms:,} ms" for step in way]
        said += f" One timer's way: {'; then '.join(steps)}."
    return said


def _full(timers: TimingWheel[Any]) -> int:
    return sum(1 for wheel in timers.wheels for bucket in wheel.buckets if bucket)


def _held(wheel: Any) -> int:
    return sum(len(bucket) for bucket in wheel.buckets)


def _lines(timers: TimingWheel[Any]) -> Iterator[str]:
    for number, wheel in reversed(list(enumerate(timers.wheels, 1))):
        cells = "".join(f"{_short(len(bucket)) if bucket else '·':>4}" for bucket in wheel.buckets)
        yield f"wheel {number}, {span(wheel.tick_ms):>7} a bucket {cells}"


def _table(timers: TimingWheel[Any]) -> str:
    rows = "".join(
        f"<tr><td>{number}</td><td>{at}</td><td>{bucket.expiration_ms:,}</td>"
        f"<td>{bucket.expiration_ms + wheel.tick_ms:,}</td><td>{len(bucket):,}</td></tr>"
        for number, wheel in enumerate(timers.wheels, 1)
        for at, bucket in enumerate(wheel.buckets)
        if bucket
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("wheel", "bucket", "from, ms", "until, ms", "timers"))
    return f'<table class="bcp-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _short(count: int) -> str:
    return f"{count}" if count < 1000 else f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.0f}M"


# The drawing


@dataclass(frozen=True, slots=True)
class _Ring:
    """Where a wheel is drawn."""

    x: float
    y: float
    outer: float

    @property
    def inner(self) -> float:
        return self.outer * 0.64

    def point(self, turn: float, radius: float) -> tuple[float, float]:
        """The point at so much of a turn, clockwise from the top."""
        angle = 2 * math.pi * turn
        return self.x + radius * math.sin(angle), self.y - radius * math.cos(angle)


def _draw(timers: TimingWheel[Any], way: Sequence[Place], words: str) -> str:
    wheels = timers.wheels
    first = max(0, len(wheels) - MOST_ACROSS)  # more than four are too small to read; the finest matter most
    shown = list(enumerate(wheels, 1))[: len(wheels) - first]
    across = max(len(shown), 2)
    outer = min(84.0, WIDTH / across / 2 - 12)
    y = TOP + outer
    rings = {
        number: _Ring(WIDTH * (len(shown) - n - 0.5) / len(shown), y, outer) for n, (number, _) in enumerate(shown)
    }
    seen = [step for step in way if step.wheel in rings]
    body = [part for number, wheel in reversed(shown) for part in _ring(number, wheel, rings[number], seen)]
    body += [part for before, after in pairwise(seen) for part in _step(before, after, rings)]
    if first:
        body.append(f'<text x="4" y="14">and {first} coarser, not drawn</text>')
    return svg(WIDTH, y + outer + BELOW, words, "".join(body))


def _ring(number: int, wheel: Any, ring: _Ring, way: Sequence[Place]) -> Iterator[str]:
    lain = {step.bucket: turn for turn, step in enumerate(way, 1) if step.wheel == number}
    last = way[-1] if way else None
    yield f'<g data-wheel="{number}">'
    order = sorted(
        range(wheel.size), key=lambda at: (at in lain, bool(wheel.buckets[at]))
    )  # the borders that count last
    for at in order:
        bucket = wheel.buckets[at]
        here = last is not None and (last.wheel, last.bucket) == (number, at)
        looks = " ".join(
            name for name, so in (("bucket", True), ("full", bucket), ("way", at in lain), ("here", here)) if so
        )
        yield f'<g class="{looks}" data-bucket="{at}" data-timers="{len(bucket)}">'
        yield f'<path class="b" d="{_sector(ring, at / wheel.size, (at + 1) / wheel.size)}"/>'
        if bucket:
            x, y = ring.point((at + 0.5) / wheel.size, (ring.inner + ring.outer) / 2)
            yield f'<text class="count" x="{x:.1f}" y="{y + 3.5:.1f}" text-anchor="middle">{_short(len(bucket))}</text>'
        if at in lain:
            x, y = ring.point((at + 0.5) / wheel.size, ring.outer + 12)
            yield f'<text class="turn" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{lain[at]}</text>'
        yield "</g>"
    yield from _hand(wheel, ring)
    for text, dy, name in ((f"wheel {number}", -4, "name"), (f"{span(wheel.tick_ms)} × {wheel.size}", 12, "")):
        looks = f' class="{name}"' if name else ""
        yield f'<text{looks} x="{ring.x:.1f}" y="{ring.y + dy:.1f}" text-anchor="middle">{escape(text)}</text>'
    below = ring.y + ring.outer
    for text, dy in ((f"covers {span(wheel.span_ms)}", 22), (f"stands at {wheel.now_ms:,} ms", 37)):
        yield f'<text x="{ring.x:.1f}" y="{below + dy:.1f}" text-anchor="middle">{escape(text)}</text>'
    yield "</g>"


def _sector(ring: _Ring, start: float, end: float) -> str:
    points = [
        ring.point(turn, radius)
        for turn, radius in ((start, ring.inner), (start, ring.outer), (end, ring.outer), (end, ring.inner))
    ]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    return (
        f"M{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}A{ring.outer:.1f} {ring.outer:.1f} 0 0 1 {cx:.1f} {cy:.1f}"
        f"L{dx:.1f} {dy:.1f}A{ring.inner:.1f} {ring.inner:.1f} 0 0 0 {ax:.1f} {ay:.1f}Z"
    )


def _hand(wheel: Any, ring: _Ring) -> Iterator[str]:
    """A line with a tip, at the start of the bucket in which the wheel stands."""
    turn = (wheel.now_ms // wheel.tick_ms % wheel.size) / wheel.size
    (ax, ay), (bx, by) = ring.point(turn, ring.inner - 12), ring.point(turn, ring.outer + 3)
    left, right = ring.point(turn - 0.014, ring.outer + 10), ring.point(turn + 0.014, ring.outer + 10)
    yield (
        f'<path class="hand" d="M{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}L{left[0]:.1f} {left[1]:.1f}'
        f'L{right[0]:.1f} {right[1]:.1f}L{bx:.1f} {by:.1f}"/>'
    )


def _step(before: Place, after: Place, rings: dict[int, _Ring]) -> Iterator[str]:
    """An arrow over the tops of two rings, with when the timer fell from one into the other."""
    start, end = rings[before.wheel], rings[after.wheel]
    top = start.y - start.outer
    (ax, ay), (bx, by) = start.point(0.11, start.outer + 10), end.point(-0.11, end.outer + 10)
    mx, my = (ax + bx) / 2, top - 34
    yield f'<path class="step" d="M{ax:.1f} {ay:.1f}Q{mx:.1f} {my:.1f} {bx:.1f} {by:.1f}"/>'
    tip = math.atan2(by - my, bx - mx)
    corners = [(bx - 9 * math.cos(tip + d), by - 9 * math.sin(tip + d)) for d in (0.45, -0.45)]
    yield (
        f'<path class="tip" d="M{bx:.1f} {by:.1f}L{corners[0][0]:.1f} {corners[0][1]:.1f}'
        f'L{corners[1][0]:.1f} {corners[1][1]:.1f}Z"/>'
    )
    yield f'<text class="at" x="{mx:.1f}" y="{top - 27:.1f}" text-anchor="middle">at {after.since_ms:,} ms</text>'
