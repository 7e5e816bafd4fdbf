"""The module a learner wrote, as its checks see it: its functions can be called, its time granted, its calls served.

A check is ordinary synchronous code. Each thing it does is an order to the answer's process; when the order returns,
everything has happened there that can happen without time passing.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from patterns.grading.probe import growth, orders
from patterns.grading.probe.accidents import Accident, Failed, Raised
from patterns.grading.probe.line import Line
from patterns.grading.probe.midst import Midst
from patterns.grading.probe.objects import (
    Member,
    Prepared,
    Running,
    Thing,
)
from patterns.grading.probe.orders import Story
from patterns.grading.probe.steps import Steps, brief, called

MOST_GRANTS = 5_000  # timers in one `advance`: more is a circle


class Answer(Midst):
    """One process that holds the answer; made by the engine, driven by a check.

    `random` is seeded by seed, exercise and check: whatever a check draws by lot it draws there.
    """

    def __init__(self, line: Line, name: str, source: str, *, seed: str = "", threads: bool = False) -> None:
        super().__init__(line)
        self.random = random.Random(seed)
        self.now = 0.0
        self.wakeups = 0
        self.next_timer: float | None = None
        self.steps = Steps(lambda: self.now)
        self.locks_held = 0
        self._module = Thing(self, 0, "module")
        self._names: dict[str, Any] = {}
        self._begin(
            {"name": name, "source": source, "box": line.server.box, "cpu_s": line.server.cpu_s, "threads": threads}
        )

    # Objects and synchronous calls.

    def __getattr__(self, name: str) -> Member:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._names:
            try:
                self._names[name] = self._ask_for(self._module, name, "get", (), {}, quiet=True)
            except Raised as error:
                if error.is_a("AttributeError"):
                    raise Failed(
                        f"your cell does not define {name}", expected=f"a class or function {name}", got="none"
                    ) from None
                raise
        return Member(self, self._module, name)

    def _thing(self, number: int, of: str) -> Thing:
        return Thing(self, number, of)

    def _ask_for(
        self,
        owner: Thing,
        name: str | None,
        how: str,
        args: Sequence[object],
        options: dict[str, object],
        *,
        quiet: bool = False,
        kept: bool = False,
    ) -> Any:
        number = next(self._ids)
        order = {"do": "call", "id": number, "kept": kept, **self._spoken(owner, name, how, args, options)}
        self._exchange(order)
        outcome = self._outcome_of(number)
        if not quiet:
            plain = {"get": f"{owner!r}.{name}", "len": f"len({owner!r})"}
            done = plain.get(how) or called(Member(self, owner, name) if name else owner, args, options)
            self.steps.note(f"{done} → {brief(outcome) if not isinstance(outcome, Raised) else outcome}", "call")
        if isinstance(outcome, Raised):
            raise outcome
        return outcome

    def batch(self, calls: Sequence[Prepared]) -> list[Any]:
        """Make many synchronous calls in one message; a Raised stands in the list for a call that raised."""
        number = next(self._ids)
        spoken = [
            {"kept": one.is_kept, **self._spoken(one.member.owner, one.member.name, "call", one.args, one.options)}
            for one in calls
        ]
        self._exchange({"do": "batch", "id": number, "calls": spoken})
        if calls:
            self.steps.note(f"{called(calls[0].member, calls[0].args, calls[0].options)} and so on, {len(calls)} calls")
        outcomes: list[Any] = self._outcome_of(number)
        if len(outcomes) != len(calls):
            raise Accident("hostile", what=f"{len(outcomes)} outcomes of {len(calls)} calls")
        return outcomes

    @contextmanager
    def must_raise(self, kind: str, why: str, *, idea: str | None = None) -> Iterator[None]:
        """What is called within has to raise that builtin exception, or one below it; anything else fails."""
        before = len(self.steps.taken) + self.steps.left_out
        try:
            yield
        except Raised as error:
            if not error.is_a(kind):
                raise Failed(why, expected=kind, got=f"{error}", idea=idea) from None
            return
        done = len(self.steps.taken) + self.steps.left_out > before
        got = self.steps.taken[-1].text.rpartition(" → ")[2] if done else "nothing was called"
        raise Failed(why, expected=kind, got=got, idea=idea)

    # Coroutines and time.

    def start(self, what: Member | Thing, *args: object, **options: object) -> Running:
        """Start a coroutine of the answer's as a task; a Thing is awaited itself."""
        number = next(self._ids)
        if isinstance(what, Thing):
            running = Running(self, number, f"await {what!r}")
            order = {"of": self._encode(what), "how": "wait"}
        else:
            running = Running(self, number, called(what, args, options))
            order = self._spoken(what.owner, what.name, "call", args, options)
        self._running[number] = running
        self.steps.note(f"{running.what} is started", "start", running.what)
        self._exchange({"do": "start", "id": number, **order})
        return running

    def iterate(self, thing: Thing) -> Thing:
        """What `async for` goes through: `aiter(thing)`."""
        found = thing.member("__aiter__").kept()
        if not isinstance(found, Thing):
            raise Failed("aiter() of it gives no async iterator", expected="an async iterator", got=brief(found))
        return found

    def next_of(self, iterator: Thing) -> Running:
        """Start waiting for the next of an async iterator; its end raises StopAsyncIteration."""
        return self.start(iterator.member("__anext__"))

    def enter(self, thing: Thing) -> Running:
        """`async with thing`: start entering."""
        return self.start(thing.member("__aenter__"))

    def leave(self, thing: Thing) -> Running:
        """Start leaving the `async with` block, without an error."""
        return self.start(thing.member("__aexit__"), None, None, None)

    def settle(self) -> None:
        """Let happen what needs no time."""
        self._exchange({"do": "orders", "orders": []})

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        self.until(self.now + seconds)

    def until(self, moment: float) -> None:
        """Let time pass until then: each timer, and each reply that is due, at its own moment and in order.

        At one moment the replies come first.
        """
        for _ in range(MOST_GRANTS):
            timer = self.next_timer
            due = self._agenda[0][0] if self._agenda else None
            if due is not None and due <= moment and (timer is None or due <= timer):
                self._go(due)
                self._reply_due()
            elif timer is not None and timer <= moment:
                self.wakeups += 1
                self._go(max(timer, self.now))
            else:
                self._go(moment)
                return
        raise Accident("busy-loop", what=f"{MOST_GRANTS:,}")

    def _go(self, moment: float) -> None:
        self.now = moment
        self._exchange({"do": "go", "to": moment})

    def _reply_due(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.now:
            _, _, call, value = heapq.heappop(self._agenda)
            if not call.done and not call.cancelling:
                self._serve_with(call, value)

    def leftovers(self) -> list[str]:
        """What is alive of the answer's, beside what the check has started: tasks, descriptors, threads."""
        return [what for _, found in self._left() for what in found]

    def nothing_left(self) -> None:
        """Cancel what the check has started, and look round.

        Raises:
            Accident: something is left.
        """
        for running in list(self._running.values()):
            if not running.done:
                self._exchange({"do": "cancel", "id": running.number})
        for accident, found in self._left():
            if found:
                raise Accident(accident, what="; ".join(found))

    def _left(self) -> list[tuple[str, list[str]]]:
        number = next(self._ids)
        self._exchange({"do": "leftovers", "id": number})
        left = self._outcome_of(number)
        return [
            ("leaked-task", left["tasks"]),
            ("left-open", left["opened"]),
            ("left-thread", left["threads"]),
        ]

    # Threads and growth.

    def every_order(self, story: Story, *, switches: int = 2, at_most: int = 300, opcodes: bool = False) -> int:
        """Tell a story under every order of its threads; see `probe.orders`. The check says `threads=True`."""
        return orders.every_order(self, story, switches=switches, at_most=at_most, opcodes=opcodes)

    def _together(self, calls: Sequence[Prepared], schedule: list[int], switches: int, opcodes: bool) -> Any:
        number = next(self._ids)
        spoken = [self._spoken(one.member.owner, one.member.name, "call", one.args, one.options) for one in calls]
        order = {"schedule": schedule, "switches": switches, "opcodes": opcodes, "calls": spoken}
        self._exchange({"do": "together", "id": number, **order})
        event = self._outcome_of(number)
        if len(event["outcomes"]) != len(calls):
            raise Accident("hostile", what=f"{len(event['outcomes'])} outcomes of {len(calls)} calls")
        for line in event["story"]:
            self.steps.note(line)
        names = ", ".join(called(one.member, one.args, one.options) for one in calls)
        self.steps.note(f"at the same time {names} → {', '.join(map(brief, event['outcomes']))}")
        return event

    def cpu_of(self, work: Callable[[], Any]) -> float:
        """CPU seconds that the answer uses for what `work` gives it to do; seen from outside."""
        return growth.cpu_of(self, work)

    def growth(
        self,
        small: Callable[[], Sequence[Prepared]],
        large: Callable[[], Sequence[Prepared]],
        *,
        why: str,
        at_most: float = 4.0,
        idea: str | None = None,
    ) -> float:
        """Fail unless `large` takes at most so many times the CPU time of `small`; see `probe.growth`."""
        return growth.growth(self, small, large, at_most=at_most, why=why, idea=idea)
