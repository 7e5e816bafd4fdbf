"""Every api, every version, both directions: the same bytes as kio's and kafka-python's, and each reads the others'."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka_oracles import (
    Case,
    as_kafka_python,
    as_kio,
    cases,
    kafka_python_class,
    kio_bytes,
    kio_class,
    kio_read,
    messages,
)

from patterns.wire.kafka import compiled, walk

EVERY = pytest.mark.parametrize("case", list(cases()), ids=str)


def compiled_bytes(case: Case, message: object) -> bytes:
    parts: list[bytes] = []
    compiled.writer(case.message, case.version)(message, parts.append)
    return b"".join(parts)


@EVERY
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_three_codecs_write_the_same_bytes_and_read_each_other(case: Case, data: st.DataObject) -> None:
    message = data.draw(messages(case.message, case.version))
    written = walk.write(message, case.version, flexible=case.flexible)
    assert walk.read(case.message, case.version, written, flexible=case.flexible) == message
    if not case.flexible:
        assert compiled_bytes(case, message) == written
        assert compiled.reader(case.message, case.version)(written, 0) == message

    kio = as_kio(message, case.version, kio_class(case))
    assert kio_bytes(kio) == written
    assert kio_read(type(kio), written) == kio

    other = as_kafka_python(message, case.version, kafka_python_class(case))
    assert other.encode(version=case.version) == written
    if case.message.__name__ != "ApiVersionsResponse" or message.error_code == 0:  # it reads others as version 0
        assert kafka_python_class(case).decode(written, version=case.version) == other
