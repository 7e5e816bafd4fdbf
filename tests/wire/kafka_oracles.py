"""What the tests of Kafka's codec share: messages of any table, and the same ones as kio and kafka-python have them."""

from __future__ import annotations

import dataclasses
import datetime
import importlib
import io
import typing
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st
from kio.schema.errors import ErrorCode as KioErrorCode
from kio.serial import entity_reader, entity_writer

from patterns.wire.kafka import APIS, Api, Field, Record, Struct

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it reads its tables with importlib.resources.read_text
    import kafka.protocol.admin
    import kafka.protocol.consumer
    import kafka.protocol.metadata
    import kafka.protocol.producer
    from kafka.record import MemoryRecords, MemoryRecordsBuilder

UTC = datetime.UTC
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
LAST_MS = 1 << 42  # kio makes datetimes of these, with a float between, which is not exact in far centuries
BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
KAFKA_PYTHON = (kafka.protocol.consumer, kafka.protocol.producer, kafka.protocol.metadata, kafka.protocol.admin)


class Case(NamedTuple):
    """One direction of one version of an api."""

    api: Api
    version: int
    message: type[Struct]

    def __str__(self) -> str:
        return f"{self.message.__name__}-v{self.version}"

    @property
    def flexible(self) -> bool:
        return self.api.is_flexible(self.version)


def cases() -> Iterator[Case]:
    """Every api, every version, both directions."""
    for api in APIS.values():
        for version in range(api.versions.first, api.versions.last + 1):
            yield Case(api, version, api.request)
            yield Case(api, version, api.response)


def messages(struct: type[Struct], version: int) -> st.SearchStrategy[Any]:
    """Any message of that table; what the version does not have is left at its default."""
    values = {field.name: _values(field, version) for field in struct.fields if field.is_in(version)}
    return st.fixed_dictionaries(values).map(lambda chosen: struct(**chosen))


def _values(field: Field, version: int) -> st.SearchStrategy[Any]:
    if field.kind == "array":
        of = messages(field.of, version) if isinstance(field.of, type) else _plain(field.of)
        values: st.SearchStrategy[Any] = st.lists(of, max_size=3).map(tuple)
    elif field.name.endswith("error_code"):
        values = st.sampled_from([int(code) for code in KioErrorCode])
    elif field.name in ("log_append_time_ms", "retention_time_ms"):
        values = st.just(-1) | st.integers(0, LAST_MS)
    else:
        values = _plain(field.kind)
    return values | st.none() if field.is_nullable(version) else values


def _plain(kind: str) -> st.SearchStrategy[Any]:
    if kind in BITS:
        half = 1 << (BITS[kind] - 1)
        return st.integers(-half, half - 1)
    return {
        "boolean": st.booleans(),
        "string": st.text(max_size=8),
        "blob": st.binary(max_size=8),
        "records": st.binary(max_size=40),
    }[kind]


def least(struct: type[Struct], version: int, items: int = 2) -> Any:
    """One message of that table with every array filled and nothing null."""
    values: dict[str, Any] = {}
    for field in struct.fields:
        if not field.is_in(version):
            continue
        if field.kind == "array":
            one = least(field.of, version, items) if isinstance(field.of, type) else 7
            values[field.name] = (one,) * items
        else:
            values[field.name] = {"boolean": True, "string": "häh", "blob": b"ab", "records": b"cde"}.get(field.kind, 7)
    return struct(**values)


def kio_class(case: Case) -> type[Any]:
    package = "".join("_" + letter.lower() if letter.isupper() else letter for letter in case.api.name).lstrip("_")
    return getattr(importlib.import_module(f"kio.schema.{package}.v{case.version}"), case.message.__name__)


def as_kio(message: Struct, version: int, to: type[Any]) -> Any:
    """The same message as kio has it: fields in the same order, times as `timedelta` and `datetime`."""
    ours = [field for field in message.fields if field.is_in(version)]
    theirs = dataclasses.fields(to)
    assert len(ours) == len(theirs), (message, to)
    values = {}
    for own, other in zip(ours, theirs, strict=True):
        assert own.name.removesuffix("_ms") == other.name, (own, other)
        value = getattr(message, own.name)
        kind = other.metadata.get("kafka_type")
        if value is None:
            pass
        elif kind in ("timedelta_i32", "timedelta_i64"):
            value = datetime.timedelta(milliseconds=value)
        elif kind == "datetime_i64":
            value = None if value == -1 else EPOCH + datetime.timedelta(milliseconds=value)
        elif kind == "error_code":
            value = KioErrorCode(value)
        elif isinstance(own.of, type):
            value = tuple(as_kio(item, version, _item_class(other.type)) for item in value)
        values[other.name] = value
    return to(**values)


def _item_class(annotation: Any) -> type[Any]:
    for inner in typing.get_args(annotation):
        if dataclasses.is_dataclass(inner):
            return typing.cast(type[Any], inner)
        if typing.get_args(inner):
            return _item_class(inner)
    raise AssertionError(annotation)


def kio_bytes(message: Any) -> bytes:
    buffer = io.BytesIO()
    entity_writer(type(message))(buffer, message)
    return buffer.getvalue()


def kio_read(to: type[Any], data: bytes) -> Any:
    message, size = entity_reader(to)(data, 0)
    assert size == len(data)
    return message


def kafka_python_class(case: Case) -> Any:
    (found,) = {getattr(module, case.message.__name__, None) for module in KAFKA_PYTHON} - {None}
    return found


def as_kafka_python(message: Struct, version: int, to: Any) -> Any:
    """The same message as kafka-python has it: the same names, lists for arrays."""
    values = {}
    for field in message.fields:
        if not field.is_in(version):
            continue
        value = getattr(message, field.name)
        name = field.name
        if name in ("topic_authorized_operations", "cluster_authorized_operations"):  # a set of bits, it has
            name = "authorized_operations"
            value = {bit for bit in range(32) if value >> bit & 1}
            value = None if value == {31} else value
        if field.kind == "array" and value is not None:
            if isinstance(field.of, type):
                item = to._struct.fields[field.name].data_class
                value = [as_kafka_python(part, version, item) for part in value]
            else:
                value = list(value)
        if field.tag is None or value != (list(field.default) if field.kind == "array" else field.default):
            values[name] = value
    return to(version=version, **values)


def kafka_python_batch(made: list[Record]) -> bytes:
    builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1 << 20)
    for record in made:
        builder.append(record.timestamp_ms, record.key, record.value, headers=list(record.headers))
    builder.close()
    return bytes(builder.buffer())


def kafka_python_batches(data: bytes) -> list[list[Record]]:
    """The records of each batch, as kafka-python reads them."""
    read, found = MemoryRecords(data), []
    while read.has_next():
        batch = read.next_batch()
        found.append([Record(each.value, each.key, tuple(each.headers), each.timestamp, each.offset) for each in batch])
    return found
