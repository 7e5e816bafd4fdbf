"""Every order in which threads can meet: the schedules, one after the other (see boxed.turns)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from patterns.grading.probe.accidents import Accident, Failed, Raised
from patterns.grading.probe.objects import Member, Prepared

if TYPE_CHECKING:
    from patterns.grading.probe.answer import Answer

Story = Callable[["Run"], None]


class Run:
    """One order of things; a story is told under it, and says where threads are `together`."""

    def __init__(self, answer: Answer, schedule: list[int], switches: int, opcodes: bool) -> None:
        self._answer = answer
        self._schedule = schedule
        self._switches = switches
        self._opcodes = opcodes
        self.choices: list[tuple[int, int]] = []  # (taken, of how many)

    def together(self, calls: Sequence[Member | Prepared]) -> list[Any]:
        """Make these calls at the same time, a thread each; what each gave.

        A Raised stands in the list for a call that raised. Once in a story.

        Raises:
            Failed: a deadlock, or a thread without end.
        """
        prepared = [call if isinstance(call, Prepared) else call.with_() for call in calls]
        event = self._answer._together(prepared, self._schedule, self._switches, self._opcodes)
        self.choices = [(taken, of) for taken, of in event["choices"]]
        if event["failure"]:
            raise Failed(
                f"called from {len(calls)} threads at once, it came to {event['failure']}",
                expected="an end",
                got="; ".join(event["story"][-6:]),
            )
        return list(event["outcomes"])


def every_order(answer: Answer, story: Story, *, switches: int, at_most: int, opcodes: bool) -> int:
    """Tell a story under each schedule with so many forced switches; how many there were.

    The first that fails is raised, with the switches that led to it among the steps.
    """
    schedule: list[int] = []
    for number in range(1, at_most + 1):
        answer.steps.clear()
        run = Run(answer, schedule, switches, opcodes)
        try:
            story(run)
        except (Failed, Raised, Accident):
            answer.steps.note(f"found in the order number {number} of those that were tried")
            raise
        choices = list(run.choices)
        while choices and choices[-1][0] + 1 >= choices[-1][1]:
            choices.pop()
        if not choices:
            return number
        schedule = [taken for taken, _ in choices]
        schedule[-1] += 1
    return at_most
