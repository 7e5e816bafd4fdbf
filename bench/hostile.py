"""What a server lets a polite client feel of hostile ones: its p99 beside them, against the same elsewhere.

The problem: one slow, greedy or vanished client must not be felt by the others, and "felt" means the tail, p99.
The assumption: server, polite client and hostile clients are three processes, but the machine's cores and loopback are
shared, and what the hostile process takes of them is no fault of the server's. So the peer is not silence: there the
same hostile clients attack a second server of the same kind, and the polite client's own server stands beside.
The bargain: the hostile ones come at a bounded rate, one of each kind every WAVE_S, at nice 19. It is a figure
of manners, not of capacity: a flood that fills a core slows everybody down on any server of one process.

Two figures of the same questions. By the wall's clock, which on a busy machine mostly shows who else is on it; and by
the server's own CPU clock, read by the polite client when it asks and when it has its answer: all that the server did
in between, its answer included. That is how long the wait would be on a core of the server's own, as long as the polite
client has one too: where it has to wait for a core itself, the server's other work meanwhile counts against the server.

By the wall, the polite client asks at fixed times, and a latency counts from when its question was due, not from when
it could be sent: who waits for one answer before asking the next would see a stall once, and a server that stands
still for a second would look good.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import multiprocessing
import os
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection

from bench.side_by_side import Row, in_turn
from tests.hostile.clients import KINDS, Target
from tests.hostile.servers import SERVERS, meeting

WAVE_S = 2.0
ASKS = 500  # of the polite client in a round, at effort 1
ASKS_PER_S = 250.0
PATIENCE_S = 3.0  # after which a hostile client that is left alone goes, so that their number is bounded
PROCESSES = multiprocessing.get_context("spawn")  # a fork would copy this process's threads and sockets


def serve_until_told(name: str, pipe: Connection) -> None:
    """In a process of its own: run the server of that name until the other end says anything."""
    logging.disable()  # aiohttp reports every bad request

    async def main() -> None:
        async with meeting(name) as met:
            pipe.send((met.target, met.answer, os.getpid()))
            await asyncio.to_thread(pipe.recv)

    asyncio.run(main())


def attack_when_told(target: Target, pipe: Connection) -> None:
    """In a process of its own: told some kinds, send waves of them; told (), stop; told None, end."""
    os.nice(19)

    async def main() -> None:
        acting: set[asyncio.Task[object]] = set()
        kinds: tuple[str, ...] = ()
        while True:
            for kind in kinds or (None,):
                if kind is not None:
                    task: asyncio.Task[object] = asyncio.create_task(KINDS[kind](target))
                    acting.add(task)
                    task.add_done_callback(acting.discard)
                await asyncio.sleep(WAVE_S / max(len(kinds), 20))
                if pipe.poll():
                    kinds = pipe.recv()
                    for task in acting:
                        task.cancel()
                    await asyncio.gather(*acting, return_exceptions=True)
                    pipe.send("heard")
                    break
            if kinds is None:
                return

    asyncio.run(main())


def cpu_clock(pid: int) -> Callable[[], float] | None:
    """The CPU time of that process in seconds; None where the system does not tell (Linux: clock_getcpuclockid(3))."""
    if sys.platform != "linux":
        return None
    return functools.partial(time.clock_gettime, (~pid << 3) | 2)


def polite_p99_us(target: Target, answer: bytes, asks: int, cpu_s: Callable[[], float]) -> tuple[float, float]:
    """Ask `asks` times at ASKS_PER_S on one connection; the p99 by the wall and by `cpu_s`, in microseconds."""
    took, worked = [], []
    with socket.create_connection(target.address, timeout=60) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = time.perf_counter()
        for number in range(asks):
            due = start + number / ASKS_PER_S
            while (early_s := due - time.perf_counter()) > 0:
                time.sleep(early_s)
            before_s = cpu_s()
            client.sendall(target.small)
            came = b""
            while not (b"\r\n\r\n" in came and came.endswith(answer)):
                came += client.recv(65_536) or _gone()
            worked.append(cpu_s() - before_s)
            took.append(time.perf_counter() - due)
    return statistics.quantiles(took, n=100)[98] * 1e6, statistics.quantiles(worked, n=100)[98] * 1e6


def _gone() -> bytes:
    raise ConnectionError("expected the server to answer the polite client, but it hung up")


@contextmanager
def child(work, *arguments) -> Iterator[Connection]:
    """`work(*arguments, pipe)` in a process of its own; our end of the pipe. Told None at the end, and awaited."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=work, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        with contextlib.suppress(OSError):
            ours.send(None)
        process.join(10)
        process.kill()
        process.join()
        ours.close()


def measured(name: str, kinds: tuple[str, ...], effort: float, rounds: int = 7) -> Iterator[Row]:
    """The rows of one server and these kinds of company, `len(kinds)` clients every WAVE_S."""
    asks = max(50, int(ASKS * effort))
    with child(serve_until_told, name) as serving, child(serve_until_told, name) as decoy:
        (target, answer, pid), (elsewhere, _, _) = serving.recv(), decoy.recv()
        cpu_s = cpu_clock(pid)
        patient = [replace(one, patience_s=PATIENCE_S) for one in (target, elsewhere)]
        with child(attack_when_told, patient[0]) as here, child(attack_when_told, patient[1]) as there:

            def p99_us(attack: Connection) -> float:
                for pipe in (here, there):
                    pipe.send(kinds if pipe is attack else ())
                for pipe in (here, there):
                    pipe.recv()
                time.sleep(0.5 * min(1, effort * 10))  # until those of the last round are off, and the first ones there
                wall_us, cpu_us = polite_p99_us(target, answer, asks, cpu_s or time.perf_counter)
                by_wall[attack is here].append(wall_us)
                return cpu_us

            by_wall: dict[bool, list[float]] = {True: [], False: []}
            taken = in_turn(lambda: p99_us(here), lambda: p99_us(there), rounds if effort > 0.1 else 1)
    what = f"with {len(kinds)} hostile clients every {WAVE_S:g} s: {name}"
    beside, apart = "on the server they attack", "on one beside it"
    walls = {"ours": tuple(by_wall[True][1:]), "peer": tuple(by_wall[False][1:])}  # the first of each was to warm up
    if cpu_s is not None:
        yield Row(f"p99 in the server's work, {what}", beside, apart, "µs CPU", **taken, goal="at most 2")
    yield Row(f"p99 by the wall, {what}", beside, apart, "µs", **walls, goal="at most 2")


def rows(effort: float = 1.0) -> Iterator[Row]:
    """A row a server; with next to no effort the first of them only, since each starts four processes."""
    for name in SERVERS if effort > 0.1 else list(SERVERS)[:1]:
        yield from measured(name, tuple(KINDS), effort)
