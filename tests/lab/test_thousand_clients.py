"""A live panel beside a thousand clients, in a real kernel: all are served, and a frame's work does not grow.

How long a frame takes is measured in bench/panel.py; here is what it is bounded by.
"""

from __future__ import annotations

import json
from pathlib import Path

from learner import learner

CLIENTS = """
from patterns.lab import Panel, sequence
from patterns.request_response import connect, serve, Library
from patterns.wire.framing import Request
from patterns.wire.tap import tap
shelf = await keep("library", serve(Library().handler()))
path = await keep("tap", tap(shelf.address))
answered = [0] * 1000
async def client(number):
    async with connect(path.address) as connection:
        for _ in range(3):
            await asyncio.sleep(0.5 + number / 1000)
            await connection.ask(Request("GET", "/books/2"))
            answered[number] += 1
frames = []
async def drive(panel):
    panel.diagram.observe(lambda change: frames.append(change["new"]), "value")
    clients = asyncio.gather(*(client(number) for number in range(1000)))
    asked = 0
    while not clients.done():
        asked += 1
        panel.point("answers", asked, sum(answered))
        panel.number("answers", sum(answered))
        panel.picture(lambda: sequence(path.traffic, last=6))
        await asyncio.sleep(0.001)
    await clients
panel = Panel("live", {}, drive, x_label="turn", y_label="answers", series=["answers"], numbers=["answers"])
await panel.start()
await asyncio.sleep(0.3)
import json
print(json.dumps({
    "answered": [min(answered), max(answered)],
    "frames": len(frames),
    "arrows in a frame": max(frame.count('data-what="message"') for frame in frames),
    "bytes of a frame": max(map(len, frames)),
    "bytes of the plot": len(panel.plot.value),
    "records": len(path.traffic),
    "failures": [failure.error for failure in failures],
    "measured": panel.pulse.blocked_s > 0 or "0 ms" in panel.figures.value,
}))
"""


def test_a_thousand_clients_are_served_beside_a_live_panel_whose_frames_stay_small(tmp_path: Path) -> None:
    with learner(tmp_path, clients=CLIENTS) as room:
        said = json.loads(room.run("first", "clients"))
    assert said["answered"] == [3, 3]
    assert said["failures"] == []
    assert said["measured"]
    assert said["records"] > 6000
    assert 3 <= said["frames"] <= 500, "at most ten a second, however often the panel is told something new"
    assert said["arrows in a frame"] <= 6
    assert said["bytes of a frame"] < 60_000
    assert said["bytes of the plot"] < 30_000
