"""Threads meet in every order, one after the other: a race is found every time, a deadlock is named."""

from __future__ import annotations

from patterns.grading.checks import Run, expect
from patterns.grading.probe import Answer

SOURCE = """
    import threading

    class Counter:
        def __init__(self):
            self.value = 0
            self.lock = threading.Lock()
            self.again = threading.RLock()
            self.other = threading.Lock()
            self.ready = threading.Event()

        def unlocked(self):
            value = self.value
            self.value = value + 1

        def in_one_line(self):
            self.value += 1

        def locked(self):
            with self.lock:
                value = self.value
                self.value = value + 1

        def twice(self):
            with self.again:
                with self.again:
                    value = self.value
                    self.value = value + 1

        def one_way(self):
            with self.lock:
                with self.other:
                    pass

        def other_way(self):
            with self.other:
                with self.lock:
                    pass

        def wait(self):
            return self.ready.wait()

        def tell(self):
            self.ready.set()

        def raises(self):
            raise ValueError("mine")

    class Told(Counter):
        def locked(self):
            with self.lock:
                self.seen()
            self.seen()
"""


def both(name: str, **options: object):
    def drive(answer: Answer) -> None:
        def story(run: Run) -> None:
            counter = answer.Counter()
            run.together([getattr(counter, name)] * 2)
            expect(counter.get("value"), 2, "Two threads have counted.")

        answer.every_order(story, **options)  # type: ignore[arg-type]  # the test's own

    return drive


def test_a_race_is_found_and_the_switches_are_told(trial) -> None:
    found = trial(SOURCE, both("unlocked"), threads=True)
    assert found.told == "Two threads have counted. Expected 2, got 1."
    assert "thread 1 is stopped before line 14" in found.steps
    assert trial(SOURCE, both("unlocked"), threads=True) == found, "every time"


def test_a_race_within_a_line_is_found_where_each_bytecode_is_a_step(trial) -> None:
    assert trial(SOURCE, both("in_one_line"), threads=True).passed
    assert not trial(SOURCE, both("in_one_line", opcodes=True), threads=True).passed


def test_locks_of_both_kinds_keep_threads_apart(trial) -> None:
    assert trial(SOURCE, both("locked"), threads=True).told == ""
    assert trial(SOURCE, both("twice"), threads=True).told == ""


def test_a_deadlock_is_named(trial) -> None:
    def drive(answer: Answer) -> None:
        def story(run: Run) -> None:
            counter = answer.Counter()
            run.together([counter.one_way, counter.other_way])

        answer.every_order(story)

    found = trial(SOURCE, drive, threads=True)
    assert found.message == (
        "called from 2 threads at once, it came to a deadlock: each waits for a lock that another one has: "
        "thread 1 at line 32, thread 2 at line 37."
    )


def test_what_is_built_upon_locks_works_too(trial) -> None:
    def drive(answer: Answer) -> None:
        def story(run: Run) -> None:
            counter = answer.Counter()
            expect(run.together([counter.wait, counter.tell]), [True, None], "The one waits for the other.")

        expect.true(answer.every_order(story) > 1, "There are several orders.")

    assert trial(SOURCE, drive, threads=True).told == ""


def test_an_error_stands_in_the_place_of_its_call(trial) -> None:
    def drive(answer: Answer) -> None:
        def story(run: Run) -> None:
            counter = answer.Counter()
            error, nothing = run.together([counter.raises, counter.tell])
            expect((error.kind, error.text, nothing), ("ValueError", "mine", None), "the outcomes")

        answer.every_order(story)

    assert trial(SOURCE, drive, threads=True).told == ""


def test_a_hook_knows_how_many_locks_its_caller_holds(trial) -> None:
    held: list[int] = []

    def drive(answer: Answer) -> None:
        told = answer.subclass("Told", seen=lambda _object: held.append(answer.locks_held))
        told().locked()

        def story(run: Run) -> None:
            run.together([told().locked])

        answer.every_order(story)

    assert trial(SOURCE, drive, threads=True).told == ""
    assert held == [1, 0, 1, 0]


def test_a_story_that_fails_in_one_order_only_is_found_in_it(trial) -> None:
    tried: list[tuple[int, int]] = []

    def drive(answer: Answer) -> None:
        def story(run: Run) -> None:
            counter = answer.Counter()
            run.together([counter.locked, counter.locked, counter.locked])
            tried.append(tuple(run.choices))  # type: ignore[arg-type]  # as they are
            expect(counter.get("value"), 3, "Three threads have counted.")

        expect(answer.every_order(story, switches=1, at_most=1000), len(tried), "how many there were")

    assert trial(SOURCE, drive, threads=True).told == ""
    assert len(set(tried)) == len(tried) > 6, "no order twice"
