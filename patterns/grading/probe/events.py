"""What comes from the answer's process: every event is checked for its shape before it is believed to be one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patterns.grading.boxed.box import MEMORY_BYTES
from patterns.grading.probe.accidents import Accident, Failed, Raised
from patterns.grading.probe.line import Line
from patterns.grading.probe.objects import Call, Callback, Error, Running
from patterns.grading.probe.steps import Steps, brief

_MEMORY = f"{MEMORY_BYTES >> 20} MiB"
MOST_CALLS = 5_000  # of callbacks in one moment: more is a circle
MOST_CALLS_IN_ALL = 20_000
MOST_QUESTIONS = 10_000  # put to functions of ours while one order is carried out


class Events:
    """The conversation with one process: orders out, events in. The base of Answer, which gives them a meaning."""

    now: float
    steps: Steps
    next_timer: float | None
    locks_held: int
    _decode: Callable[[Any], Any]
    _encode: Callable[[object], Any]
    _serve_with: Callable[[Call, object], None]

    def __init__(self, line: Line) -> None:
        self._line = line
        self._depth = 0  # within how many questions of the answer's we are
        self._handling = False
        self._orders: list[dict[str, Any]] = []  # to be sent at the next idle moment
        self._outcomes: dict[int, Any] = {}
        self._running: dict[int, Running] = {}
        self._calls: dict[int, Call] = {}
        self._givens: dict[str, Callback] = {}
        self._serves: dict[str, Callable[[Call], object]] = {}
        self._functions: dict[str, Callable[..., object]] = {}
        self._failure: Exception | None = None
        self._questions = 0  # since the last order that was no answer to one
        self._calls_at = (0.0, 0)  # the moment of the last call of a callback, and how many there were in it
        self.forgotten: list[str] = []  # coroutines that were never awaited
        self.blocking: list[str] = []  # blocking calls in the loop
        self.lost: list[str] = []  # exceptions that nobody awaits

    def _begin(self, order: dict[str, Any]) -> None:
        """Give the answer its text, and wait until it is imported."""
        self._line.send(order)
        self._until_idle()

    def _exchange(self, order: dict[str, Any]) -> None:
        """Give an order, and take what happens until the answer is idle, or, within a question, has obeyed."""
        if not self._depth:
            self._questions = 0
        self._line.send(order)
        self._until_idle()

    def _send_soon(self, order: dict[str, Any]) -> None:
        """Give an order now; while the answer is at work, at its next idle moment."""
        if self._depth or self._handling:
            self._orders.append(order)
        else:
            self._exchange(order)

    def _until_idle(self) -> None:
        while True:
            events = self._line.receive()
            last = self._take(events)
            if last == "ask":
                self._answer_question(events[-1])
            elif self._depth:
                return
            elif last == "idle":
                if self._failure is not None:
                    failure, self._failure = self._failure, None
                    raise failure
                if not self._orders:
                    return
                orders, self._orders = self._orders, []
                self._line.send({"do": "orders", "orders": orders})
            elif last not in ("blocking", "forgotten", "too-much"):
                raise Accident("hostile", what="events that do not end with idle")

    def _take(self, events: list[dict[str, Any]]) -> str:
        """Handle all events of a frame; the kind of the last."""
        last = ""
        self._handling = True
        try:
            for event in events:
                last = event["ev"]
                handle = getattr(self, "_on_" + last.replace("-", "_"), None)
                if handle is None:
                    raise Accident("hostile", what=f"an event {brief(last)}")
                try:
                    handle(event)
                except (KeyError, TypeError, ValueError) as error:
                    raise Accident("hostile", what=f"an event {last} of another shape: {error!r}"[:300]) from None
        finally:
            self._handling = False
        return last

    def _outcome(self, event: dict[str, Any]) -> Any:
        """The value, or the Raised, that an event brings."""
        if "error" in event:
            error = Raised.of(event["error"])
            if error.is_a("MemoryError"):
                raise Accident("memory", what=_MEMORY, where=error.where)
            return error
        return self._decode(event["value"])

    def _outcome_of(self, number: int) -> Any:
        if number not in self._outcomes:
            raise Accident("hostile", what="no outcome of what was asked for")
        return self._outcomes.pop(number)

    def _on_idle(self, event: dict[str, Any]) -> None:
        when = event["next"]
        if when is not None and type(when) not in (int, float):
            raise ValueError("expected a time")
        self.next_timer = when

    def _on_returned(self, event: dict[str, Any]) -> None:
        self._outcomes[_number(event["id"])] = self._outcome(event)

    def _on_batch(self, event: dict[str, Any]) -> None:
        self._outcomes[_number(event["id"])] = [self._outcome(one) for one in event["outcomes"]]

    def _on_ended(self, event: dict[str, Any]) -> None:
        running = self._running[_number(event["id"])]
        if running.done:
            raise ValueError("ended twice")
        outcome = self._outcome(event)
        raised = outcome if isinstance(outcome, Raised) else None
        running._ended(None if raised else outcome, raised)
        self.steps.note(f"{running.what} ends: {raised or brief(outcome)}", "end", str(raised or brief(outcome)))

    def _on_not_awaitable(self, event: dict[str, Any]) -> None:
        running = self._running[_number(event["id"])]
        got = brief(self._decode(event["value"]))
        self._failure = Failed(
            f"{running.what} gives something that cannot be awaited", expected="a coroutine (async def …)", got=got
        )
        running._ended(None, None)

    def _on_called(self, event: dict[str, Any]) -> None:
        number, name = _number(event["number"]), event["name"]
        if number in self._calls:
            raise ValueError("called twice by one number")
        self._calls_at = (self.now, self._calls_at[1] + 1 if self._calls_at[0] == self.now else 1)
        if self._calls_at[1] > MOST_CALLS or len(self._calls) >= MOST_CALLS_IN_ALL:
            what = MOST_CALLS if self._calls_at[1] > MOST_CALLS else MOST_CALLS_IN_ALL
            raise Accident("busy-loop", what=f"{what:,}", where=f"calls of {brief(name)}")
        given = self._givens[name]
        args = tuple(self._decode(one) for one in event["args"])
        options = {str(key): self._decode(one) for key, one in event["options"].items()}
        call = self._calls[number] = Call(self, number, name, args, options)  # type: ignore[arg-type]  # it is one
        given.calls.append(call)
        self.steps.note(f"your code calls {call}", "ask", repr(call))
        if name in self._serves:
            try:
                self._serve_with(call, self._serves[name](call))
            except (Failed, Accident) as failure:
                self._failure = self._failure or failure

    def _on_cancelling(self, event: dict[str, Any]) -> None:
        self._calls[_number(event["number"])].cancelling = True

    def _on_cancelled(self, event: dict[str, Any]) -> None:
        call = self._calls[_number(event["number"])]
        call.cancelled, call.ended_at = True, self.now
        self.steps.note(f"{call} is cancelled", "cancel", f"{call} cancelled")

    def _on_ask(self, event: dict[str, Any]) -> None:
        self.locks_held = _number(event.get("held", 0))

    def _answer_question(self, event: dict[str, Any]) -> None:
        """A synchronous call of one of our functions: run it, which may give further orders."""
        function = self._functions.get(event["name"])
        if function is None or not isinstance(event.get("args"), list) or not isinstance(event.get("options"), dict):
            raise Accident("hostile", what="a call of what there is not")
        self._questions += 1
        if self._questions > MOST_QUESTIONS:
            raise Accident("asks-on", what=f"{MOST_QUESTIONS:,}", where=str(event["name"]).partition("#")[0])
        args = [self._decode(one) for one in event["args"]]
        options = {str(key): self._decode(one) for key, one in event["options"].items()}
        self._depth += 1
        reply: dict[str, Any] = {"do": "answer", "value": None}
        try:
            value = function(*args, **options)
            if isinstance(value, Error):
                raise value
            reply["value"] = self._encode(value)
        except Error as error:
            reply["error"] = error.plain()
        except TypeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                raise
            reply["error"] = {"kind": "TypeError", "text": str(error)}  # called with other arguments than it takes
        except (Failed, Raised) as failure:
            self._failure = self._failure or failure
            reply["error"] = {"kind": "RuntimeError", "text": "the check has failed"}
        finally:
            self._depth -= 1
        self._line.send(reply)

    def _on_blocking(self, event: dict[str, Any]) -> None:
        where = f"line {_number(event['line'])}" if event["line"] is not None else ""
        self._failure = self._failure or Accident("blocking-call", what=str(event["what"])[:100], where=where)

    def _on_forgotten(self, event: dict[str, Any]) -> None:
        self.forgotten.append(str(event["what"])[:200])

    def _on_lost(self, event: dict[str, Any]) -> None:
        error = event["error"]
        self.lost.append(f"{event['message']}: {Raised.of(error)}" if error else str(event["message"]))

    def _on_not_imported(self, event: dict[str, Any]) -> None:
        error = Raised.of(event["error"])
        if error.is_a("MemoryError"):
            raise Accident("memory", what=_MEMORY, where=error.where)
        self._failure = Accident("import-failed", what=str(error), where=error.where)

    def _on_too_much(self, event: dict[str, Any]) -> None:
        raise Accident("hostile", what=str(event["what"])[:200])

    def _on_busy(self, event: dict[str, Any]) -> None:
        where = "; ".join(str(one)[:100] for one in event["where"][:3])
        raise Accident("busy-loop", what=f"{_number(event['turns']):,}", where=where)

    def _on_objects(self, event: dict[str, Any]) -> None:
        self._outcomes[_number(event["id"])] = _number(event["count"])

    def _on_left(self, event: dict[str, Any]) -> None:
        kinds = ("tasks", "opened", "threads")
        self._outcomes[_number(event["id"])] = {kind: [str(one)[:200] for one in event[kind]] for kind in kinds}

    def _on_together(self, event: dict[str, Any]) -> None:
        choices = [(_number(taken), _number(of)) for taken, of in event["choices"]]
        self._outcomes[_number(event["id"])] = {
            "outcomes": [self._outcome(one) for one in event["outcomes"]],
            "choices": choices[:10_000],
            "story": [str(line)[:200] for line in event["story"]],
            "failure": str(event["failure"])[:500],
        }


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"expected a number from 0, got {brief(value)}")
    return value
