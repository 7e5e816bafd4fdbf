"""What the grader lends to an answer, functions, objects, base classes, and how values go there and come back."""

from __future__ import annotations

import builtins
import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from patterns.grading.boxed.plain import NotPlain, decode, encode
from patterns.grading.probe.accidents import Accident, Raised
from patterns.grading.probe.events import Events
from patterns.grading.probe.line import Line
from patterns.grading.probe.objects import HANG, After, Attribute, Call, Callback, Error, Thing

Serve = Callable[[Call], object]


class Lending(Events):
    """Makes what an answer is given, and keeps the agenda of replies that are due later."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._ids: Iterator[int] = itertools.count(1)
        self._agenda: list[tuple[float, int, Call, Any]] = []

    def callback(self, name: str, serve: Serve | None = None) -> Callback:
        """An asynchronous function for the answer; without `serve` the check replies to its calls itself."""
        made = Callback({"$": "callback", "name": name})
        self._givens[name] = made
        if serve is not None:
            self._serves[name] = serve
        return made

    def function(self, name: str, serve: Callable[..., object]) -> Callback:
        """A synchronous function for the answer: `serve(*args)` runs here, and may call the answer meanwhile."""
        self._functions[name] = serve
        return Callback({"$": "function", "name": name})

    def object(self, name: str = "object", /, **members: Callable[..., builtins.object] | Attribute) -> Callback:
        """An object for the answer, whose methods run here and whose Attributes are looked up here."""
        name = f"{name}#{next(self._ids)}"
        methods = [key for key, member in members.items() if not isinstance(member, Attribute)]
        attributes = [key for key in members if key not in methods]
        for key, member in members.items():
            self._functions[f"{name}.{key}"] = member.read if isinstance(member, Attribute) else member
        return Callback({"$": "thing", "name": name, "methods": methods, "attributes": attributes})

    def counted(self, number: int) -> Callback:
        """A number for the answer that counts how often it, or what is computed from it, is compared."""
        return Callback({"$": "counted", "name": str(number), "v": number})

    def comparisons(self) -> int:
        """How often the numbers made by `counted`, and what was computed from them, have been compared so far."""
        number = next(self._ids)
        self._exchange({"do": "comparisons", "id": number})
        count: int = self._outcome_of(number)
        return count

    def subclass(self, above: str, /, **hooks: Callable[..., builtins.object]) -> Thing:
        """A class below the answer's class of that name, whose `hooks` run here; each gets its object first."""
        getattr(self, above)  # or it is said to be missing
        number = next(self._ids)
        name = f"Sub{number}"
        for key, hook in hooks.items():
            self._functions[f"{name}.{key}"] = hook
        self._exchange({"do": "subclass", "id": number, "above": above, "name": name, "methods": list(hooks)})
        outcome = self._outcome_of(number)
        if isinstance(outcome, Raised):
            raise outcome
        self.steps.call_it(outcome._number, above)
        return outcome  # type: ignore[no-any-return]  # a class is no plain data

    def _serve_with(self, call: Call, value: Any) -> None:
        if isinstance(value, After):
            heapq.heappush(self._agenda, (self.now + value.seconds, next(self._ids), call, value.value))
        elif isinstance(value, Error):
            call.fail(value.kind, value.text)
        elif value is not HANG:
            call.reply(value)

    # Values.

    def _spoken(
        self, owner: Thing, name: str | None, how: str, args: Sequence[Any], options: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "of": self._encode(owner),
            "name": name,
            "how": how,
            "args": [self._encode(one) for one in args],
            "options": {key: self._encode(one) for key, one in options.items()},
        }

    def _encode(self, value: builtins.object) -> Any:
        return encode(value, self._keep)

    def _keep(self, value: Any) -> dict[str, Any]:
        if isinstance(value, Thing):
            return {"$": "object", "v": value._number}
        if isinstance(value, Callback):
            return value.plain
        raise TypeError(f"expected plain data or something of the answer's, got {value!r}")

    def _thing(self, number: int, of: str) -> Thing:
        raise NotImplementedError("Answer knows how")

    def _decode(self, value: Any) -> Any:
        try:
            return decode(value, self._find)
        except (NotPlain, RecursionError) as error:
            raise Accident("hostile", what=str(error)) from None

    def _find(self, value: dict[str, Any]) -> Thing:
        match value:
            case {"$": "object", "v": int() as number, "of": str() as of} if type(number) is int and number >= 0:
                return self._thing(number, of[:100])
        raise NotPlain("expected an object's number and class, got another")
