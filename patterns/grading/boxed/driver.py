"""Carries out the grader's orders in the answer's process, one at a time, and tells what came of each.

An order is done while the loop is idle; then the loop runs until it is idle again, and everything that happened
meanwhile goes to the grader in one frame, which ends with `idle`. While the answer waits for a synchronous answer
of the grader (`ask`), further orders are carried out at once, from within.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import itertools
import linecache
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from patterns.grading.boxed import leftovers
from patterns.grading.boxed.clock import GrantedLoop
from patterns.grading.boxed.counted import Counted
from patterns.grading.boxed.errors import made, told
from patterns.grading.boxed.given import Given
from patterns.grading.boxed.plain import decode, encode
from patterns.grading.boxed.wire import TooMuch, Wire

MOST_TURNS = 20_000  # of the loop without ever being idle: somebody goes round in a circle


class Driver:
    """One answer, from its text to its last order."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.loop = GrantedLoop()
        self.loop.selector.idle = self.idle
        self.loop.selector.too_busy = self._too_busy
        self.given = Given(wire.note, self.ask, self.encode)
        self.objects: dict[int, object] = {}
        self.numbers: dict[int, int] = {}  # by id(): an object that is kept keeps its id
        self._next_number = itertools.count(1)  # 0 is the module
        self.tasks: dict[int, asyncio.Task[object]] = {}
        self.file = "answer"
        self.together: Callable[[dict[str, Any]], dict[str, Any]] | None = None  # see turns
        self.locks_held: Callable[[], int] = lambda: 0
        self._asking = False
        self._orders: dict[str, Callable[[dict[str, Any]], object]] = {
            "call": self._call,
            "batch": self._batch,
            "start": self._start,
            "later": self._later,
            "result": self._result,
            "cancel": self._cancel,
            "reply": self._reply,
            "hold": lambda order: self.given.hold(order["number"], order["seconds"], order["error"]),
            "go": self._go,
            "subclass": self._subclass,
            "together": self._together,
            "leftovers": self._leftovers,
            "objects": self._objects,
            "forget": self._forget,
            "comparisons": self._comparisons,
        }

    # The answer's text, and the loop that runs it.

    def run(self, name: str, source: str) -> None:
        """Import the answer, then carry out orders until there are no more."""
        self.file = f"<answer {name}>"
        linecache.cache[self.file] = (len(source), None, source.splitlines(keepends=True), self.file)
        module = types.ModuleType("answer")
        module.__file__ = self.file
        sys.modules["answer"] = module
        self.objects[0] = module
        try:
            exec(compile(source, self.file, "exec", dont_inherit=True), module.__dict__)
        except BaseException as error:
            self.wire.note({"ev": "not-imported", "error": told(error, self.file)})
        self.before = leftovers.descriptors()
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(lambda _loop, context: self._lost(context))
        self.loop.run_forever()

    def idle(self) -> None:
        """Tell what happened, and carry out the next order."""
        when = self.loop.next_timer
        self.wire.note({"ev": "idle", "next": when if when is not None and when < 1e300 else None})
        self._flush()
        self._carry_out(self.wire.receive())

    def ask(self, question: dict[str, Any]) -> Any:
        """Put a question to the grader, and carry out its orders until the answer comes."""
        self.wire.note({**question, "held": self.locks_held()})
        self._flush()
        while True:
            order = self.wire.receive()
            if order["do"] == "answer":
                if order.get("error") is not None:
                    raise made(order["error"]["kind"], order["error"]["text"])
                return self.decode(order["value"])
            self._carry_out(order)
            self._flush()

    def _carry_out(self, order: dict[str, Any]) -> None:
        for one in order["orders"] if order["do"] == "orders" else [order]:
            self._orders[one["do"]](one)

    def _flush(self) -> None:
        try:
            self.wire.flush()
        except TooMuch as error:
            self.wire.note({"ev": "too-much", "what": str(error)})
            self.wire.flush()

    def _too_busy(self, turns: int) -> None:
        if turns > MOST_TURNS:
            self.wire.note({"ev": "busy", "turns": turns, "where": leftovers.living_tasks(set(), self.file)})
            self._flush()
            os._exit(0)

    def _lost(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        what = told(error, self.file) if error is not None else None
        self.wire.note({"ev": "lost", "message": str(context.get("message"))[:500], "error": what})

    # Values.

    def keep(self, value: object) -> dict[str, Any]:
        """The number by which the grader may speak of an object."""
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = next(self._next_number)
            self.objects[number] = value
        return {"$": "object", "v": number, "of": type(value).__name__[:100]}

    def encode(self, value: object) -> Any:
        """A value for the grader."""
        return encode(value, self.keep)

    def decode(self, value: Any) -> Any:
        """A value from the grader."""
        return decode(value, self._find)

    def _find(self, value: dict[str, Any]) -> object:
        return self.objects[value["v"]] if value["$"] == "object" else self.given.make(value)

    # Orders.

    def _value_of(self, order: dict[str, Any]) -> object:
        """Do what a `call` says: `of` an object, its member `name`, how it is used, with what."""
        owner: Any = self.decode(order["of"])
        name = order["name"]
        match order["how"]:
            case "get":
                return getattr(owner, name)
            case "set":
                setattr(owner, name, self.decode(order["args"][0]))
                return None
            case "len":
                return len(owner)
        member = owner if name is None else getattr(owner, name)
        args = [self.decode(one) for one in order["args"]]
        options = {key: self.decode(one) for key, one in order["options"].items()}
        return member(*args, **options)

    def outcome(self, order: dict[str, Any]) -> dict[str, Any]:
        """What a call gave, as an event has it."""
        try:
            value = self._value_of(order)
            is_kept = order.get("kept", False) and value is not None
            return {"value": self.keep(value) if is_kept else self.encode(value)}
        except BaseException as error:
            return {"error": told(error, self.file)}

    def _call(self, order: dict[str, Any]) -> None:
        self.wire.note({"ev": "returned", "id": order["id"], **self.outcome(order)})

    def _batch(self, order: dict[str, Any]) -> None:
        outcomes = [self.outcome(one) for one in order["calls"]]
        self.wire.note({"ev": "batch", "id": order["id"], "outcomes": outcomes})

    def _start(self, order: dict[str, Any]) -> None:
        number = order["id"]
        try:
            awaited = self.decode(order["of"]) if order["how"] == "wait" else self._value_of(order)
        except BaseException as error:
            self.wire.note({"ev": "ended", "id": number, "error": told(error, self.file)})
            return
        if not inspect.isawaitable(awaited):
            self.wire.note({"ev": "not-awaitable", "id": number, "value": self.encode(awaited)})
            return
        self.tasks[number] = self.loop.create_task(self._follow(number, awaited), name=f"the grader's call {number}")

    async def _follow(self, number: int, awaited: Any) -> object:
        event: dict[str, Any] = {"ev": "ended", "id": number}
        value = None
        try:
            value = await awaited
            event["value"] = self.encode(value)
        except BaseException as error:
            event["error"] = told(error, self.file)
        self.wire.note(event)
        return value

    def _later(self, order: dict[str, Any]) -> None:
        """Make the calls of a batch after so many turns of the loop, in the midst of what happens there."""
        if order["turns"]:
            self.loop.call_soon(self._later, {**order, "turns": order["turns"] - 1})
        else:
            self._batch(order)

    def _result(self, order: dict[str, Any]) -> None:
        value = self.keep(self.tasks[order["of"]].result())
        self.wire.note({"ev": "returned", "id": order["id"], "value": value})

    def _cancel(self, order: dict[str, Any]) -> None:
        self.tasks[order["id"]].cancel()

    def _reply(self, order: dict[str, Any]) -> None:
        value = self.decode(order["value"]) if "value" in order else None
        self.given.reply(order["number"], value, order.get("error"))

    def _go(self, order: dict[str, Any]) -> None:
        self.loop.now = order["to"]

    def _subclass(self, order: dict[str, Any]) -> None:
        try:
            above: Any = getattr(self.objects[0], order["above"])
            value = self.keep(self.given.subclass(above, order["name"], order["methods"]))
            self.wire.note({"ev": "returned", "id": order["id"], "value": value})
        except BaseException as error:
            self.wire.note({"ev": "returned", "id": order["id"], "error": told(error, self.file)})

    def _together(self, order: dict[str, Any]) -> None:
        assert self.together is not None
        self.wire.note({"ev": "together", "id": order["id"], **self.together(order)})

    def _leftovers(self, order: dict[str, Any]) -> None:
        own = set(self.tasks.values())
        tasks = leftovers.living_tasks(own, self.file)
        opened = leftovers.opened_since(self.before)
        self.wire.note(
            {"ev": "left", "id": order["id"], "tasks": tasks, "opened": opened, "threads": leftovers.threads(self.loop)}
        )

    def _objects(self, order: dict[str, Any]) -> None:
        """Count what the collector knows, but for ended tasks and cancelled timers, which are not the answer's."""
        self.loop.drop_cancelled_timers()
        self.tasks = {number: task for number, task in self.tasks.items() if not task.done()}
        gc.collect()
        self.wire.note({"ev": "objects", "id": order["id"], "count": len(gc.get_objects())})

    def _comparisons(self, order: dict[str, Any]) -> None:
        self.wire.note({"ev": "returned", "id": order["id"], "value": Counted.comparisons})

    def _forget(self, order: dict[str, Any]) -> None:
        for number in order["numbers"]:
            self.numbers.pop(id(self.objects.pop(number)), None)
