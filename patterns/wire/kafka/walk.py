"""The walk: a table of fields is walked along, and each field read or written as it says. Slow, and all there is to it.

`compiled` does the same for the versions that are in daily use; where it meets something that is wrong, this here
goes the same way again, slowly, and says what it is. Flexible versions are only walked.
"""

from typing import Any

from patterns.wire.kafka.errors import TrailingBytes
from patterns.wire.kafka.schema import FIXED, Field, Struct
from patterns.wire.kafka.values import NULL, Sink, Source

LENGTHS = {"string": "int16", "blob": "int32", "records": "int32", "array": "int32"}
TAKEN: dict[str, Any] = {"blob": bytes, "records": bytes, "array": (tuple, list)}
WHAT = {"string": "a str", "blob": "bytes", "records": "bytes", "array": "a sequence"}


def read(
    message: type[Struct], version: int, data: bytes, at: int = 0, *, flexible: bool = False, newer: bool = False
) -> Struct:
    """The message that stands in `data` from `at` to the end; if it may be a newer one, what is behind its fields too.

    Raises `Malformed`, with the field and the byte.
    """
    source = Source(data, at, f"{message.__name__} v{version}")
    found = _read_struct(message, version, source, flexible)
    if (left := len(data) - source.at) and not newer:
        got = f"{left} more from byte {source.at} on"
        raise TrailingBytes(f"the end of {source.within}", got, "send only the fields of this version")
    return found


def write(message: Struct, version: int, *, flexible: bool = False) -> bytes:
    """The message's bytes in that version. Raises `Unencodable`, with the field."""
    sink = Sink(f"{type(message).__name__} v{version}")
    _write_struct(message, version, sink, flexible)
    return b"".join(sink.parts)


def _read_struct(struct: type[Struct], version: int, source: Source, flexible: bool) -> Struct:
    values = {}
    for field in struct.fields:
        if field.is_in(version) and field.tag is None:
            source.path.append(field.name)
            values[field.name] = _read_value(field.kind, field, version, source, flexible)
            source.path.pop()
        else:
            values[field.name] = field.default
    if flexible:
        source.path.append("tagged fields")
        tagged = {field.tag: field for field in struct.fields if field.tag is not None and field.is_in(version)}
        for _ in range(source.uvarint()):
            known = tagged.get(source.uvarint())
            size = source.uvarint()
            if known is None:
                source.take(size)  # of a later version: to be passed over
            else:
                inner = Source(source.take(size), 0, source.within)
                inner.path = [*source.path[:-1], known.name]
                values[known.name] = _read_value(known.kind, known, version, inner, flexible)
        source.path.pop()
    return struct(**values)


def _read_value(kind: str, field: Field, version: int, source: Source, flexible: bool) -> Any:
    if kind in FIXED:
        return source.fixed(kind)
    is_own = kind == field.kind  # and not one of an array's: those are never null
    nullable = is_own and field.is_nullable(version)
    length = source.length(LENGTHS[kind], flexible=flexible, nullable=nullable)
    if length == NULL:
        return None
    if kind == "string":
        return source.text(length)
    if kind != "array":
        return source.take(length)
    items = []
    for number in range(length):
        source.path.append(f"[{number}]")
        if isinstance(field.of, type):
            items.append(_read_struct(field.of, version, source, flexible))
        else:
            items.append(_read_value(field.of, field, version, source, flexible))
        source.path.pop()
    return tuple(items)


def _write_struct(struct: Struct, version: int, sink: Sink, flexible: bool) -> None:
    tagged: list[tuple[Field, Any]] = []
    for field in struct.fields:
        value = getattr(struct, field.name)
        if field.is_in(version) and field.tag is None:
            sink.path.append(field.name)
            _write_value(field.kind, field, value, version, sink, flexible)
            sink.path.pop()
        elif field.is_in(version) and value != field.default:
            tagged.append((field, value))
    if flexible:
        sink.uvarint(len(tagged))
        for field, value in sorted(tagged, key=lambda pair: pair[0].tag or 0):
            inner = Sink(sink.within)
            inner.path = [*sink.path, field.name]
            _write_value(field.kind, field, value, version, inner, flexible)
            sink.uvarint(field.tag or 0)
            sink.uvarint(sum(map(len, inner.parts)))
            sink.parts += inner.parts


def _write_value(kind: str, field: Field, value: Any, version: int, sink: Sink, flexible: bool) -> None:
    if kind in FIXED:
        sink.fixed(kind, value)
        return
    if kind == "string" and value is not None:
        value = _encoded(value, sink)
    elif value is not None and not isinstance(value, TAKEN[kind]):
        raise sink.wrong(WHAT[kind], value, "give one")
    nullable = kind == field.kind and field.is_nullable(version)
    length = NULL if value is None else len(value)
    sink.length(LENGTHS[kind], length, flexible=flexible, nullable=nullable, what=WHAT[kind])
    if kind != "array":
        sink.parts.append(value or b"")
        return
    for number, item in enumerate(value or ()):
        sink.path.append(f"[{number}]")
        if isinstance(field.of, str):
            _write_value(field.of, field, item, version, sink, flexible)
        elif isinstance(item, field.of):
            _write_struct(item, version, sink, flexible)
        else:
            raise sink.wrong(f"a {field.of.__name__}", item, "give one")
        sink.path.pop()


def _encoded(value: Any, sink: Sink) -> bytes:
    if not isinstance(value, str):
        raise sink.wrong(WHAT["string"], value, "give one")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise sink.wrong("a str of Unicode characters", value, "half a surrogate pair is none") from None
