"""Compiled: the walk along a table, written out once for each version, as one would write it by hand.

The problem: to look at the table again for each field of each message costs some ten times what the field itself does.
The assumption: neighbours of fixed size can be read with one `struct` call, and a broker sees few versions, but those
a million times. The bargain: the first message of a version waits a millisecond until its function is made;
`source_of_reader(FetchRequest, 11)` shows it. What is made knows only bytes that are right; if they are not,
it fails somehow or other, and `walk` says how.
"""

import struct
from collections.abc import Callable
from functools import cache
from typing import Any

from patterns.wire.kafka.schema import FIXED, Field, Struct

Read = Callable[[bytes, int], Any]
"""The message in these bytes, from there to the end."""

Write = Callable[[Any, Callable[[bytes], object]], None]
"""Hands on the bytes of a message, part by part."""

FAILURES = (struct.error, ValueError, TypeError, AttributeError, OverflowError, MemoryError)
"""How a compiled function fails if something is wrong, which it is for `walk` to name."""


class _Text:
    """Lines of a function to be, fields of fixed size that wait for their neighbours, and the names it needs."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.indent = 1
        self.names: dict[str, Any] = {"new": tuple.__new__, "pack": struct.pack, "unpack": struct.unpack_from}
        self.run: list[tuple[str, str]] = []  # (struct's code, name or expression)
        self._count = 0

    def add(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"

    def known(self, value: Any, stem: str) -> str:
        """The name of a value that the function needs from outside."""
        self.names[stem] = value
        return stem

    def method(self, codes: str, method: str) -> str:
        made = struct.Struct(">" + codes)
        return self.known(getattr(made, method), f"{method}_{codes.replace('?', 't')}")

    def flush_reads(self) -> None:
        if self.run:
            codes = "".join(code for code, _ in self.run)
            targets = ", ".join(name for _, name in self.run)
            comma = "," if len(self.run) == 1 else ""
            self.add(f"{targets}{comma} = {self.method(codes, 'unpack_from')}(data, at)")
            self.add(f"at += {struct.calcsize('>' + codes)}")
            self.run = []

    def flush_writes(self) -> None:
        if self.run:
            codes = "".join(code for code, _ in self.run)
            self.add(f"out({self.method(codes, 'pack')}({', '.join(value for _, value in self.run)}))")
            self.run = []

    def make(self, name: str) -> Any:
        exec(compile("\n".join(self.lines), f"<{name}>", "exec"), self.names)
        return self.names[name]


@cache
def reader(message: type[Struct], version: int) -> Read:
    """The function that reads that version; it raises one of `FAILURES` if the bytes are wrong."""
    read: Read = _reader_text(message, version).make(f"read_{message.__name__}_v{version}")
    return read


@cache
def writer(message: type[Struct], version: int) -> Write:
    """The function that writes that version; it raises one of `FAILURES` if a value is wrong."""
    write: Write = _writer_text(message, version).make(f"write_{message.__name__}_v{version}")
    return write


def source_of_reader(message: type[Struct], version: int) -> str:
    """What is run to read it."""
    return "\n".join(_reader_text(message, version).lines)


def source_of_writer(message: type[Struct], version: int) -> str:
    """What is run to write it."""
    return "\n".join(_writer_text(message, version).lines)


def _fixed_codes(of: Any, version: int) -> str | None:
    """`struct`'s codes for an item of an array if all of it has a fixed size, otherwise None."""
    if isinstance(of, str):
        return FIXED.get(of)
    codes = [FIXED.get(field.kind) for field in of.fields if field.is_in(version)]
    return None if None in codes else "".join(code for code in codes if code)


def _reader_text(message: type[Struct], version: int) -> _Text:
    text = _Text()
    text.lines.append(f"def read_{message.__name__}_v{version}(data, at):")
    text.add("size = len(data)")
    made = _read_struct(text, message, version)
    text.flush_reads()
    text.add("if at != size:")
    text.add("    raise ValueError(at)")
    text.add(f"return {made}")
    return text


def _read_struct(text: _Text, message: type[Struct], version: int) -> str:
    """Lines that read a struct's fields; returns the expression that makes it of them."""
    values = []
    for field in message.fields:
        if not field.is_in(version):
            values.append(_default(text, message, field))
            continue
        values.append(value := text.name(field.name))
        if field.kind in FIXED:
            text.run.append((FIXED[field.kind], value))
        elif field.kind == "array":
            _read_array(text, field, version, value)
        else:
            _read_bytes(text, field.kind, value, is_nullable=field.is_nullable(version))
    return f"new({text.known(message, message.__name__)}, ({', '.join(values)},))"


def _default(text: _Text, message: type[Struct], field: Field) -> str:
    if field.default is None or isinstance(field.default, int | str):
        return repr(field.default)
    return text.known(field.default, f"{message.__name__}_{field.name}")


def _read_bytes(text: _Text, kind: str, value: str, *, is_nullable: bool) -> None:
    text.run.append(("h" if kind == "string" else "i", "n"))
    text.flush_reads()
    text.add("if n >= 0:")
    text.add("    end = at + n")
    text.add(f"    {value} = data[at:end]{'.decode()' if kind == 'string' else ''}")
    text.add("    at = end")
    _read_null(text, value, is_nullable=is_nullable)


def _read_null(text: _Text, value: str, *, is_nullable: bool) -> None:
    if is_nullable:
        text.add("elif n == -1:")
        text.add(f"    {value} = None")
    text.add("else:")
    text.add("    raise ValueError(n)")


def _read_array(text: _Text, field: Field, version: int, value: str) -> None:
    text.run.append(("i", "n"))
    text.flush_reads()
    text.add("if n > 0:")
    text.indent += 1
    codes = _fixed_codes(field.of, version)
    if codes is not None:
        text.add(f"end = at + n * {struct.calcsize('>' + codes)}")
        text.add("if end > size:")
        text.add("    raise ValueError(end)")
        if isinstance(field.of, str):
            text.add(f"{value} = unpack(f'>{{n}}{codes}', data, at)")
        else:
            names, made = _item(text, field.of, version)
            rows = f"{text.method(codes, 'iter_unpack')}(data[at:end])"
            text.add(f"{value} = tuple([{made} for {names} in {rows}])")
        text.add("at = end")
    else:
        item = text.name("item")
        text.add(f"{value} = []")
        text.add("for _ in range(n):")
        text.indent += 1
        if isinstance(field.of, str):
            _read_bytes(text, field.of, item, is_nullable=False)
            made = item
        else:
            made = _read_struct(text, field.of, version)
            text.flush_reads()
        text.add(f"{value}.append({made})")
        text.indent -= 1
        text.add(f"{value} = tuple({value})")
    text.indent -= 1
    text.add("elif n == 0:")
    text.add(f"    {value} = ()")
    _read_null(text, value, is_nullable=field.is_nullable(version))


def _item(text: _Text, of: type[Struct], version: int) -> tuple[str, str]:
    """Names for what is unpacked of an item of fixed size, and the expression that makes the item."""
    made = text.known(of, of.__name__)
    if all(field.is_in(version) for field in of.fields):
        return "row", f"new({made}, row)"
    names = "".join(f"{field.name}, " for field in of.fields if field.is_in(version))
    values = [field.name if field.is_in(version) else _default(text, of, field) for field in of.fields]
    return names, f"new({made}, ({', '.join(values)},))"


def _writer_text(message: type[Struct], version: int) -> _Text:
    text = _Text()
    text.lines.append(f"def write_{message.__name__}_v{version}(message, out):")
    _write_struct(text, message, version, "message")
    text.flush_writes()
    return text


def _write_struct(text: _Text, message: type[Struct], version: int, source: str) -> None:
    names = {field.name: text.name(field.name) for field in message.fields}
    text.add(f"{''.join(f'{name}, ' for name in names.values())}= {source}")
    for field in message.fields:
        value = names[field.name]
        if not field.is_in(version):
            continue
        if field.kind in FIXED:
            text.run.append((FIXED[field.kind], value))
        elif field.kind == "array":
            _write_array(text, field, version, value)
        else:
            _write_bytes(text, field.kind, value, is_nullable=field.is_nullable(version))


def _write_bytes(text: _Text, kind: str, value: str, *, is_nullable: bool) -> None:
    code, written = ("h", f"{value}.encode()") if kind == "string" else ("i", value)
    if is_nullable:
        length = text.name("n")
        text.add(f"if {value} is None:")
        text.add(f"    {length}, {value} = -1, b''")
        text.add("else:")
        text.add(f"    {value} = {written}")
        text.add(f"    {length} = len({value})")
        text.run.append((code, length))
    else:
        if kind == "string":
            text.add(f"{value} = {written}")
        text.run.append((code, f"len({value})"))
    text.flush_writes()
    text.add(f"out({value})")


def _write_array(text: _Text, field: Field, version: int, value: str) -> None:
    is_nullable = field.is_nullable(version)
    text.run.append(("i", f"-1 if {value} is None else len({value})" if is_nullable else f"len({value})"))
    text.flush_writes()
    some = f"({value} or ())" if is_nullable else value
    codes = _fixed_codes(field.of, version)
    if isinstance(field.of, str) and codes is not None:
        text.add(f"if {value}:")
        text.add(f"    out(pack(f'>{{len({value})}}{codes}', *{value}))")
        return
    item = text.name("item")
    text.add(f"for {item} in {some}:")
    text.indent += 1
    if isinstance(field.of, str):
        _write_bytes(text, field.of, item, is_nullable=False)
    elif codes is not None and all(part.is_in(version) for part in field.of.fields):
        text.add(f"out({text.method(codes, 'pack')}(*{item}))")
    else:
        _write_struct(text, field.of, version, item)
        text.flush_writes()
    text.indent -= 1
