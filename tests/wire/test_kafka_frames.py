"""Frames: any pieces give the same requests, and each thing that can be wrong has a name, a place and a cure."""

from __future__ import annotations

import itertools
import random
import struct

import pytest
from kafka_oracles import Case, cases, least

from patterns.wire import kafka
from patterns.wire.kafka import (
    WITHOUT_GROUPS,
    KafkaError,
    Malformed,
    Request,
    RequestReader,
    ResponseReader,
    encode_request,
    encode_response,
)
from patterns.wire.kafka.apis.discovery import ApiVersionsRequest, ApiVersionsResponse, MetadataRequest
from patterns.wire.kafka.apis.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic

FETCH = FetchRequest(
    max_wait_ms=500,
    min_bytes=1,
    topics=(
        FetchTopic(topic="events", partitions=(FetchPartition(partition=0, fetch_offset=17, partition_max_bytes=99),)),
    ),
)
FRAME = encode_request(FETCH, 11, 7, "me")
EVERY = pytest.mark.parametrize("case", list(cases()), ids=str)


def framed(payload: bytes) -> bytes:
    return struct.pack(">i", len(payload)) + payload


def request(case: Case, correlation_id: int = 1) -> bytes:
    return encode_request(least(case.message, case.version), case.version, correlation_id, "häns")


def test_a_fetch_is_these_bytes() -> None:
    assert (
        bytes.fromhex(
            "00000057"  # 87 bytes follow
            "0001 000b 00000007 0002 6d65"  # Fetch, v11, correlation id 7, client id "me"
            "ffffffff 000001f4 00000001 7fffffff 00"  # replica -1, max_wait 500 ms, min_bytes 1, max_bytes, uncommitted
            "00000000 ffffffff"  # no session
            "00000001 0006 6576656e7473 00000001"  # one topic, "events", one partition
            "00000000 ffffffff 0000000000000011 ffffffffffffffff 00000063"  # number 0, from offset 17, 99 bytes at most
            "00000000 0000"  # nothing forgotten, no rack
        )
        == FRAME
    )
    assert RequestReader().feed(FRAME) == [Request(1, 11, 7, "me", FETCH, 91)]


@pytest.mark.parametrize("client_id", [None, "", "häns"])
def test_a_client_may_have_a_name(client_id: str | None) -> None:
    for body, version in ((FETCH, 4), (ApiVersionsRequest(), 3)):
        (came,) = RequestReader().feed(encode_request(body, version, -5, client_id))
        assert (came.client_id, came.correlation_id) == (client_id, -5)


def test_any_pieces_give_the_same_requests() -> None:
    asked = [case for case in cases() if case.message is case.api.request]
    stream = b"".join(request(case, number) for number, case in enumerate(asked))
    whole = RequestReader().feed(stream)
    assert [(each.api_key, each.api_version, each.correlation_id) for each in whole] == [
        (case.api.key, case.version, number) for number, case in enumerate(asked)
    ]
    assert [each.body for each in whole] == [least(case.message, case.version) for case in asked]
    chance = random.Random(5)
    for _ in range(20):
        cuts = sorted(chance.sample(range(len(stream)), 40))
        reader = RequestReader()
        came = [each for at, end in itertools.pairwise([0, *cuts, len(stream)]) for each in reader.feed(stream[at:end])]
        reader.eof()
        assert came == whole
        assert reader.taken_bytes == len(stream)
    reader = RequestReader()
    assert [each for at in range(len(stream)) for each in reader.feed(stream[at : at + 1])] == whole


def test_one_request_at_a_time_leaves_the_next_undecoded() -> None:
    reader = RequestReader()
    reader.receive(FRAME + framed(b"\0\1\0\x0b\0\0\0\7\0\2me"))
    assert reader.next_request() == Request(1, 11, 7, "me", FETCH, 91)
    assert reader.pending_bytes == 16  # which are no request, but nobody has looked
    with pytest.raises(kafka.Truncated):
        reader.next_request()
    with pytest.raises(kafka.Truncated):
        reader.receive(b"")


def test_responses_are_read_in_the_order_of_the_questions() -> None:
    reader, written, bodies = ResponseReader(), b"", []
    for number, case in enumerate(each for each in cases() if each.message is each.api.response):
        body = least(case.message, case.version)
        if isinstance(body, ApiVersionsResponse):
            body = body.replace(error_code=0)
        reader.expect(case.api.key, case.version, number)
        written += encode_response(body, case.version, number)
        bodies.append(body)
    came = [each for at in range(0, len(written), 7) for each in reader.feed(written[at : at + 7])]
    assert [each.body for each in came] == bodies
    assert [each.correlation_id for each in came] == list(range(len(bodies)))


WRONG = [
    (b"\xff\xff\xff\xff", "NegativeLength: expected a frame of 0 bytes or more, got one of -1; start each frame with"
     " its length: is this Kafka's protocol?"),
    (b"GET / HTTP/1.1\r\n", "Oversized: expected a frame of at most 1000 bytes, got one of 1195725856; send it in"
     " parts, or raise the limit"),
    (framed(b""), "Truncated: expected 2 bytes for a request's header api_key at byte 4, got 0;"
     " send all fields of this version"),
    (framed(b"\0\1\0\x0b\0\0\0\7\0\3me"), "Truncated: expected 3 bytes for a request's header client_id at byte 14,"
     " got 2; send all fields of this version"),
    (framed(b"\0\1\0\x0b\0\0\0\7\xff\xfe"), "BadLength: expected a length for a request's header client_id at byte 12,"
     " got -2; send 0 for empty"),
    (framed(b"\0\1\0\x0b\0\0\0\7\0\1\xff"), "BadText: expected UTF-8 for a request's header client_id at byte 14,"
     " got b'\\xff' in b'\\xff'; encode it so"),
    (framed(b"\0\x47\0\0\0\0\0\7\xff\xff"), "UnknownApi: expected one of the api keys 0, 1, 2, 3, 10, 18, 19, 22, got"
     " api 71 v0 (correlation id 7, client id None); ask ApiVersions first, and choose from its answer"),
    (framed(b"\0\x0b\0\0\0\0\0\7\xff\xff"), "UnknownApi: expected one of the api keys 0, 1, 2, 3, 10, 18, 19, 22, got"
     " JoinGroup v0 (correlation id 7, client id None); ask ApiVersions first, and choose from its answer"),
    (framed(b"\0\1\0\x0c\0\0\0\7\xff\xff"), "UnsupportedVersion: expected Fetch v4 to v11, got Fetch v12"
     " (correlation id 7, client id None); ask ApiVersions first, and choose from its answer"),
    (FRAME[:3] + b"\x56" + FRAME[4:-1], "Truncated: expected 2 bytes for FetchRequest v11 rack_id at byte 89, got 1;"
     " send all fields of this version"),
    (FRAME[:3] + b"\x58" + FRAME[4:] + b"\0", "TrailingBytes: expected the end of FetchRequest v11, got 1 more from"
     " byte 91 on; send only the fields of this version"),
    (FRAME.replace(b"events", b"e\xe4ents"), "BadText: expected UTF-8 for FetchRequest v11 topics[0].topic at byte 47,"
     " got b'\\xe4' in b'e\\xe4ents'; encode it so"),
    (FRAME.replace(b"\0\6events", b"\xff\xffevents"), "BadLength: expected a length for FetchRequest v11"
     " topics[0].topic at byte 45, got null (-1); send 0 for empty: this version knows no null here"),
    (FRAME.replace(b"events\0\0\0\1", b"events\xff\xff\xff\xfe"), "BadLength: expected a length for FetchRequest v11"
     " topics[0].partitions at byte 53, got -2; send 0 for empty"),
    (FRAME.replace(b"events\0\0\0\1", b"events\x7f\xff\xff\xff"), "Truncated: expected 4 bytes for FetchRequest v11"
     " topics[0].partitions[1].current_leader_epoch at byte 89, got 2; send all fields of this version"),
    (encode_request(ApiVersionsRequest(), 3, 7)[:-3] + b"\xff\xff\xff", "Truncated: expected 1 byte for"
     " ApiVersionsRequest v3 client_software_name at byte 18, got 0; send all fields of this version"),
    (framed(b"\0\x12\0\3\0\0\0\7\xff\xff\0" + b"\xff" * 5), "BadVarint: expected a varint of at most 5 bytes for"
     " ApiVersionsRequest v3 client_software_name at byte 20, got one that goes on; send a number below 2³²"),
]  # fmt: skip


@pytest.mark.parametrize(("stream", "said"), WRONG, ids=[said.partition(":")[0] for _, said in WRONG])
def test_what_is_wrong_is_said_with_its_place(stream: bytes, said: str) -> None:
    reader = RequestReader(WITHOUT_GROUPS, max_frame=1000)
    with pytest.raises(KafkaError) as caught:
        reader.feed(stream)
    assert f"{type(caught.value).__name__}: {caught.value}" == said
    with pytest.raises(type(caught.value)):
        reader.feed(FRAME)


def test_what_came_before_an_error_is_handed_over_first() -> None:
    reader = RequestReader()
    assert len(reader.feed(FRAME + FRAME + b"\xff\xff\xff\xff")) == 2
    with pytest.raises(kafka.NegativeLength):
        reader.feed(b"")


@pytest.mark.parametrize("size", [1, 3, 4, 90])
def test_a_stream_that_ends_inside_a_frame_says_so(size: int) -> None:
    reader = RequestReader()
    reader.feed(FRAME + FRAME[:size])
    with pytest.raises(kafka.Incomplete) as caught:
        reader.eof()
    expected = f"expected the rest of the frame, got the end of the stream after {size} of its bytes; "
    assert str(caught.value) == expected + "treat what came as incomplete"


def test_the_limit_is_the_largest_frame_that_passes() -> None:
    assert len(RequestReader(max_frame=87).feed(FRAME)) == 1
    with pytest.raises(kafka.Oversized):
        RequestReader(max_frame=86).feed(FRAME[:4])


@EVERY
def test_a_message_that_is_cut_anywhere_is_malformed_and_nothing_else(case: Case) -> None:
    """Behaviour 98: whatever it is, it is for its connection alone; so it has to have one kind of name."""
    body = least(case.message, case.version)
    if case.message is case.api.request:
        frame = encode_request(body, case.version, 1, "häns")
        reader: type[RequestReader] | type[ResponseReader] = RequestReader
    else:
        frame = encode_response(body, case.version, 1)
        reader = ResponseReader
    for size in range(len(frame) - 4):
        made = reader()
        if isinstance(made, ResponseReader):
            made.expect(case.api.key, case.version, 1)
        with pytest.raises(Malformed):
            made.feed(framed(frame[4 : 4 + size]))


# Writing: what has no place on the wire is named before a byte of it is sent.

UNWRITABLE = [
    (FETCH.replace(max_wait_ms=1 << 31), 11, "expected an int32 for FetchRequest v11 max_wait_ms, got 2147483648;"
     " give one that fits"),
    (FETCH.replace(rack_id=None), 11, "expected a str for FetchRequest v11 rack_id, got None; this version knows no"
     " null here: give an empty one"),
    (FETCH.replace(topics=("events",)), 11, "expected a FetchTopic for FetchRequest v11 topics[0], got 'events';"
     " give one"),
    (FETCH.replace(rack_id="x" * 32768), 11, "expected at most 32767 for FetchRequest v11 rack_id, got 32768;"
     " send less"),
    (FETCH.replace(rack_id="\ud800"), 11, "expected a str of Unicode characters for FetchRequest v11 rack_id,"
     " got '\\ud800'; half a surrogate pair is none"),
    (MetadataRequest(topics=5), 4, "expected a sequence for MetadataRequest v4 topics, got 5; give one"),
    (FETCH, 12, "expected Fetch v4 to v11, got v12; choose a version that is known here"),
    (FETCH.topics[0], 11, "expected a request or a response, got FetchTopic; give a whole message, not a part of one"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "version", "said"), UNWRITABLE)
def test_what_cannot_be_written_is_named(message: kafka.Struct, version: int, said: str) -> None:
    with pytest.raises(KafkaError) as caught:
        encode_request(message, version, 1)
    assert str(caught.value) == said


def test_records_that_are_no_bytes_are_named_although_they_have_a_length() -> None:
    case = next(case for case in cases() if case.message is FetchResponse and case.version == 11)
    body = least(FetchResponse, case.version, items=1)
    bad = body.responses[0].partitions[0].replace(records="text")
    body = body.replace(responses=(body.responses[0].replace(partitions=(bad,)),))
    with pytest.raises(kafka.Unencodable) as caught:
        encode_response(body, 11, 1)
    said = "expected bytes for FetchResponse v11 responses[0].partitions[0].records, got 'text'; give one"
    assert str(caught.value) == said


@pytest.mark.parametrize(("correlation_id", "client_id"), [(1 << 31, None), (1, "x" * 40_000), (1, "\ud800")])
def test_a_header_that_does_not_fit_is_named(correlation_id: int, client_id: str | None) -> None:
    with pytest.raises(kafka.Unencodable):
        encode_request(FETCH, 11, correlation_id, client_id)


def test_a_response_out_of_turn_is_named() -> None:
    reader = ResponseReader()
    with pytest.raises(kafka.UnexpectedResponse) as caught:
        reader.feed(encode_response(ApiVersionsResponse(api_keys=()), 0, 9))
    mend = "give the connection up: questions and answers are out of step"
    assert str(caught.value) == f"expected no response, got one to correlation id 9; {mend}"
    reader = ResponseReader()
    reader.expect(18, 0, 8)
    with pytest.raises(kafka.UnexpectedResponse) as caught:
        reader.feed(encode_response(ApiVersionsResponse(api_keys=()), 0, 9))
    assert str(caught.value) == f"expected the response to correlation id 8, got one to correlation id 9; {mend}"
