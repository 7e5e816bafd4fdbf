"""What a live panel costs: 1,000 clients in a notebook's own kernel, with a panel beside them and without.

The panel draws all that a panel can (two lines, numbers, a sequence diagram of the last visit through a tap) at
its ten frames a second. Everything is in one process and on one loop: the server, its clients, the panel.
Measured in a real kernel, so a frame's way to the browser is paid for; a browser's own work is not. A block
shorter than the pulse can see, 5 ms, counts as 5 ms.
"""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Iterator
from typing import Any

from jupyter_client.manager import start_new_kernel

from bench.side_by_side import Row

CLIENTS, REQUESTS_A_SECOND = 1000, 300
ROUNDS = 5
ROUND_S = 6.0
PATIENCE_S = 120.0

OPEN = """
import asyncio, gc, json, random, time
import aiohttp, matplotlib
import patterns.lab.figures
from patterns.lab import Panel, failures, keep, open_lesson, sequence, stop_all
from patterns.lab.panel.pulse import BEAT_S, Pulse
from patterns.request_response import Library, connect, serve
from patterns.wire.framing import Request
from patterns.wire.tap import tap
open_lesson("bench")
CLIENTS, RATE = {clients}, {rate}
question, took = Request("GET", "/books/2"), []
shelf = await keep("library", serve(Library().handler()))

async def client(number, opened):
    chance = random.Random(number)
    async with connect(shelf.address) as connection:
        opened()
        while True:
            await asyncio.sleep(chance.expovariate(RATE / CLIENTS))
            before = time.perf_counter()
            await connection.ask(question)
            took.append(time.perf_counter() - before)

async def drive(panel):
    start = time.perf_counter()
    async with await tap(shelf.address) as path:
        while True:
            before = time.perf_counter()
            async with connect(path.address) as connection:
                await connection.ask_all([question] * 3)
            now = time.perf_counter()
            panel.point("measured", now - start, (now - before) * 1000)
            panel.point("model", now - start, 1.0)
            panel.number("answers", len(took))
            panel.picture(lambda: sequence(path.traffic, title="The last visit", last=6))
            await asyncio.sleep(0.05)

panel = Panel("live", {{}}, drive, x_label="time, s", y_label="visit, ms", series=["measured", "model"],
              numbers=["answers"])

async def measured(with_panel):
    gc.collect()
    if with_panel:
        panel.start()
        await asyncio.sleep({settle})
    pulse = Pulse()
    took.clear()
    pulse.start()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    await asyncio.sleep({seconds})
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    pulse.stop()
    if with_panel:
        await panel.stop()
    assert failures == [], failures
    p99_s = sorted(took)[len(took) * 99 // 100]
    print(json.dumps([p99_s * 1000, max(pulse.blocked_s, BEAT_S) * 1000, cpu_s / wall_s * 100]))

left, all_open = CLIENTS, asyncio.Event()
def opened():
    global left
    left -= 1
    if not left:
        all_open.set()
clients = [asyncio.ensure_future(client(number, opened)) for number in range(CLIENTS)]
await all_open.wait()
await asyncio.sleep({settle})
panel
"""

CLOSE = """
for one in clients:
    one.cancel()
await asyncio.wait(clients)
await stop_all()
"""


class Kernel:
    """A kernel that runs cells and returns what they printed; `RuntimeError` with the traceback if one fails."""

    def __enter__(self) -> Kernel:
        self._manager, self._client = start_new_kernel(kernel_name="python3")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def run(self, source: str) -> str:
        """Run a cell to its end."""
        number = self._client.execute(source)
        printed: list[str] = []
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                message: Any = self._client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != number:
                continue  # a frame of the panel
            content = message["content"]
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                printed.append(content["text"])
            elif message["msg_type"] == "error":
                raise RuntimeError("\n".join(content["traceback"]))
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return "".join(printed)
        raise TimeoutError(f"expected the cell to end within {PATIENCE_S:g} s, got none; is the machine busy?")


def rows(effort: float = 1.0) -> Iterator[Row]:
    """A request's p99, the loop's longest block and the kernel's processor time, with the panel and without."""
    clients = max(10, min(CLIENTS, round(CLIENTS * effort)))
    rounds = max(1, min(ROUNDS, round(ROUNDS * effort)))
    seconds = max(0.4, ROUND_S * min(effort, 1.0))
    figures: dict[bool, list[tuple[float, ...]]] = {True: [], False: []}
    with Kernel() as kernel:
        settle = min(0.5, seconds)
        kernel.run(OPEN.format(clients=clients, rate=REQUESTS_A_SECOND, seconds=seconds, settle=settle))
        for number in range(rounds):
            for with_panel in (True, False) if number % 2 else (False, True):
                printed = kernel.run(f"await measured({with_panel})")
                figures[with_panel].append(tuple(json.loads(printed.splitlines()[-1])))
        kernel.run(CLOSE)
    where = f"{clients:,} clients in the kernel"
    for place, (what, unit, goal) in enumerate(
        (
            (f"a request's p99, {where}", "ms", ""),
            (f"the loop's longest block, {where}", "ms", "at most 50 ms"),
            (f"processor time, {where}", "% of a core", ""),
        )
    ):
        with_it, without = (tuple(round_[place] for round_ in figures[way]) for way in (True, False))
        yield Row(what, "with the live panel", "without", unit, with_it, without, "lower", goal)
