"""Gather: many fetches, a few at a time, and what becomes of the rest when one fails."""

from collections.abc import Callable

from patterns.grading.checks import Answer, Call, Callback, Error, Exercise, Running, expect, fail
from patterns.grading.checks.story import begin

exercise = Exercise("gather", lesson="02_sync_async", title="A few at a time")


def newest(fetch: Callback) -> Call:
    """The fetch that was begun last, of those under way."""
    return fetch.open[-1]


@exercise.check("order", points=2, idea="answers-come-in-order")
def order(answer: Answer) -> None:
    """The results stand in the order of the keys, whenever they came, and each key is fetched, also a second time."""
    of: dict[str, object] = {"only": None, "a": "<a>", "b": 0, "c": None, "d": "", "e": ["e"]}
    for keys in ([], ["only"], list("abcbde")):
        begin(answer)
        fetch = answer.callback("fetch")
        running = answer.start(answer.fetch_all, fetch, keys, limit=max(1, len(keys)))
        while fetch.open:
            others = fetch.open[1:]  # the first is answered last
            call = answer.random.choice(others) if others else fetch.open[0]
            call.reply(of[call.args[0]])
            answer.advance(0.5)
        why = f"The keys were {keys}; these were fetched. A key that comes twice is two questions."
        idea = "same-question-same-answer" if fetch.calls else "calling-is-awaiting"
        expect(sorted(call.args[0] for call in fetch.calls), sorted(keys), why, idea=idea)
        if not running.done:
            fail("Every fetch has ended, and fetch_all has not.", expected="the results", got="still waiting")
        why = f"The keys were {keys}, and the answers came in another order."
        expect(running.result(), [of[key] for key in keys], why)


def all_in(
    answer: Answer, keys: int, limit: int, choose: Callable[[Callback], Call], watch: Callable[..., None]
) -> None:
    """Let fetches end one by one, in the order that `choose` says, and look at how many there are after each."""
    begin(answer)
    fetch = answer.callback("fetch")
    running = answer.start(answer.fetch_all, fetch, list(range(keys)), limit=limit)
    for ended in range(keys):
        watch(fetch, ended)
        if not fetch.open:
            return  # the check that is about places has said so
        answer.advance(answer.random.choice((0.25, 1.0)))
        choose(fetch).reply(None)
    watch(fetch, keys)
    expect.true(running.done, "Every fetch has ended, and fetch_all has not.", got="still waiting")


@exercise.check("limit", points=1, idea="more-clients-more-throughput")
def at_most(answer: Answer) -> None:
    """There are never more fetches in flight than the limit."""
    for keys, limit in ((9, 3), (5, 1), (4, 10)):

        def watch(fetch: Callback, ended: int, limit: int = limit) -> None:
            expect.true(
                len(fetch.open) <= limit,
                f"The limit was {limit}, and {ended} fetches had ended.",
                expected=f"at most {limit} in flight",
                got=f"{len(fetch.open)} in flight",
            )

        all_in(answer, keys, limit, lambda fetch: answer.random.choice(fetch.open), watch)


def place_stays_empty(answer: Answer, fetch: Callback, ended: int, limit: int) -> None:
    """Fail with the idea that goes with it: nothing overlaps, a place too few, looked for later, or by the group."""
    empty = f"{limit - len(fetch.open)} of {limit} places empty, with keys still waiting"
    if ended == 0:
        idea = "a-loop-of-awaits-is-together" if len(fetch.open) == 1 and limit > 2 else "about-right-is-right"
        fail("At the start every place can be taken.", expected=f"{limit} in flight", got=empty, idea=idea)
    before = len(fetch.open)
    answer.advance(1.0)
    idea = "sleep-and-look-is-waiting" if len(fetch.open) > before else "a-batch-fills-free-places"
    fail(f"{ended} fetches had ended.", expected="a free place is filled at once", got=empty, idea=idea)


@exercise.check("filled", points=2, idea="a-batch-fills-free-places")
def filled(answer: Answer) -> None:
    """A place that becomes free is filled at once, as long as a key waits."""
    for choose in (newest, lambda fetch: fetch.open[0], lambda fetch: answer.random.choice(fetch.open)):
        for keys, limit in ((9, 3), (11, 4), (3, 5), (4, 1)):

            def watch(fetch: Callback, ended: int, keys: int = keys, limit: int = limit) -> None:
                if len(fetch.open) < min(limit, keys - ended):
                    place_stays_empty(answer, fetch, ended, min(limit, keys))

            all_in(answer, keys, limit, choose, watch)


def under_way(answer: Answer) -> tuple[Callback, Running]:
    """Seven keys, three of them in flight; half a second has passed."""
    begin(answer)
    fetch = answer.callback("fetch")
    running = answer.start(answer.fetch_all, fetch, list(range(7)), limit=3)
    answer.advance(0.5)
    expect.true(bool(fetch.open), "Seven keys were given.", expected="fetches in flight", got="none")
    return fetch, running


@exercise.check("failure", points=2, idea="an-error-in-an-envelope-is-the-error")
def failure(answer: Answer) -> None:
    """The first failure in time is raised: itself, not in a group, not another one that follows from it."""
    for which in (-1, 0):
        fetch, running = under_way(answer)
        for number, call in enumerate(fetch.open):
            call.hold_cancel(0.25 * (number + 1), then=Error("OSError", "its clean-up failed too"))
        failing = fetch.open[which]
        key = failing.args[0]
        failing.fail("ConnectionResetError", "the first to fail")
        answer.advance(5.0)
        why = f"The fetch of {key!r} failed while others were in flight."
        again = [call for call in fetch.calls if call.args[0] == key]
        expect(len(again), 1, f"{why} It is not to be tried again.", idea="retry-is-safe")
        while fetch.open:  # if somebody waits for the others: to see what is raised then
            fetch.open[0].reply("late")
            answer.advance(1.0)
        raised = running.error
        if raised is None:
            got = f"the result {running.result()!r}"
            fail(why, expected="ConnectionResetError", got=got, idea="a-caught-error-is-handled")
        if raised.is_group:
            fail(why, expected="ConnectionResetError itself", got=str(raised))
        idea = "the-last-word-counts"
        expect((raised.kind, raised.text), ("ConnectionResetError", "the first to fail"), why, idea=idea)


@exercise.check("rest", points=2, idea="tasks-end-with-their-context")
def rest(answer: Answer) -> None:
    """When one fails, the others are cancelled, none is begun any more, and fetch_all waits until they have ended."""
    fetch, running = under_way(answer)
    failing = fetch.open[len(fetch.open) // 2]
    over = slow_to_end([call for call in fetch.open if call is not failing], answer.now)
    failing.fail("ConnectionResetError", "the first to fail")
    ends_as_one(answer, fetch, running, "One fetch failed; the others need up to 2 s to clean up.", over)
    expect.true(running.error is not None, "One fetch failed.", expected="its error", got="a result")


@exercise.check("cancelled", points=1, idea="tasks-end-with-their-context")
def cancelled(answer: Answer) -> None:
    """When fetch_all is cancelled, so are the fetches, and it waits until they have ended."""
    fetch, running = under_way(answer)
    over = slow_to_end(fetch.open, answer.now)
    running.cancel()
    ends_as_one(answer, fetch, running, "fetch_all was cancelled; its fetches need up to 2 s to clean up.", over)
    idea = "a-caught-error-is-handled"
    expect.true(running.cancelled, "fetch_all was cancelled.", expected="CancelledError", got="a result", idea=idea)


def slow_to_end(calls: list[Call], now: float) -> float:
    """Let each need some time to end when it is cancelled, the first the longest; when the last will have ended."""
    for number, call in enumerate(calls):
        call.hold_cancel(2.0 / (number + 1))
    return now + 2.0 if calls else now


def ends_as_one(answer: Answer, fetch: Callback, running: Running, what: str, over: float) -> None:
    """See that all in flight are cancelled now, that none is begun, and that fetch_all ends with the last of them."""
    begun, is_early = answer.now, running.done and over > answer.now
    running_on = [call for call in fetch.open if not call.cancelling]
    answer.until(over)
    if running_on:
        keys = ", ".join(repr(call.args[0]) for call in running_on)
        fail(what, expected="all cancelled at once", got=f"the fetches of {keys} went on")
    later = [call.args[0] for call in fetch.calls if call.at > begun]
    expect(later, [], f"{what} No other is begun after that; these keys were.")
    if is_early:
        got = "over at once, while others were still cleaning up"
        fail(what, expected=f"over at {over} s, when all have ended", got=got, idea="cancelled-means-ended")
    expect.true(running.done, what, expected=f"over at {over} s", got="not over")
    expect(running.at, over, f"{what} This is when fetch_all was over.", idea="cancelled-means-ended")
