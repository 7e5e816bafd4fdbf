"""A view as SVG: the rooms of the broker in the order in which a request goes through them.

A request keeps its number and its shape, round for a fetch, square for a produce, a diamond for what is neither, so
that no one has to tell colours apart. Drawn with the view before it, each that has changed rooms comes gliding from
where it was; who has asked the system for less motion sees it in its new place at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from patterns.lab.broker_picture.view import Kind, Operation, Ring, View
from patterns.lab.style import Drawing, svg

WIDTH, HEIGHT = 720.0, 424.0
RADIUS = 9.0
PITCH = 22.0
GLIDE_S = 0.45

Spot = tuple[float, float]

# x, y, width, height of each room
CONNECTIONS = (8.0, 6.0, 148.0, 268.0)
QUEUE = (206.0, 6.0, 178.0, 92.0)
HANDLERS = (434.0, 6.0, 278.0, 92.0)
PURGATORY = (434.0, 138.0, 278.0, 136.0)
RESPONSES = (206.0, 138.0, 178.0, 136.0)
WHEEL = (8.0, 308.0, 704.0, 108.0)

MOST_CONNECTIONS, CONNECTIONS_A_ROW = 54, 6
MOST_QUEUED, QUEUED_A_ROW = 14, 7
MOST_RESPONSES = 28
MOST_HANDLERS, HANDLERS_A_ROW = 16, 8
MOST_KEYS, MOST_UNDER_A_KEY = 4, 6
MOST_RINGS = 4

_CSS = (
    "<style>.bcp-broker .room{fill:var(--bcp-wash,#f5f5f5);stroke:var(--bcp-line,#e0e0e0)}"
    ".bcp-broker .way{fill:none;stroke:var(--bcp-soft,#5f6368);stroke-width:1.3}"
    ".bcp-broker .tip{fill:var(--bcp-soft,#5f6368)}"
    ".bcp-broker .slot{fill:var(--bcp-paper,#fff);stroke:var(--bcp-line,#e0e0e0)}"
    ".bcp-broker .open{fill:var(--bcp-paper,#fff);stroke:var(--bcp-soft,#5f6368);stroke-width:1.4}"
    ".bcp-broker .muted{fill:var(--bcp-soft,#5f6368);stroke:var(--bcp-soft,#5f6368);stroke-width:1.4}"
    ".bcp-broker .fetch{fill:var(--bcp-1,#0072b2)}.bcp-broker .produce{fill:var(--bcp-2,#d55e00)}"
    ".bcp-broker .other{fill:var(--bcp-soft,#5f6368)}"
    ".bcp-broker svg .in{fill:var(--bcp-paper,#fff);font-size:9.5px;font-weight:600}"
    ".bcp-broker svg .name{fill:var(--bcp-ink,#212121);font-weight:600;font-size:12px}"
    ".bcp-broker .timers{fill:var(--bcp-3,#009e73)}"
    ".bcp-broker .hand{stroke:var(--bcp-ink,#212121);stroke-width:1.6;fill:none}"
    f".bcp-broker .glides{{animation:bcp-glide {GLIDE_S}s ease-out}}"
    "@keyframes bcp-glide{from{transform:translate(var(--dx),var(--dy))}to{transform:none}}"
    "@media (prefers-reduced-motion:reduce){.bcp-broker .glides{animation:none}}</style>"
)


def broker_picture(view: View, before: View | None = None, *, title: str = "", note: str = "") -> Drawing:
    """The broker at one moment. With `before`, the view drawn last, what has moved since glides to its new place."""
    words = view.words()
    earlier: dict[int, list[Spot]] | None = None
    if before is not None:
        earlier = {}
        for (number, _), spot in _spots(before):
            earlier.setdefault(number, []).append(spot)
    body = "".join(
        [
            *_rooms(view),
            *_ways(),
            *_connections(view),
            *_handlers(view),
            *_keys(view),
            *_wheel(view.rings),
            *_overflows(view),
            *_operations(view, earlier),
        ]
    )
    rows = "".join(
        f"<tr><td>{one.number}</td><td>{one.kind}</td><td>{one.connection}</td><td>{escape(place)}</td></tr>"
        for place, one in view.places()
    )
    head = "<tr><th>request</th><th>kind</th><th>connection</th><th>where</th></tr>"
    return Drawing(
        "broker",
        svg(WIDTH, HEIGHT, words, body),
        "\n".join([*([title] if title else []), words]),
        css=_CSS,
        title=title,
        note=note,
        summary="Where every request is",
        table=f'<table class="bcp-table">{head}{rows}</table>',
    )


# Where an operation is drawn. One that stands under several keys has a spot under each.


def _spots(view: View) -> Iterator[tuple[tuple[int, str], Spot]]:
    for n, one in enumerate(view.queue[:MOST_QUEUED]):
        yield (one.number, "queue"), _queue_spot(n)
    for n, handler in enumerate(view.handlers[:MOST_HANDLERS]):
        if handler is not None:
            yield (handler.number, "handler"), _handler_spot(n)
    for row, (key, operations) in enumerate(_shown_keys(view)):
        for n, one in enumerate(operations[:MOST_UNDER_A_KEY]):
            yield (one.number, key), (PURGATORY[0] + 98 + n * PITCH, _key_y(row))
    for n, one in enumerate(view.responses[:MOST_RESPONSES]):
        yield (one.number, "response"), _response_spot(n)


def _queue_spot(n: int) -> Spot:
    """The head of the queue stands at the right, next to the handlers."""
    row, column = divmod(n, QUEUED_A_ROW)
    return QUEUE[0] + QUEUE[2] - 22 - column * PITCH, QUEUE[1] + 44 + row * PITCH


def _handler_spot(n: int) -> Spot:
    row, column = divmod(n, HANDLERS_A_ROW)
    return HANDLERS[0] + 24 + column * 33, HANDLERS[1] + 46 + row * 26


def _response_spot(n: int) -> Spot:
    """The head of the queue stands at the left, next to the connections."""
    row, column = divmod(n, QUEUED_A_ROW)
    return RESPONSES[0] + 22 + column * PITCH, RESPONSES[1] + 44 + row * PITCH


def _key_y(row: int) -> float:
    return PURGATORY[1] + 46 + row * 24


def _shown_keys(view: View) -> Sequence[tuple[str, tuple[Operation, ...]]]:
    return list(view.parked.items())[:MOST_KEYS]


# The rooms and what does not move


def _rooms(view: View) -> Iterator[str]:
    at_work = sum(one is not None for one in view.handlers)
    for room, name, told in (
        (CONNECTIONS, "connections", f"{view.connected:,}, {view.muted:,} muted"),
        (QUEUE, "request queue", f"{view.queued} of {view.queue_size}"),
        (HANDLERS, "handlers", f"{at_work} of {len(view.handlers)} at work"),
        (PURGATORY, "purgatory", f"{view.waiting:,} parked, {len(view.under)} keys"),
        (RESPONSES, "response queue", f"{view.answered:,}"),
        (WHEEL, "timing wheel", f"{view.timers:,} time-outs"),
    ):
        x, y, width, height = room
        yield f'<rect class="room" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'
        yield f'<text class="name" x="{x + 10}" y="{y + 19}">{name}</text>'
        below = room is CONNECTIONS  # where there is no room for both beside each other
        at = f'x="{x + 10}" y="{y + 35}"' if below else f'x="{x + width - 10}" y="{y + 19}" text-anchor="end"'
        yield f"<text {at}>{escape(told)}</text>"


def _ways() -> Iterator[str]:
    middle = QUEUE[1] + QUEUE[3] / 2
    under = HANDLERS[1] + HANDLERS[3]
    lower = RESPONSES[1] + RESPONSES[3] / 2
    top = PURGATORY[1]
    yield _way(f"M156 {middle}H200", 206, middle, 0, "read", (180, middle - 6))
    yield _way(f"M384 {middle}H428", 434, middle, 0, "", (0, 0))
    yield _way(f"M600 {under}V{top - 6}", 600, top, 90, "not yet: park", (608, under + 24), "start")
    yield _way(f"M470 {under}V118H330V{top - 6}", 330, top, 90, "ready: answer", (400, 112))
    yield _way(f"M434 {lower}H390", 384, lower, 180, "done", (410, lower - 6))
    yield _way(f"M206 {lower}H162", 156, lower, 180, "send", (181, lower - 6))
    wheel = PURGATORY[1] + PURGATORY[3]
    yield _way(f"M573 {WHEEL[1]}V{wheel + 6}", 573, wheel, 270, "time is up", (581, wheel + 21), "start")


def _way(path: str, x: float, y: float, turn: int, label: str, at: Spot, anchor: str = "middle") -> str:
    tip = f'<path class="tip" d="M0 0L-7 -3.5V3.5z" transform="translate({x} {y}) rotate({turn})"/>'
    said = f'<text x="{at[0]}" y="{at[1]}" text-anchor="{anchor}">{label}</text>' if label else ""
    return f'<path class="way" d="{path}"/>{tip}{said}'


def _connections(view: View) -> Iterator[str]:
    """Hollow: it may ask. Full: its request is inside, and nothing more is read from it."""
    for n, one in enumerate(view.connections[:MOST_CONNECTIONS]):
        x, y = _door(n)
        state = "muted" if one.is_muted else "open"
        yield f'<rect class="{state}" x="{x - 6}" y="{y - 6}" width="12" height="12" rx="3"/>'


def _handlers(view: View) -> Iterator[str]:
    for n in range(min(len(view.handlers), MOST_HANDLERS)):
        x, y = _handler_spot(n)
        yield f'<rect class="slot" x="{x - 13}" y="{y - 11.5}" width="26" height="23" rx="4"/>'


def _keys(view: View) -> Iterator[str]:
    for row, (key, operations) in enumerate(_shown_keys(view)):
        shown = key if len(key) <= 13 else f"{key[:12]}…"
        y = _key_y(row) + 4
        yield f'<text x="{PURGATORY[0] + 10}" y="{y}">{escape(shown)}<title>{escape(key)}</title></text>'
        if (more := view.under[key] - len(operations[:MOST_UNDER_A_KEY])) > 0:
            yield f'<text x="{PURGATORY[0] + PURGATORY[2] - 8}" y="{y}" text-anchor="end">+ {more:,}</text>'


def _overflows(view: View) -> Iterator[str]:
    """How many more there are than are drawn."""
    for room, more, what in (
        (CONNECTIONS, view.connected - MOST_CONNECTIONS, "more"),
        (QUEUE, view.queued - MOST_QUEUED, "more behind"),
        (HANDLERS, len(view.handlers) - MOST_HANDLERS, "more"),
        (RESPONSES, view.answered - MOST_RESPONSES, "more behind"),
        (PURGATORY, len(view.under) - MOST_KEYS, "more keys"),
    ):
        if more > 0:
            x, y, width, height = room
            yield f'<text x="{x + width - 10}" y="{y + height - 6}" text-anchor="end">+ {more:,} {what}</text>'


def _wheel(rings: Sequence[Ring]) -> Iterator[str]:
    """A strip a wheel, from the bucket where it stands; a bucket's bar grows with the timers in it."""
    x0, width = WHEEL[0] + 118, WHEEL[2] - 130
    most = max((count for ring in rings for count in ring.timers), default=0) or 1
    for row, ring in enumerate(rings[:MOST_RINGS]):
        y = WHEEL[1] + 28 + row * 20
        cell = width / len(ring.timers)
        yield f'<text x="{x0 - 8}" y="{y + 12}" text-anchor="end">{span(ring.tick_ms)} a bucket</text>'
        for n, count in enumerate(ring.timers):
            x = x0 + n * cell
            yield f'<rect class="slot" x="{x:.1f}" y="{y}" width="{cell - 2:.1f}" height="16" rx="2"/>'
            if count:
                tall = max(4.0, 16 * count / most)
                yield (
                    f'<rect class="timers" x="{x:.1f}" y="{y + 16 - tall:.1f}" width="{cell - 2:.1f}" '
                    f'height="{tall:.1f}" rx="2"><title>{count} time-outs</title></rect>'
                )
        hand = x0 + ring.at * cell
        yield f'<rect class="hand" x="{hand:.1f}" y="{y}" width="{cell - 2:.1f}" height="16" rx="2"/>'


def span(tick_ms: int) -> str:
    """A tick as it is said: "20 ms", "8 s"."""
    return f"{tick_ms} ms" if tick_ms < 1000 else f"{tick_ms / 1000:g} s"


# What moves


def _operations(view: View, earlier: Mapping[int, list[Spot]] | None) -> Iterator[str]:
    """Each in its place; with what was `earlier`, those who were not there come from where they were, or their door."""
    known = {one.number: one for _, one in view.places()}
    doors = {one.number: n for n, one in enumerate(view.connections)}
    for (number, _), (x, y) in _spots(view):
        operation = known[number]
        moved = ""
        if earlier is not None and (x, y) not in (were := earlier.get(number, [])):
            old_x, old_y = were[0] if were else _door(doors.get(operation.connection, 0))
            moved = f' class="glides" style="--dx:{old_x - x:.0f}px;--dy:{old_y - y:.0f}px"'
        hover = f"request {number}, a {operation.kind}, of connection {operation.connection}"
        yield (
            f"<g{moved}><title>{hover}</title>{_shape(operation.kind, x, y)}"
            f'<text class="in" x="{x:.0f}" y="{y + 3.4:.1f}" text-anchor="middle">{number % 1000}</text></g>'
        )


def _door(n: int) -> Spot:
    """Where a connection is drawn: a request that was nowhere before comes out of there."""
    row, column = divmod(min(n, MOST_CONNECTIONS - 1), CONNECTIONS_A_ROW)
    return CONNECTIONS[0] + 19 + column * PITCH, CONNECTIONS[1] + 54 + row * PITCH


def _shape(kind: Kind, x: float, y: float) -> str:
    if kind == "fetch":
        return f'<circle class="fetch" cx="{x:.0f}" cy="{y:.0f}" r="{RADIUS + 1}"/>'
    if kind == "produce":
        side = 2 * RADIUS
        return (
            f'<rect class="produce" x="{x - RADIUS:.0f}" y="{y - RADIUS:.0f}" width="{side}" height="{side}" rx="2"/>'
        )
    return f'<path class="other" d="M{x:.0f} {y - 11.5:.1f}l11.5 11.5l-11.5 11.5l-11.5 -11.5z"/>'
