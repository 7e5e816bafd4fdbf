"""What is answered at once, and how much is enough."""

from patterns.grading.checks import Answer, expect
from patterns.grading.checks.fetch.place import PARTITIONS, Fetch, Place, exercise


def at_once(fetch: Fetch, why: str, *, idea: str | None = None) -> None:
    """See that it has been answered by now."""
    expect.true(fetch.done, f"{fetch}. {why}", expected="an answer at once", got="it waits", idea=idea)


def waits(fetch: Fetch, why: str, *, idea: str | None = None) -> None:
    """See that it has not been answered yet."""
    got = f"{fetch.running.error or 'an answer'}, after {(fetch.running.at or 0.0) - fetch.begun:g} s"
    expect.true(not fetch.done, f"{fetch}. {why}", expected="it waits", got=got, idea=idea)


@exercise.check("at-once", points=2, idea="an-answer-begins-with-an-append")
def answered_at_once(answer: Answer) -> None:
    """A fetch is answered at once if there is enough already, or if it does not want to wait."""
    place = Place(answer)
    first, second = place.names(2)
    place.append(first, 6)
    place.append(second, 5)
    fetch = place.fetch(first, second, min_bytes=11, max_wait_ms=60_000)
    at_once(fetch, "There are 6 bytes in one partition and 5 in the other: that is enough.")
    expect(fetch.answered(), place.log.all(fetch.partitions), "It is answered with what there is.")
    fetch = place.fetch(first, second, min_bytes=0, max_wait_ms=60_000, offset=1)
    at_once(fetch, "There is nothing new, and that is enough: it asked for 0 bytes.")
    fetch = place.fetch(first, second, min_bytes=12, max_wait_ms=0)
    at_once(fetch, "There are 11 bytes, and it does not want to wait.", idea="no-wait-means-for-ever")
    expect(fetch.answered(), place.log.all(fetch.partitions), "It is answered with what there is.")


@exercise.check("all-partitions", points=1, idea="an-empty-partition-is-no-answer")
def all_partitions(answer: Answer) -> None:
    """The answer has every partition that was asked for, also those in which there is nothing."""
    place = Place(answer)
    names = place.names(3)
    place.append(names[1], 8)
    why = "There is something in one of the three partitions."
    for max_wait_ms, min_bytes in ((0, 100), (1000, 4), (1000, 100)):
        fetch = place.fetch(*names, min_bytes=min_bytes, max_wait_ms=max_wait_ms)
        answer.advance(1.0)
        at_once(fetch, why, idea="no-wait-means-for-ever")
        expect(fetch.answered(), place.log.all(fetch.partitions), f"{fetch}. {why}")


@exercise.check("unknown", points=1, idea="a-wrong-ticket-is-refused-by-itself")
def unknown(answer: Answer) -> None:
    """A partition that there is not is a LookupError, at once."""
    for size in (0, 50):
        place = Place(answer)
        known = place.names(2)
        place.append(known[0], size)
        for names in (("nothing-7",), (*known, "nothing-7"), ("nothing-7", *known)):
            fetch = place.fetch(*names, min_bytes=10, max_wait_ms=60_000)
            why = "log.read raises LookupError for nothing-7: whoever asked has to be told, and not in a minute."
            at_once(fetch, why)
            with answer.must_raise("LookupError", f"{fetch}. {why}"):
                fetch.running.result()


@exercise.check("enough", points=2, idea="an-append-is-the-answer")
def enough(answer: Answer) -> None:
    """A fetch waits until there are min_bytes, and is answered in the moment in which an append makes it so."""
    place = Place(answer)
    first, other = place.names(2)
    place.append(first, 3)
    fetch = place.fetch(first, min_bytes=10, max_wait_ms=60_000)
    waits(fetch, "There are 3 bytes.")
    for _ in range(2):
        answer.advance(0.5)
        place.append(first, 2)
        waits(fetch, "Another 2 bytes were appended, which does not make it 10.")
    place.append(other, 50)
    waits(fetch, "50 bytes were appended, but to a partition that it has not asked for.")
    answer.advance(0.5)
    place.append(first, 3)
    at_once(fetch, "The last 3 bytes were appended: now there are 10.", idea="sleep-and-look-is-waiting")
    expect(fetch.answered(), place.log.all(fetch.partitions), f"{fetch}. There are 10 bytes.")


@exercise.check("sum", points=2, idea="min-bytes-is-for-each-partition")
def total(answer: Answer) -> None:
    """min_bytes is the sum over all partitions, and an append to any of them may make it so."""
    place = Place(answer)
    names = place.names(3)
    place.append(names[1], 4)
    fetch = place.fetch(*names, min_bytes=10, max_wait_ms=60_000)
    waits(fetch, "There are 4 bytes.")
    place.append(names[0], 6)
    at_once(fetch, "There are 4 bytes in one partition and now 6 in another, which makes 10.")
    for number in (1, 2):
        place = Place(answer)
        fetch = place.fetch(*names, min_bytes=10, max_wait_ms=60_000)
        waits(fetch, "There is nothing.")
        place.append(names[number], 10 + number)
        why = f"{10 + number} bytes were appended to {names[number]}, partition {number + 1} of the three."
        at_once(fetch, why, idea="one-key-is-enough")
    fetch = place.fetch(*PARTITIONS, min_bytes=25, max_wait_ms=60_000)
    for partition in PARTITIONS:
        waits(fetch, "Four partitions got 4 bytes each; with 12 there before it takes all of them.")
        place.append(partition, 4)
    at_once(fetch, "Four partitions got 4 bytes each, with 12 there before.")
