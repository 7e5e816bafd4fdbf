"""Growth of work is seen in the answer's own CPU time: a right answer at once, a wrong one after a few small rounds."""

from __future__ import annotations

from patterns.grading.probe import Answer

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
