"""A hex dump with named ranges, for protocols that are no text: one row a field."""

from collections.abc import Iterator, Sequence
from html import escape

from patterns.lab.anatomy.drawing import ascii_column, hex_columns
from patterns.lab.anatomy.visible import size

Mark = tuple[int, int, str]
"""start, end (exclusive), label."""

ROW_BYTES = 16


def fields(data: bytes, marks: Sequence[Mark]) -> Iterator[tuple[int, bytes, str]]:
    """(offset, bytes, label) of every range in order; what lies between them has the label "".

    Raises ValueError for a range that is empty, overlaps the one before it, or reaches beyond the data.
    """
    at = 0
    for start, end, label in sorted(marks):
        if not at <= start < end <= len(data):
            raise ValueError(
                f"expected ranges apart, none empty, within {len(data)} bytes; "
                f"got {start} to {end} ({label!r}) after byte {at}: mend its start or end"
            )
        if at < start:
            yield at, data[at:start], ""
        yield start, data[start:end], label
        at = end
    if at < len(data):
        yield at, data[at:], ""


def as_table(data: bytes, marks: Sequence[Mark]) -> str:
    """The HTML table: offset, hexadecimal, ASCII, bracket, label and size."""
    bodies = []
    for at, piece, label in fields(data, marks):
        lines = [(n, piece[n : n + ROW_BYTES]) for n in range(0, len(piece), ROW_BYTES)]
        what = f'{escape(label)} <span class="size">{size(len(piece))}</span>' if label else ""
        bracket = "bracket" if label else ""
        rows = [
            f'<tr><td class="at">{at + n}</td><td class="bytes"><code>{hex_columns(line)}</code></td>'
            f'<td class="bytes"><code>{escape(ascii_column(line))}</code></td>'
            + (
                f'<td class="{bracket}" rowspan="{len(lines)}"></td><td class="what" rowspan="{len(lines)}">{what}</td>'
                if not n
                else ""
            )
            + "</tr>"
            for n, line in lines
        ]
        bodies.append(f"<tbody>{''.join(rows)}</tbody>")
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("byte", "hexadecimal", "as text"))
    what = '<th scope="col" colspan="2">what they are</th>'
    total = f'<tr><td class="at">{len(data)}</td><td colspan="4">{size(len(data))} in all</td></tr>'
    bodies.append(f'<tbody class="sum">{total}</tbody>')
    return f'<table class="parts dump"><thead><tr>{heads}{what}</tr></thead>{"".join(bodies)}</table>'


def in_a_terminal(title: str, data: bytes, marks: Sequence[Mark]) -> str:
    """The same in characters."""
    lines = [title] if title else []
    for at, piece, label in fields(data, marks):
        for n in range(0, len(piece), ROW_BYTES):
            line = piece[n : n + ROW_BYTES]
            what = f"{label} ({size(len(piece))})" if label and not n else ""
            lines.append(f"{at + n:>6}  {hex_columns(line)}  {ascii_column(line):<16}  {what}".rstrip())
    return "\n".join([*lines, f"{len(data):>6}  {size(len(data))} in all"])
