"""The sequence diagram for those who do not see it: a sentence, a table, and lines for a terminal."""

from collections.abc import Iterator, Sequence
from html import escape

from patterns.lab.anatomy.visible import clipped, visible
from patterns.lab.sequence.drawing import caption
from patterns.lab.sequence.layout import scale
from patterns.lab.sequence.story import Step, What
from patterns.lab.sequence.times import Clock, span

TEXT_WIDTH = 56


def sentence(title: str, steps: Sequence[Step], names: tuple[str, str], note: str) -> str:
    """What the picture shows, in a sentence or two."""
    messages = [step for step in steps if step.what in (What.MESSAGE, What.BYTES)]
    to_server = [step for step in messages if step.to_server]
    there, back = len(to_server), len(messages) - len(to_server)
    connections = len({step.connection for step in steps})
    took = max(step.arrived_s for step in steps) - min(step.sent_s for step in steps)
    return (
        f"Sequence diagram{f': {title}' if title else ''}. {there} from {names[0]} to {names[1]} "
        f"({sum(s.size_bytes for s in to_server):,} bytes), {back} back "
        f"({sum(s.size_bytes for s in messages if not s.to_server):,} bytes), on {connections} "
        f"connection{'s' if connections > 1 else ''}, in {span(took)}. "
        f"{note}{'. ' if note else ''}The table below lists every one{' drawn' if note else ''}."
    )


_HEADINGS = ("sent", "arrived", "connection", "from", "to", "what", "bytes", "first bytes")


def table(steps: Sequence[Step], names: tuple[str, str], clock: Clock) -> str:
    """Every step as a row of an HTML table."""
    head = "".join(f'<th scope="col">{h}{f" ({clock.unit})" if n < 2 else ""}</th>' for n, h in enumerate(_HEADINGS))
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _row(step, names, clock))}</tr>" for step in steps
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(step: Step, names: tuple[str, str], clock: Clock) -> Iterator[str]:
    sender, receiver = names if step.to_server else names[::-1]
    if step.what in (What.OPEN, What.CLOSE, What.CUT):
        sender, receiver = "", ""
    pieces = f", in {len(step.pieces)} pieces" if len(step.pieces) > 1 else ""
    trouble = f" ✗ {step.trouble}" if step.trouble else ""
    yield clock.tell(step.sent_s)
    yield clock.tell(step.arrived_s)
    yield str(step.connection)
    yield sender
    yield receiver
    yield f"{step.label}{pieces}{trouble}"
    yield f"{step.size_bytes:,}" if step.what in (What.MESSAGE, What.BYTES) else ""
    yield visible(step.first[:48], 48) + ("…" if len(step.first) > 48 else "")


def in_a_terminal(
    title: str, steps: Sequence[Step], names: tuple[str, str], clock: Clock, *, numbered: bool, note: str
) -> str:
    """The diagram in characters: an arrow a line, a break where nothing happens for long."""
    times = [(clock.tell(step.sent_s), clock.tell(step.arrived_s)) for step in steps]
    wide = max([len(clock.unit), *(len(text) for pair in times for text in pair)])
    gap = TEXT_WIDTH + 2 - len(names[0]) - len(names[1])
    lines = [part for part in (title, note) if part]
    lines.append(f"{clock.unit:>{wide}}  {names[0]}{' ' * max(1, gap)}{names[1]}")
    ruler = scale(steps)
    before = steps[0].sent_s
    for step, (sent, arrived) in zip(steps, times, strict=True):
        if ruler.breaks(step.sent_s - before):
            lines.append(f"{'⋮':>{wide}}  {span(step.sent_s - before)} later")
        before = max(before, step.arrived_s)
        left, right = (sent, arrived) if step.to_server else (arrived, sent)
        lines.append(f"{left:>{wide}}  {_arrow(step, numbered=numbered)}  {right:>{wide}}")
    return "\n".join(lines)


def _arrow(step: Step, *, numbered: bool) -> str:
    what, much = caption(step)
    number = f"#{step.connection} " if numbered else ""
    label = f" {number}{clipped(what, TEXT_WIDTH - 12 - len(much) - len(number))}{much} "
    dash = {What.MESSAGE: "─", What.BYTES: "─", What.OPEN: "·", What.CLOSE: "·"}.get(step.what, "╌")
    body = label.center(TEXT_WIDTH, dash)
    head = {What.MESSAGE: "▶◀", What.BYTES: "▶◀", What.END: "▷◁", What.RESET: "✗✗"}.get(step.what)
    if head is None:
        end = "✗" if step.what is What.CUT else "□" if step.what is What.OPEN else "■"
        return f"{end}{body}{end}"
    return f"{dash}{body}{head[0]}" if step.to_server else f"{head[1]}{body}{dash}"
