"""What lives on the other side: the answer's objects, its running coroutines, and the calls it makes of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from patterns.grading.probe.accidents import Failed, Raised

if TYPE_CHECKING:
    from patterns.grading.probe.answer import Answer


class Error(Exception):
    """Returned or raised by what serves the answer: raise this builtin exception there, by name, with this text."""

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(kind, text)
        self.kind = kind
        self.text = text

    def plain(self) -> dict[str, str]:
        """As an order has it."""
        return {"kind": self.kind, "text": self.text}


@dataclass(frozen=True, slots=True)
class After:
    """For `serve`: so many seconds later this value, or this Error."""

    seconds: float
    value: object


class _Hang:
    """For `serve`: never."""


HANG = _Hang()


@dataclass(frozen=True, slots=True)
class Attribute:
    """For `answer.object`: an attribute, whose value this gives each time the answer looks."""

    read: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Callback:
    """Something of the grader's that can be passed as an argument; `calls` are the answer's calls, in order."""

    plain: dict[str, Any]
    calls: list[Call] = field(default_factory=list)

    @property
    def open(self) -> list[Call]:
        """The calls neither answered nor cancelled."""
        return [call for call in self.calls if not call.done]

    def __repr__(self) -> str:
        return str(self.plain["name"])


class Thing:
    """An object of the answer's that is no plain data; equal only to itself."""

    def __init__(self, answer: Answer, number: int, of: str) -> None:
        self._answer = answer
        self._number = number
        self._of = of

    def __getattr__(self, name: str) -> Member:
        if name.startswith("_"):
            raise AttributeError(name)
        return Member(self._answer, self, name)

    def member(self, name: str) -> Member:
        """A member whose name begins with an underscore."""
        return Member(self._answer, self, name)

    def __call__(self, *args: object, **options: object) -> Any:
        """Call it, if it can be called: a class that `subclass` gave."""
        return Member(self._answer, self, None)(*args, **options)

    def get(self, name: str) -> Any:
        """The value of an attribute or property."""
        return self._answer._ask_for(self, name, "get", (), {})

    def set(self, name: str, value: object) -> None:
        """Set an attribute."""
        self._answer._ask_for(self, name, "set", (value,), {})

    def __len__(self) -> int:
        length = self._answer._ask_for(self, "__len__", "len", (), {})
        if type(length) is not int or length < 0:
            raise Failed(f"len() of your {self._of} is no count", expected="a number from 0", got=repr(length))
        return length

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and other._number == self._number and other._answer is self._answer

    def __hash__(self) -> int:
        return hash(self._number)

    def __repr__(self) -> str:
        return self._answer.steps.name(self._number, self._of)


class Member:
    """A function of the answer's; calling it calls it there. `with_` keeps a call for `batch`."""

    def __init__(self, answer: Answer, owner: Thing, name: str | None) -> None:
        self._answer = answer
        self.owner = owner
        self.name = name

    def __call__(self, *args: object, **options: object) -> Any:
        """Call it there, and return what it returns; what a class makes stays there, also if it is a dict or a list."""
        is_class = self.name is None or (self.owner._number == 0 and self.name[:1].isupper())
        return self._answer._ask_for(self.owner, self.name, "call", args, options, kept=is_class)

    def kept(self, *args: object, **options: object) -> Any:
        """Call it there, and leave the result there: a Thing even if it is plain data, but for None."""
        return self._answer._ask_for(self.owner, self.name, "call", args, options, kept=True)

    def with_(self, *args: object, **options: object) -> Prepared:
        """The call, not made yet."""
        return Prepared(self, args, options)

    def __repr__(self) -> str:
        return f"{self.owner!r}.{self.name}" if self.owner._number else str(self.name)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that is made later, with others; `kept` leaves its result there, see Member.kept."""

    member: Member
    args: tuple[object, ...]
    options: dict[str, object]
    is_kept: bool = False

    def kept(self) -> Prepared:
        """The same, its result left there."""
        return Prepared(self.member, self.args, self.options, True)


class Running:
    """A coroutine of the answer's, started as a task."""

    def __init__(self, answer: Answer, number: int, what: str) -> None:
        self._answer = answer
        self.number = number
        self.what = what
        self.done = False
        self.at: float | None = None  # when it ended
        self._value: Any = None
        self._error: Raised | None = None

    def result(self) -> Any:
        """What it returned.

        Raises:
            Raised: what it raised.
            Failed: it has not ended.
        """
        if not self.done:
            raise Failed(
                f"{self.what} has not ended by {self._answer.now:g} s", expected="its result", got="still waiting"
            )
        if self._error is not None:
            raise self._error
        return self._value

    def keep(self) -> Thing:
        """What it returned as an object of the answer's, even a list: what is done to it is done there."""
        self.result()
        return self._answer._kept(self.number)

    @property
    def error(self) -> Raised | None:
        """What it raised, if it did."""
        return self._error

    @property
    def cancelled(self) -> bool:
        """Whether it ended as a cancelled task does."""
        return self._error is not None and self._error.kind == "asyncio.exceptions.CancelledError"

    def cancel(self) -> None:
        """Cancel the task, and let happen what follows without time passing."""
        self._answer.steps.note(f"{self.what} is cancelled", "stop", "cancelled")
        self._answer._exchange({"do": "cancel", "id": self.number})

    def _ended(self, value: Any, error: Raised | None) -> None:
        self.done, self.at = True, self._answer.now
        self._value, self._error = value, error

    def __repr__(self) -> str:
        return self.what


class Call:
    """A call the answer has made of an asynchronous callback; somebody has to reply."""

    def __init__(self, answer: Answer, number: int, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        self._answer = answer
        self._number = number
        self.name = name
        self.args = args
        self.options = options
        self.at = answer.now
        self.cancelling = False  # the answer has cancelled it; it may take a while to end
        self.cancelled = False
        self.replied_at: float | None = None
        self.ended_at: float | None = None

    @property
    def done(self) -> bool:
        """Replied to, or cancelled and over."""
        return self.ended_at is not None

    def reply(self, value: object) -> None:
        """Give it its result."""
        self._end({"value": self._answer._encode(value)}, repr(value))

    def fail(self, kind: str, text: str = "") -> None:
        """Raise a builtin exception in it."""
        self._end({"error": {"kind": kind, "text": text}}, f"{kind}({text!r})")

    def hold_cancel(self, seconds: float, *, then: Error | None = None) -> None:
        """If it is cancelled, it takes so long to end, and ends with `then`."""
        error = then.plain() if then is not None else None
        self._answer._send_soon({"do": "hold", "number": self._number, "seconds": seconds, "error": error})

    def _end(self, outcome: dict[str, Any], shown: str) -> None:
        if self.done:
            raise RuntimeError(f"{self} has ended already: reply to each call once")
        self.replied_at = self.ended_at = self._answer.now
        self._answer.steps.note(f"{self} ← {shown}", "reply", shown)
        self._answer._send_soon({"do": "reply", "number": self._number, **outcome})

    def __repr__(self) -> str:
        options = [f"{key}={value!r}" for key, value in self.options.items()]
        return f"{self.name}({', '.join([*map(repr, self.args), *options])})"
