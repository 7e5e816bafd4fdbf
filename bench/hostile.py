"""What a server lets a polite client feel of hostile ones: its p99 with them, against its p99 without.

The problem: one slow, greedy or vanished client must not be felt by the others, and "felt" means the tail, p99.
The assumption: what counts is what hostile clients make the server do, not what their own processes take of the
machine. So the server and the polite client are pinned to the first core and the hostile clients to the last.
The bargain: the hostile ones come at a bounded rate, one of each kind every WAVE_S, evenly spaced. It is a figure of
manners, not of capacity: a flood that fills a core slows everybody down on any server of one process.

The polite client asks at fixed times, whatever became of its last question, and a latency counts from when its
question was due: who waits for one answer before asking the next would see a stall once, and a server that stands
still for a second would look good. Where the system allows it (root), the server runs under SCHED_FIFO and the polite
client before it: it is punctual even while the server computes, and the server's work does not pile up behind other
programs. Together they take a tenth of the core.

Three rows a server, of the same questions in interleaved rounds: without, with, and without hostile clients again.
- By the server's own CPU clock: read by the client as it asks, and by the server when its handler has the answer. All
  that the server did in between stood before this answer. Other programs on the machine, and what the server does
  behind the answer, do not count, so this row holds on a busy machine, too.
- By the wall's clock, to the last byte of the answer.
- The same between the two halves without hostile clients: the noise floor. Where it is above NOISY the wall's row says
  that the machine was too busy to tell.

The server's process freezes what it has imported out of the garbage collector's sight (`gc.freeze`), as a server in
production should: to walk through all of it takes 15 to 25 ms, whoever's request the collection falls upon.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import gc
import itertools
import logging
import multiprocessing
import os
import re
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import NamedTuple

from bench.side_by_side import Row
from patterns.request_response import Handler
from patterns.wire.framing import Request, Response
from tests.hostile.clients import KINDS, Target
from tests.hostile.servers import SERVERS, meeting

WAVE_S = 2.0
ASKS = 500  # of the polite client in a round, at effort 1: as long as a wave
ASKS_PER_S = 250.0
ROUNDS = 7
NOISY = 1.5
PATIENCE_S = 3.0  # after which a hostile client that is left alone goes, so that their number is bounded
PROCESSES = multiprocessing.get_context("spawn")  # a fork would copy this process's threads and sockets
STAMP = re.compile(rb"\r\nCPU-Clock: ([0-9.]+)\r\n")
PR_SET_TIMERSLACK = 29  # prctl(2); a sleep ends up to 50 µs late otherwise


def pin(core: int) -> None:
    """Pin this process to the first (0) or last (-1) core that it may use; where the system has no such call, don't."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


def hurry(priority: int) -> None:
    """Run under SCHED_FIFO, before all that runs under no such rule; where that is not allowed, don't."""
    if sys.platform == "linux":
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))


def stamped(handler: Handler) -> Handler:
    """The same, with this process's CPU clock in each answer, in seconds."""

    async def handle(request: Request) -> Response:
        response = await handler(request)
        return replace(response, headers=(*response.headers, ("CPU-Clock", f"{time.process_time():.9f}")))

    return handle


def serve_until_told(name: str, pipe: Connection) -> None:
    """In a process of its own: run the server of that name until the other end says anything."""
    logging.disable()  # aiohttp reports every bad request
    pin(0)

    async def main() -> None:
        async with meeting(name, around=stamped) as met:
            gc.collect()
            gc.freeze()
            hurry(1)
            pipe.send((met.target, met.answer, os.getpid()))
            await asyncio.to_thread(pipe.recv)

    asyncio.run(main())


def attack_when_told(target: Target, pipe: Connection) -> None:
    """In a process of its own: told some kinds, send waves of them; told (), stop; told None, end.

    What it is told is answered with the number of clients that it has sent since it was told the last time.
    """
    pin(-1)

    async def main() -> None:
        acting: set[asyncio.Task[object]] = set()
        sent = 0
        while (kinds := await asyncio.to_thread(pipe.recv)) is not None:
            for task in acting:
                task.cancel()
            await asyncio.gather(*acting, return_exceptions=True)
            pipe.send(sent)
            sent, started = 0, time.perf_counter()
            for sent in itertools.count() if kinds else ():
                due = started + sent * WAVE_S / len(kinds)
                await asyncio.sleep(max(0, due - time.perf_counter()))
                if pipe.poll():
                    break
                task: asyncio.Task[object] = asyncio.create_task(KINDS[kinds[sent % len(kinds)]](target))
                acting.add(task)
                task.add_done_callback(acting.discard)

    asyncio.run(main())


def cpu_clock(pid: int) -> Callable[[], float] | None:
    """The CPU time of that process in seconds; None where the system does not tell (Linux: clock_getcpuclockid(3))."""
    if sys.platform != "linux":
        return None
    return functools.partial(time.clock_gettime, (~pid << 3) | 2)


class Took(NamedTuple):
    """The latencies of one round, each in seconds: by the wall's clock, and in the server's CPU time before each."""

    wall: list[float]
    cpu: list[float]


def ask_when_told(target: Target, answer: bytes, pid: int, pipe: Connection) -> None:
    """In a process of its own: told a number, ask so often at ASKS_PER_S on one connection and send what it `Took`."""
    pin(0)
    hurry(2)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
    cpu_s = cpu_clock(pid)
    gc.disable()
    while (asks := pipe.recv()) is not None:
        took = Took([], [])
        with socket.create_connection(target.address, timeout=60) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            start = time.perf_counter()
            for number in range(asks):
                due = start + number / ASKS_PER_S
                while (early_s := due - time.perf_counter()) > 0:
                    time.sleep(early_s)
                before_s = cpu_s() if cpu_s else 0.0
                client.sendall(target.small)
                came = b""
                while not (b"\r\n\r\n" in came and came.endswith(answer)):
                    came += client.recv(65_536) or _gone()
                took.wall.append(time.perf_counter() - due)
                took.cpu.append(float(STAMP.search(came)[1]) - before_s)
        pipe.send(took)


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


ARMS = ("without", "with", "without again")


def in_arms(serve, name: str, kinds: tuple[str, ...], asks: int, rounds: int) -> tuple[dict[str, list[Took]], float]:
    """What was taken in each of ARMS, round by round, and how many hostile clients came in a second, in truth."""
    taken: dict[str, list[Took]] = {arm: [] for arm in ARMS}
    came, lasted_s = 0, 0.0
    with child(serve, name) as serving:
        target, answer, pid = serving.recv()
        patient = replace(target, patience_s=PATIENCE_S)
        with child(attack_when_told, patient) as attack, child(ask_when_told, target, answer, pid) as polite:
            for number in range(-1, rounds):  # the first round is to warm up
                for turn in range(len(ARMS)):
                    arm = ARMS[(turn + number) % len(ARMS)]
                    attack.send(kinds if arm == "with" else ())
                    attack.recv()
                    started = time.perf_counter()
                    time.sleep(min(0.3, asks / ASKS_PER_S))  # until those of the last round are off
                    polite.send(asks)
                    took = polite.recv()
                    if arm == "with":
                        attack.send(())
                        came, lasted_s = came + attack.recv(), lasted_s + time.perf_counter() - started
                    if number >= 0:
                        taken[arm].append(took)
    return taken, came / lasted_s


def p99_us(seconds: list[float]) -> float:
    """The 99th percentile, in microseconds."""
    return statistics.quantiles(seconds, n=100)[98] * 1e6


def compared(what: str, unit: str, ours: list[list[float]], peer: list[list[float]], arms: tuple[str, str], goal: str):
    """A row of p99s round by round; the p99 of all rounds' questions together stands beside each arm's name."""
    pooled = [p99_us(list(itertools.chain(*rounds))) for rounds in (ours, peer)]
    named = (f"{arm} (all rounds {p99:.0f})" for arm, p99 in zip(arms, pooled, strict=True))
    return Row(what, *named, unit, tuple(map(p99_us, ours)), tuple(map(p99_us, peer)), goal=goal)


def measured(
    name: str, kinds: tuple[str, ...], effort: float, rounds: int = ROUNDS, serve=serve_until_told
) -> Iterator[Row]:
    """The rows of one server and these kinds of company, `len(kinds)` clients every WAVE_S."""
    asks = max(20, int(ASKS * effort))
    taken, came_per_s = in_arms(serve, name, kinds, asks, rounds if effort > 0.1 else 1)
    company = f"{len(kinds)} kinds of hostile clients, {came_per_s:.1f} a second: {name}"
    wall, cpu = ({arm: [took[clock] for took in taken[arm]] for arm in ARMS} for clock in (0, 1))
    if any(map(any, cpu["with"])) and sys.platform == "linux":
        arms = cpu["with"], cpu["without"]
        yield compared(f"p99 in the server's CPU, {company}", "µs CPU", *arms, ("with", "without"), "at most 2")
    floor = compared(
        f"noise floor of the wall's p99: {name}",
        "µs",
        wall["without again"],
        wall["without"],
        ("without again", "without"),
        f"within {NOISY}",
    )
    noise = statistics.median(max(ratio, 1 / ratio) for ratio in floor.ratios)
    trust = "" if noise <= NOISY else f" (the machine was too noisy to tell: {noise:.1f} between equal rounds)"
    arms = wall["with"], wall["without"]
    yield compared(f"p99 by the wall, {company}{trust}", "µs", *arms, ("with", "without"), "at most 2")
    yield floor


def rows(effort: float = 1.0) -> Iterator[Row]:
    """Three rows a server; with next to no effort the first of them only, since each starts three processes."""
    for name in SERVERS if effort > 0.1 else list(SERVERS)[:1]:
        yield from measured(name, tuple(KINDS), effort)
