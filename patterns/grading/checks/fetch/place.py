"""A log on the grader's side, and an answer's fetches that wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patterns.grading.checks import Answer, Error, Exercise, Raised, Running, Thing, expect, fail

exercise = Exercise("fetch", lesson="06_purgatory", title="Fetches that wait")

PARTITIONS = ("events-0", "events-1", "photos-0", "photos-1")


class Log:
    """Partitions of pieces; an offset is the number of a piece, as it is the number of a record in Kafka."""

    def __init__(self) -> None:
        self.pieces: dict[str, list[bytes]] = {partition: [] for partition in PARTITIONS}
        self.reads = 0

    def read(self, partition: str, offset: int) -> bytes | Error:
        """What an answer gets from `log.read`."""
        self.reads += 1
        if partition not in self.pieces:
            return Error("LookupError", f"there is no partition {partition}")
        return b"".join(self.pieces[partition][offset:])

    def all(self, partitions: Mapping[str, int]) -> dict[str, bytes]:
        """What there is now in all of these partitions."""
        return {name: b"".join(self.pieces[name][offset:]) for name, offset in partitions.items()}


@dataclass(eq=False)
class Fetch:
    """One fetch on its way, and what it asked for."""

    running: Running
    partitions: dict[str, int]
    min_bytes: int
    max_wait_ms: int
    begun: float

    @property
    def deadline(self) -> float:
        """When its time is up, in seconds."""
        return self.begun + self.max_wait_ms / 1000

    @property
    def done(self) -> bool:
        """Whether it has been answered, or has failed."""
        return self.running.done

    def answered(self) -> object:
        """What it was answered with; an error fails the check."""
        try:
            return self.running.result()
        except Raised as error:
            why = "A fetch is answered with what there is."
            return fail(why, expected="a dictionary of bytes", got=f"{error}", idea="a-timed-out-fetch-failed")

    def __str__(self) -> str:
        return f"fetch({self.partitions}, min_bytes={self.min_bytes}, max_wait_ms={self.max_wait_ms})"


class Place:
    """An answer's purgatory over a log."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.log = Log()
        self.purgatory: Thing = answer.FetchPurgatory(answer.object("log", read=self.log.read))

    def fetch(self, *names: str, min_bytes: int, max_wait_ms: int, offset: int = 0) -> Fetch:
        """Start one, for these partitions, from the same offset on."""
        partitions = dict.fromkeys(names, offset)
        running = self.answer.start(self.purgatory.fetch, partitions, min_bytes, max_wait_ms)
        return Fetch(running, partitions, min_bytes, max_wait_ms, self.answer.now)

    def append(self, partition: str, count: int, *, told: bool = True) -> bytes:
        """Append so many bytes, and, unless it is to happen later, tell the purgatory."""
        piece = self.answer.random.randbytes(count)
        self.log.pieces[partition].append(piece)
        if told:
            self.told(partition)
        return piece

    def told(self, partition: str) -> None:
        """Tell the purgatory of an append."""
        said = self.purgatory.appended(partition)
        expect(said, None, "appended is an ordinary function, which wakes those whom the append concerns.")

    def names(self, count: int) -> list[str]:
        """So many partitions, by lot."""
        return self.answer.random.sample(PARTITIONS, count)
