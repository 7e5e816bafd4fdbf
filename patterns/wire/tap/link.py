"""The link: how the path between the two ends behaves, and what is on its way there.

The problem: a server on the loopback answers in 50 µs, loses nothing and is never cut off. Whoever learns
there learns that the network is free.
The assumption: a path is a line that takes a while to put bytes on (`bytes_per_s`) and a while to cross
(`delay_s`), and it may break. TCP repairs loss and order, so an application sees loss only as time: that
is what `jitter_s` and `blackhole` stand for.
The bargain: a `Link` is settings, and may be changed while bytes are under way. A `Lane` is one direction
of one connection, and pure: it never asks for the time and never waits; whoever holds it does.
"""

import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from patterns.wire.tap.record import Direction, Kind

SEGMENT_BYTES = 1460  # what a segment carries on Ethernet: 1500 less the headers of IPv4 and TCP
SLICE_S = 0.02  # on a fast line the pieces are longer, so that there are at most 50 a second


@dataclass
class Link:
    """How a path behaves; every field may be changed while it runs, and counts from that moment on.

    delay_s: one way. A new connection is charged its handshake besides: a round trip for the client.
    jitter_s: every chunk takes up to so much longer, evenly spread; the order is kept, as in TCP.
    bytes_per_s: how fast bytes get onto the line, in each direction of each connection; None: at once.
    cut_after_bytes: a connection that has carried so many bytes is reset, both sides; a number counts both
        directions together, `{Direction.TO_SERVER: n}` only one.
    half_close_after_bytes: a direction that has carried so many bytes ends there (FIN), and what its sender sends
        later is lost; the other goes on. A number counts each direction by itself, a mapping names one.
    cut_mean_bytes: a cut at a random place, exponentially distributed with this mean: a path that is as
        likely to break at its next byte as at any other (so no connection is ever "due").
    idle_cut_s: a connection that has carried no byte for so long is reset, as a middlebox does.
    corrupt_every: of every so many bytes in a direction, the last arrives changed.
    blackhole: nothing sets out any more, though nothing breaks either; sent again by TCP when it ends.
    window_bytes: how much may be under way in a direction before its sender is made to wait: as in TCP, a
        connection carries at most window_bytes / delay_s (RFC 9293 §3.8.6).
    seed: jitter, corruption and random cuts come out the same for the same seed, connection and direction.
        Into what pieces an unthrottled write of more than some 64 KiB falls is the kernel's affair.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float | None = None
    cut_after_bytes: int | Mapping[Direction, int] | None = None
    half_close_after_bytes: int | Mapping[Direction, int] | None = None
    cut_mean_bytes: float | None = None
    idle_cut_s: float | None = None
    corrupt_every: int | None = None
    blackhole: bool = False
    window_bytes: int = 1 << 20
    seed: int = 0
    is_plain: bool = field(default=True, init=False, repr=False, compare=False)  # no fault but perhaps idle_cut_s
    watchers: list[Callable[[], None]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self.__dataclass_fields__:
            names = ", ".join(field for field, kind in self.__dataclass_fields__.items() if kind.init)
            raise AttributeError(f"a link has no {name!r}; it has {names}")
        least, strictly = _LEAST.get(name, (None, False))
        if least is not None and value is not None:
            for number in value.values() if isinstance(value, Mapping) else [value]:
                fits = isinstance(number, int | float) and (number > least if strictly else number >= least)
                if not fits or number == float("inf"):
                    wanted = f"a number {'>' if strictly else '≥'} {least}"
                    raise ValueError(f"expected {name} to be {wanted}, got {number!r}")
        super().__setattr__(name, value)
        object.__setattr__(self, "is_plain", all(self.__dict__.get(one) == usual for one, usual in _PLAIN.items()))
        for changed in self.__dict__.get("watchers", ()):
            changed()


_LEAST: dict[str, tuple[float, bool]] = {
    "delay_s": (0, False),
    "jitter_s": (0, False),
    "bytes_per_s": (0, True),
    "cut_after_bytes": (0, False),
    "half_close_after_bytes": (0, False),
    "cut_mean_bytes": (0, True),
    "idle_cut_s": (0, True),
    "corrupt_every": (1, False),
    "window_bytes": (1, False),
}


_PLAIN: dict[str, object] = {
    "delay_s": 0.0,
    "jitter_s": 0.0,
    "bytes_per_s": None,
    "cut_after_bytes": None,
    "half_close_after_bytes": None,
    "cut_mean_bytes": None,
    "corrupt_every": None,
    "blackhole": False,
}


class Parcel(NamedTuple):
    """Something on its way: bytes, the end of the stream, or a reset; `sent_s` is when it set out to go."""

    kind: Kind
    data: bytes
    sent_s: float


class Lane:
    """One direction of one connection: parcels `enter` and `leave` in the same order, later.

    ready_s: what enters before counts as sent then (the handshake was not over).
    """

    def __init__(self, link: Link, connection: int, direction: Direction, ready_s: float = 0.0) -> None:
        self.link = link
        self.under_way_bytes = 0
        self._ready_s = ready_s
        self._free_s = 0.0  # when the line takes the next parcel
        self._last_s = 0.0  # when the last parcel arrives; none overtakes it
        self._held = False  # by the blackhole
        self._before: deque[Parcel] = deque()  # the line
        self._crossing: deque[tuple[float, Parcel]] = deque()  # on it, with the time of arrival
        self._passed = 0
        self._name = f"{link.seed} {connection} {direction}"

    @cached_property
    def _jitter(self) -> random.Random:
        return random.Random(f"jitter {self._name}")

    @cached_property
    def _noise(self) -> random.Random:
        return random.Random(f"noise {self._name}")

    def pass_at_once(self, data: bytes, now_s: float) -> bool:
        """Whether bytes that set out now arrive now as they are; if so, they have passed.

        It says of a plain link what `enter` and `leave` would do, without the way through them.
        """
        if not self.link.is_plain or self._before or self._crossing or self._held:
            return False
        if now_s < self._ready_s or now_s < self._free_s or now_s < self._last_s:
            return False
        self._passed += len(data)
        return True

    def enter(self, kind: Kind, data: bytes, now_s: float) -> None:
        """Something sets out."""
        self.under_way_bytes += len(data)
        self._before.append(Parcel(kind, data, max(now_s, self._ready_s)))

    def leave(self, now_s: float) -> Parcel | None:
        """The next parcel, if it has arrived."""
        self._depart(now_s)
        if not self._crossing or self._crossing[0][0] > now_s:
            return None
        _, parcel = self._crossing.popleft()
        self.under_way_bytes -= len(parcel.data)
        data = self._corrupted(parcel.data)
        self._passed += len(data)
        return parcel._replace(data=data)

    def leave_reset(self, now_s: float) -> Parcel | None:
        """A reset that has arrived, past a receiver that takes no bytes: what is before it is lost."""
        if (due_s := self.reset_s(now_s)) is None or due_s > now_s:
            return None
        _, parcel = self._crossing[-1]
        self.clear()
        return parcel

    def next_s(self, now_s: float) -> float | None:
        """When to ask `leave` again, or None if nothing comes by itself."""
        self._depart(now_s)
        times = [self._crossing[0][0]] if self._crossing else []
        if self._before and not self.link.blackhole:
            times.append(max(self._free_s, self._before[0].sent_s))
        return min(times, default=None)

    def reset_s(self, now_s: float) -> float | None:
        """When the reset that ends this direction arrives, or None if none is crossing."""
        self._depart(now_s)
        if self._before or not self._crossing or self._crossing[-1][1].kind is not Kind.RESET:
            return None
        return self._crossing[-1][0]

    def clear(self) -> None:
        """Drop whatever is under way."""
        self.under_way_bytes = 0
        self._before.clear()
        self._crossing.clear()

    def _depart(self, now_s: float) -> None:
        """Put on the line what can go now, at the settings of now."""
        link = self.link
        if link.blackhole:
            self._held = True
            return
        if self._held:
            self._held = False
            self._free_s = max(self._free_s, now_s)
        while self._before:
            parcel = self._before[0]
            start_s = max(self._free_s, parcel.sent_s)
            if start_s > now_s:
                return
            if link.bytes_per_s is None:
                self._before.popleft()
                self._free_s = start_s
            else:
                parcel = self._first_slice(link.bytes_per_s)
                self._free_s = start_s + len(parcel.data) / link.bytes_per_s
            late_s = self._jitter.uniform(0.0, link.jitter_s) if link.jitter_s else 0.0
            self._last_s = max(self._last_s, self._free_s + link.delay_s + late_s)
            self._crossing.append((self._last_s, parcel))

    def _first_slice(self, bytes_per_s: float) -> Parcel:
        parcel = self._before.popleft()
        size = max(SEGMENT_BYTES, int(bytes_per_s * SLICE_S))
        if len(parcel.data) > size:
            self._before.appendleft(parcel._replace(data=parcel.data[size:]))
            return parcel._replace(data=parcel.data[:size])
        return parcel

    def _corrupted(self, data: bytes) -> bytes:
        every = self.link.corrupt_every
        if every is None or not data:
            return data
        changed = bytearray(data)
        for place in range(every - 1 - self._passed % every, len(changed), every):
            changed[place] ^= self._noise.randrange(1, 256)
        return bytes(changed)
