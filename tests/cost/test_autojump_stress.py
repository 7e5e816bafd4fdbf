"""A thousand questions held at once beside a busy machine: nobody is answered early, late, or not at all.

Every client asks, is held for a time of its own, is answered, asks again at once. The timers of a thousand of
them lie a few hundredths of a virtual second apart, so wherever the clock jumped over bytes under way, somebody
would see a wrong time: each end notes the virtual time, and it must be the right one to the last bit.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector, web

from patterns.cost import autojump
from patterns.wire.listen import listen
from patterns.wire.tap import tap

CLIENTS = 1000
GRACE_S = 1e-3  # a client gives up this much after the server should have answered: less than the next timer is far

Ask = Callable[[float], Awaitable[float]]
"""Asks, to be held so many seconds; returns the virtual time at which the server had the question."""

Client = Callable[[], AbstractAsyncContextManager[Ask]]
"""Makes a client, which is open within `async with`."""


@dataclass
class Counts:
    """What must be the same in every run; `wrong` must stay empty."""

    asked: int = 0
    answered: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    wire: list[tuple[object, ...]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def by_aiohttp(counts: Counts, through_a_tap: bool = False) -> AsyncIterator[Client]:
    async def hold(request: web.Request) -> web.Response:
        came_s = now()
        await asyncio.sleep(float(request.query["wait_s"]))
        return web.Response(text=came_s.hex())

    app = web.Application()
    app.router.add_get("/news", hold)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=CLIENTS).start()
    address = runner.addresses[0][:2]
    path = await tap(address) if through_a_tap else None
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        url = "http://{}:{}/news".format(*(path.address if path else address))

        async def ask(wait_s: float) -> float:
            async with session.get(url, params={"wait_s": repr(wait_s)}) as response:
                body = await response.text()
            counts.counted["bytes of bodies"] += len(body)
            return float.fromhex(body)

        @asynccontextmanager
        async def client() -> AsyncIterator[Ask]:
            yield ask

        yield client
    if path is not None:
        counts.counted += Counter(f"bytes {record.direction}" for record in path.traffic for _ in record.data)
        counts.counted += Counter(f"messages {seen.direction}" for seen in path.traffic.messages() if seen.message)
        counts.wire = [(record.time_s, record.direction, record.kind, len(record.data)) for record in path.traffic]
        await path.stop()
    await runner.cleanup()


@asynccontextmanager
async def by_raw_streams(counts: Counts) -> AsyncIterator[Client]:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            came_s = now()
            counts.counted["bytes to server"] += len(line)
            counts.wire.append((came_s, line))
            await asyncio.sleep(float(line))
            writer.write(b"%s\n" % came_s.hex().encode())

    async with await listen(hold) as server:

        @asynccontextmanager
        async def client() -> AsyncIterator[Ask]:
            reader, writer = await asyncio.open_connection(*server.address)

            async def ask(wait_s: float) -> float:
                writer.write(b"%r\n" % wait_s)
                line = await reader.readline()
                counts.counted["bytes to client"] += len(line)
                counts.wire.append((now(), line))
                return float.fromhex(line.decode())

            try:
                yield ask
            finally:
                writer.close()
                await writer.wait_closed()

        yield client


WAYS: dict[str, Callable[[Counts], AbstractAsyncContextManager[Client]]] = {
    "aiohttp": by_aiohttp,
    "aiohttp through the tap": lambda counts: by_aiohttp(counts, through_a_tap=True),
    "raw streams": by_raw_streams,
}


async def long_polls(way: str, duration_s: float, clients: int = CLIENTS) -> Counts:
    """Clients that ask until `duration_s`; what they have asked by then is still answered."""
    counts = Counts()

    async def follow(number: int, client: Client) -> None:
        draw = random.Random(number)
        async with client() as ask:
            while (asked_s := now()) < duration_s:
                wait_s = draw.uniform(5, 60)
                counts.asked += 1
                try:
                    came_s = await asyncio.wait_for(ask(wait_s), wait_s + GRACE_S)
                except TimeoutError:
                    counts.wrong.append(f"client {number}, asking at {asked_s} s for {wait_s} s, gave up")
                    return
                counts.answered += 1
                if came_s != asked_s or now() != asked_s + wait_s:
                    counts.wrong.append(
                        f"client {number} asked at {asked_s} s for {wait_s} s; "
                        f"the question came at {came_s} s, the answer at {now()} s"
                    )

    async with WAYS[way](counts) as client, asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(follow(number, client))
    return counts


BURN = "while True: pass"
FLOOD = """
import socket
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind(("127.0.0.1", 0))
there.connect(there.getsockname())
there.setblocking(False)
while True:
    try:
        there.send(b"x" * 1000)
    except BlockingIOError:
        pass
"""


@contextmanager
def busy_machine(*programs: str) -> Iterator[None]:
    """Children that end with us, whatever ends us: each dies when its standard input is closed."""
    end = "import os, threading\nthreading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()\n"
    children = [subprocess.Popen([sys.executable, "-c", end + program], stdin=subprocess.PIPE) for program in programs]
    try:
        yield
    finally:
        for child in children:
            assert child.stdin is not None
            child.kill()
            child.stdin.close()
            child.wait()


def held_beside_a_busy_machine(way: str, duration_s: float) -> None:
    quiet = autojump.run(long_polls(way, duration_s))
    with busy_machine(BURN, BURN, FLOOD):
        busy = autojump.run(long_polls(way, duration_s))
    for run in (quiet, busy):
        assert run.wrong == []
        assert run.asked == run.answered
        assert all(run.counted.values())
    assert busy.asked == quiet.asked
    assert busy.counted == quiet.counted


# What aiohttp does alone it does through the tap, too.
@pytest.mark.parametrize(
    "way", ["raw streams", "aiohttp through the tap", pytest.param("aiohttp", marks=pytest.mark.soak)]
)
def test_a_minute_of_a_thousand_held_questions_beside_a_busy_machine_costs_what_it_costs_on_a_quiet_one(way) -> None:
    held_beside_a_busy_machine(way, 60.0)


@pytest.mark.soak
@pytest.mark.parametrize("way", WAYS)
def test_an_hour_of_a_thousand_held_questions_beside_a_busy_machine_costs_what_it_costs_on_a_quiet_one(way) -> None:
    held_beside_a_busy_machine(way, 3600.0)


@pytest.mark.parametrize("way", WAYS)
def test_twenty_runs_put_the_same_on_the_wire_at_the_same_times(way) -> None:
    first, *others = (autojump.run(long_polls(way, 60.0, clients=10)) for _ in range(20))
    assert first.wrong == []
    assert first.answered > 20
    for other in others:
        assert other == first


# Beside nobody else in a network of its own, a loopback that lets all processors deliver: the one way to have
# bytes really under way while the sender goes on, on every kernel (before 6.5 a flood of packets did it, too).
STEERED = f"""
import fcntl, os, socket, struct, subprocess, sys
sys.path[:0] = [{str(Path(__file__).parent)!r}, os.getcwd()]
from pathlib import Path
with socket.socket() as up:
    fcntl.ioctl(up, 0x8914, struct.pack("16sH14x", b"lo", 0x41))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING
subprocess.run(["mount", "-t", "sysfs", "sysfs", "/sys"], check=True)
Path("/sys/class/net/lo/queues/rx-0/rps_cpus").write_text(f"{{(1 << os.cpu_count()) - 1:x}}")
print("steered", flush=True)
import test_autojump_stress as stress
from patterns.cost import autojump
from patterns.cost.autojump.in_flight import Loopback
from patterns.cost.autojump.selector import AutojumpSelector
"""
FAULTS = {
    "nothing broken": "",
    "the clock looks at nothing": "AutojumpSelector._in_flight = lambda self: []",
    "nothing is waited for": "Loopback.settle = lambda self: None",
}


def when_other_processors_deliver(fault: str, duration_s: float) -> tuple[int, int, str]:
    """(questions asked, answered, what went wrong), from a process with a network of its own."""
    run = f"""
counts = autojump.run(stress.long_polls("raw streams", {duration_s}))
print(counts.asked, counts.answered, *counts.wrong[:1])
"""
    if sys.platform != "linux" or os.cpu_count() == 1:
        pytest.skip("needs Linux and a second processor")
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare(1)")
    command = ["unshare", "--net", "--mount", sys.executable, "-c", STEERED + FAULTS[fault] + run]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    if not done.stdout.startswith("steered"):
        pytest.skip(f"needs root, to make a network of its own: {done.stderr.strip().splitlines()[-1:]}")
    assert done.returncode == 0, done.stderr
    asked, answered, *wrong = done.stdout.splitlines()[1].split(maxsplit=2)
    return int(asked), int(answered), "".join(wrong)


def test_when_other_processors_deliver_the_clock_waits_for_them() -> None:
    asked, answered, wrong = when_other_processors_deliver("nothing broken", 60.0)
    assert wrong == ""
    assert asked == answered == 2538


@pytest.mark.soak
def test_when_other_processors_deliver_an_hour_long_the_clock_waits_for_them() -> None:
    asked, answered, wrong = when_other_processors_deliver("nothing broken", 3600.0)
    assert wrong == ""
    assert asked == answered > 100_000


@pytest.mark.parametrize("fault", list(FAULTS)[1:])
def test_a_clock_that_does_not_look_is_caught(fault) -> None:
    asked, answered, wrong = when_other_processors_deliver(fault, 60.0)
    assert wrong != ""
    assert answered < asked
