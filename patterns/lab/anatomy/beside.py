"""Two streams of bytes side by side: what is the same, what differs, what only one of them has."""

from collections.abc import Sequence
from html import escape

from patterns.lab.anatomy.drawing import as_table, in_a_terminal, row_html, row_text
from patterns.lab.anatomy.parts import Part, Row, Whole

Named = tuple[str, Sequence[Whole]]
Key = tuple[str, bytes, int]
"""The kind of part, the header's name, and how many of these came before."""

_MARKS = {"same": "=", "differs": "≠", "only left": "◂", "only right": "▸"}


def columns(left: Named, right: Named) -> str:
    """Each in a column of its own, not compared."""
    return '<div class="beside">' + "".join(_column(name, wholes) for name, wholes in (left, right)) + "</div>"


def _column(name: str, wholes: Sequence[Whole]) -> str:
    roll = f'<div class="roll" tabindex="0" role="region" aria-label="{escape(name)}">'
    return f"<div><h5>{escape(name)}</h5>{roll}{as_table(wholes, offsets=False)}</div></div>"


def compared(left: Named, right: Named) -> str:
    """A table: bytes of the one, mark, bytes of the other; headers of one name share a row."""
    rows = "".join(
        f'<tr class="{mark.split()[0]}"><td class="bytes">{_cell(a)}</td><td class="mark">'
        f'<span aria-hidden="true">{_MARKS[mark]}</span> {mark}</td><td class="bytes">{_cell(b)}</td></tr>'
        for a, mark, b in pairs(left[1], right[1])
    )
    sums = "".join(f"<td>{'<br>'.join(escape(whole.sums) for whole in wholes)}</td>" for _, wholes in (left, right))
    sums = sums.replace("</td><td>", '</td><td class="mark">in all</td><td>', 1)
    return (
        f'<table class="pairs"><thead><tr><th scope="col">{escape(left[0])}</th><th></th>'
        f'<th scope="col">{escape(right[0])}</th></tr></thead><tbody>{rows}</tbody>'
        f'<tfoot><tr data-testid="sums">{sums}</tr></tfoot></table>'
    )


def pairs(left: Sequence[Whole], right: Sequence[Whole]) -> list[tuple[Row | None, str, Row | None]]:
    """(left, mark, right): rows of both that belong together, in the left one's order."""
    found: list[tuple[Row | None, str, Row | None]] = []
    for n in range(max(len(left), len(right))):
        ours, theirs = ([_keyed(whole.parts) for whole in side[n : n + 1]] for side in (left, right))
        a: dict[Key, Row] = ours[0] if ours else {}
        b: dict[Key, Row] = theirs[0] if theirs else {}
        for key in sorted({**a, **b}, key=lambda key: (_place(key), [*a, *b].index(key))):
            one, other = a.get(key), b.get(key)
            if one is None or other is None:
                mark = "only right" if one is None else "only left"
            else:
                mark = "same" if one.data == other.data else "differs"
            found.append((one, mark, other))
    return found


def _keyed(parts: Sequence[Part]) -> dict[Key, Row]:
    """Rows by what they are: a header by its name and how often that came before, else kind and number."""
    keyed: dict[Key, Row] = {}
    for part in parts:
        for row in part.rows:
            name = row.data.partition(b":")[0].strip().lower() if part.kind == "headers" else b""
            count = sum(1 for kind, other, _ in keyed if (kind, other) == (part.kind, name))
            keyed[part.kind, name, count] = row
    return keyed


_ORDER = ("other", "start", "headers", "empty", "body", "chunk", "last")


def _place(key: Key) -> int:
    return _ORDER.index(key[0])


def _cell(row: Row | None) -> str:
    return row_html(row) if row is not None else '<span class="dim">–</span>'


def in_columns(left: Named, right: Named, *, compare: bool) -> str:
    """The same in characters."""
    if not compare:
        return "\n\n".join(in_a_terminal(name, wholes) for name, wholes in (left, right))
    lines = [f"◂ {left[0]}   ▸ {right[0]}"]
    for a, mark, b in pairs(left[1], right[1]):
        if mark == "differs" and a and b:
            lines += [f"◂ {row_text(a)}", f"▸ {row_text(b)}   ≠"]
        else:
            row = a or b
            lines.append(f"{_MARKS[mark]} {row_text(row) if row else ''}")
    for name, wholes in (left, right):
        lines += [f"{name}: {whole.sums}" for whole in wholes]
    return "\n".join(lines)
