"""What can happen to an answer beside being wrong is named, with its place, and costs that check alone."""

from __future__ import annotations

import re

import pytest

from patterns.grading.checks import Exercise, expect
from patterns.grading.probe import Answer, ForkServer
from patterns.grading.verdict import grade, run

CALLED = {
    "endless-loop": (
        "def f():\n    while True:\n        pass",
        r"Your code did not come to an end: it was still computing after 0\.6 s of CPU time \(line [23], in f\)",
    ),
    "stuck": (
        "import threading\ndef f():\n    lock = threading.Lock()\n    lock.acquire()\n    lock.acquire()",
        r"Your code stood still outside the event loop for 0\.3 s: a lock, a queue or a read that nothing ends "
        r"\(line 5, in f\)",
    ),
    "blocking-call": (
        "import time\ndef f():\n    time.sleep(30)",
        r"Your code called time\.sleep\(30\) in the event loop \(line 3\): nobody else can go on meanwhile; await "
        r"asyncio\.sleep\(…\) instead",
    ),
    "exited": ("import os\ndef f():\n    os._exit(3)", r"Your code ended its process \(with status 3\)"),
    "memory": (
        "def f():\n    kept = []\n    while True:\n        kept.append(bytes(1 << 22))",
        r"Your code asked for more memory than the 256 MiB it may have \(line 4\)",
    ),
    "flood": (
        "def f():\n    while True:\n        print('x' * 5000)",
        r"Your code wrote more than 1 MiB of output",
    ),
    "left-open": (
        "import os\nkept = []\ndef f():\n    kept.extend(os.pipe())",
        r"When all was over, something of yours was still open: pipe; pipe",
    ),
    "left-thread": (
        "import threading\ndef f():\n    threading.Thread(target=threading.Event().wait, name='mine').start()",
        r"When all was over, a thread of yours was still there: mine",
    ),
    "import-failed": (
        "x = 1\n1 / 0",
        r"Your cell could not be run: ZeroDivisionError: division by zero \(line 2\)",
    ),
}
STARTED = {
    "endless-loop": ("async def f():\n    while True:\n        pass", r".* \(line [23], in f\)"),
    "busy-loop": (
        "import asyncio\nasync def f():\n    while True:\n        await asyncio.sleep(0)",
        r"Your code kept the event loop busy 20,001 times without letting time pass \(f, line 4\)",
    ),
    "leaked-task": (
        "import asyncio\nasync def g():\n    await asyncio.sleep(9)\nasync def f():\n    asyncio.create_task(g())",
        r"When all was over, a task of yours was still there: g, line 3",
    ),
}


@pytest.mark.parametrize("name", CALLED)
def test_an_accident_in_a_call_is_named_with_its_place(trial, name: str) -> None:
    source, told = CALLED[name]
    found = trial(source, lambda answer: answer.f())
    assert (found.passed, found.accident) == (False, name)
    assert re.fullmatch(told + r"\.", found.message), found.message


@pytest.mark.parametrize("name", STARTED)
def test_an_accident_in_a_coroutine_is_named_with_its_place(trial, name: str) -> None:
    source, told = STARTED[name]
    found = trial(source, lambda answer: answer.start(answer.f))
    assert (found.passed, found.accident) == (False, name)
    assert re.fullmatch(told + r"\.", found.message), found.message


def test_who_keeps_talking_while_it_computes_is_ended_all_the_same() -> None:
    """However willingly it answers: each answer takes less than what hanging is, all of them too much."""
    source = "import time\ndef f():\n    end = time.process_time() + 0.05\n    while time.process_time() < end: pass"
    made = Exercise("framing", lesson="01_request_response", title="One check")

    @made.check("only")
    def many_calls(answer: Answer) -> None:
        """It is called for a minute."""
        for _ in range(1200):
            answer.f()

    with ForkServer(cpu_s=1) as impatient:
        found = run(made, made.checks[0], source, 1, impatient)
    assert (found.accident, found.message) == (
        "too-slow",
        "Your code used 1 s of CPU time in this check, and right answers need a small part of it.",
    )


def test_who_sends_a_byte_now_and_then_is_stuck(trial) -> None:
    source = """
        import gc, os, select, sys
        def f():
            driver = sys.modules["patterns.grading.boxed.driver"].Driver
            (wire,) = [one.wire for one in gc.get_objects() if type(one) is driver]
            for byte in b"\\0" + b"\\x10" * 1000:  # the beginning of a long frame
                os.write(wire.descriptor, bytes([byte]))
                select.select([], [], [], 0.02)
    """
    assert trial(source, lambda answer: answer.f()).accident == "stuck"


def test_naps_add_up(trial) -> None:
    source = "import select\n\ndef f():\n    select.select([], [], [], 0.2)"

    def drive(answer: Answer) -> None:
        for _ in range(30):
            answer.f()

    assert trial(source, drive).accident == "stuck"


def test_a_forgotten_await_is_named_when_it_makes_the_check_fail(trial) -> None:
    source = """
        import asyncio
        async def f():
            asyncio.sleep(1)
            return 1
    """

    def drive(answer: Answer) -> None:
        running = answer.start(answer.f)
        expect(running.done, False, "It naps for a second first.")

    found = trial(source, drive)
    assert (found.accident, found.idea and found.idea.name) == ("forgotten-await", "calling-is-awaiting")


def test_what_is_no_coroutine_cannot_be_started(trial) -> None:
    found = trial("def f():\n    return 3", lambda answer: answer.start(answer.f))
    assert found.told == "f() gives something that cannot be awaited. Expected a coroutine (async def …), got 3."


def test_output_and_warnings_cost_nothing(trial) -> None:
    source = """
        import sys, warnings
        def f():
            warnings.warn("old")
            print("hello")
            print("careful", file=sys.stderr)
            return 1
    """
    assert trial(source, lambda answer: expect(answer.f(), 1, "It gives 1.")).passed


def test_helper_threads_that_have_ended_cost_nothing(trial) -> None:
    source = """
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        async def f():
            await asyncio.gather(*(asyncio.to_thread(bytearray, 1 << 20) for _ in range(12)))
            with ThreadPoolExecutor(8) as helpers:
                return sum(helpers.map(len, ["ab"] * 100))
    """
    assert trial(source, lambda answer: expect(answer.start(answer.f).result(), 200, "It gives 200.")).told == ""


def test_what_an_answer_printed_is_shown_when_it_fails(trial) -> None:
    found = trial("def f():\n    print('here I am')", lambda answer: expect(answer.f(), 1, "It gives 1."))
    assert found.prints == "here I am\n"


def test_an_accident_costs_one_check_and_the_others_go_on(server) -> None:
    source = """
class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.buffer = b""

    def feed(self, data):
        self.buffer += data
        payloads = []
        while len(self.buffer) >= 4:
            length = int.from_bytes(self.buffer[:4], "big")
            if length > self.max_frame:
                import os
                os._exit(1)
            if len(self.buffer) < 4 + length:
                break
            payloads.append(self.buffer[4 : 4 + length])
            self.buffer = self.buffer[4 + length :]
        return payloads
"""
    verdict = grade("framing", source, server=server)
    assert {found.name: found.accident for found in verdict.checks if not found.passed} == {"limit": "exited"}
    assert verdict.word == "partial"


def test_who_hangs_everywhere_is_given_up_after_three_checks(server, monkeypatch) -> None:
    monkeypatch.setattr("patterns.grading.verdict.PATIENCE", (0.2, 0.1, 0.1))
    verdict = grade(
        "framing", "class Framer:\n    def __init__(self, max_frame=1):\n        while 1: pass", server=server
    )
    accidents = [found.accident for found in verdict.checks]
    assert accidents == ["endless-loop"] * 3 + ["not-run"] * (len(accidents) - 3)
    assert verdict.word == "failed"


def test_an_answer_that_cannot_be_imported_is_broken(server) -> None:
    verdict = grade("framing", "class Framer(:", server=server)
    assert (verdict.word, {found.accident for found in verdict.checks}) == ("broken", {"import-failed"})
    assert verdict.checks[0].message == (
        "Your cell could not be run: SyntaxError: invalid syntax (<answer framing>, line 1) (line 1)."
    )
