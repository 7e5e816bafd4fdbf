"""Growth of work is seen in the answer's own CPU time: a right answer at once, a wrong one after a few small rounds."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest
from registered import answers as registered

from patterns.grading.checks import exercise
from patterns.grading.probe import Answer, growth
from patterns.grading.probe.accidents import Failed
from patterns.grading.probe.objects import Prepared
from patterns.grading.probe.steps import Steps
from patterns.grading.verdict import run

Work = Callable[[], Sequence[Prepared]]

SOURCE = """
    import bisect

    class Names:
        def __init__(self):
            self.all, self.some = [], set()

        def fill(self, count):
            self.all = list(range(count))
            self.some = set(self.all)

        def scan(self, name):
            return sum(1 for other in self.all if other == name)

        def look(self, name):
            return name in self.some
"""


def drive(name: str):
    def drive(answer: Answer) -> None:
        few, many = answer.Names(), answer.Names()
        few.fill(500)
        many.fill(500 * 16)
        small, large = (getattr(names, name) for names in (few, many))
        answer.growth(
            lambda: [small.with_(answer.random.randrange(500)) for _ in range(20)],
            lambda: [large.with_(answer.random.randrange(500)) for _ in range(20)],
            why="The work grows with the number of names.",
            idea="a-thousand-proves-a-million",
        )

    return drive


def test_work_that_does_not_grow_passes(trial) -> None:
    assert trial(SOURCE, drive("look")).told == ""


def test_work_that_grows_fails_for_its_idea(trial) -> None:
    found = trial(SOURCE, drive("scan"))
    assert found.message == "The work grows with the number of names."
    assert found.idea is not None
    assert found.idea.name == "a-thousand-proves-a-million"
    assert found.expected == "about the same CPU time with 16 times as many"


def test_the_answers_own_cpu_time_is_what_counts(trial) -> None:
    seen: list[float] = []

    def both(answer: Answer) -> None:
        names = answer.Names()
        names.fill(200_000)
        seen.append(answer.cpu_of(lambda: names.scan(1)))
        seen.append(answer.cpu_of(lambda: sum(range(3_000_000))))  # ours, not the answer's

    assert trial(SOURCE, both).told == ""
    assert seen[0] > 5 * seen[1]


def test_a_right_wheel_passes_also_when_every_round_of_the_measurement_is_needed(server, monkeypatch) -> None:
    def all_rounds(answer: Answer, small: Work, large: Work, **_options: object) -> None:
        for make in (*[small] * (2 * growth.SMALL_ONES), large) * (growth.ROUNDS + growth.MORE_ROUNDS):
            answer.batch(make())

    monkeypatch.setattr(growth, "growth", all_rounds)
    wheel = exercise("timing_wheel")
    check = next(check for check in wheel.checks if check.name == "add-and-cancel")
    assert run(wheel, check, registered("timing_wheel", "right")[0].source, 1, server).told == ""


@pytest.mark.parametrize("needed", [2, growth.ROUNDS])
def test_what_comes_after_does_not_depend_on_how_often_it_was_measured(trial, monkeypatch, needed: int) -> None:
    def told(rounds: int) -> tuple[str, ...]:
        numbers = itertools.count(1)

        def cpu_of(_answer: object, work: Callable[[], object]) -> float:
            work()
            round_, is_small = divmod(next(numbers), growth.SMALL_ONES + 1)
            return 1.0 if is_small or round_ >= rounds else 16.0

        def drive_and_go_on(answer: Answer) -> None:
            drive("look")(answer)
            answer.Names().look(answer.random.randrange(10**9))

        monkeypatch.setattr(growth, "cpu_of", cpu_of)
        found = trial(SOURCE, drive_and_go_on)
        assert found.told == ""
        return found.steps

    assert told(1) == told(needed)


def rounds(monkeypatch, times: Callable[[int], float]) -> int:
    """How many rounds it takes, if in round n (from 1) the large one takes so many times as long; at most 2.5 do."""
    made: list[str] = []

    def make(which: str) -> Work:
        return lambda: [made.append(which)]  # type: ignore[list-item, func-returns-value]  # one call, whatever it is

    def cpu_of(_answer: object, _work: object) -> float:
        return times(made.count("large")) if made[-1] == "large" else 1.0

    monkeypatch.setattr(growth, "cpu_of", cpu_of)
    try:
        answer = SimpleNamespace(random=random.Random(1), steps=Steps(lambda: 0.0))
        growth.growth(answer, make("small"), make("large"), at_most=2.5, why="It grows.", idea=None)
    except Failed as failed:
        return -made.count("large") if failed.got.startswith(f"{times(1):.0f} times") else 0
    return made.count("large")


ALL = growth.ROUNDS + growth.MORE_ROUNDS


@pytest.mark.parametrize(
    ("times", "taken"),
    [
        (lambda _: 1.0, 1),
        (lambda n: 1.0 if n == growth.ROUNDS else 16.0, growth.ROUNDS),
        (lambda _: 16.0, -growth.ROUNDS),
        (lambda n: 1.0 if n == ALL else 3.0, ALL),
        (lambda _: 3.0, -ALL),
    ],
)
def test_what_could_be_a_crowded_machine_is_looked_at_longer_and_what_cannot_is_not(monkeypatch, times, taken) -> None:
    assert rounds(monkeypatch, times) == taken


def test_the_cpu_clock_is_read_when_the_process_has_gone_to_sleep(monkeypatch) -> None:
    done: list[str] = []
    asleep = iter([False, False, True, False, True])

    def is_asleep(_pid: int) -> bool:
        done.append("look")
        return next(asleep)

    def cpu_s(_pid: int) -> float:
        done.append("read")
        return float(len(done))

    monkeypatch.setattr(growth, "is_asleep", is_asleep)
    monkeypatch.setattr(growth, "cpu_s", cpu_s)
    answer = SimpleNamespace(_line=SimpleNamespace(pid=1))
    assert growth.cpu_of(answer, lambda: done.append("work")) == 8.0 - 4.0
    assert done == ["look", "look", "look", "read", "work", "look", "look", "read"]
