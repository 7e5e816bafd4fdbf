"""Comparing plain data, and saying what is wrong."""

from __future__ import annotations

from typing import NoReturn

from patterns.grading.probe.accidents import Failed, Raised
from patterns.grading.probe.objects import Thing
from patterns.grading.probe.steps import brief


def same(got: object, expected: object) -> bool:
    """Equal, with kinds that Python's `==` would blur kept apart: True is not 1, a tuple no list."""
    if isinstance(expected, bytes | bytearray):
        return isinstance(got, bytes | bytearray) and got == expected
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return isinstance(got, int | float) and not isinstance(got, bool) and got == expected
    if type(got) is not type(expected):
        return False
    if isinstance(expected, list | tuple):
        assert isinstance(got, list | tuple)
        return len(got) == len(expected) and all(map(same, got, expected))
    if isinstance(expected, dict):
        assert isinstance(got, dict)
        return got.keys() == expected.keys() and all(same(got[key], value) for key, value in expected.items())
    return bool(got == expected)


class _Expect:
    """`expect(got, expected, why)` and `expect.true(condition, why)`."""

    def __call__(self, got: object, expected: object, why: str, *, idea: str | None = None) -> None:
        """Fail with `why`, a sentence for the learner, unless `got` is `expected`."""
        if not same(got, expected):
            raise Failed(why, expected=brief(expected), got=_shown(got), idea=idea)

    def true(
        self, condition: bool, why: str, *, expected: object = "", got: object = "", idea: str | None = None
    ) -> None:
        """Fail with `why` unless `condition`."""
        if not condition:
            raise Failed(why, expected=_text(expected), got=_text(got), idea=idea)


expect = _Expect()


def fail(why: str, *, expected: object = "", got: object = "", idea: str | None = None) -> NoReturn:
    """The check fails for this reason."""
    raise Failed(why, expected=_text(expected), got=_text(got), idea=idea)


def _text(value: object) -> str:
    return value if isinstance(value, str) else brief(value)


def _shown(got: object) -> str:
    if isinstance(got, Thing):
        return f"an object of class {got._of}"
    return f"{got} was raised" if isinstance(got, Raised) else brief(got)
