"""A table for a notebook: a caption, headed columns, numbers to the right."""

from collections.abc import Iterable, Sequence
from html import escape

from patterns.lab.style import card

SHORT = 24  # characters that a cell keeps on one line
_STYLE = (
    "<style>.bcp .bcp-rows{border-collapse:collapse;margin:0;font-size:13px}"
    ".bcp .bcp-rows caption{text-align:left;font-weight:600;padding:0 0 8px;color:var(--bcp-ink)}"
    ".bcp .bcp-rows th,.bcp .bcp-rows td{padding:6px 20px 6px 0;text-align:left;vertical-align:top;border:0;"
    "border-bottom:1px solid var(--bcp-line);background:none;white-space:normal;max-width:none}"
    ".bcp .bcp-rows th{color:var(--bcp-soft);font-weight:500;vertical-align:bottom}"
    ".bcp .bcp-rows tr{background:none!important}.bcp .bcp-rows tr:last-child td{border-bottom:0}"
    ".bcp .bcp-rows .n{text-align:right;font-variant-numeric:tabular-nums}"
    ".bcp .bcp-rows td.s{white-space:nowrap}</style>"
)


class Table:
    """Rows under headings; HTML in a notebook, aligned text elsewhere (`str`).

    Numbers are set flush right with their thousands separated, a float with three significant digits; a
    unit belongs into its column's heading, and None is a dash. Everything is escaped.
    """

    def __init__(self, headings: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> None:
        self.caption = caption
        self.headings = tuple(headings)
        self.rows = [tuple(row) for row in rows]
        for row in self.rows:
            if len(row) != len(self.headings):
                raise ValueError(f"expected {len(self.headings)} cells ({', '.join(headings)}), got {row!r}")

    def _repr_html_(self) -> str:
        numeric = [any(_is_number(row[i]) for row in self.rows) for i in range(len(self.headings))]

        def cells(tag: str, texts: Iterable[str]) -> str:
            pairs = zip(texts, numeric, strict=True)
            return "".join(f'<{tag} class="{_kind(text, number)}">{escape(text)}</td>' for text, number in pairs)

        head = cells('th scope="col"', self.headings).replace("</td>", "</th>")
        body = "".join(f"<tr>{cells('td', map(_text, row))}</tr>" for row in self.rows)
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        rows = f"{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        return card(f'{_STYLE}<table class="bcp-rows">{rows}</table>', testid="table", quiet=True)

    def __str__(self) -> str:
        cells = [self.headings, *(tuple(map(_text, row)) for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.headings))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        return "\n".join([self.caption, *lines] if self.caption else lines)

    __repr__ = __str__


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> Table:
    """Rows under `headings`, with a `caption`; shown when it is a cell's last expression."""
    return Table(headings, rows, caption)


def _kind(text: str, number: bool) -> str:
    """How a cell is set: a number to the right, a short text on one line."""
    return "n" if number else "s" if len(text) <= SHORT else "l"


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    return f"{cell:,}" if _is_number(cell) else "–" if cell is None else str(cell)
