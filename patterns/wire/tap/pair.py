"""A pair: a client's connection, the one to the server, and what goes between them.

The problem: two sockets have to behave as one connection: what happens to one happens to the other, later.
The assumption: each parcel from one end goes through the `Lane` of its direction, and is then handed on.
The bargain: nothing is handed on while the receiver's own buffer is not empty, so a record means that the
kernel has the bytes; and who sends faster than the receiver reads is not read from (back-pressure).
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping
from functools import cached_property

from patterns.wire.listen import Address
from patterns.wire.tap.broken import BrokenWatch
from patterns.wire.tap.end import End
from patterns.wire.tap.link import Lane, Link, Parcel
from patterns.wire.tap.record import Direction, Kind, Record
from patterns.wire.tap.traffic import Traffic


class Pair:
    """A client's connection and its continuation to the server; `gone` is called when both are closed.

    The client's connect() returns at once, so its handshake is charged afterwards: with a delay d, what it
    writes within the first 2·d counts as written then, and the server has the connection after 3·d, when
    on a real path the third packet of the handshake arrives (RFC 9293 §3.5).
    """

    def __init__(
        self,
        number: int,
        target: Address,
        link: Link,
        traffic: Traffic,
        buffer: memoryview,
        broken: BrokenWatch,
        gone: Callable[["Pair"], None],
    ) -> None:
        self.number = number
        self.over = False
        self.connecting: asyncio.Task[None] | None = None
        self._target, self._link, self._traffic, self._gone = target, link, traffic, gone
        self._loop = asyncio.get_running_loop()
        self._came_s = self._loop.time()
        self._seed = link.seed
        self._handshake_s = 3 * link.delay_s
        self._quiet_since_s = self._came_s
        self.client = End(self, Direction.TO_SERVER, buffer, broken)
        self.server = End(self, Direction.TO_CLIENT, buffer, broken)
        self._from = {end.out: end for end in (self.client, self.server)}
        self._lanes = {
            Direction.TO_SERVER: Lane(link, number, Direction.TO_SERVER, ready_s=self._came_s + 2 * link.delay_s),
            Direction.TO_CLIENT: Lane(link, number, Direction.TO_CLIENT),
        }
        self._carried = dict.fromkeys(Direction, 0)
        self._ended: set[Direction] = set()
        self._latest = Direction.TO_SERVER  # the direction of the latest record
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @cached_property
    def _lifetime(self) -> float:
        """In units of `cut_mean_bytes`."""
        return random.Random(f"cut {self._seed} {self.number}").expovariate(1.0)

    @property
    def is_gone(self) -> bool:
        """Whether nothing of it is left."""
        closed = all(end.lost or end.transport is None for end in (self.client, self.server))
        return self.over and closed and (self.connecting is None or self.connecting.done())

    # What happens at the ends

    def opened(self, end: End) -> None:
        """An end is connected: the client's first, then the server's."""
        if self.over:
            end.abort()
        elif end is self.server:
            self._quiet_since_s = self._loop.time()
            self._record(Kind.OPEN, Direction.TO_SERVER, self._quiet_since_s, self._came_s)
        self.proceed()

    def came(self, way: Direction, kind: Kind, data: bytes = b"") -> None:
        """An end has sent something."""
        if self.over:
            return
        now_s, lane = self._loop.time(), self._lanes[way]
        if kind is Kind.DATA and way not in self._ended:
            to = self._from[way.back]
            if to.takes and lane.pass_at_once(data, now_s):
                self._write(to, way, data, now_s, now_s)
                return
        lane.enter(kind, data, now_s)
        self._pump(way)

    def emptied(self, end: End) -> None:
        """An end takes more."""
        if not self.over:
            self._pump(end.out.back)

    def lost(self, end: End) -> None:
        """An end's socket is closed: its peer has reset it, or all is over."""
        if not self.over:
            self._lanes[end.out.back].clear()  # what is on its way to it finds nobody
            if self._from[end.out.back].lost:  # nor is there anybody to be told
                now_s = self._loop.time()
                self._record(Kind.RESET, end.out, now_s, now_s)
                self._finish(now_s)
            else:
                self.came(end.out, Kind.RESET)
        self._gone(self)

    # What happens by and by

    def proceed(self) -> None:
        """Do what is due; also when the link has changed."""
        if self.over:
            return
        if self.server.transport is None:
            if self.connecting is None:
                self._connect()
        elif any((room := self._room(way)) is not None and room <= 0 for way in Direction):
            self.cut(after_the_rest=True)
        else:
            self._watch_idle()
            for way in Direction:
                if not self.over and (left := self._until_end(way)) is not None and left <= 0:
                    self._end(way, self._loop.time(), self._loop.time())
        for way in Direction:
            self._pump(way)

    def cut(self, *, after_the_rest: bool = False) -> None:
        """Reset both sides now, or as soon as what was handed on has left the kernel."""
        if not self.over:
            now_s = self._loop.time()
            self._record(Kind.CUT, self._latest, now_s, now_s)
            self._finish(now_s)
            self.client.reset(after_the_rest=after_the_rest)
            self.server.reset(after_the_rest=after_the_rest)

    def abort(self) -> None:
        """Close both sides at once: the tap stops."""
        if not self.over:
            self._finish(self._loop.time())
        self.client.abort()
        self.server.abort()
        self._gone(self)

    def _connect(self) -> None:
        """Connect when it is time; a change of the link may ask for it before the timer does."""
        open_s = self._came_s + self._handshake_s
        self._at("connect", None)
        if self._link.blackhole:
            return
        if self._loop.time() < open_s:
            self._at("connect", open_s, self._connect)
        else:
            self.connecting = self._loop.create_task(self._open(), name=f"tap to {self._target}")
            self.connecting.add_done_callback(lambda _: self._gone(self))

    async def _open(self) -> None:
        try:
            await self._loop.create_connection(lambda: self.server, *self._target)
        except OSError:  # refused: on a real path too, the client sees a reset
            self.server.connection_lost(None)

    def _watch_idle(self) -> None:
        idle_s = self._link.idle_cut_s
        cut_s = None if idle_s is None else self._quiet_since_s + idle_s
        if cut_s is not None and self._loop.time() >= cut_s:
            self.cut()
        else:
            self._at("idle", cut_s, self._watch_idle)

    def _pump(self, way: Direction) -> None:
        """Hand on what has arrived, and come again when more does."""
        lane, to = self._lanes[way], self._from[way.back]
        now_s = self._loop.time()
        while not self.over and to.takes and (parcel := lane.leave(now_s)) is not None:
            self._hand_on(way, parcel, now_s)
        if to.full and not self.over and (parcel := lane.leave_reset(now_s)) is not None:
            self._hand_on(way, parcel, now_s)
        if not self.over:
            self._from[way].flow(lane.under_way_bytes < self._link.window_bytes)
            next_s = lane.next_s(now_s) if to.takes else lane.reset_s(now_s) if to.full else None
            self._at(way, next_s, lambda: self._pump(way))

    def _hand_on(self, way: Direction, parcel: Parcel, now_s: float) -> None:
        to = self._from[way.back]
        if way in self._ended and parcel.kind is not Kind.RESET:
            return  # sent into a direction that the link has ended: nobody hears it
        if parcel.kind is Kind.DATA:
            room, until_end = self._room(way), self._until_end(way)
            rooms = [size for size in (room, until_end) if size is not None]
            data = parcel.data[: max(min(rooms), 0)] if rooms else parcel.data
            if data:
                self._write(to, way, data, now_s, parcel.sent_s)
            if room is not None and len(data) >= room:
                self.cut(after_the_rest=True)
            elif until_end is not None and len(data) >= until_end:
                self._end(way, now_s, now_s)
        elif parcel.kind is Kind.RESET:
            self._record(Kind.RESET, way, now_s, parcel.sent_s)
            self._finish(now_s)
            to.reset()
        else:
            self._end(way, now_s, parcel.sent_s)

    def _write(self, to: End, way: Direction, data: bytes, now_s: float, sent_s: float) -> None:
        assert to.transport is not None
        to.transport.write(data)
        self._carried[way] += len(data)
        self._quiet_since_s = now_s
        self._record(Kind.DATA, way, now_s, sent_s, data)

    def _end(self, way: Direction, now_s: float, sent_s: float) -> None:
        """Tell the receiver that no more comes that way."""
        to, other = self._from[way.back], self._from[way]
        self._record(Kind.EOF, way, now_s, sent_s)
        assert to.transport is not None
        with contextlib.suppress(OSError):  # it has gone altogether, and its reset is on the way
            to.transport.write_eof()
        self._ended.add(way)
        if way.back in self._ended:
            self._finish(now_s)
            to.close()
            other.close()

    def _room(self, way: Direction) -> int | None:
        """How many more bytes may be handed on that way before the link is cut, or None."""
        limit, mean, carried = self._link.cut_after_bytes, self._link.cut_mean_bytes, sum(self._carried.values())
        rooms = [] if mean is None else [int(self._lifetime * mean) - carried]
        if isinstance(limit, Mapping):
            rooms += [limit[way] - self._carried[way]] if way in limit else []
        elif limit is not None:
            rooms.append(limit - carried)
        return min(rooms, default=None)

    def _until_end(self, way: Direction) -> int | None:
        """How many more bytes may be handed on that way before the link ends it, or None."""
        if way in self._ended:
            return None
        limit = self._link.half_close_after_bytes
        after = limit.get(way) if isinstance(limit, Mapping) else limit
        return None if after is None else after - self._carried[way]

    def _finish(self, now_s: float) -> None:
        """Nothing is handed on any more; the caller closes the ends."""
        self.over = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for lane in self._lanes.values():
            lane.clear()
        if self.connecting is not None:
            self.connecting.cancel()
        self._record(Kind.CLOSE, self._latest, now_s, now_s)

    def _record(self, kind: Kind, way: Direction, now_s: float, sent_s: float, data: bytes = b"") -> None:
        self._latest = way
        self._traffic.append(Record(now_s, self.number, way, kind, data, sent_s))

    def _at(self, name: str, time_s: float | None, do: Callable[[], None] = lambda: None) -> None:
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()
        if time_s is not None:
            self._timers[name] = self._loop.call_at(time_s, do)
