"""The answer's time is the grader's: it moves when it is granted, each timer at its own moment, each one counted."""

from __future__ import annotations

import pytest

from patterns.grading.checks import After, Error, expect
from patterns.grading.probe import HANG, Answer, Call
from patterns.grading.probe.accidents import Failed

SOURCE = """
    import asyncio

    async def nap(*seconds):
        for each in seconds:
            await asyncio.sleep(each)
        return asyncio.get_running_loop().time()

    async def ask(fetch, key):
        return await fetch(key, again=True)

    async def both(fetch):
        try:
            return await asyncio.gather(fetch(1), fetch(2))
        finally:
            await asyncio.sleep(0.5)

    async def within(fetch, seconds):
        return await asyncio.wait_for(fetch(), seconds)

    async def broken(fetch):
        raise KeyError("mine")
"""


def test_a_nap_ends_at_its_own_moment_to_the_last_bit(trial) -> None:
    def drive(answer: Answer) -> None:
        running = answer.start(answer.nap, 0.1, 0.2, 0.7)
        answer.advance(0.1 + 0.2)
        expect((running.done, answer.wakeups, answer.next_timer), (False, 2, 0.1 + 0.2 + 0.7), "two of three naps")
        answer.until(10.0)
        expect((running.result(), running.at, answer.now), (0.1 + 0.2 + 0.7, 0.1 + 0.2 + 0.7, 10.0), "it is over")

    assert trial(SOURCE, drive).told == ""


def test_the_clock_of_an_answer_that_lies_stands_in_its_own_way_only(trial) -> None:
    lying = """
        import asyncio
        async def nap():
            loop = asyncio.get_running_loop()
            loop.time = lambda: 1e9
            await asyncio.sleep(1)
            return loop.time()
    """

    def drive(answer: Answer) -> None:
        running = answer.start(answer.nap)
        answer.advance(100)
        expect.true(not running.done, "Its timer is due in a thousand million seconds.")

    assert trial(lying, drive).told == ""


def test_replies_come_when_the_check_says(trial) -> None:
    def drive(answer: Answer) -> None:
        fetch = answer.callback("fetch")
        running = answer.start(answer.ask, fetch, "a")
        (call,) = fetch.open
        expect((call.args, call.options, call.at), (("a",), {"again": True}, 0.0), "what it asked")
        answer.advance(2.5)
        call.reply([b"x", None])
        expect((running.result(), running.at, fetch.open), ([b"x", None], 2.5, []), "the reply")

    assert trial(SOURCE, drive).told == ""


def test_replies_can_be_served_at_once_later_with_an_error_and_never(trial) -> None:
    def drive(answer: Answer) -> None:
        outcomes = {1: 10, 2: After(3.0, 20), 3: Error("KeyError", "k"), 4: After(1.0, Error("OSError", "o")), 5: HANG}
        fetch = answer.callback("fetch", serve=lambda call: outcomes[call.args[0]])
        running = {key: answer.start(answer.ask, fetch, key) for key in outcomes}
        answer.until(5.0)
        ended = [(one.at, one.error.kind if one.error else one.done and one.result()) for one in running.values()]
        expect(ended, [(0.0, 10), (3.0, 20), (0.0, "KeyError"), (1.0, "OSError"), (None, False)], "each in its way")

    assert trial(SOURCE, drive).told == ""


def test_cancelling_is_seen_where_it_arrives_and_when_it_is_over(trial) -> None:
    def drive(answer: Answer) -> None:
        fetch = answer.callback("fetch")
        running = answer.start(answer.both, fetch)
        first, second = fetch.calls
        first.hold_cancel(2.0)
        answer.advance(1.0)
        running.cancel()
        seen = [(call.cancelling, call.cancelled, call.ended_at) for call in (first, second)]
        expect(seen, [(True, False, None), (True, True, 1.0)], "one of them takes its time")
        answer.advance(5.0)
        expect(
            (first.cancelled, first.ended_at, running.cancelled, running.at),
            (True, 3.0, True, 1.5),
            "gather does not wait for both",
        )

    assert trial(SOURCE, drive).told == ""


def test_a_time_out_of_the_answer_cancels_the_call(trial) -> None:
    def drive(answer: Answer) -> None:
        fetch = answer.callback("fetch")
        running = answer.start(answer.within, fetch, 1.5)
        answer.advance(4.0)
        assert running.error is not None
        expect((running.error.kind, running.at, fetch.calls[0].ended_at), ("TimeoutError", 1.5, 1.5), "the time-out")

    assert trial(SOURCE, drive).told == ""


def test_what_a_coroutine_raises_is_told_by_its_kinds_its_text_and_its_line(trial) -> None:
    def drive(answer: Answer) -> None:
        error = answer.start(answer.broken, answer.callback("fetch")).error
        assert error is not None
        expect((error.kind, error.text, error.line, error.is_group), ("KeyError", "'mine'", 22, False), "the error")
        expect((error.is_a("LookupError"), error.is_a("ValueError")), (True, False), "its kinds")

    assert trial(SOURCE, drive).told == ""


def test_a_result_asked_for_too_early_fails_the_check(trial) -> None:
    found = trial(SOURCE, lambda answer: answer.start(answer.nap, 5).result())
    assert found.told == "nap(5) has not ended by 0 s. Expected its result, got still waiting."


def test_the_steps_tell_what_was_done_and_when(trial) -> None:
    def drive(answer: Answer) -> None:
        fetch = answer.callback("fetch", serve=lambda call: After(1.0, call.args[0] * 2))
        answer.start(answer.ask, fetch, "ab")
        answer.advance(2.0)
        expect(1, 2, "to be seen")

    assert trial(SOURCE, drive).steps == (
        "0 s  ask(fetch, 'ab') is started",
        "0 s  your code calls fetch('ab', again=True)",
        "1 s  fetch('ab', again=True) ← 'abab'",
        "1 s  ask(fetch, 'ab') ends: 'abab'",
    )


def test_a_call_is_replied_to_once(trial) -> None:
    def drive(answer: Answer) -> None:
        fetch = answer.callback("fetch")
        answer.start(answer.ask, fetch, 1)
        call: Call = fetch.calls[0]
        call.reply(1)
        with pytest.raises(RuntimeError, match="reply to each call once"):
            call.reply(2)

    assert trial(SOURCE, drive).told == ""


def test_a_circle_of_timers_is_given_up(trial) -> None:
    source = "import asyncio\nasync def f():\n    while True:\n        await asyncio.sleep(1e-9)"

    def drive(answer: Answer) -> None:
        answer.start(answer.f)
        answer.advance(1.0)

    assert trial(source, drive).accident == "busy-loop"


def test_a_failure_within_a_served_call_fails_the_check(trial) -> None:
    def drive(answer: Answer) -> None:
        def serve(_call: Call) -> object:
            raise Failed("It asked for the wrong thing.", idea="retry-is-safe")

        answer.start(answer.ask, answer.callback("fetch", serve=serve), 1)

    found = trial(SOURCE, drive)
    assert (found.message, found.idea and found.idea.name) == ("It asked for the wrong thing.", "retry-is-safe")
