"""Where each step lies: time runs down, true to scale, except where labels need room or nothing happens.

The problem: an exchange of milliseconds, a pause of an hour, then another exchange. To scale, the exchange
vanishes; not to scale, the picture lies.
The bargain: one scale for everything, chosen for the gaps that are alike. A gap far longer is shortened, and
the break says how long it was. Steps at one instant are set apart as far as their labels need: from there on
their life line runs late by so much, and the others as soon as an arrow from it reaches them. On each life
line time never runs backwards, and no arrow is steeper than its time under way.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from patterns.lab.sequence.story import Step, What

ROW = 19.0
"""Least distance of two labels, px."""
BREAK = 34.0
STEP = 40.0
LONGEST = 170.0
FLAT, STEEP = 8.0, 44.0
"""Least and most height of an arrow that is under way for a usual time, px."""
JUMP = 6.0
MOMENT_S = 0.001
"""A shorter time is none: what takes microseconds is drawn flat, not made the measure of the rest."""
TIED = 1e-7
RECENT = 24
MOST_PIECES = 40
OPENING = 1 / 6
"""Where along an opening its label stands: in the middle of the first of its three legs."""
CROSSING = 0.27
"""Where along an arrow its label stands if arrows cross in mid-way."""


@dataclass(frozen=True, slots=True)
class Scale:
    """px a second, and from how long on a gap (s) is shortened to a break."""

    px_per_s: float
    broken_s: float

    def px(self, gap_s: float) -> float:
        """How far apart two instants are drawn, if nothing lies between."""
        return BREAK if self.breaks(gap_s) else gap_s * self.px_per_s

    def breaks(self, gap_s: float) -> bool:
        """Whether the gap is shortened."""
        return gap_s >= self.broken_s


class Ruler:
    """Heights of instants as if labels needed no room."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.scale = scale(steps)
        self.times = sorted({at for step in steps for at in instants(step)})
        self.heights = [0.0]
        for earlier, later in pairwise(self.times):
            self.heights.append(self.heights[-1] + self.scale.px(later - earlier))

    def at(self, time_s: float) -> float:
        """The height (px) of any time between the first and the last instant."""
        after = bisect_right(self.times, time_s)
        if after == 0 or after == len(self.times):
            return self.heights[0 if after == 0 else -1]
        t0, t1, y0, y1 = *self.times[after - 1 : after + 1], *self.heights[after - 1 : after + 1]
        return y0 + (time_s - t0) / (t1 - t0) * (y1 - y0)


@dataclass(frozen=True, slots=True)
class Layout:
    """Heights in px from the first instant: (tail, head) of each step, and (middle, seconds) of each break.

    `label_at` is where along its arrow each label stands: 0 the tail, 1 the head.
    """

    ends: list[tuple[float, float]]
    label_at: list[float]
    breaks: list[tuple[float, float]]
    height: float
    ruler: Ruler


def scale(steps: Sequence[Step]) -> Scale:
    """The scale for these steps.

    A gap is out of all proportion when it is over JUMP times the next shorter one, longer than half of all,
    and longer than what is under way takes. The rest shares STEP px a step, but what is under way for a
    usual time is not drawn steep, nor flat unless that would double the page; and no gap exceeds LONGEST.
    """
    times = sorted({at for step in steps for at in instants(step)})
    gaps = sorted(gap for a, b in pairwise(times) if (gap := b - a) > TIED)
    flights = sorted(flight for step in steps if (flight := _flight(step)) > MOMENT_S)
    pieces = sum(min(len(step.pieces), MOST_PIECES) for step in steps if len(step.pieces) > 1)
    if not gaps:
        return Scale(0.0, float("inf"))
    usual = median(flights) if flights else median(gaps)
    broken = next(
        (
            later
            for n, (gap, later) in enumerate(pairwise(gaps), 1)
            if n >= len(gaps) // 2 and later > JUMP * max(gap, MOMENT_S) and later > 2 * usual
        ),
        float("inf"),
    )
    wanted = STEP * (len(steps) + pieces / 12) / sum(gap for gap in gaps if gap < broken)
    px_per_s = min(max(wanted, min(FLAT / usual, 2 * wanted)), STEEP / usual)
    return Scale(px_per_s, min(broken, max(LONGEST / px_per_s, JUMP * MOMENT_S)))


def instants(step: Step) -> Iterator[float]:
    """The times at which something of the step begins or ends, its pieces (at most MOST_PIECES) included."""
    every = -(-len(step.pieces) // MOST_PIECES)
    for piece in step.pieces[::every] if every else ():
        yield from piece
    if step.what is What.OPEN:
        third = (step.arrived_s - step.sent_s) / 3
        yield step.sent_s + third
        yield step.sent_s + 2 * third
    yield step.sent_s
    yield step.arrived_s


def _flight(step: Step) -> float:
    if step.what is What.OPEN:
        return (step.arrived_s - step.sent_s) / 3
    return step.pieces[0][1] - step.pieces[0][0] if step.pieces else step.arrived_s - step.sent_s


def lay_out(steps: Sequence[Step], lanes: Sequence[int]) -> Layout:
    """Heights for `steps` (at least one), sorted by when they were sent; `lanes[i]` is the lane of step i.

    Several lanes share one axis, so all their life lines run late together.
    """
    ruler = Ruler(steps)
    tails, heads = [0.0] * len(steps), [0.0] * len(steps)
    shares = _label_places(steps, lanes)
    labels: dict[int, float] = {}
    late: dict[bool, float] = defaultdict(float)  # how late the life lines run, px: of the server, of the client
    breaks = []
    now_s, alike = steps[0].sent_s, len(set(lanes)) > 1
    for time_s, is_head, n in _ends(steps):
        step, y = steps[n], ruler.at(time_s)
        share = shares[n]
        others = [
            at
            for m, at in list(labels.items())[-RECENT:]
            if m != n and lanes[m] == lanes[n] and (share != CROSSING or steps[m].to_server == step.to_server)
        ]
        for earlier, later in _broken(ruler, now_s, time_s):
            late[True] = late[False] = max(late.values())
            breaks.append(((ruler.at(earlier) + ruler.at(later)) / 2 + late[True], later - earlier))
        now_s = time_s
        side = step.to_server == is_head  # the server's, when an arrow to it ends or one from it begins
        wave = ruler.at(step.sent_s + _flight(step)) - ruler.at(step.sent_s)  # the first piece's, if it has several
        if not is_head:
            flight = wave if len(step.pieces) > 1 else ruler.at(step.arrived_s) - y
            label = _free(y + late[side] + flight * share, others)
            tails[n] = max(y + late[side], label - flight * share)
            late[side] = tails[n] - y
        else:
            head = max(y + late[side], tails[n] + y - ruler.at(step.sent_s))
            if len(step.pieces) > 1:
                label = _free(head - wave / 2, others)
                heads[n] = label + wave / 2
            elif step.what is What.OPEN:
                label, heads[n] = labels[n], head
            else:
                label = _free(tails[n] + (head - tails[n]) * share, others)
                heads[n] = tails[n] + (label - tails[n]) / share
            late[side] = heads[n] - y
        labels.pop(n, None)
        labels[n] = label
        if alike or step.what in (What.CUT, What.CLOSE):
            late[True] = late[False] = max(late.values())
    return Layout(list(zip(tails, heads, strict=True)), shares, breaks, max(heads), ruler)


def _label_places(steps: Sequence[Step], lanes: Sequence[int]) -> list[float]:
    """Labels stand in the middle; where something is under way both ways at once, each nearer to its sender."""
    until: dict[tuple[int, bool], float] = defaultdict(lambda: float("-inf"))
    crossing = set()
    for step, lane in zip(steps, lanes, strict=True):
        if step.what in (What.MESSAGE, What.BYTES):
            if until[lane, not step.to_server] > step.sent_s + TIED:
                crossing.add(lane)
            until[lane, step.to_server] = max(until[lane, step.to_server], step.arrived_s)
    return [
        OPENING if step.what is What.OPEN else CROSSING if lane in crossing else 0.5
        for step, lane in zip(steps, lanes, strict=True)
    ]


def _broken(ruler: Ruler, after_s: float, until_s: float) -> Iterator[tuple[float, float]]:
    """The gaps between two times that are drawn shortened."""
    first, last = bisect_right(ruler.times, after_s) - 1, bisect_right(ruler.times, until_s)
    yield from (gap for gap in pairwise(ruler.times[first:last]) if ruler.scale.breaks(gap[1] - gap[0]))


def _ends(steps: Sequence[Step]) -> list[tuple[float, bool, int]]:
    """(time, whether it is the head, step) of every tail and head, in order of time.

    At one instant a response arrives before the next request leaves; a step that takes no time begins, then
    ends.
    """
    ends = []
    for n, step in enumerate(steps):
        ends.append((step.sent_s, 1, n, False))
        ends.append((step.arrived_s, int(step.arrived_s <= step.sent_s), n, True))
    return [(time_s, is_head, n) for time_s, _, n, is_head in sorted(ends)]


def _free(wanted: float, others: Sequence[float]) -> float:
    """The first height from `wanted` on that is ROW away from all `others`."""
    for at in sorted(others):
        if abs(at - wanted) < ROW - 1e-6:
            wanted = at + ROW
    return wanted
