"""What the grader hands to an answer: functions, objects and base classes whose work is done on the grader's side.

`fetch` of an exercise is awaited here and answered there. The answer gets an ordinary coroutine function, method
or attribute; what it is called with goes to the grader as plain data, what comes back was drawn there by lot.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from typing import Any

from patterns.grading.boxed.counted import Counted
from patterns.grading.boxed.errors import made

Tell = Callable[[dict[str, Any]], None]
Ask = Callable[[dict[str, Any]], Any]
Encode = Callable[[object], Any]


class Given:
    """Makes the things that orders speak of, and keeps the calls that wait for an answer."""

    def __init__(self, tell: Tell, ask: Ask, encode: Encode) -> None:
        self._tell = tell
        self._ask = ask
        self._encode = encode
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._holds: dict[int, tuple[float, dict[str, str] | None]] = {}
        self._made: dict[str, Any] = {}

    def make(self, what: dict[str, Any]) -> Any:
        """The thing of that `name`, made once."""
        name = what["name"]
        if name not in self._made:
            makers: dict[str, Callable[[dict[str, Any]], Any]] = {
                "callback": self._callback,
                "function": self._function,
                "thing": self._thing,
                "counted": lambda what: Counted(what["v"]),
            }
            self._made[name] = makers[what["$"]](what)
        return self._made[name]

    def subclass(self, above: type, name: str, methods: list[str]) -> type:
        """A class under `above` whose `methods` are the grader's; they are told which object they belong to."""
        return type(above.__name__, (above,), {method: self._method(name, method) for method in methods})

    def reply(self, number: int, value: Any, error: dict[str, str] | None) -> None:
        """End the call of that number; one that was cancelled meanwhile is gone."""
        future = self._waiting.get(number)
        if future is None or future.done():
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(made(error["kind"], error["text"]))

    def hold(self, number: int, seconds: float, error: dict[str, str] | None) -> None:
        """From now on the call takes so long to end when it is cancelled, and ends with the error, if there is one."""
        self._holds[number] = seconds, error

    async def _clean_up(self, seconds: float) -> None:
        """Take so long, and be hurried by nobody: to be cancelled once more changes nothing."""
        loop = asyncio.get_running_loop()
        over = loop.time() + seconds
        while loop.time() < over:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(over - loop.time())

    def _callback(self, what: dict[str, Any]) -> Callable[..., Any]:
        name = what["name"]

        async def callback(*args: object, **options: object) -> Any:
            number = next(self._numbers)
            future = self._waiting[number] = asyncio.get_running_loop().create_future()
            self._tell({"ev": "called", "number": number, "name": name, **self._arguments(args, options)})
            try:
                return await future
            except asyncio.CancelledError:
                self._tell({"ev": "cancelling", "number": number})
                seconds, error = self._holds.get(number, (0.0, None))
                await self._clean_up(seconds)
                self._tell({"ev": "cancelled", "number": number})
                if error is not None:
                    raise made(error["kind"], error["text"]) from None
                raise
            finally:
                del self._waiting[number]

        callback.__name__ = callback.__qualname__ = name
        return callback

    def _function(self, what: dict[str, Any]) -> Callable[..., Any]:
        name = what["name"]

        def function(*args: object, **options: object) -> Any:
            return self._ask({"ev": "ask", "name": name, **self._arguments(args, options)})

        function.__name__ = function.__qualname__ = name
        return function

    def _thing(self, what: dict[str, Any]) -> Any:
        name = what["name"]
        members: dict[str, Any] = {}
        for method in what["methods"]:
            members[method] = staticmethod(self._function({"name": f"{name}.{method}"}))
        for attribute in what["attributes"]:
            members[attribute] = self._attribute(f"{name}.{attribute}")
        return type(name.partition("#")[0], (), members)()

    def _attribute(self, name: str) -> property:
        return property(lambda _self: self._ask({"ev": "ask", "name": name, "args": [], "options": {}}))

    def _method(self, name: str, method: str) -> Callable[..., Any]:
        def hook(owner: object, *args: object, **options: object) -> Any:
            question = {"ev": "ask", "name": f"{name}.{method}", **self._arguments((owner, *args), options)}
            return self._ask(question)

        hook.__name__ = method
        return hook

    def _arguments(self, args: tuple[object, ...], options: dict[str, object]) -> dict[str, Any]:
        return {
            "args": [self._encode(one) for one in args],
            "options": {name: self._encode(one) for name, one in options.items()},
        }
