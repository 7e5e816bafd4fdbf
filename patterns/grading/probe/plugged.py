"""An answer's object plugged into a running event loop of ours: its coroutines awaited, its time the loop's own.

The problem: a real Kafka client wants a real broker, and a broker wants an object with `async def fetch`. The
assumption: all an answer's loop needs is to be told the time. The bargain: broker and client run here, where the
answer cannot reach them; only the object is on the other side. Its loop is granted time as this loop's passes, each
timer at its own moment, and whatever it returns is plain data. An answer that hangs stops this loop until it is
given up, about a second, and every call fails from then on.
"""

from __future__ import annotations

import asyncio
import builtins
from typing import Any

from patterns.grading.probe.accidents import Accident, Failed, Raised
from patterns.grading.probe.answer import Answer
from patterns.grading.probe.objects import Member, Running, Thing


class GivenUp(RuntimeError):
    """The answer does not go on; `Plugged.failure` says why."""


class Plugged:
    """`thing` in the running loop: `await plugged.call("fetch", …)`, `plugged.now("appended", …)`."""

    def __init__(self, answer: Answer, thing: Thing) -> None:
        self.answer = answer
        self.thing = thing
        self.failure: Exception | None = None
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time() - answer.now
        self._waiting: dict[Running, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def call(self, name: str, *args: object) -> Any:
        """Await a coroutine of the object's; cancelling this cancels it.

        Raises:
            GivenUp: the answer has hung, ended, or is none.
            Exception: what it raised, if that is builtin, else RuntimeError.
        """
        member = Member(self.answer, self.thing, name)
        running: Running = self._do(lambda: self.answer.start(member, *args))
        if not running.done:
            future = self._waiting[running] = self._loop.create_future()
            try:
                await future
            except asyncio.CancelledError:
                if not running.done and self.failure is None:
                    self._do(running.cancel)
                raise
            finally:
                self._waiting.pop(running, None)
        try:
            return running.result()
        except Raised as error:
            raise _builtin(error) from None

    def now(self, name: str, *args: object) -> Any:
        """Call a synchronous method of the object's; raises as `call` does."""
        member = Member(self.answer, self.thing, name)
        try:
            return self._do(lambda: member(*args))
        except Raised as error:
            raise _builtin(error) from None

    def close(self) -> None:
        """Grant no more time.

        Raises:
            Failed: the check has failed meanwhile.
            Accident: the answer has come to grief meanwhile.
        """
        if self._timer is not None:
            self._timer.cancel()
        if self.failure is not None:
            raise self.failure

    def _do(self, order: Any, moment: float = 0.0) -> Any:
        """Let time come up to now, then give an order; then see what it has ended, and when the next timer is due."""
        if self.failure is not None:
            raise GivenUp(str(self.failure))
        try:
            self.answer.until(max(moment, self.answer.now, self._loop.time() - self._begun))
            return order()
        except (Accident, Failed) as failure:
            self.failure = failure
            raise GivenUp(str(failure)) from None
        finally:
            self._look_round()

    def _look_round(self) -> None:
        for running, future in list(self._waiting.items()):
            if not future.done():
                if self.failure is not None:
                    future.set_exception(GivenUp(str(self.failure)))
                elif running.done:
                    future.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        moment = self.answer.next_timer
        if moment is not None and self.failure is None:
            self._timer = self._loop.call_at(self._begun + moment, self._ring, moment)

    def _ring(self, moment: float) -> None:
        if self.failure is None:
            try:
                self._do(lambda: None, moment)
            except GivenUp:
                return  # whoever waits has been told


def _builtin(error: Raised) -> Exception:
    kind = getattr(builtins, error.kind, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        return kind(error.text)
    return RuntimeError(str(error))
