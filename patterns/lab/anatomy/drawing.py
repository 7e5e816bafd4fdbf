"""The parts of messages as a table: offset, bytes, bracket, what it is; and as lines for a terminal."""

from collections.abc import Iterator, Sequence
from html import escape

from patterns.lab.anatomy.parts import Form, Part, Row, Whole
from patterns.lab.anatomy.visible import shown_text, size, visible


def as_table(wholes: Sequence[Whole], *, offsets: bool = True) -> str:
    """The HTML table of these messages, a border between them."""
    body = "".join(
        f"{_border(before, after) if before else ''}{_whole(after)}"
        for before, after in zip([None, *wholes], wholes, strict=False)
    )
    heads = '<th scope="col">byte</th><th scope="col">bytes, as they came</th>'
    what = '<th scope="col" colspan="2">what they are</th>'
    looks = "" if offsets else " narrow"
    return f'<table class="parts{looks}"><thead><tr>{heads}{what}</tr></thead>{body}</table>'


def _border(before: Whole, after: Whole) -> str:
    return (
        '<tbody class="border"><tr><td></td><td colspan="3">'
        f"{escape(before.name)} ends here, {escape(after.name)} begins</td></tr></tbody>"
    )


def _whole(whole: Whole) -> str:
    bodies = "".join(_part(part, whole) for part in whole.parts)
    kind, sign, word, said = state(whole)
    word = f'<span class="bcp-{kind}"><span aria-hidden="true">{sign}</span> {word}</span> {escape(said)}'
    return (
        f'{bodies}<tbody class="sum"><tr><td class="at">{whole.end}</td>'
        f'<td colspan="3" data-testid="sum">{escape(whole.name)}: {whole.sums} · {word}</td></tr></tbody>'
    )


def state(whole: Whole) -> tuple[str, str, str, str]:
    """How the message stands: kind (good, part, bad), sign, word, and what is to be said of it."""
    if whole.trouble:
        return "bad", "✗", "the parser stops:", shown_text(whole.trouble)
    if whole.lacks:
        return "part", "◐", "not whole:", whole.lacks
    return "good", "✓", "whole", ""


def _part(part: Part, whole: Whole) -> str:
    rows = []
    for n, row in enumerate(part.rows):
        stops = whole.stops_at is not None and row.start <= whole.stops_at < row.start + len(row.data)
        cells = f'<td class="at">{row.start}</td><td class="bytes{" stops" if stops else ""}">{row_html(row)}</td>'
        if n == 0:
            label = "".join(label_html(part))
            span = f'rowspan="{len(part.rows)}"'
            cells += f'<td class="bracket" {span}></td><td class="what" {span}>{label}</td>'
        rows.append(f"<tr>{cells}</tr>")
    return f'<tbody class="{part.kind}">{"".join(rows)}</tbody>'


def label_html(part: Part) -> Iterator[str]:
    """What the part is, the names of its words underlined as the words are, and its size."""
    short, colon, more = part.label.partition(":")
    yield escape(short) + (f'<span class="more">{colon}{escape(more)}</span>' if more else "")
    if words := part.rows[0].words:
        names = (f'<span class="u{n}">{name}</span>' for n, (_, _, name) in enumerate(words, 1))
        yield f'<span class="more">: {" · ".join(names)}</span>'
    yield f' <span class="size">{size(part.size_bytes)}</span>'


def row_html(row: Row) -> str:
    """The bytes of a row: nothing in them is markup, every control byte is a picture."""
    if row.form is Form.LEFT_OUT:
        return f'<span class="dim">… {size(len(row.data))} not shown …</span>'
    if row.form is Form.HEX:
        return _hex(row.data)
    text, done = "", 0
    for n, (start, end, name) in enumerate(row.words, 1):
        word = f'<span class="u{n}" title="{name}">{_seen(row.data[start:end])}</span>'
        text += _seen(row.data[done:start]) + word
        done = end
    note = f'<span class="note">← {escape(row.note)}</span>' if row.note else ""
    return f"<code>{text}{_seen(row.data[done:])}</code>{note}"


def _seen(data: bytes) -> str:
    """UTF-8 text as text, line ends dim, everything else visible and escaped."""
    body = data.rstrip(b"\r\n")
    ends = f'<span class="dim">{visible(data[len(body) :])}</span>' if len(body) < len(data) else ""
    return escape(readable(body)) + ends


def readable(data: bytes) -> str:
    """`data` as text where it is UTF-8, else byte by byte; what does not print is made visible."""
    try:
        return shown_text(data.decode("utf-8"))
    except UnicodeDecodeError:
        return visible(data)


def _hex(data: bytes) -> str:
    return f"<code>{hex_columns(data)}  <span class='dim'>{escape(ascii_column(data))}</span></code>"


def hex_columns(data: bytes, width: int = 16) -> str:
    """Two digits a byte, a wider space in the middle, filled to `width` bytes."""
    digits = [f"{byte:02x}" for byte in data] + ["  "] * (width - len(data))
    return " ".join(digits[: width // 2]) + "  " + " ".join(digits[width // 2 :])


def ascii_column(data: bytes) -> str:
    """What prints as it is, a dot for every other byte."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in data)


def in_a_terminal(title: str, wholes: Sequence[Whole]) -> str:
    """The same in characters: offset, bytes, what they are."""
    lines = [title] if title else []
    texts = [(row, part, n) for whole in wholes for part in whole.parts for n, row in enumerate(part.rows)]
    wide = min(64, max((len(row_text(row)) for row, _, _ in texts), default=0))
    for before, whole in zip([None, *wholes], wholes, strict=False):
        if before:
            lines.append(f"{whole.start:>6}  ── {before.name} ends here, {whole.name} begins ──")
        for part in whole.parts:
            for n, row in enumerate(part.rows):
                names = ": " + " · ".join(name for _, _, name in row.words) if row.words else ""
                label = f"{part.label}{names} ({size(part.size_bytes)})" if n == 0 else ""
                note = f" ← {row.note}" if row.note else ""
                lines.append(
                    f"{row.start:>6}  {row_text(row):<{wide}}  {_mark(n, len(part.rows))} {label}{note}".rstrip()
                )
        lines.append(f"{whole.end:>6}  {whole.name}: {whole.sums} · {' '.join(state(whole)[1:]).rstrip()}")
    return "\n".join(lines)


def _mark(n: int, count: int) -> str:
    return "]" if count == 1 else "┐" if n == 0 else "┘" if n == count - 1 else "│"


def row_text(row: Row) -> str:
    """The bytes of a row, in characters."""
    if row.form is Form.LEFT_OUT:
        return f"… {size(len(row.data))} not shown …"
    if row.form is Form.HEX:
        return f"{hex_columns(row.data)}  {ascii_column(row.data)}"
    body = row.data.rstrip(b"\r\n")
    return readable(body) + visible(row.data[len(body) :])
