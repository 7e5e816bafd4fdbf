"""Kafka through the tap: each frame with a few words, whatever version a real client chose."""

from __future__ import annotations

import struct

import pytest

from patterns.wire import kafka
from patterns.wire.kafka import ApiKey, ErrorCode, Record, Struct, encode_batch, encode_request, encode_response
from patterns.wire.kafka.apis import discovery, fetch, groups, produce, topics
from patterns.wire.tap import Direction, Framing, Kind, Traffic
from patterns.wire.tap import Record as Handed
from patterns.wire.tap.kafka import KAFKA

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
BATCH = encode_batch([Record(b"a"), Record(b"b")])
SIZE = len(BATCH)


def seen(*pieces: tuple[Direction, bytes], ended: bool = False) -> list[tuple[Direction, str]]:
    """What the tap says of these pieces: labels, and errors where there is no message."""
    traffic = Traffic(framing=KAFKA)
    for number, (way, data) in enumerate(pieces):
        traffic.append(Handed(number, 1, way, Kind.DATA, data, number))
    if ended:
        traffic.append(Handed(99, 1, UP, Kind.EOF, b"", 99))
    return [(each.direction, each.label or each.error or "") for each in traffic.messages()]


def fetch_request(*parts: tuple[str, int, int]) -> fetch.FetchRequest:
    return fetch.FetchRequest(
        max_wait_ms=500,
        min_bytes=1,
        topics=tuple(
            fetch.FetchTopic(
                topic=name,
                partitions=(fetch.FetchPartition(partition=number, fetch_offset=offset, partition_max_bytes=1 << 20),),
            )
            for name, number, offset in parts
        ),
    )


def fetched(*parts: tuple[int, bytes | None]) -> fetch.FetchResponse:
    data = tuple(
        fetch.PartitionData(partition_index=number, error_code=code, high_watermark=9, records=records)
        for number, (code, records) in enumerate(parts)
    )
    return fetch.FetchResponse(responses=(fetch.FetchableTopicResponse(topic="events", partitions=data),))


def produce_request(acks: int, records: bytes | None) -> produce.ProduceRequest:
    part = produce.PartitionProduceData(index=0, records=records)
    topic = produce.TopicProduceData(name="events", partition_data=(part,))
    return produce.ProduceRequest(acks=acks, timeout_ms=1000, topic_data=(topic,))


def produced(code: int, offset: int) -> produce.ProduceResponse:
    part = produce.PartitionProduceResponse(index=0, error_code=code, base_offset=offset)
    return produce.ProduceResponse(
        responses=(produce.TopicProduceResponse(name="events", partition_responses=(part,)),)
    )


def listed(timestamp: int) -> topics.ListOffsetsRequest:
    part = topics.ListOffsetsPartition(partition_index=0, timestamp=timestamp)
    return topics.ListOffsetsRequest(topics=(topics.ListOffsetsTopic(name="events", partitions=(part,)),))


def offsets(code: int, offset: int) -> topics.ListOffsetsResponse:
    part = topics.ListOffsetsPartitionResponse(partition_index=0, error_code=code, offset=offset)
    return topics.ListOffsetsResponse(topics=(topics.ListOffsetsTopicResponse(name="events", partitions=(part,)),))


ONE = fetch_request(("events", 0, 17))
SAME = fetch_request(("t", 2, 7), ("t", 0, 7), ("t", 1, 7), ("t", 4, 7), ("t", 3, 8))
MANY = fetch_request(*((f"t{number}", number, 0) for number in range(5)))
CREATE = topics.CreateTopicsRequest(topics=(topics.CreatableTopic(name="a", num_partitions=1, replication_factor=1),))
CREATED = topics.CreateTopicsResponse(topics=(topics.CreatableTopicResult(name="a", error_code=36),))
BROKER = discovery.MetadataResponseBroker(node_id=0, host="h", port=1)
TOPIC = discovery.MetadataResponseTopic(name="b", error_code=3, partitions=())
BEAT = groups.HeartbeatRequest(group_id="g", generation_id=1, member_id="m")
WHERE = discovery.FindCoordinatorRequest(key="g")
LABELS = [
    (ONE, 11, "Fetch v11 events[0]@17 min_bytes=1 max_wait=500",
     fetched((0, BATCH + BATCH)), f"Fetch ← 2 batches, {2 * SIZE} bytes"),
    (MANY, 4, "Fetch v4 t0[0]@0, t1[1]@0, t2[2]@0, … 5 in all min_bytes=1 max_wait=500",
     fetched((0, b""), (0, None)), "Fetch ← nothing"),
    (SAME, 4, "Fetch v4 t[0–2, 4]@7, t[3]@8 min_bytes=1 max_wait=500",
     fetched((1, None), (1, None), (3, None)),
     "Fetch ← events[0–1] OFFSET_OUT_OF_RANGE, events[2] UNKNOWN_TOPIC_OR_PARTITION"),
    (ONE, 7, "Fetch v7 events[0]@17 min_bytes=1 max_wait=500",
     fetched((0, BATCH[:-1]), (1, None)), f"Fetch ← 0 batches, {SIZE - 1} bytes, events[1] OFFSET_OUT_OF_RANGE"),
    (ONE, 7, "Fetch v7 events[0]@17 min_bytes=1 max_wait=500",
     fetched((1, None)), "Fetch ← events[0] OFFSET_OUT_OF_RANGE"),
    (produce_request(1, BATCH), 7, f"Produce v7 events[0] 1 batch, {SIZE} bytes, acks=1",
     produced(0, 17), "Produce ← events[0]@17"),
    (produce_request(-1, bytes(80)), 3, "Produce v3 events[0] UnsupportedMagic, 80 bytes, acks=-1",
     produced(87, -1), "Produce ← events[0] INVALID_RECORD"),
    (discovery.MetadataRequest(topics=None), 4, "Metadata v4 all topics",
     discovery.MetadataResponse(brokers=(BROKER,), topics=()), "Metadata ← 1 broker, 0 topics"),
    (discovery.MetadataRequest(topics=(discovery.MetadataRequestTopic(name="b"),)), 4, "Metadata v4 b",
     discovery.MetadataResponse(brokers=(BROKER, BROKER), topics=(TOPIC,)),
     "Metadata ← 2 brokers, 1 topic, b UNKNOWN_TOPIC_OR_PARTITION"),
    (discovery.ApiVersionsRequest(), 3, "ApiVersions v3",
     discovery.ApiVersionsResponse(error_code=35, api_keys=()), "ApiVersions ← UNSUPPORTED_VERSION, 0 apis"),
    (listed(topics.EARLIEST), 3, "ListOffsets v3 events[0]@earliest", offsets(0, 4), "ListOffsets ← events[0]@4"),
    (listed(1_000), 1, "ListOffsets v1 events[0]@1000 ms", offsets(3, -1),
     "ListOffsets ← events[0] UNKNOWN_TOPIC_OR_PARTITION"),
    (CREATE, 2, "CreateTopics v2 a", CREATED, "CreateTopics ← a TOPIC_ALREADY_EXISTS"),
    (WHERE, 0, "FindCoordinator v0 g",
     discovery.FindCoordinatorResponse(error_code=15, node_id=-1, host="", port=-1),
     "FindCoordinator ← COORDINATOR_NOT_AVAILABLE"),
    (WHERE, 0, "FindCoordinator v0 g",
     discovery.FindCoordinatorResponse(node_id=0, host="h", port=9092), "FindCoordinator ← h:9092"),
    (BEAT, 0, "Heartbeat v0 m of gen 1", groups.HeartbeatResponse(), "Heartbeat ← done"),
    (BEAT, 0, "Heartbeat v0 m of gen 1", groups.HeartbeatResponse(error_code=999), "Heartbeat ← error 999"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "version", "label", "answer", "its_label"), LABELS)
def test_a_question_and_its_answer_have_a_few_words_each(
    asked: Struct, version: int, label: str, answer: Struct, its_label: str
) -> None:
    up, down = encode_request(asked, version, 5, "me"), encode_response(answer, version, 5)
    assert seen((UP, up), (DOWN, down)) == [(UP, label), (DOWN, its_label)]
    bit_by_bit = [(UP, up[at : at + 1]) for at in range(len(up))] + [(DOWN, down[:9]), (DOWN, down[9:])]
    assert seen(*bit_by_bit) == [(UP, label), (DOWN, its_label)]


def test_what_is_read_is_the_message_itself() -> None:
    traffic = Traffic(framing=KAFKA)
    frame = encode_request(ONE, 11, 5, "me")
    traffic.append(Handed(0, 1, UP, Kind.DATA, frame * 2, 0))
    first, second = traffic.messages()
    assert first.message is not None
    assert second.message is not None
    assert first.message.what == kafka.Request(1, 11, 5, "me", ONE, len(frame))
    assert (second.message.start, second.message.end) == (len(frame), 2 * len(frame))


def test_answers_find_their_questions_whatever_the_order_and_acks_0_has_none() -> None:
    up = encode_request(produce_request(0, BATCH), 7, 1) + encode_request(ONE, 4, 2) + encode_request(BEAT, 0, 3)
    down = encode_response(groups.HeartbeatResponse(), 0, 3) + encode_response(fetched((0, None)), 4, 2)
    assert [label for _, label in seen((UP, up), (DOWN, down))] == [
        f"Produce v7 events[0] 1 batch, {SIZE} bytes, acks=0",
        "Fetch v4 events[0]@17 min_bytes=1 max_wait=500",
        "Heartbeat v0 m of gen 1",
        "Heartbeat ← done",
        "Fetch ← nothing",
    ]


def test_versions_and_apis_that_are_not_known_here_are_named_and_passed_on() -> None:
    def asked(key: int, version: int, number: int) -> bytes:
        return struct.pack(">ihhih", 14, key, version, number, -1) + b"????"

    def answered(number: int) -> bytes:
        return struct.pack(">ii", 7, number) + b"???"

    up = asked(ApiKey.FETCH, 16, 1) + asked(71, 0, 2) + asked(ApiKey.API_VERSIONS, 4, 3)
    up += encode_request(ONE, 11, 4)
    down = answered(1) + answered(2) + answered(3) + encode_response(fetched((0, BATCH)), 11, 4)
    assert [label for _, label in seen((UP, up), (DOWN, down))] == [
        "Fetch v16, 18 bytes",
        "api 71 v0, 18 bytes",
        "ApiVersions v4, 18 bytes",
        "Fetch v11 events[0]@17 min_bytes=1 max_wait=500",
        "Fetch v16 ← 11 bytes",
        "api 71 v0 ← 11 bytes",
        "ApiVersions v4 ← 11 bytes",
        f"Fetch ← 1 batch, {SIZE} bytes",
    ]
    refused = discovery.ApiVersionsResponse(error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=())
    assert seen((UP, asked(18, 4, 1)), (DOWN, encode_response(refused, 4, 1)))[1:] == [
        (DOWN, "ApiVersions ← UNSUPPORTED_VERSION, 0 apis")
    ]


def test_what_is_not_kafka_says_so_behind_what_is() -> None:
    frame = encode_request(BEAT, 0, 1)
    not_kafka = "not Kafka: expected a frame of 0 bytes or more, got one of -1; "
    mend = "start each frame with its length: is this Kafka's protocol?"
    assert seen((UP, frame + b"\xff\xff\xff\xff")) == [(UP, "Heartbeat v0 m of gen 1"), (UP, not_kafka + mend)]
    assert seen((UP, b"\xff\xff\xff\xff"), (UP, frame)) == [(UP, not_kafka + mend)] * 2
    lost = "not Kafka: expected a response to one of the 1 open requests, got one to correlation id 8; "
    assert seen((UP, frame), (DOWN, encode_response(groups.HeartbeatResponse(), 0, 8)))[1:] == [
        (DOWN, lost + "see whether the beginning of the stream is missing")
    ]


def test_a_frame_that_is_not_yet_whole_or_never_will_be_says_so() -> None:
    frame = encode_request(BEAT, 0, 1)
    assert seen((UP, frame + frame[:5]))[1:] == [(UP, "incomplete: the rest of its frame is to come")]
    assert seen((UP, frame + frame[:5]), ended=True)[1:] == [
        (UP, "incomplete: expected the rest of the frame, got the end of the stream after 5 of its bytes;"
         " treat what came as incomplete")
    ]  # fmt: skip


def test_each_connection_has_readers_of_its_own() -> None:
    assert isinstance(KAFKA, Framing)
    first, second = KAFKA.readers(), KAFKA.readers()
    first.to_server.feed(encode_request(BEAT, 0, 1))
    (answer,) = first.to_client.feed(encode_response(groups.HeartbeatResponse(), 0, 1))
    assert answer.label == "Heartbeat ← done"
    with pytest.raises(ValueError, match="open requests"):
        second.to_client.feed(encode_response(groups.HeartbeatResponse(), 0, 1))
