"""An answer's request path, and what was handed in there."""

from __future__ import annotations

from dataclasses import dataclass

from patterns.grading.checks import Answer, Call, Exercise, Raised, Running, Thing, expect, fail

exercise = Exercise("request_path", lesson="06_purgatory", title="The path of a request")


def request_of(call: Call) -> str:
    """The request that `handle` was called with."""
    if len(call.args) != 1 or not isinstance(call.args[0], str) or call.options:
        fail("handle is called with the request, and with nothing else.", expected="handle(request)", got=f"{call}")
    return call.args[0]


@dataclass(eq=False)
class Submitted:
    """One request on its way: `submitting` is the call of submit; `answering` awaits the future that it gave."""

    path: Path
    connection: str
    request: str
    submitting: Running
    answering: Running | None = None

    @property
    def is_queued(self) -> bool:
        """Whether submit has returned its future."""
        if self.submitting.done and self.answering is None:
            future = self.submitting.result()
            why = "submit returns a future of the answer, which whoever handed the request in awaits when it likes."
            expect.true(
                isinstance(future, Thing), why, expected="a future", got=future, idea="submitted-means-answered"
            )
            self.answering = self.path.answer.start(future)
        return self.submitting.done

    @property
    def call(self) -> Call | None:
        """The call of `handle` for it, if there has been one."""
        return next((call for call in self.path.handle.calls if call.args == (self.request,)), None)

    @property
    def is_at_work(self) -> bool:
        """Whether a handler has it."""
        return self.call is not None and not self.call.done

    @property
    def is_answered(self) -> bool:
        """Whether its future is done."""
        return self.is_queued and self.answering is not None and self.answering.done

    def answer(self, value: object = "done") -> None:
        """Let the handler return this."""
        self.taken().reply(value)

    def taken(self) -> Call:
        """The call of `handle` for it, which there has to be by now."""
        if self.call is None:
            fail(
                f"A handler should have taken {self.request} by now.", expected=f"handle({self.request!r})", got="none"
            )
        return self.call

    def result(self) -> object:
        """What its future has come to."""
        if not self.is_answered or self.answering is None:
            why = f"handle({self.request!r}) has ended, and its future is not done: whoever asked waits for ever."
            fail(why, expected="a future that is done", got="a future that is not")
        return self.answering.result()


class Path:
    """A request path that has been entered, and everything that was handed in."""

    def __init__(self, answer: Answer, *, handlers: int, queue_size: int, serve: object = None) -> None:
        self.answer = answer
        self.handle = answer.callback("handle", serve)  # type: ignore[arg-type]  # a function, or None
        made = answer.subclass("RequestPath", burst=self._burst)
        self.manager: Thing = made(self.handle, handlers, queue_size)
        self.what = f"RequestPath(handle, handlers={handlers}, queue_size={queue_size})"
        entered = answer.enter(self.manager)
        expect.true(entered.done, f"async with {self.what}: to enter needs no time.", expected="entered", got="waiting")
        self.entered = None if entered.result() is None else entered.keep()
        self.thing = self.entered if isinstance(self.entered, Thing) else self.manager
        self.all: list[Submitted] = []

    def submit(self, connection: str, request: str | None = None) -> Submitted:
        """Hand in a request, a0, a1, … of connection a, unless it is named."""
        number = sum(each.connection == connection for each in self.all)
        request = request or f"{connection}{number}"
        submitted = Submitted(self, connection, request, self.answer.start(self.thing.submit, connection, request))
        self.all.append(submitted)
        return submitted

    def burst(self, connections: str) -> list[Submitted]:
        """Hand in a request of each in one moment, before any of them gets on."""
        before = len(self.all)
        self.manager.burst(connections)
        return self.all[before:]

    def _burst(self, _: Thing, connections: str) -> None:
        for connection in connections:
            self.submit(connection)

    @property
    def at_work(self) -> list[str]:
        """The requests that handlers have, in the order in which they were taken."""
        return [request_of(call) for call in self.handle.open]

    @property
    def queued(self) -> list[str]:
        """The requests that submit has queued and no handler has taken."""
        return [each.request for each in self.all if each.is_queued and each.call is None]

    def raised(self, submitted: Submitted) -> Raised | None:
        """What submit raised."""
        return submitted.submitting.error
