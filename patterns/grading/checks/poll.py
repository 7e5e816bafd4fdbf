"""Poll: ask, nap, ask again; how long the naps are, and when it is enough."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count, islice, repeat

from patterns.grading.checks import HANG, After, Answer, Call, Error, Exercise, expect, fail
from patterns.grading.checks.story import begin

exercise = Exercise("poll", lesson="04_short_polling", title="Ask again")

FAR_S = 1e6  # a deadline that is of no account


def moments(pauses: Iterable[float], takes: float = 0.0) -> Iterator[float]:
    """When it is asked, with these pauses between checks that take so long each."""
    at = 0.0
    for pause in pauses:
        yield at
        at += takes + pause


def pauses(first: float, factor: float, cap: float) -> Iterator[float]:
    """The pauses of the contract."""
    pause = min(first, cap)
    while True:
        yield pause
        pause = min(pause * factor, cap)


def beliefs(first: float, factor: float, cap: float, takes: float) -> Iterator[tuple[str, Iterator[float]]]:
    """When it would be asked by one who believes this or that."""
    grown = (first * factor**n for n in range(30))
    yield "growing-needs-no-cap", moments(grown, takes)
    yield "growing-needs-no-cap", moments(chain([first], (min(first * factor**n, cap) for n in range(1, 30))), takes)
    yield "about-right-is-right", moments((min(first * factor ** (n + 1), cap) for n in range(30)), takes)
    yield "growth-is-growth", moments(repeat(min(first, cap)), takes)
    yield "growth-is-growth", moments((min(first + n * factor, cap) for n in count()), takes)
    yield "a-pause-is-a-period", moments(pauses(first, factor, cap))


def serves(asks: int, value: object, takes: float = 0.0) -> Callable[[Call], object]:
    """What gives None to so many checks and the value to the next, each after `takes` seconds."""
    asked = count()

    def serve(_: Call) -> object:
        outcome = value if next(asked) >= asks else None
        return After(takes, outcome) if takes else outcome

    return serve


@exercise.check("at-once", points=1, idea="a-nap-comes-first")
def at_once(answer: Answer) -> None:
    """It asks at once; and when that brings the answer, it is over."""
    check = answer.callback("check", serve=lambda _: "photos")
    asking = answer.start(answer.poll, check, first=1.0, factor=2.0, cap=8.0, deadline=60.0)
    if asking.done:
        why = "The answer is what the check gives when it is awaited."
        expect(asking.result(), "photos", why, idea="calling-is-awaiting")
    expect([call.at for call in check.calls], [0.0], "The first check is made at once: it may be done already.")
    expect.true(asking.done, "The first check brought the answer.", expected="its result at once", got="still waiting")
    answer.advance(30.0)
    expect(len(check.calls), 1, "It was done, and you asked on.", idea="polling-ends-by-itself")


@exercise.check("falsy", points=1, idea="empty-means-done")
def falsy(answer: Answer) -> None:
    """Only None means not yet: 0, False, an empty text or list is an answer."""
    values: list[object] = [0, False, "", b"", [], {}, 0.0]
    for value in values:
        begin(answer)
        check = answer.callback("check", serve=serves(1, value))
        asking = answer.start(answer.poll, check, first=1.0, factor=2.0, cap=8.0, deadline=60.0)
        answer.advance(1.0)
        if not asking.done:
            got = f"{len(check.calls)} checks, and no result"
            fail(f"The second check gave {value!r}, which is an answer.", expected=f"{value!r} at once", got=got)
        expect(asking.result(), value, "What the check gives is the result, as it is.")


def asks_in_rhythm(answer: Answer, first: float, factor: float, cap: float, *, checks: int, takes: float = 0.0) -> None:
    """See that so many checks come when they should; or name the belief of one who asks as it did."""
    begun, check = begin(answer), answer.callback("check", serve=serves(checks - 1, "done", takes))
    asking = answer.start(answer.poll, check, first=first, factor=factor, cap=cap, deadline=FAR_S)
    expected = list(islice(moments(pauses(first, factor, cap), takes), checks))
    answer.until(begun + expected[-1] + takes)
    got = [call.at - begun for call in check.calls]
    belief = next((idea for idea, at in beliefs(first, factor, cap, takes) if list(islice(at, len(got))) == got), None)
    what = f"first={first}, factor={factor}, cap={cap}" + (f", and each check takes {takes} s" if takes else "")
    asking_on = f"With {what}: the moments at which you asked, in seconds from the start."
    expect(got, expected, asking_on, idea=belief)
    expect(asking.result(), "done", f"Check number {checks} brought the answer.")


@exercise.check("rhythm", points=3, idea="about-right-is-right")
def rhythm(answer: Answer) -> None:
    """The pauses are first, then times factor, never more than cap, and each begins at the end of a check."""
    first = answer.random.choice((0.5, 0.75, 1.25))
    asks_in_rhythm(answer, first, 2.0, first * 5, checks=7)
    asks_in_rhythm(answer, first, 1.5, 100.0, checks=6)
    asks_in_rhythm(answer, 3.0, 2.0, 1.0, checks=4)
    asks_in_rhythm(answer, first, 2.0, 16.0, checks=6, takes=0.375)
    begun, check = begin(answer), answer.callback("check", serve=serves(340, "done"))
    asking = answer.start(answer.poll, check, first=0.5, factor=10.0, cap=2.0, deadline=FAR_S)
    answer.until(begun + 0.5 + 2.0 * 339)
    why = (
        "It took 341 checks, with a factor of 10 and a cap of 2 s: nothing may grow until it is too large for a number."
    )
    expect((asking.done, len(check.calls)), (True, 341), why, idea="growing-needs-no-cap")
    expect.true(asking.error is None, why, expected="the answer", got=str(asking.error), idea="growing-needs-no-cap")


def gives_up(
    answer: Answer, deadline: float, asked: list[float], *, first: float, takes: float = 0.0, idea: str
) -> None:
    """See that it ends exactly at the deadline with a TimeoutError, having asked at these moments."""
    begun, check = begin(answer), answer.callback("check", serve=lambda _: After(takes, None) if takes else None)
    asking = answer.start(answer.poll, check, first=first, factor=1.0, cap=64.0, deadline=deadline)
    answer.until(begun + deadline - 0.0625)
    if asking.done:
        due = f"TimeoutError at {begun + deadline} s"
        fail("You gave up before the deadline.", expected=due, got=f"over at {asking.at} s")
    answer.until(begun + deadline)
    if not asking.done:
        fail(f"The deadline was at {deadline} s, and it went on.", expected="TimeoutError", got="not over", idea=idea)
    late = [call.at - begun for call in check.calls if call.at >= begun + deadline]
    expect(late, [], f"The deadline is at {deadline} s. No check is made at it or after it.")
    with answer.must_raise("TimeoutError", "Time was up.", idea="a-caught-error-is-handled"):
        asking.result()
    expect(asking.at, begun + deadline, "The TimeoutError comes at the deadline.")
    expect([call.at - begun for call in check.calls], asked, "Until then it was asked as usual.")


@exercise.check("deadline", points=2, idea="about-right-is-right")
def at_the_deadline(answer: Answer) -> None:
    """At the deadline it is a TimeoutError: not before, and no check is made at it or after it."""
    silent = answer.callback("check", serve=lambda _: HANG)
    one = answer.start(answer.poll, silent, first=1.0, factor=1.0, cap=1.0, deadline=4.0)
    answer.advance(4.0)
    endless = "a-time-out-each-limits-all" if one.done else "polling-ends-by-itself"
    one.cancel()
    gives_up(answer, 4.0, [0.0, 1.0, 2.0, 3.0], first=1.0, idea=endless)
    gives_up(answer, 5.5, [0.0, 3.0], first=3.0, idea=endless)
    gives_up(answer, 3.5, [0.0, 1.25, 2.5], first=0.5, takes=0.75, idea="asking-takes-no-time")


@exercise.check("hanging", points=2, idea="a-deadline-is-looked-at-between")
def hanging(answer: Answer) -> None:
    """The deadline holds while a check hangs, too; and with it the check is ended."""
    for good in (0, 2):
        begun, check = begin(answer), answer.callback("check", serve=serves(good, HANG))
        asking = answer.start(answer.poll, check, first=1.0, factor=2.0, cap=8.0, deadline=10.0)
        answer.until(begun + 9.9375)
        expect.true(not asking.done, "You gave up early.", got=f"over at {asking.at}", idea="about-right-is-right")
        answer.until(begun + 10.0)
        hangs = check.calls[-1]
        if not asking.done:
            why = f"The check made {hangs.at - begun} s after the start never ends, and the deadline was at 10.0 s."
            fail(why, expected="TimeoutError at 10.0 s", got="still waiting for the check")
        with answer.must_raise("TimeoutError", "Time was up.", idea="a-caught-error-is-handled"):
            asking.result()
        why = "The TimeoutError comes at the deadline, by asyncio's clock."
        expect(asking.at, begun + 10.0, why, idea="any-clock-will-do")
        why = "Nobody waits any more for the check that hangs, and it was left behind, asking for ever."
        expect.true(
            hangs.cancelled, why, expected="cancelled", got="still running", idea="tasks-end-with-their-context"
        )


@exercise.check("errors", points=1, idea="an-error-is-not-yet")
def errors(answer: Answer) -> None:
    """An error of the check is raised as it is, in the moment in which it happens; a TimeoutError too."""
    for kind in ("ValueError", "TimeoutError", "ConnectionResetError"):
        begun, check = begin(answer), answer.callback("check", serve=serves(1, Error(kind, "from the check")))
        asking = answer.start(answer.poll, check, first=1.0, factor=2.0, cap=8.0, deadline=30.0)
        answer.until(begun + 2.0)
        why = f"The second check, 1.0 s after the start, raised {kind}."
        if not asking.done:
            fail(why, expected=f"{kind} at 1.0 s", got=f"{len(check.calls)} checks, and no end")
        if asking.error is None or (asking.error.kind, asking.error.text) != (kind, "from the check"):
            got = str(asking.error or asking.result())
            fail(why, expected=f"{kind}: from the check", got=got, idea="all-failures-are-alike")
        expect(asking.at, begun + 1.0, f"{why} It is raised at once.")
