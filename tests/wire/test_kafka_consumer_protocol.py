"""What consumers say to each other, held against kafka-python's own tables in every version."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka_oracles import KAFKA_PYTHON, as_kafka_python, messages

from patterns.wire.kafka import Malformed, Struct, Truncated
from patterns.wire.kafka.consumer_protocol import (
    NEWEST,
    Assignment,
    Subscription,
    TopicPartitions,
    decode_assignment,
    decode_subscription,
    encode,
)

VERSIONS = range(NEWEST + 1)
KINDS: list[tuple[type[Struct], Any, Any]] = [
    (Subscription, KAFKA_PYTHON[0].ConsumerProtocolSubscription, decode_subscription),
    (Assignment, KAFKA_PYTHON[0].ConsumerProtocolAssignment, decode_assignment),
]
EVENTS = TopicPartitions(topic="events", partitions=(0, 2))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("own", "theirs", "decode"), KINDS)
@given(data=st.data())
def test_kafka_python_writes_what_is_read_here_and_reads_what_is_written(
    own: type[Struct], theirs: Any, decode: Any, version: int, data: st.DataObject
) -> None:
    letter = data.draw(messages(own, version))
    other = as_kafka_python(letter, version, theirs)
    written = other.encode(version=version)
    assert encode(letter, version) == written
    assert decode(written) == letter
    assert theirs.decode(written) == other


def test_a_letter_of_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    assert decode_assignment(encode_as(7, Assignment(assigned_partitions=(EVENTS,))) + b"more") == Assignment(
        assigned_partitions=(EVENTS,)
    )
    newer = Subscription(topics=("a",), owned_partitions=(EVENTS,), generation_id=4, rack_id="r")
    assert decode_subscription(encode_as(4, newer) + bytes(9)) == newer


def encode_as(version: int, letter: Any) -> bytes:
    return version.to_bytes(2, "big") + encode(letter, NEWEST)[2:]


def test_who_is_given_no_bytes_is_given_no_partition() -> None:
    assert decode_assignment(b"").pairs == ()
    two = Assignment(assigned_partitions=(EVENTS, TopicPartitions(topic="b", partitions=(7,))))
    assert two.pairs == (("events", 0), ("events", 2), ("b", 7))


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (b"\0", Truncated, "expected 2 bytes of version in front of a Subscription, got 1; send one"),
        (b"\xff\xff", Malformed, "expected a Subscription of version 0 or later, got version -1; send one"),
        (
            encode(Subscription(topics=("ab",)))[:9],
            Truncated,
            "expected 2 bytes for Subscription v0 topics[0] at byte 8, got 1; send all fields of this version",
        ),
    ],
)
def test_a_letter_that_cannot_be_read_says_where_it_is_wrong(data: bytes, error: type[Malformed], text: str) -> None:
    with pytest.raises(error) as raised:
        decode_subscription(data)
    assert (type(raised.value), str(raised.value)) == (error, text)
