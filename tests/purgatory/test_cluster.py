"""What a client asks before it reads or writes: versions, topics, offsets, a producer's number."""

from __future__ import annotations

from typing import Any

import pytest
from kafka_client import batch, connected, only, partition, produce, running

from patterns.purgatory import topics as topics_module
from patterns.wire.kafka import ALL, ErrorCode, Record, encode_batch
from patterns.wire.kafka.apis.discovery import (
    ApiVersionsRequest,
    InitProducerIdRequest,
    MetadataRequest,
    MetadataRequestTopic,
)
from patterns.wire.kafka.apis.topics import (
    EARLIEST,
    LATEST,
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsTopic,
)

E = ErrorCode


def metadata(*names: str, make: bool = True) -> MetadataRequest:
    asked = tuple(MetadataRequestTopic(name=name) for name in names)
    return MetadataRequest(topics=asked, allow_auto_topic_creation=make)


@pytest.mark.parametrize("version", range(4))
async def test_what_is_served_is_told_in_every_version(version: int) -> None:
    async with running() as broker, connected(broker) as client:
        answer = await client.ask(ApiVersionsRequest(), version)
        assert answer.error_code == 0
        assert {each.api_key: (each.min_version, each.max_version) for each in answer.api_keys} == dict(ALL)


@pytest.mark.parametrize("version", range(1, 9))
async def test_every_version_of_metadata_tells_where_the_broker_is_and_what_it_has(version: int) -> None:
    async with running({"t": 3}) as broker, connected(broker) as client:
        answer = await client.ask(MetadataRequest(topics=None), version)
        (told,) = answer.brokers
        assert (told.node_id, told.host, told.port) == (answer.controller_id, *broker.address)
        assert {topic.name: len(topic.partitions) for topic in answer.topics} == {"events": 1, "t": 3}
        for topic in answer.topics:
            for each in topic.partitions:
                leads = (each.leader_id, each.replica_nodes, each.isr_nodes, each.offline_replicas)
                assert leads == (0, (0,), (0,), ())


async def test_a_topic_is_made_when_somebody_asks_for_it_unless_the_client_forbids_it() -> None:
    async with running({}) as broker, connected(broker) as client:
        (refused,) = (await client.ask(metadata("wanted", make=False))).topics
        assert (refused.error_code, refused.partitions) == (E.UNKNOWN_TOPIC_OR_PARTITION, ())
        (made, once) = (await client.ask(metadata("wanted", "events", "wanted"))).topics
        assert (made.name, made.error_code, len(made.partitions), once.name) == ("wanted", 0, 1, "events")
        assert list(broker.topics) == ["events", "wanted"]


async def test_without_names_no_topic_is_told() -> None:
    async with running() as broker, connected(broker) as client:
        assert (await client.ask(metadata())).topics == ()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "ein Gruß", "x" * 250, "../up"])
async def test_a_name_that_no_topic_can_have_is_refused(name: str) -> None:
    async with running({}) as broker, connected(broker) as client:
        for make in (True, False):
            (refused,) = (await client.ask(metadata(name, make=make))).topics
            assert (refused.name, refused.error_code) == (name, E.INVALID_TOPIC_EXCEPTION)
        assert list(broker.topics) == ["events"]


def creating(*topics: CreatableTopic, **more: Any) -> CreateTopicsRequest:
    return CreateTopicsRequest(topics=topics, **more)


def new(name: str = "new", partitions: int = 2, replicas: int = 1, **more: Any) -> CreatableTopic:
    return CreatableTopic(name=name, num_partitions=partitions, replication_factor=replicas, **more)


@pytest.mark.parametrize("version", range(2, 5))
async def test_topics_are_created_with_their_partitions(version: int) -> None:
    async with running({}) as broker, connected(broker) as client:
        assigned = tuple(CreatableReplicaAssignment(partition_index=n, broker_ids=(0,)) for n in range(3))
        wanted = (new(), new("default", -1, -1), new("assigned", -1, -1, assignments=assigned))
        answer = await client.ask(creating(*wanted), version)
        assert [(topic.name, topic.error_code) for topic in answer.topics] == [
            ("new", 0),
            ("default", 0),
            ("assigned", 0),
        ]
        assert {name: len(found) for name, found in broker.topics.items()} == {
            "events": 1,
            "new": 2,
            "default": 1,
            "assigned": 3,
        }


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        (new("events"), E.TOPIC_ALREADY_EXISTS),
        (new("a/b"), E.INVALID_TOPIC_EXCEPTION),
        (new(partitions=0), E.INVALID_PARTITIONS),
        (new(partitions=-2), E.INVALID_PARTITIONS),
        (new(partitions=1 << 30), E.INVALID_PARTITIONS),
        (new(replicas=3), E.INVALID_REPLICATION_FACTOR),
        (
            new(assignments=(CreatableReplicaAssignment(partition_index=0, broker_ids=(5,)),)),
            E.INVALID_REPLICATION_FACTOR,
        ),
        (new(configs=(CreatableTopicConfig(name="cleanup.policy", value="compact"),)), E.INVALID_CONFIG),
    ],
    ids=lambda value: value.name if isinstance(value, ErrorCode) else "",
)
async def test_what_cannot_be_created_is_said_and_why(topic: CreatableTopic, code: ErrorCode) -> None:
    async with running({}) as broker, connected(broker) as client:
        for only_check in (True, False):
            (refused,) = (await client.ask(creating(topic, validate_only=only_check))).topics
            assert refused.error_code == code
            assert refused.error_message.startswith("expected ")
        assert list(broker.topics) == ["events"]


async def test_the_same_topic_twice_in_a_request_is_refused_and_asking_alone_makes_none() -> None:
    async with running({}) as broker, connected(broker) as client:
        answer = await client.ask(creating(new(), new(), new("other")))
        assert [topic.error_code for topic in answer.topics] == [E.INVALID_REQUEST, E.INVALID_REQUEST, 0]
        assert (await client.ask(creating(new("asked"), validate_only=True))).topics[0].error_code == 0
        assert list(broker.topics) == ["events", "other"]


async def test_partitions_have_a_limit_over_all_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics_module, "MOST_PARTITIONS", 4)
    async with running({}) as broker, connected(broker) as client:
        answer = await client.ask(creating(new(partitions=2), new("more", 2), new("last", 1)))
        assert [topic.error_code for topic in answer.topics] == [0, E.INVALID_PARTITIONS, 0]
        assert answer.topics[1].error_message == "expected 1 to 1 partitions, got 2; there is room for no more"
        (full,) = (await client.ask(metadata("on-demand"))).topics
        assert full.error_code == E.INVALID_PARTITIONS


def offsets(timestamp: int, number: int = 0, epoch: int = -1) -> ListOffsetsRequest:
    part = ListOffsetsPartition(partition_index=number, timestamp=timestamp, current_leader_epoch=epoch)
    return ListOffsetsRequest(topics=(ListOffsetsTopic(name="t", partitions=(part,)),))


def listed(answer: Any) -> tuple[int, int, int]:
    ((part,),) = (topic.partitions for topic in answer.topics)
    return part.error_code, part.offset, part.timestamp


@pytest.mark.parametrize("version", range(1, 6))
async def test_offsets_are_listed_by_time_and_from_both_ends(version: int) -> None:
    async with running() as broker, connected(broker) as client:
        for first_ms in (1000, 3000):
            records = [Record(b"x", timestamp_ms=first_ms + 10 * number) for number in range(3)]
            await client.ask(produce(encode_batch(records)))
        found = {}
        for asked in (EARLIEST, LATEST, 0, 1000, 1011, 1020, 1021, 3020, 3021):
            error, *found[asked] = listed(await client.ask(offsets(asked), version))
            assert error == 0
        assert found == {
            EARLIEST: [0, -1],
            LATEST: [6, -1],
            0: [0, 1000],
            1000: [0, 1000],
            1011: [2, 1020],
            1020: [2, 1020],
            1021: [3, 3000],
            3020: [5, 3020],
            3021: [-1, -1],
        }


async def test_in_a_batch_that_cannot_be_read_its_first_offset_stands_for_a_time() -> None:
    packed = bytearray(batch(b"a", b"b"))
    async with running() as broker:
        topic = partition(broker)
        packed[22] |= 1  # says that it is compressed; nobody sums it up again on the way out
        topic.storage.append(bytes(packed), 2)
        topic.replicated(2)
        async with connected(broker) as client:
            assert listed(await client.ask(offsets(0))) == (0, 0, 0)


async def test_what_followers_do_not_have_is_not_the_end_yet() -> None:
    async with running(replication_s=None) as broker, connected(broker) as client:
        await client.ask(produce(batch(b"x")))
        assert listed(await client.ask(offsets(LATEST))) == (0, 0, -1)
        assert listed(await client.ask(offsets(0))) == (0, -1, -1)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (offsets(LATEST, 7), E.UNKNOWN_TOPIC_OR_PARTITION),
        (offsets(LATEST, epoch=2), E.UNKNOWN_LEADER_EPOCH),
        (offsets(-9), E.INVALID_REQUEST),
    ],
    ids=["no such partition", "a later epoch", "no time at all"],
)
async def test_offsets_that_cannot_be_listed_are_an_error_of_their_partition(
    request_: ListOffsetsRequest, code: ErrorCode
) -> None:
    async with running() as broker, connected(broker) as client:
        assert listed(await client.ask(request_)) == (code, -1, -1)


async def test_each_producer_has_a_number_of_its_own_also_beside_those_of_an_earlier_broker() -> None:
    given = []
    for _ in range(2):
        async with running() as broker, connected(broker) as client:
            for version in (0, 1, 1):
                asked = InitProducerIdRequest(transaction_timeout_ms=1000)
                answer = await client.ask(asked, version)
                assert (answer.error_code, answer.producer_epoch) == (0, 0)
                given.append(answer.producer_id)
    assert len(set(given)) == 6
    assert min(given) >= 0


async def test_transactions_are_refused_for_good() -> None:
    async with running() as broker, connected(broker) as client:
        answer = await client.ask(InitProducerIdRequest(transactional_id="tx", transaction_timeout_ms=1000))
        assert (answer.error_code, answer.producer_id) == (E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, -1)


async def test_a_disk_without_room_is_an_error_of_its_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(topic: str, index: int) -> Any:
        raise OSError(28, "No space left on device")

    async with running({}) as broker, connected(broker) as client:
        monkeypatch.setattr(broker.topics, "storage", full)
        (refused,) = (await client.ask(metadata("new"))).topics
        assert refused.error_code == E.KAFKA_STORAGE_ERROR
        (refused,) = (await client.ask(creating(new()))).topics
        assert (refused.error_code, refused.error_message) == (
            E.KAFKA_STORAGE_ERROR,
            "[Errno 28] No space left on device",
        )
        assert only(await client.ask(produce({("new", 0): batch(b"x")}))).error_code == E.UNKNOWN_TOPIC_OR_PARTITION
