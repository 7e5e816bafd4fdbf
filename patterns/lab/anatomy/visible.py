"""Bytes made visible: no control character acts, nothing from the wire is markup."""

_ESCAPES = {0x09: r"\t", 0x0A: r"\n", 0x0D: r"\r"}  # pictures such as U+240D are missing from many fonts


def visible(data: bytes, most: int | None = None) -> str:
    r"""`data` as one line of text: ASCII as it is, CR LF as \r\n, every other byte as \xhh.

    `most`: no more than so many bytes, then an ellipsis. Not escaped for HTML.
    """
    kept = data if most is None else data[:most]
    text = "".join(_ESCAPES.get(b) or (chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}") for b in kept)
    return text + ("…" if len(kept) < len(data) else "")


def shown_text(text: str) -> str:
    """`text` with what would move, hide or reorder it replaced by a visible sign or its number."""
    return "".join(c if c.isprintable() else _named(c) for c in text)


def is_text(data: bytes) -> bool:
    """Whether `data` reads as UTF-8 text: no control bytes but tab, CR and LF."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\t\r\n" for c in text)


def _named(character: str) -> str:
    code = ord(character)
    return _ESCAPES.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}")


def clipped(text: str, most: int) -> str:
    """`text` in at most `most` characters, the middle left out: both ends of a target say something."""
    if len(text) <= most:
        return text
    front = (most - 1) * 2 // 3
    back = most - 1 - front
    return f"{text[:front]}…{text[-back:] if back else ''}"


def size(count: int) -> str:
    """A byte count for people: "71 B", "1,234 B"."""
    return f"{count:,} B"
