"""Hold: a question is kept until there is an answer, or until time is up."""

from patterns.grading.checks import Answer, Exercise, Raised, Running, Thing, expect, fail
from patterns.grading.checks.story import begin

exercise = Exercise("hold", lesson="05_long_polling", title="Hold the question")


def mailbox(answer: Answer, *events: object) -> Thing:
    """One with these events in it."""
    box: Thing = answer.Mailbox()
    for event in events:
        box.publish(event)
    return box


def later(answer: Answer) -> float:
    """Some seconds, at random, on nobody's grid; exact as a float."""
    return float(answer.random.randrange(300, 3000) / 1024)


@exercise.check("offsets", points=1, idea="an-event-between-polls-is-lost")
def offsets(answer: Answer) -> None:
    """Events have the offsets 0, 1, 2, …, and what is there is given at once, from the offset on, every time."""
    box = answer.Mailbox()
    for number, event in enumerate(("a", None, "c", "")):
        why = f"This is event number {number + 1}; offsets begin at 0."
        expect(box.publish(event), number, why, idea="about-right-is-right")
    there = ["a", None, "c", ""]
    for asked, offset in enumerate((0, 1, 3, 0)):
        due = there[offset:]
        asking = answer.start(box.fetch, offset, 10.0)
        if not asking.done:
            fail("The events are there already.", expected=f"{due!r} at once", got="still waiting")
        why = f"There are 4 events, and it was asked for those from {offset} on, after {asked} other questions."
        expect(asking.result(), due, why, idea="every-get-is-safe" if asked else "about-right-is-right")


def told_at_once(answer: Answer, asking: Running, why: str, idea: str | None) -> None:
    """See that a held question is answered by now; if not, whether somebody looks later."""
    if asking.done:
        return
    happened = answer.now
    answer.advance(1.0)
    got = f"at {asking.at} s" if asking.done else "still waiting a second later"
    idea = "sleep-and-look-is-waiting" if asking.done else idea
    fail(why, expected=f"the answer at {happened} s", got=got, idea=idea)


@exercise.check("told", points=2, idea="held-until-time-is-up")
def told(answer: Answer) -> None:
    """Who waits has the event in the moment in which it happens, and all that happened with it."""
    for burst in (1, 1, 3):
        begin(answer)
        box = mailbox(answer, "a")
        asking = answer.start(box.fetch, 1, 10.0)
        answer.advance(later(answer))
        expect.true(not asking.done, "Nothing has happened yet.", expected="it waits", got="it returned early")
        answer.batch([box.publish.with_(number) for number in range(burst)])
        told_at_once(answer, asking, "It waited for this event.", None)
        why = f"{burst} event{'s' if burst > 1 else ''} happened in one moment, and all of them are there."
        expect(asking.result(), list(range(burst)), why, idea="one-answer-one-event")


@exercise.check("time-up", points=1, idea="a-timed-out-fetch-failed")
def time_up(answer: Answer) -> None:
    """When nothing happens it is an empty list, after the wait and not before; with a wait of 0 at once."""
    box = mailbox(answer, "a", "b")
    for wait in (0, 2.5, 0.375, 0.0):
        begun = begin(answer)
        asking = answer.start(box.fetch, 2, wait)
        if wait:
            answer.until(begun + wait - 0.125)
            why = f"It may be held for {wait} s, and nothing has happened."
            expect.true(
                not asking.done, why, expected="it waits", got="it returned early", idea="an-append-is-the-answer"
            )
            answer.until(begun + wait)
        if not asking.done:
            why = f"It may be held for {wait} s, and nothing has happened."
            got = f"still waiting after {answer.now - begun} s"
            fail(why, expected=f"[] after {wait} s", got=got, idea="no-wait-means-for-ever")
        try:
            result = asking.result()
        except Raised as error:
            fail("Time is up. That is an answer: nothing yet.", expected="[]", got=str(error))
        expect(result, [], "Time is up. That is an answer: nothing yet.", idea="an-empty-200-is-a-204")
        expect(asking.at, begun + wait, "This is when it was answered.", idea="about-right-is-right")


@exercise.check("future", points=2, idea="an-append-is-the-answer")
def future(answer: Answer) -> None:
    """An offset in the future waits for that event, whatever happens before it, and within the one wait."""
    box = mailbox(answer, "a")
    asking = answer.start(box.fetch, 3, 10.0)
    if asking.done:
        got = result_or_error(asking)
        fail(
            "Event 3 is still to come: that is what is waited for.", expected="it waits", got=got, idea="not-yet-is-no"
        )
    for event in ("b", "c"):
        answer.advance(later(answer))
        box.publish(event)
        why = "It waits for event 3, and another one happened."
        expect.true(not asking.done, why, expected="it waits on", got=result_or_error(asking))
    answer.advance(later(answer))
    box.publish("d")
    told_at_once(answer, asking, "Event 3 has happened.", None)
    expect(asking.result(), ["d"], "It was asked for the events from 3 on.")

    begun = begin(answer)
    asking = answer.start(box.fetch, 9, 8.0)
    for event in ("e", "f"):
        answer.advance(3.0)
        box.publish(event)
    answer.until(begun + 8.0)
    if not asking.done:
        why = "It waits for event 9, at most 8 s in all; two other events happened meanwhile."
        fail(why, expected="[] after 8.0 s", got="still waiting", idea="each-wake-up-has-the-whole-wait")
    expect(asking.result(), [], "Event 9 has not happened within the wait.")
    expect(asking.at, begun + 8.0, "This is when it was answered.", idea="about-right-is-right")


def result_or_error(asking: Running) -> str:
    """What a fetch that should still wait has come to."""
    if not asking.done:
        return "still waiting"
    try:
        return repr(asking.result())
    except Raised as error:
        return str(error)


@exercise.check("nobody-overlooked", points=2, idea="look-then-wait-is-safe")
def nobody_overlooked(answer: Answer) -> None:
    """Everybody who waits is told, and it does not matter how far a question has come when the event happens."""
    box = mailbox(answer)
    waiting = [answer.start(box.fetch, offset, 10.0) for offset in (0, 0, 1, 0, 2)]
    for number in range(3):
        box.publish(number)
    for asking, offset in zip(waiting, (0, 0, 1, 0, 2), strict=True):
        why = f"Five questions were held, then the events 0, 1 and 2 happened. This one waited for event {offset}."
        told_at_once(answer, asking, why, "one-buffer-serves-all")
        had = asking.result()
        is_all = had == list(range(offset, offset + len(had))) and had != []
        expect.true(is_all, why, expected="the events from there on", got=had, idea="every-get-is-safe")
    for turns in range(4):
        begin(answer)
        box = mailbox(answer)
        asking, _ = answer.during(box.fetch.with_(0, 10.0), turns, box.publish.with_("now"))
        turned = f"{turns} turn{'s' * (turns != 1)} of the loop"
        why = f"The event happened {turned} after the question had come, between the look and the wait."
        told_at_once(answer, asking, why, None)
        expect(asking.result(), ["now"], "The event happened while the question came in.")


@exercise.check("cancelled", points=1, idea="cleaning-up-comes-after-success")
def cancelled(answer: Answer) -> None:
    """A fetch that is cancelled leaves nothing behind, and no other notices."""
    box = mailbox(answer, "a")
    other = answer.start(box.fetch, 1, 500.0)

    def give_up(times: int) -> None:
        for number in range(1, times + 1):
            asking = answer.start(box.fetch, number, 500.0)
            answer.advance(0.25)
            asking.cancel()
            expect.true(asking.cancelled, "It was cancelled.", expected="CancelledError", got=result_or_error(asking))

    give_up(10)
    before = answer.objects()
    give_up(50)
    more = answer.objects() - before
    why = "50 questions were held and given up."
    expect.true(more < 20, why, expected="nothing of them is left", got=f"{more} objects more than before")
    if other.done:
        got = "cancelled with it" if other.cancelled else result_or_error(other)
        fail("Somebody else gave up.", expected="it waits on", got=got, idea="a-shared-wait-is-mine-alone")
    try:
        box.publish("b")
    except Raised as error:
        fail("Some questions had been given up when the next event was published.", expected="1", got=str(error))
    told_at_once(answer, other, "An event happened, after others had given up.", "a-shared-wait-is-mine-alone")
    expect(other.result(), ["b"], "Who had not given up has the event.", idea="a-shared-wait-is-mine-alone")


@exercise.check("fresh", points=1, idea="one-thread-has-no-races")
def fresh(answer: Answer) -> None:
    """The list belongs to whoever asked: what they do with it changes nothing in the mailbox."""
    for offset, wait_for in ((0, 0), (0, 1), (1, 0)):
        begin(answer)
        box = mailbox(answer, *"ab"[: 2 - 2 * wait_for])
        asking = answer.start(box.fetch, offset, 10.0)
        if wait_for:
            answer.batch([box.publish.with_("a"), box.publish.with_("b")])
        told_at_once(answer, asking, "Both events have happened.", None)
        mine = asking.keep()
        mine.append("mine")
        mine.insert(0, "mine too")
        again = answer.start(box.fetch, 0, 0)
        expect(again.result(), ["a", "b"], "Somebody added to the list that they had been given.")
        box.publish("c")
        expect(len(mine), 4 - offset, "An event happened after the list had been given out.")
