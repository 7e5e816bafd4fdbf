"""Values as plain JSON: what can be compared comes as itself, everything else as a number that stands for it.

Nothing is pickled, and no method of a value's own class is called: an object whose `==` is always true is only a
number here, and an int with a foreign `__eq__` is the int that it holds.

What JSON has no word for is an object with a `$`:

    {"$": "bytes", "v": "AAE="}      base64; so is bytearray
    {"$": "tuple", "v": […]}         so is set, a frozenset too
    {"$": "dict", "v": [[key, value], …]}
    {"$": "int", "v": "0x…"}         beyond 64 bits; {"$": "float", "v": "nan"} for what JSON cannot say
    {"$": "object", "v": 7, "of": "Subscription"}      anything else: the answer's process keeps it as number 7
"""

from __future__ import annotations

import binascii
import json
import struct
from collections.abc import Callable
from typing import Any

DEEPEST = 30
LARGEST_INT_BITS = 4096  # what is longer cannot even be printed
LARGEST_FRAME = 8 << 20
MOST_KEYS = 5_000  # of a dict or set: numbers can be chosen so that the time goes with the square of how many
LENGTH = struct.Struct(">I")

Keep = Callable[[object], Any]


class NotPlain(ValueError):
    """What came is not what this module writes."""


def encode(value: Any, keep: Keep, depth: int = 0) -> Any:
    """`value` as JSON can carry it; `keep(object)` gives what stands for an object that is not plain."""
    kind = type(value)  # isinstance would ask the value what it is
    if value is None or kind is bool or kind is str:
        return value
    if issubclass(kind, int):
        number = int.__index__(value)
        if -(1 << 63) <= number < 1 << 63:
            return number
        return {"$": "int", "v": hex(number)} if number.bit_length() <= LARGEST_INT_BITS else keep(value)
    if issubclass(kind, float):
        real = float.__float__(value)
        return real if abs(real) < float("inf") else {"$": "float", "v": float.__repr__(real)}
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, bytes | bytearray):
        name = "bytes" if issubclass(kind, bytes) else "bytearray"
        return {"$": name, "v": binascii.b2a_base64(memoryview(value), newline=False).decode("ascii")}
    if depth < DEEPEST:
        deeper = depth + 1
        if issubclass(kind, list):
            return [encode(one, keep, deeper) for one in list.__iter__(value)]
        if issubclass(kind, tuple):
            return {"$": "tuple", "v": [encode(one, keep, deeper) for one in tuple.__iter__(value)]}
        if issubclass(kind, dict | set | frozenset) and _size(value) > MOST_KEYS:
            return keep(value)
        if issubclass(kind, dict):
            pairs = dict.items(value)
            return {"$": "dict", "v": [[encode(key, keep, deeper), encode(one, keep, deeper)] for key, one in pairs]}
        if issubclass(kind, set | frozenset):
            members = set.__iter__(value) if issubclass(kind, set) else frozenset.__iter__(value)
            return {"$": "set", "v": [encode(one, keep, deeper) for one in members]}
    return keep(value)


def _size(value: Any) -> int:
    kinds: tuple[Any, ...] = (dict, set, frozenset)
    return int(next(kind.__len__(value) for kind in kinds if issubclass(type(value), kind)))


def decode(value: Any, find: Callable[[dict[str, Any]], object], depth: int = 0) -> Any:
    """The value that `encode` wrote; `find(that object)` gives what the `$` of an unknown kind stands for.

    Raises:
        NotPlain: anything that `encode` does not write.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if depth > DEEPEST + 1:
        raise NotPlain(f"expected values at most {DEEPEST} deep, got deeper ones")
    if isinstance(value, list):
        return [decode(one, find, depth + 1) for one in value]
    if not isinstance(value, dict) or not isinstance(kind := value.get("$"), str):
        raise NotPlain("expected an object with a text for $, got another")
    inner = value.get("v")
    if kind in ("set", "dict") and len(_is(list, inner)) > MOST_KEYS:
        raise NotPlain(f"expected at most {MOST_KEYS:,} keys, got {len(inner or ()):,}")
    try:
        match kind:
            case "bytes" | "bytearray":
                data = binascii.a2b_base64(_is(str, inner), strict_mode=True)
                return data if kind == "bytes" else bytearray(data)
            case "int" if len(_is(str, inner)) < LARGEST_INT_BITS:
                return int(str(inner), 16)
            case "float" if inner in ("nan", "inf", "-inf"):
                return float(inner)
            case "tuple":
                return tuple(decode(one, find, depth + 1) for one in _is(list, inner))
            case "set":
                return {decode(one, find, depth + 1) for one in _is(list, inner)}
            case "dict":
                pairs = [_is(list, pair) for pair in _is(list, inner)]
                return {decode(key, find, depth + 1): decode(one, find, depth + 1) for key, one in pairs}
    except (ValueError, TypeError) as error:
        raise NotPlain(f"expected what can be read as {kind}, got another: {error}") from None
    return find(value)


def _is(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise NotPlain(f"expected a {kind.__name__}, got {type(value).__name__}")
    return value


def _no_constant(name: str) -> object:
    raise NotPlain(f"expected JSON, got {name}")


def frame(message: object) -> bytes:
    """A message with its length in front."""
    data = json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii")
    return LENGTH.pack(len(data)) + data


def parse(data: bytes) -> Any:
    """The message in a frame.

    Raises:
        NotPlain: it is no JSON, or nested too deep.
    """
    try:
        return json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NotPlain(f"expected JSON, got another: {type(error).__name__}") from None
