"""What a check does in the midst of what happens in the answer's process, and how it looks at what is kept there."""

from __future__ import annotations

from typing import Any

from patterns.grading.probe.accidents import Accident
from patterns.grading.probe.lending import Lending
from patterns.grading.probe.objects import Prepared, Running, Thing
from patterns.grading.probe.steps import called


class Midst(Lending):
    """Calls between two turns of the loop, results that stay where they are, and how many objects there are."""

    def during(self, start: Prepared, turns: int, *calls: Prepared) -> tuple[Running, list[Any]]:
        """Start a coroutine, and make synchronous calls after so many turns of the loop, wherever it is then.

        With 0 it has not begun yet, with 1 it has come to its first wait. The outcomes are as of `batch`.
        """
        number, started = next(self._ids), next(self._ids)
        running = Running(self, started, called(start.member, start.args, start.options))  # type: ignore[arg-type]  # an Answer is a Midst, and there is no other
        spoken = [self._said(one) for one in (start, *calls)]
        self._running[started] = running
        self.steps.note(f"{running.what} is started", "start", running.what)
        for one in calls:
            said = called(one.member, one.args, one.options)
            self.steps.note(f"{said}, {turns} turn{'s' * (turns != 1)} of the loop later", "call", said)
        later = {"do": "later", "id": number, "turns": turns, "calls": spoken[1:]}
        self._exchange({"do": "orders", "orders": [{"do": "start", "id": started, **spoken[0]}, later]})
        return running, self._outcome_of(number)

    def objects(self) -> int:
        """How many objects there are in the answer's process, when the garbage has been collected."""
        number = next(self._ids)
        self._exchange({"do": "objects", "id": number})
        count: int = self._outcome_of(number)
        return count

    def _kept(self, number: int) -> Thing:
        """The result of a coroutine that has ended, as an object."""
        asked = next(self._ids)
        self._exchange({"do": "result", "id": asked, "of": number})
        found = self._outcome_of(asked)
        if not isinstance(found, Thing):
            raise Accident("hostile", what="a result that is no object")
        return found

    def _said(self, call: Prepared) -> dict[str, Any]:
        return self._spoken(call.member.owner, call.member.name, "call", call.args, call.options)
