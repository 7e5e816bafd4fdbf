"""subscribe(): kafka-python, aiokafka and librdkafka in groups, each for itself and all three in one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from coordinated import JoinGroupRequest, JoinGroupRequestProtocol
from kafka_client import connected, running
from real_clients import CLIENTS, UNCLOSED, Client, Got, Partition, Reader, until

from patterns.purgatory import Broker
from patterns.wire.kafka.consumer_protocol import Subscription, encode
from patterns.wire.listen import Address
from patterns.wire.tap import tap
from patterns.wire.tap.kafka import KAFKA

pytestmark = pytest.mark.real_clock
EVERY = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
FOUR = {("t", number) for number in range(4)}


class Polled:
    """A consumer in a group that polls all the time; what it got."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.got: list[Got] = []
        self._is_over = False

    async def __aenter__(self) -> Polled:
        await self.reader.start()
        self._polling = asyncio.create_task(self._poll())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        try:
            await self._polling
        finally:
            await self.reader.stop()

    async def _poll(self) -> None:
        while not self._is_over:
            self.got += await self.reader.poll(self.reader.poll_s)

    @property
    def values(self) -> list[bytes | None]:
        return [each.value for each in self.got]


async def turn() -> None:
    await asyncio.sleep(0.005)


def shares(broker: Broker) -> list[set[Partition]]:
    """Who has what, as the coordinator knows it; nobody anything in a rebalance."""
    group = broker.groups.describe("g")
    return [set(each.assigned) for each in group.members] if group.state == "Stable" else []


async def shared(broker: Broker, *sizes: int) -> None:
    """All four partitions are shared out, to so many members with so many each."""
    await until(lambda: sorted(map(len, shares(broker))) == sorted(sizes), turn)
    assert set.union(*shares(broker)) == FOUR


async def got(readers: Iterable[Polled], *values: bytes) -> None:
    """Together they have got these, some perhaps twice: who joins again begins again where was committed last."""
    readers = list(readers)
    await until(lambda: {value for each in readers for value in each.values} == set(values), turn)


@EVERY
async def test_consumers_share_the_partitions_and_share_anew_when_one_comes_and_when_one_goes(client: Client) -> None:
    async with running({"t": 4}) as broker:
        address = str(broker.address)
        async with Polled(client.reader(address, "t", group="g")) as first:
            await shared(broker, 4)
            async with Polled(client.reader(address, "t", group="g")) as second:
                await shared(broker, 2, 2)
                await client.write(address, *((partition, b"%d" % partition[1]) for partition in sorted(FOUR)))
                await got([first, second], b"0", b"1", b"2", b"3")
                assert [len(set(each.got)) for each in (first, second)] == [2, 2]
            await shared(broker, 4)
            await client.write(address, *((partition, b"again") for partition in FOUR))
            await until(lambda: {each.partition for each in first.got if each.value == b"again"} == FOUR, turn)
        await until(lambda: broker.groups.describe("g").state == "Empty", turn)
        committed = broker.groups.offsets.of("g")
        assert {partition: noted.offset for partition, noted in committed.items()} == dict.fromkeys(FOUR, 2)
        assert broker.groups.purgatory.num_delayed == 0


@EVERY
async def test_the_next_consumer_begins_where_the_last_has_committed(client: Client) -> None:
    async with running() as broker:
        address = str(broker.address)
        await client.write(address, (("t", 0), b"before"))
        async with Polled(client.reader(address, "t", group="g")) as first:
            await got([first], b"before")
        await client.write(address, (("t", 0), b"after"))
        second, other = (Polled(client.reader(address, "t", group=group)) for group in ("g", "another"))
        async with second, other:
            await got([other], b"before", b"after")
            await got([second], b"after")


@EVERY
async def test_a_member_that_falls_silent_loses_its_share_to_the_other(client: Client) -> None:
    async with running({"t": 4}, min_session_s=0.01) as broker:
        wants = encode(Subscription(topics=("t",)))
        silent = JoinGroupRequest(
            group_id="g",
            session_timeout_ms=100,
            rebalance_timeout_ms=5_000,
            member_id="",
            protocol_type="consumer",
            protocols=(JoinGroupRequestProtocol(name="range", metadata=wants),),
        )
        async with Polled(client.reader(str(broker.address), "t", group="g")), connected(broker) as other:
            await shared(broker, 4)
            joined = await other.ask(silent, 3)
            await until(lambda: len(broker.groups.describe("g").members) == 2, turn)
            assert joined.leader != joined.member_id
            await shared(broker, 4)
            assert broker.groups.describe("g").generation_id >= 3


@EVERY
async def test_a_static_member_that_is_restarted_has_its_share_again_and_the_others_do_not_notice(
    client: Client,
) -> None:
    async with running({"t": 4}) as broker:
        address = str(broker.address)
        async with Polled(client.reader(address, "t", group="g", name="B")):
            await shared(broker, 4)
            async with Polled(client.reader(address, "t", group="g", name="A")) as away:
                await shared(broker, 2, 2)
                await client.write(address, *((partition, b"together") for partition in FOUR))
                await until(lambda: len({each for each in away.got if each.value == b"together"}) == 2, turn)
                before = broker.groups.describe("g")
            assert [each.instance_id for each in broker.groups.describe("g").members] == ["B", "A"]
            await client.write(address, *((partition, b"meanwhile") for partition in FOUR))
            async with Polled(client.reader(address, "t", group="g", name="A")) as back:
                await until(lambda: len({each for each in back.got if each.value == b"meanwhile"}) == 2, turn)
                after = broker.groups.describe("g")
                assert after.generation_id == before.generation_id
                assert [each.assigned for each in after.members] == [each.assigned for each in before.members]
                assert after.members[1].member_id != before.members[1].member_id


@UNCLOSED
@EVERY
async def test_a_group_outlives_its_broker_and_its_offsets_do_too(client: Client, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        async with running({"t": 4}, folder=tmp_path) as broker:
            port = broker.address.port
            await client.write(str(broker.address), *((partition, b"before") for partition in FOUR))
            one = await stack.enter_async_context(Polled(client.reader(str(broker.address), "t", group="g")))
            await until(lambda: len(set(one.got)) == 4, turn)
            await one.reader.commit()
        async with running({}, folder=tmp_path, port=port) as broker:
            assert {noted.offset for noted in broker.groups.offsets.of("g").values()} == {1}
            await shared(broker, 4)
            await client.write(str(broker.address), *((partition, b"after") for partition in FOUR))
            await until(lambda: len(set(one.got)) == 8, turn)
            assert one.values[-4:] == [b"after"] * 4
            await stack.aclose()


@EVERY
async def test_the_tap_tells_of_a_group_what_its_consumer_and_the_coordinator_said(client: Client) -> None:
    wire = await tap(Address("127.0.0.1", 1), framing=KAFKA)
    async with wire, running({"t": 4}, advertise=wire.address) as broker:
        wire.target = broker.address
        async with Polled(client.reader(str(wire.address), "t", group="g")) as one:
            await shared(broker, 4)
            await client.write(str(broker.address), *((partition, b"x") for partition in FOUR))
            await until(lambda: len(set(one.got)) == 4, turn)
        said = wire.traffic.messages()
    assert [each.error for each in said if each.error] == []
    labels = [re.sub("…[0-9a-f]{4}|v[0-9]+", "_", each.label) for each in said]
    expected = [
        "FindCoordinator _ g",
        f"FindCoordinator ← {wire.address}",
        "JoinGroup _ g new wants t",
        "JoinGroup ← MEMBER_ID_REQUIRED",
        "JoinGroup _ g _ wants t",
        "JoinGroup ← gen 1, leads 1",
        "SyncGroup _ _, 1 share",
        "SyncGroup ← t[0–3]",
        "LeaveGroup _ _",
        "LeaveGroup ← done",
    ]
    assert list(dict.fromkeys(label for label in labels if label in expected)) == expected
    assert "OffsetCommit ← done" in labels


@pytest.mark.parametrize("threads", [False, True], ids=["tasks", "threads"])
async def test_clients_of_three_makers_share_one_topic(threads: bool) -> None:
    async with running({"t": 4}, threads=threads) as broker, AsyncExitStack() as stack:
        address = str(broker.address)
        readers = []
        for client, sizes in zip(CLIENTS, ((4,), (2, 2), (2, 1, 1)), strict=True):
            readers.append(await stack.enter_async_context(Polled(client.reader(address, "t", group="g"))))
            await shared(broker, *sizes)
        await CLIENTS[0].write(address, *((partition, b"%d" % partition[1]) for partition in FOUR))
        await got(readers, b"0", b"1", b"2", b"3")
        assert sorted(len(set(each.got)) for each in readers) == [1, 1, 2]
