"""The answer in the lesson's broker, and real Kafka clients that long-poll it: aiokafka, on a clock that jumps.

Broker and clients are on the grader's side, the answer's object stays in its box (see `probe.plugged`). Under that
clock a minute of waiting takes no time, and how old a record is when a client has it is exact.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from patterns.cost import autojump
from patterns.grading.checks import Answer, Error, expect, fail
from patterns.grading.checks.fetch.place import exercise
from patterns.grading.probe.accidents import Failed
from patterns.grading.probe.plugged import Plugged
from patterns.grading.probe.steps import Step
from patterns.purgatory import Broker, serve
from patterns.purgatory.plugged import Reading
from patterns.wait.log import Log

TOPIC = "photos"
READS = (((0,), 1), ((1,), 1), ((0,), 1), ((0, 1), 2_000))  # of each client that reads: its partitions, min_bytes
RECORDS = 30
MAX_WAIT_S = 8.0
LATE_S = 0.05  # a client that is told at once has a record within some round trips, which take no time here
MOST_FETCHES = 1_500


@dataclass(frozen=True, slots=True)
class Record:
    """What was appended to a partition, or came to a client, and when."""

    partition: int
    value: bytes
    at: float


class InTheBroker:
    """What is plugged into the broker: passes on to the answer, and sees what comes back."""

    def __init__(self, answer: Answer, reading: Reading) -> None:
        self.reading = reading
        self._steps = answer.steps
        self._told: tuple[list[Step], int] | None = None
        self.fetches = 0
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.plugged = Plugged(answer, answer.FetchPurgatory(answer.object("log", read=self.read)))

    def read(self, partition: Any, offset: Any) -> bytes | Error:
        """What the answer gets from log.read."""
        try:
            return self.reading.read(partition, offset)
        except LookupError as error:
            return Error("LookupError", str(error))
        except Exception as error:  # of what it was asked with
            return Error("ValueError", str(error))

    async def fetch(self, partitions: dict[str, int], min_bytes: int, max_wait_ms: int) -> Mapping[str, bytes]:
        """Ask the answer."""
        self.fetches += 1
        try:
            if self.fetches > MOST_FETCHES:
                why = f"{len(READS)} clients asked {MOST_FETCHES:,} times in {self.plugged.answer.now:.1f} s."
                fail(why, expected="fetches that wait", got="fetches that are answered although there is nothing")
            partitions = dict(sorted(partitions.items()))  # a client's order is not the same every time
            found = await self.plugged.call("fetch", partitions, min_bytes, max_wait_ms)
            is_right = isinstance(found, dict) and found.keys() == partitions.keys()
            is_right = is_right and all(isinstance(data, bytes | bytearray) for data in found.values())
            why = f"A Kafka client asked for {partitions}, and this is what you answered."
            expect.true(
                is_right, why, expected="bytes for each partition", got=found, idea="an-empty-partition-is-no-answer"
            )
            return {name: bytes(data) for name, data in found.items()}
        except Exception as error:
            self.fail(error)
            raise

    def appended(self, partition: str) -> None:
        """Tell the answer."""
        try:
            self.plugged.now("appended", partition)
        except Exception as error:
            self.fail(error)

    def curtain(self) -> None:
        """What is done from now on is told to nobody: clients and broker leave in no order."""
        self._told = self._told or (list(self._steps.taken), self._steps.left_out)

    def tell(self) -> None:
        """Let the steps end where the curtain fell."""
        if self._told is not None:
            self._steps.taken[:], self._steps.left_out = self._told

    def fail(self, error: Exception) -> None:
        """That is the end of the check."""
        self.curtain()
        if not self.failed.done():
            if isinstance(error, Failed):
                self.failed.set_exception(error)
            else:
                why = "The broker called your purgatory for a Kafka client."
                failure = Failed(why, expected="no error", got=f"{type(error).__name__}: {error}")
                self.failed.set_exception(self.plugged.failure or failure)


@exercise.check("kafka", points=3, idea="held-until-time-is-up")
def kafka(answer: Answer) -> None:
    """In our broker, real Kafka clients have every record as soon as it is appended, also when one of them vanishes."""
    quiet = [logging.getLogger(name) for name in ("aiokafka", "asyncio")]  # what a wrong answer does to clients
    levels = [(logger, logger.level) for logger in quiet]
    try:
        for logger in quiet:
            logger.setLevel(logging.CRITICAL + 1)
        autojump.run(in_the_broker(answer))
    finally:
        for logger, level in levels:
            logger.setLevel(level)


async def in_the_broker(answer: Answer) -> None:
    """Serve, and let clients come, until they are through or the answer has failed."""
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    inside: list[InTheBroker] = []

    def plug_in(reading: Reading) -> InTheBroker:
        inside.append(InTheBroker(answer, reading))
        return inside[0]

    try:
        async with await serve(Log(), fetches=plug_in) as broker:
            story = asyncio.ensure_future(clients(answer, broker, inside[0]))
            await asyncio.wait([story, inside[0].failed], return_when=asyncio.FIRST_COMPLETED)
            if not story.done():
                story.cancel()
                await asyncio.wait([story])
                inside[0].failed.result()
            inside[0].failed.cancel()
            story.result()
            inside[0].plugged.close()
    finally:
        for plugged_in in inside:
            plugged_in.tell()


async def clients(answer: Answer, broker: Broker, inside: InTheBroker) -> None:
    """Some clients read what one writes; the first of them goes away in the midst of it."""
    import aiokafka  # type: ignore[import-untyped]  # it publishes none; here, as it takes a third of a second

    random, loop = answer.random, asyncio.get_running_loop()
    address = f"{broker.address[0]}:{broker.address[1]}"
    partitions = [aiokafka.TopicPartition(TOPIC, part.index) for part in broker.topics.make(TOPIC, 2)]
    sent: list[Record] = []
    had: list[list[Record]] = [[] for _ in READS]

    async def read(consumer: Any, mine: list[Record]) -> None:
        async for record in consumer:
            mine.append(Record(record.partition, record.value, loop.time()))

    async with AsyncExitStack() as stack:
        consumers, reading = [], []
        for (numbers, min_bytes), mine in zip(READS, had, strict=True):
            consumer = aiokafka.AIOKafkaConsumer(
                bootstrap_servers=address,
                fetch_max_wait_ms=round(MAX_WAIT_S * 1000),
                fetch_min_bytes=min_bytes,
                auto_offset_reset="earliest",
            )
            await stack.enter_async_context(consumer)
            consumer.assign([partitions[number] for number in numbers])
            consumers.append(consumer)
            reading.append(asyncio.ensure_future(read(consumer, mine)))
            stack.callback(reading[-1].cancel)
        producer = await stack.enter_async_context(aiokafka.AIOKafkaProducer(bootstrap_servers=address))
        stack.callback(inside.curtain)  # the last one in is the first one out
        for number in range(RECORDS):
            await asyncio.sleep(2 * random.random())
            sent.append(Record(random.randrange(2), random.randbytes(random.randrange(1, 400)), loop.time()))
            # With a time of its own, for the same seed is to give the same bytes.
            stamp_ms = round(sent[-1].at * 1000)
            await producer.send_and_wait(TOPIC, sent[-1].value, partition=sent[-1].partition, timestamp_ms=stamp_ms)
            if number == RECORDS // 2:
                reading[0].cancel()
                await consumers[0].stop()  # its connection is closed while its fetch waits
        await asyncio.sleep(2 * MAX_WAIT_S + 1.0)
        for (numbers, _), mine in list(zip(READS, had, strict=True))[1:]:
            compare(numbers, [record for record in sent if record.partition in numbers], mine)
        before = inside.fetches
        await asyncio.sleep(3 * MAX_WAIT_S)
        asked, most = inside.fetches - before, 4 * len(READS)
        why = f"For {3 * MAX_WAIT_S:g} s nothing was appended, and {len(READS) - 1} clients asked again and again."
        got = f"{asked}: they were answered before their {MAX_WAIT_S:g} s were over"
        expect.true(asked <= most, why, expected=f"at most {most} fetches", got=got)
    await asyncio.sleep(MAX_WAIT_S + 1.0)
    held = broker.plugged.held if broker.plugged is not None else 0
    why = f"All clients have gone, and {MAX_WAIT_S + 1.0:g} s later the broker still waits for your answers."
    expect(held, 0, why, idea="servers-see-clients-go")


def compare(numbers: tuple[int, ...], sent: list[Record], had: list[Record]) -> None:
    """See that a client has had every record, once, in the order of its partition, and as soon as it was appended."""
    where = " and ".join(f"{TOPIC}-{number}" for number in numbers)
    for number in numbers:
        wanted = [record.value for record in sent if record.partition == number]
        got = [record.value for record in had if record.partition == number]
        why = (
            f"A Kafka client reads {where}; {len(wanted)} records were appended to {TOPIC}-{number}, it has {len(got)}."
        )
        expect(got, wanted, why, idea="a-timed-out-fetch-is-empty" if len(numbers) > 1 else "what-was-read-stays-true")
    if len(numbers) == 1:  # of two partitions aiokafka sometimes asks for one alone, and the other one has to wait
        for record, came in zip(sent, had, strict=True):
            late_s = came.at - record.at
            why = f"A Kafka client waited for {where}, at most {MAX_WAIT_S:g} s. A record came at {record.at:.3f} s."
            expect.true(late_s < LATE_S, why, expected="it is told at once", got=f"it has it {late_s:.3f} s later")
