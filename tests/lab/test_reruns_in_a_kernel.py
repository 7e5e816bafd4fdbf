"""A cell run again and again, and a kernel restarted at bad moments: nothing adds up, nothing is left."""

from __future__ import annotations

import json
import queue
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from learner import FIRST, SERVE, learner

CELL = """
import contextlib
from patterns.lab import Panel
from patterns.wire.tap import tap
path = await keep("tap", tap(server.address))
async def drive(panel):
    with contextlib.suppress(OSError):  # its server is replaced before it is
        while True:
            panel.number("answer", await ask(path))
            await asyncio.sleep(0.01)
panel = Panel("greetings", {}, drive, x_label="time, s", y_label="", series=["one"], numbers=["answer"], started=True)
servers()
"""

COUNT = """
import gc, json, psutil
from patterns.lab.kernel.servers import SERVERS
from patterns.lab.kernel.tasks import _tasks
await panel.stop()
await asyncio.sleep(0.1)
gc.collect()
me = psutil.Process()
print(json.dumps({
    "listening": sum(one.status == "LISTEN" for one in me.net_connections("inet")),
    "connections": sum(one.status != "LISTEN" and server.address.port in (one.laddr.port, getattr(one.raddr, "port", 0))
                       for one in me.net_connections("inet")),
    "descriptors": me.num_fds(),
    "threads": sum(thread.name in ("pulse", "autojump") for thread in threading.enumerate()),
    "tasks": len(asyncio.all_tasks()),
    "background tasks": len(_tasks),
    "servers": sorted(SERVERS.kept),
    "turns waited for": len(SERVERS._turns),
    "widgets": len(ipywidgets.widgets.widget._instances),
    "failures": [failure.error for failure in failures],
}))
"""


@pytest.mark.parametrize("times", [50, pytest.param(1000, marks=pytest.mark.soak)])
def test_re_runs_of_a_server_cell_add_nothing_and_the_last_server_answers(tmp_path: Path, times: int) -> None:
    with learner(tmp_path, cell=CELL, count=COUNT, last="await ask(path)") as room:
        room.run("first")
        for _ in range(3):  # the first runs make what every later one replaces
            room.run("serve", "cell")
        before = json.loads(room.run("count"))
        assert before["servers"] == ["hello", "tap"]
        for _ in range(times):
            assert "Error" not in room.run("serve")
            assert "2 running" in room.run("cell")
        assert json.loads(room.run("count")) == before
        assert room.run("last") == "b'hello'"


HOLDS = """
async def holds(reader, writer):
    try:
        await asyncio.sleep(1000)
    finally:
        print("now")
        await asyncio.sleep(1000)
held = await listen(holds)
_, writer = await asyncio.open_connection(*held.address)
await asyncio.sleep(0.05)
"""

SLOW = """
async def slow(starting):
    made = await starting
    print("now")
    await asyncio.sleep(1000)
    return made
"""

PANEL = """
from patterns.lab import Panel
async def drive(panel):
    try:
        started(panel)
        await asyncio.sleep(1000)
    finally:
        print("now")
        await asyncio.sleep(1000)
"""

MOMENTS = {
    "a server starts": SLOW + 'await keep("slow", slow(listen(hello)))',
    "a server stops": HOLDS + "await held.stop()",
    "a server is replaced": HOLDS
    + 'async def start(): return held\nawait keep("held", start())\nawait keep("held", listen(hello))',
    "a tap is made": SLOW + 'from patterns.wire.tap import tap\nawait keep("tap", slow(tap(server.address)))',
    "the clock jumps in a thread": """
from patterns.cost.autojump import elsewhere
async def for_ever():
    async with await listen(hello) as there:
        print("now")
        while True:
            await ask(there)
            await asyncio.sleep(1)
await elsewhere(for_ever)
""",
    "a panel starts": PANEL
    + "def started(panel): print('now')\nawait Panel('p', {}, drive, x_label='', y_label='').start()",
    "a panel stops": PANEL
    + """
def started(panel): pass
panel = Panel("p", {}, drive, x_label="", y_label="")
panel.start()
await asyncio.sleep(0.05)
await panel.stop()
""",
}

EVERY_DAY = {"a server starts", "the clock jumps in a thread", "a panel stops"}
"""A restart takes some seconds, so the other moments are for `make soak`."""

WITNESS = """
class Witness:
    address = "127.0.0.1:1"
    def __init__(self, path): self.path = path
    async def stop(self):
        await asyncio.sleep(0.01)
        open(self.path, "w").write("stopped")
async def witness(path): return Witness(path)
"""


class Room:
    """A kernel that is restarted in the middle of a cell."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient, folder: Path) -> None:
        self.manager, self.client, self.folder = manager, client, folder

    def run(self, source: str, until: str = "") -> str:
        """Run a cell to its end, or until it has printed `until`; what it printed, and its error."""
        number = self.client.execute(source)
        said = ""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                message: Any = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != number:
                continue
            content = message["content"]
            said += content.get("text", "") + content.get("evalue", "")
            if until and until in said:
                return said
            if content.get("execution_state") == "idle":
                assert not until, f"the cell ended before its bad moment: {said}"
                return said
        raise AssertionError(f"the cell did not end: {said}")

    def restart(self) -> None:
        self.manager.restart_kernel(now=False)
        self.client.wait_for_ready(timeout=60)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("restarts")
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    try:
        yield Room(manager, client, folder)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    "moment", [moment if moment in EVERY_DAY else pytest.param(moment, marks=pytest.mark.soak) for moment in MOMENTS]
)
def test_a_restart_at_a_bad_moment_stops_every_server_and_the_cells_run_again(room: Room, moment: str) -> None:
    stopped = room.folder / moment
    witness = f'await keep("witness", witness({str(stopped)!r}))\nprint(os.getpid(), *server.address)'
    pid, host, port = room.run(FIRST + SERVE + WITNESS + witness).split()[-3:]
    children = psutil.Process(int(pid)).children(recursive=True)
    room.run(MOMENTS[moment], until="now")
    room.restart()
    assert stopped.read_text() == "stopped", "the servers were stopped before the kernel ended"
    for process in (int(pid), *(child.pid for child in children)):
        assert not psutil.pid_exists(process)
    with socket.socket() as attempt:
        assert attempt.connect_ex((host, int(port))) != 0, "somebody still listens"
    again = room.run(FIRST + SERVE + "print(await ask(server), failures)")
    assert again.endswith("b'hello' []\n")
