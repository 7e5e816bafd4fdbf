"""Values as plain JSON: what goes out comes back, and what was never written is refused."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.grading.boxed.plain import DEEPEST, NotPlain, decode, encode, parse


def no_object(value: object) -> None:
    raise AssertionError(f"{value!r} is plain")


def there_and_back(value: object) -> object:
    return decode(parse(json.dumps(encode(value, no_object)).encode()), no_object)


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.just(1 << 99)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers() | st.binary(), inner, max_size=4)
        | st.sets(scalars, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_plain_data_comes_back_as_it_was(value: object) -> None:
    back = there_and_back(value)
    assert back == value
    assert repr(type(back)) == repr(type(value))


def test_what_json_has_no_word_for_comes_back_too() -> None:
    assert math.isnan(there_and_back(float("nan")))  # type: ignore[arg-type]  # it is a float
    assert there_and_back([float("inf"), -float("inf"), bytearray(b"x"), b"\x00\xff", (1,), {1: (2,)}]) == [
        *(float("inf"), -float("inf"), bytearray(b"x"), b"\x00\xff", (1,), {1: (2,)})
    ]


def test_an_object_is_a_number_whatever_it_says_of_itself() -> None:
    class Liar:
        __class__ = list  # type: ignore[assignment]  # the lie

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]  # as above

    assert encode([Liar()], lambda value: {"$": "object", "v": 7, "of": type(value).__name__}) == [
        {"$": "object", "v": 7, "of": "Liar"}
    ]


def test_a_class_below_a_plain_one_is_what_it_holds() -> None:
    class Number(int):
        def __eq__(self, other: object) -> bool:
            return True

        def __index__(self) -> int:
            return 99

        __hash__ = int.__hash__

    class Text(str):
        def __str__(self) -> str:
            return "another"

    assert there_and_back([Number(5), Text("this")]) == [5, "this"]


def test_what_is_too_deep_or_too_long_stays_where_it_is() -> None:
    deep: list[object] = []
    for _ in range(DEEPEST + 5):
        deep = [deep]
    kept: list[object] = []

    def keep(value: object) -> dict[str, object]:
        kept.append(value)
        return {"$": "object", "v": len(kept), "of": type(value).__name__}

    encode([deep, 10**6000, set(range(5_001)), dict.fromkeys(range(5_001))], keep)
    assert [type(value) for value in kept] == [list, int, set, dict]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '{"$": 1}',
        '{"$": "bytes", "v": "*"}',
        '{"$": "bytes", "v": 1}',
        '{"$": "float", "v": "1e400"}',
        '{"$": "int", "v": "one"}',
        '{"$": "tuple", "v": {}}',
        '{"$": "dict", "v": [[1]]}',
        '{"$": "dict", "v": [[[], 1]]}',
        '{"$": "set", "v": [[]]}',
        '{"$": "set", "v": [' + "0," * 5_000 + "0]}",
        "[" * 200 + "]" * 200,
        "[" * 100_000,
        "NaN",
        "1" * 5000,
        "\\",
        "\ufeff{}",
    ],
)
def test_what_was_never_written_is_refused(text: str) -> None:
    def find(value: dict[str, object]) -> object:
        raise NotPlain(f"no {value['$']}")

    with pytest.raises(NotPlain):
        decode(parse(text.encode()), find)
