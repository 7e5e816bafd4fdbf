"""The way of a request through the broker, step by step: the picture that a reader should be able to draw at the end.

The problem: a finished diagram of nine boxes is learnt by heart, and forgotten.
The assumption: each box was put there because something went wrong without it.
The bargain: the picture grows with the lesson. `request_path("queue")` has what there is up to that step, and what
is new in it is marked; `request_path()` is the whole.

    loop        one thread, many connections
    queue       a queue for requests, some handlers, the log
    park        what cannot be answered yet is put aside
    keys        by key
    time        and by time
    response    a queue for answers
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from patterns.lab.style import Drawing, svg

__all__ = ["STEPS", "request_path"]

STEPS = ("loop", "queue", "park", "keys", "time", "response")
WIDTH, HEIGHT = 720.0, 336.0
EVER = len(STEPS)

_CSS = (
    "<style>.bcp-path .box{fill:var(--bcp-paper,#fff);stroke:var(--bcp-soft,#5f6368);stroke-width:1.2}"
    ".bcp-path .frame{fill:none;stroke:var(--bcp-line,#e0e0e0);stroke-width:1.2;stroke-dasharray:4 3}"
    ".bcp-path .way{fill:none;stroke:var(--bcp-soft,#5f6368);stroke-width:1.3}"
    ".bcp-path .tip{fill:var(--bcp-soft,#5f6368)}"
    ".bcp-path .new .box{stroke:var(--bcp-1,#0072b2);stroke-width:2.6}"
    ".bcp-path .new .way{stroke:var(--bcp-1,#0072b2);stroke-width:2.4}.bcp-path .new .tip{fill:var(--bcp-1,#0072b2)}"
    ".bcp-path svg text{font-size:11px;fill:var(--bcp-soft,#5f6368);paint-order:stroke;"
    "stroke:var(--bcp-paper,#fff);stroke-width:4px;stroke-linejoin:round}"
    ".bcp-path svg .name{font-size:12.5px;font-weight:600;fill:var(--bcp-ink,#212121);stroke:none}"
    ".bcp-path svg .new text{fill:var(--bcp-ink,#212121)}.bcp-path svg .box~text{stroke:none}</style>"
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What there is from the step `since` on, until `until`: where it is drawn and what it says."""

    since: int
    name: str
    does: str
    until: int = EVER

    def svg(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _Box(_Part):
    x: float = 0
    y: float = 0
    wide: float = 0
    tall: float = 0
    cells: int = 0
    note: tuple[str, ...] = ()

    def svg(self) -> str:
        parts = [f'<rect class="box" x="{self.x}" y="{self.y}" width="{self.wide}" height="{self.tall}" rx="6"/>']
        parts += [
            f'<path class="box" d="M{self.x + n * self.wide / self.cells:.1f} {self.y}v{self.tall}"/>'
            for n in range(1, self.cells)
        ]
        middle = self.x + self.wide / 2
        top = self.y - 7 if self.cells else self.y + self.tall / 2 - 7 * len(self.note) + 4
        parts.append(f'<text class="name" x="{middle:.1f}" y="{top:.1f}" text-anchor="middle">{self.name}</text>')
        below = self.y + self.tall + 14 if self.cells else top + 15
        parts += [
            f'<text x="{middle:.1f}" y="{below + 13 * n:.1f}" text-anchor="middle">{escape(line)}</text>'
            for n, line in enumerate(self.note)
        ]
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Arrow(_Part):
    way: str = ""
    tip: str = ""
    at: tuple[float, float] = (0, 0)
    anchor: str = "middle"

    def svg(self) -> str:
        lines = self.name.split("\n")
        return f'<path class="way" d="{self.way}"/><path class="tip" d="{self.tip}"/>' + "".join(
            f'<text x="{self.at[0]}" y="{self.at[1] + 13 * n}" text-anchor="{self.anchor}">{escape(line)}</text>'
            for n, line in enumerate(lines)
        )


def _right(x: float, y: float) -> str:
    return f"M{x} {y}l-9 -4.5v9Z"


def _left(x: float, y: float) -> str:
    return f"M{x} {y}l9 -4.5v9Z"


def _down(x: float, y: float) -> str:
    return f"M{x} {y}l-4.5 -9h9Z"


LOOP, QUEUE, PARK, KEYS, TIME, RESPONSE = range(EVER)

PARTS: tuple[_Part, ...] = (
    _Box(LOOP, "clients", "Clients keep a connection each, and send requests.", x=8, y=120, wide=76, tall=66),
    _Box(
        LOOP, "network loop", "One loop reads and writes all connections, and waits for none of them.",
        x=138, y=108, wide=114, tall=90, note=("one thread,", "many connections"),
    ),
    _Arrow(LOOP, "bytes", "", way="M84 142H129", tip=_right(138, 142), at=(110, 135)),
    _Arrow(LOOP, "answer", "", way="M138 166H93", tip=_left(84, 166), at=(110, 182)),
    _Box(
        QUEUE, "request queue", "A whole request waits in the request queue; its connection is muted until its answer "
        "is sent. The queue has an end: when it is full, the loop stops reading.",
        x=264, y=54, wide=104, tall=30, cells=5,
    ),
    _Arrow(
        QUEUE, "a whole request; mute", "",
        way="M194 108V69H255", tip=_right(264, 69), at=(202, 101), anchor="start",
    ),
    _Box(
        QUEUE, "handlers", "A few handlers take requests from it, whichever is free.",
        x=424, y=46, wide=96, tall=46, note=("a few",),
    ),
    _Arrow(QUEUE, "", "", way="M368 69H415", tip=_right(424, 69)),
    _Box(
        QUEUE, "log", "They read from the log, or append to it.",
        x=604, y=46, wide=96, tall=46, note=("by partition",),
    ),
    _Arrow(QUEUE, "read, append", "", way="M520 69H595", tip=_right(604, 69), at=(562, 62)),
    _Arrow(
        QUEUE, "ready: answer", "", until=RESPONSE,
        way="M424 84C360 126 320 140 261 146", tip=_left(252, 147), at=(340, 148),
    ),
    _Box(
        PARK, "parked", "What cannot be answered yet is put on a list; its handler is free again.", until=KEYS,
        x=424, y=178, wide=276, tall=104, note=("one list",),
    ),
    _Arrow(PARK, "not yet:\npark", "", way="M502 92V169", tip=_down(502, 178), at=(494, 126), anchor="end"),
    _Arrow(
        PARK, "appended:\nlook at everyone", "Something was appended: everyone on the list is looked at.", until=KEYS,
        way="M652 92V169", tip=_down(652, 178), at=(644, 126), anchor="end",
    ),
    _Arrow(
        PARK, "completed: answer", "", until=RESPONSE,
        way="M412 232H330Q200 232 196 207", tip="M195.5 198l-4 9.5 9-.5Z", at=(330, 226),
    ),
    _Box(
        KEYS, "watch lists", "What cannot be answered yet is parked in the purgatory: on a watch list for each key "
        "that could answer it. Something was appended: those under its key are tried.",
        x=424, y=178, wide=116, tall=104, note=("key → who waits",),
    ),
    _Arrow(
        KEYS, "appended:\ntry this key", "",
        way="M640 92V134Q640 140 634 140H530Q524 140 524 146V169", tip=_down(524, 178), at=(648, 122), anchor="start",
    ),
    _Box(
        TIME, "timing wheel", "And in a timing wheel, for when its time is up; a reaper turns it.",
        x=596, y=178, wide=108, tall=104, note=("turned by", "a reaper"),
    ),
    _Arrow(TIME, "time\nis up", "", way="M596 230H549", tip=_left(540, 230), at=(571, 209)),
    _Box(
        RESPONSE, "response queue", "Whoever completes a request, once, reads the log again and puts the answer on the "
        "response queue; the loop sends it, and reads that connection again.",
        x=264, y=217, wide=94, tall=30, cells=5,
    ),
    _Arrow(
        RESPONSE, "send;\nunmute", "", way="M264 232H200Q194 232 194 226V207", tip="M194 198l-4.5 9h9Z", at=(226, 252)
    ),
    _Arrow(RESPONSE, "done:\nread again", "", way="M412 232H367", tip=_left(358, 232), at=(382, 262)),
    _Arrow(RESPONSE, "ready", "", way="M440 92C434 150 320 140 312 187", tip="M311 196l-3 -9.5 8 1Z", at=(352, 142)),
)  # fmt: skip


def request_path(until: str | None = None, *, title: str = "") -> Drawing:
    """The path as far as the step `until`, whose parts are marked as new; the whole without a mark if left out.

    Raises:
        ValueError: no such step.
    """
    if until is not None and until not in STEPS:
        raise ValueError(f"expected one of {', '.join(STEPS)}, got {until!r}")
    marks, step = until is not None, EVER - 1 if until is None else STEPS.index(until)
    parts = [part for part in PARTS if part.since <= step < part.until]
    words = _sentence(parts, step, marks=marks)
    body = list(_frame(step))
    for part in parts:
        looks = "new" if marks and part.since == step else "old"
        named = f' data-part="{escape(part.name)}"' if isinstance(part, _Box) else ""
        body.append(f'<g class="{looks}"{named}>{part.svg()}</g>')
    rows = "".join(f"<tr><td>{escape(part.name)}</td><td>{escape(part.does)}</td></tr>" for part in parts if part.does)
    return Drawing(
        "path",
        svg(WIDTH, HEIGHT, words, "".join(body)),
        f"{title}\n{words}" if title else words,
        css=_CSS,
        title=title,
        note="Thick: what this step adds." if marks else "",
        summary="The path in words",
        table=f'<table class="bcp-table"><tbody>{rows}</tbody></table>',
    )


def _sentence(parts: list[_Part], step: int, *, marks: bool) -> str:
    said = " ".join(part.does for part in parts if part.does)
    new = [part.name for part in parts if isinstance(part, _Box) and part.since == step]
    return f"The path of a request. {said}" + (f" New: {', '.join(new)}." if marks and new else "")


def _frame(step: int) -> Iterator[str]:
    """The broker's border, and the purgatory's."""
    yield f'<rect class="frame" x="122" y="12" width="{WIDTH - 126}" height="{HEIGHT - 24}" rx="8"/>'
    yield f'<text x="134" y="{HEIGHT - 20}">broker</text>'
    if step >= PARK:
        yield '<rect class="frame" x="412" y="166" width="300" height="140" rx="8"/>'
    if step >= KEYS:
        yield '<text x="424" y="299">purgatory</text>'
