"""How a fetch ends: woken with others, timed out or given up; with what there is then, and nothing left behind."""

from patterns.grading.checks import Answer, Thing, expect, fail
from patterns.grading.checks.fetch.asking import at_once, waits
from patterns.grading.checks.fetch.place import Place, exercise

MANY = 40  # fetches, to see whether something of them stays


@exercise.check("wakes-all", points=2, idea="one-event-ends-one-wait")
def wakes_all(answer: Answer) -> None:
    """One append answers all for whom it is enough, and leaves waiting those for whom it is not."""
    place = Place(answer)
    name, other = place.names(2)
    sizes = [30, *answer.random.sample((1, 4, 10, 11, 12), 5)]
    fetches = [place.fetch(name, other, min_bytes=size, max_wait_ms=60_000) for size in sizes]
    answer.advance(0.25)
    place.append(name, 11)
    for fetch in fetches:
        if fetch.min_bytes > 11:
            waits(fetch, "11 bytes were appended.", idea="an-append-is-the-answer")
        elif not fetch.done:
            answer.advance(5.0)
            idea = "sleep-and-look-is-waiting" if fetch.done else "one-event-ends-one-wait"
            why = f"{fetch}. Six fetches waited, and one append of 11 bytes was enough for four of them."
            got = f"an answer at {fetch.running.at} s" if fetch.done else "it waits"
            fail(why, expected="an answer with the append, at 0.25 s", got=got, idea=idea)
        else:
            expect(fetch.answered(), place.log.all(fetch.partitions), f"{fetch}. 11 bytes were appended.")
    place.append(other, 19)
    for fetch in fetches:
        at_once(fetch, "19 more bytes were appended to the other partition: that makes 30.")


@exercise.check("lost-wake-up", points=1, idea="an-event-waits-for-who-comes-late")
def lost_wake_up(answer: Answer) -> None:
    """No append is overlooked, however far a fetch has come when it happens."""
    for turns in range(4):
        place = Place(answer)
        names = place.names(2)

        def append(purgatory: Thing, place: Place = place, name: str = names[0]) -> None:
            place.append(name, 10, told=False)
            purgatory.appended(name)

        purgatory = answer.subclass("FetchPurgatory", append=append)(answer.object("log", read=place.log.read))
        partitions = dict.fromkeys(names, 0)
        fetching = purgatory.fetch.with_(partitions, 10, 60_000)
        running, _ = answer.during(fetching, turns, purgatory.append.with_())
        if not running.done:
            why = f"An append came {turns} turns of the loop after the fetch, which had looked before and seen nothing."
            fail(why, expected="an answer at once", got="it waits, and nobody will wake it")
        expect(running.result(), place.log.all(partitions), "The append came while the fetch was beginning to wait.")


@exercise.check("read-again", points=2, idea="what-was-read-stays-true")
def read_again(answer: Answer) -> None:
    """Whatever ends a fetch, the log is read again: the answer is what there is then, in all partitions."""
    for is_enough in (True, False):
        place = Place(answer)
        names = place.names(3)
        place.append(names[0], 2)
        fetch = place.fetch(*names, min_bytes=10, max_wait_ms=4_000)
        for number, size in enumerate((3, 1, 2)):
            answer.advance(0.5)
            place.append(names[number], size)
            waits(fetch, f"It is not enough, and there are {4 - answer.now + fetch.begun} s left.")
        if is_enough:
            place.append(names[1], 9)
            why = "Meanwhile all three partitions have got something; the last append made it enough."
        else:
            answer.until(fetch.deadline)
            why = "Meanwhile all three partitions have got something, together too little; then the time was up."
        at_once(fetch, why, idea="times-need-no-unit")
        expect(fetch.answered(), place.log.all(fetch.partitions), f"{fetch}. {why}")


@exercise.check("timed-out", points=2, idea="a-timed-out-fetch-is-empty")
def timed_out(answer: Answer) -> None:
    """After max_wait_ms, and not before, a fetch is answered with what there is: no error, and no new wait."""
    place = Place(answer)
    names = place.names(2)
    place.append(names[0], 7)
    for max_wait_ms, appends in ((500, 0), (1_250, 2)):
        fetch = place.fetch(*names, min_bytes=100, max_wait_ms=max_wait_ms)
        for number in range(appends):
            answer.until(fetch.begun + 0.5 + number / 2)
            place.append(names[1], 3)
        answer.until(fetch.deadline - 1 / 128)
        waits(fetch, f"There is less than 100 bytes, and its {max_wait_ms} ms are not over.", idea="times-need-no-unit")
        answer.until(fetch.deadline)
        idea = "each-wake-up-has-the-whole-wait" if appends else "times-need-no-unit"
        why = f"Its {max_wait_ms} ms are over" + ", the appends that were not enough included." * bool(appends)
        at_once(fetch, why, idea=idea)
        expect(fetch.answered(), place.log.all(fetch.partitions), f"{fetch}. {why}")
    for max_wait_ms in (250, 1):
        fetch = place.fetch(*names, min_bytes=1, max_wait_ms=max_wait_ms, offset=5)
        waits(fetch, "There is nothing yet.")
        answer.until(fetch.deadline)
        at_once(fetch, "Its time is over.")
        expect(fetch.answered(), dict.fromkeys(names, b""), f"{fetch}. There is nothing, and that is an answer.")


@exercise.check("leaves-nothing", points=3, idea="the-finished-leave-by-themselves")
def leaves_nothing(answer: Answer) -> None:
    """Of a fetch that has been answered, has timed out or was cancelled nothing is left."""
    place = Place(answer)
    names = place.names(3)

    def answered() -> None:
        fetch = place.fetch(*names, min_bytes=1, max_wait_ms=5_000, offset=len(place.log.pieces[names[0]]))
        place.append(names[0], 1)
        at_once(fetch, "A byte was appended.")
        place.log.pieces[names[0]].clear()

    def timed_out() -> None:
        fetch = place.fetch(*names, min_bytes=100, max_wait_ms=250)
        answer.until(fetch.deadline)
        at_once(fetch, "Its time was over.")

    def given_up() -> None:
        fetch = place.fetch(*names, min_bytes=100, max_wait_ms=2_000)
        fetch.running.cancel()
        why = "The fetch was cancelled."
        expect.true(fetch.running.cancelled, why, expected="CancelledError", got=fetch.running.error or "an answer")

    for how, words, idea in (
        (answered, "answered", None),
        (timed_out, "answered when their time was over", None),
        (given_up, "cancelled", "cleaning-up-comes-after-success"),
    ):
        for _ in range(5):
            how()
        answer.advance(10.0)
        before = answer.objects()
        for _ in range(MANY):
            how()
        answer.advance(10.0)
        more = answer.objects() - before
        why = f"{MANY} fetches waited under three partitions and were {words}; nobody waits any more."
        got = f"{more} objects more than before"
        expect.true(more < MANY, why, expected="nothing of them is left", got=got, idea=idea)
    reads = place.log.reads
    place.append(names[0], 1)
    why = "An append came when nobody waited any more. You looked into the log for somebody who is gone."
    expect(place.log.reads - reads, 0, why, idea="cleaning-up-comes-after-success")
