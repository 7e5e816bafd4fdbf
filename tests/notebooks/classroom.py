"""A kernel with a notebook open in it, and a learner who runs its cells: in order, out of order, interrupted.

The learner sees what a cell shows and nothing else, so everything is judged by outputs: an error, a warning,
text on standard error. Before the first cell the classroom notes which sockets the kernel has of its own;
`leave()` is the hidden last cell, which finds what the notebook lost or left behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import nbformat
from nbclient import NotebookClient

PATIENCE_S = 120  # real seconds that one cell may take
STOP_WITHIN_S = 5  # and for which it may go on after the stop button

ARRIVE = """
import warnings as _warnings
_warnings.simplefilter("always")
def _sockets():
    import psutil
    from contextlib import suppress
    return {(s.laddr, s.status) for s in psutil.Process().net_connections("inet") if s.laddr}
_before = _sockets()
_own_ports = {address.port for address, status in _before if status == "LISTEN"}
"""

# What runs in the kernel that is not ours: the machinery of Jupyter itself.
LEAVE = """
import asyncio as _asyncio, gc as _gc, sys as _sys
def _tasks():
    jupyters = ("ipykernel", "IPython", "tornado", "zmq", "jupyter_client")
    for task in _asyncio.all_tasks() - {_asyncio.current_task()}:
        code = getattr(task.get_coro(), "cr_code", None)
        if not (code and any(f"/{name}/" in code.co_filename for name in jupyters)):
            yield repr(task)
if "patterns.lab.kernel" in _sys.modules:
    _kernel = _sys.modules["patterns.lab.kernel"]
    assert _kernel.failures == [], f"failures in the background: {_kernel.failures}"
    await _kernel.stop_all()
await _asyncio.sleep(0.05)
_gc.collect()
await _asyncio.sleep(0)
_left = sorted(_tasks())
assert not _left, f"tasks left: {_left}"
_left = sorted(s for s in _sockets() - _before if s[0].port not in _own_ports)
assert not _left, f"sockets left: {_left}"
"""

# Every panel of the notebook in turn: started, its controls moved anywhere at any time, the kernel busy, stopped.
PLAY = """
async def _play(chance, panel, until_s):
    import asyncio, time
    dials = panel.widget.children[1].children
    while time.monotonic() < until_s:
        panel.start()
        for _ in range(chance.randrange(8)):
            await asyncio.sleep(chance.random() * chance.choice((0, 0.02, 0.2, 1)))
            if dials:
                _move(chance, chance.choice(dials))
        if chance.random() < 0.3:
            time.sleep(chance.random() * 0.3)
        await panel.stop()

def _move(chance, dial):
    if hasattr(dial, "click"):
        dial.click()
    elif hasattr(dial, "options"):
        dial.index = chance.randrange(len(dial.options))
    elif hasattr(dial, "step"):
        dial.value = dial.min + chance.randint(0, round((dial.max - dial.min) / dial.step)) * dial.step
    else:
        dial.value = not dial.value

async def _play_with_all(seed, for_s):
    import random, sys, time
    if (panel := sys.modules.get("patterns.lab.panel")) is not None:
        for one in tuple(panel._panels.values()):
            await _play(random.Random(f"{one.title} {seed}"), one, time.monotonic() + for_s)
        kernel = sys.modules["patterns.lab.kernel"]
        assert kernel.failures == [], f"failures in the background: {kernel.failures}"
"""

# What an interrupted cell lost sight of complains when it is collected, now or in a later cell.
COLLECT = """
import asyncio as _asyncio, gc as _gc
_gc.collect()
await _asyncio.sleep(0)
"""

# Of the ports that were free when Jupyter chose them another process may have taken one before the kernel did. Without
# a heartbeat, to which nobody listens here, the kernel works as ever.
PORT_TAKEN = re.compile(
    r"Exception in thread Heartbeat:\n(?:(?!Exception in thread).)*?Address already in use \(addr='tcp://[^']*'\)\n?",
    re.DOTALL,
)


class Outcome(NamedTuple):
    """What a cell showed, as far as it is a complaint. `error` is the exception's name, `said` its text."""

    cell: str
    error: str = ""
    said: str = ""
    stderr: str = ""
    took_s: float = 0.0

    @property
    def complaint(self) -> str:
        """One line, or nothing when the cell ran as it should."""
        if self.error:
            return f"cell {self.cell}: {self.error}: {self.said}"
        return f"cell {self.cell} wrote to standard error: {self.stderr}" if self.stderr else ""


class _Client(NotebookClient):
    """Says when the kernel has begun with a cell: what is sent to it before that may be lost."""

    begun: Callable[[], object] = staticmethod(lambda: None)

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        if msg["msg_type"] == "execute_input":
            self.begun()
        return super().process_message(msg, cell, cell_index)


class Classroom:
    """`with Classroom(notebook) as room:` a fresh kernel, started in the notebook's folder as Lab does."""

    def __init__(self, notebook: Path) -> None:
        self.notebook = nbformat.read(notebook, as_version=4)
        self.under = dict(_cells_under_headings(self.notebook))  # cell id -> the heading it stands under
        self.code = [cell["id"] for cell in self.notebook.cells if cell.cell_type == "code"]
        self.ran: set[str] = set()
        self._numbers = {cell["id"]: number for number, cell in enumerate(self.notebook.cells)}
        self.notebook.cells.append(nbformat.v4.new_code_cell(id="hidden"))
        self._folder = notebook.parent
        self._exit = contextlib.ExitStack()

    def __enter__(self) -> Classroom:
        self._client = _Client(
            self.notebook,
            timeout=PATIENCE_S,
            allow_errors=True,
            extra_arguments=["--Application.log_level=ERROR"],
            resources={"metadata": {"path": str(self._folder)}},
        )
        self._log = self._exit.enter_context(tempfile.TemporaryFile("w+"))
        self._client.create_kernel_manager()
        for tries_left in (2, 1, 0):
            try:
                self._client.start_new_kernel(cwd=str(self._folder), stderr=self._log)
                self._client.start_new_kernel_client()
                break
            except RuntimeError:
                self._log.seek(0)
                if "Address already in use" not in (log := self._log.read()) or not tries_left:
                    raise RuntimeError(f"expected a kernel, but it died: {log}") from None
                self._log.truncate(0)
        assert not (complaint := self._hidden(ARRIVE).complaint), complaint
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client._cleanup_kernel()
        self._exit.close()

    def run(self, cell: str) -> Outcome:
        """Run the cell of this id."""
        outcome = self._execute(self._numbers[cell])
        if not outcome.error:
            self.ran.add(cell)
        return outcome

    def run_all(self) -> list[Outcome]:
        """Run the code cells from the top, up to the first error, as Lab does; what each showed."""
        outcomes = []
        for cell in self.code:
            outcomes.append(self.run(cell))
            if outcomes[-1].error:
                break
        return outcomes

    def run_and_interrupt(self, cell: str, after_s: float) -> Outcome:
        """Run the cell, and press the stop button so long after its begin. If it is done by then it is only run."""
        pid = self._client.km.provisioner.pid
        stop_button = threading.Timer(after_s, os.kill, (pid, signal.SIGINT))
        self._client.begun = stop_button.start
        try:
            outcome = self.run(cell)
        finally:
            self._client.begun = lambda: None
            stop_button.cancel()
            if stop_button.ident is not None:
                stop_button.join()
        if outcome.error in {"KeyboardInterrupt", "CancelledError"}:
            late_s = outcome.took_s - after_s
            error = "" if late_s < STOP_WITHIN_S else f"stopped {late_s:.0f} s after the stop button"
            outcome = outcome._replace(error=error, said="")
        return outcome._replace(stderr=outcome.stderr + self._hidden(COLLECT).complaint)

    def play_with_all_panels(self, seed: int, for_s: float) -> str:
        """Each panel for so many seconds, as wildly as nobody would; what failed, or nothing."""
        return self._hidden(f"{PLAY}\nawait _play_with_all({seed}, {for_s})").complaint

    def leave(self) -> list[str]:
        """The hidden last cell: what was lost or left behind, as complaints."""
        complaint = self._hidden(LEAVE).complaint
        self._log.seek(0)
        log = PORT_TAKEN.sub("", self._log.read()).strip()
        return [line for line in (complaint, log and f"the kernel's own log: {log}") if line]

    def _hidden(self, source: str) -> Outcome:
        self.notebook.cells[-1].source = source
        return self._execute(len(self.notebook.cells) - 1)

    def _execute(self, number: int) -> Outcome:
        cell = self.notebook.cells[number]
        started = time.monotonic()
        self._client.execute_cell(cell, number)
        took_s = time.monotonic() - started
        errors = [(output.ename, output.evalue) for output in cell.outputs if output.output_type == "error"]
        error, said = errors[0] if errors else ("", "")
        stderr = "".join(output.text for output in cell.outputs if output.get("name") == "stderr")
        return Outcome(cell["id"], error, said, stderr, took_s)


def _cells_under_headings(notebook: Any) -> Iterator[tuple[str, str]]:
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield cell["id"], heading
        else:
            prose = re.sub(r"^```.*?^```", "", cell.source, flags=re.MULTILINE | re.DOTALL)
            heading = next(reversed(re.findall(r"^#+ +(.+?)\s*$", prose, flags=re.MULTILINE)), heading)
