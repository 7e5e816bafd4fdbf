"""The classroom itself: a notebook written to be at fault is caught, and for the right reason."""

from __future__ import annotations

from collections.abc import Iterator

import nbformat
import pytest
from classroom import PORT_TAKEN, Classroom

CELLS = {
    "fine": "x = 1\nx",
    # Or the stop button reaches a waiting loop only when something else wakes it.
    "listens": "import asyncio, signal\nasyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, lambda: None)",
    "wrong": "1 / 0",
    "warns": "import warnings\nwarnings.warn('old')",
    "slow": "import asyncio\nawait asyncio.sleep(60)",
    "after-slow": "x + 1",
    "leaves-a-task": "import asyncio\ntask = asyncio.ensure_future(asyncio.sleep(60))",
    "takes-it-along": "task.cancel()",
    "leaves-a-server": "import asyncio\nserver = await asyncio.start_server(print, '127.0.0.1', 0)",
    "stops-it": "server.close()\nawait server.wait_closed()",
    "loses-an-exception": "import asyncio\nasync def dies():\n    1 / 0\nlost = asyncio.ensure_future(dies())",
    "forgets-it": "del lost",
}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    notebook = nbformat.v4.new_notebook()
    text = "# Title\n\n## First things\n```\n# no heading\n```"
    notebook.cells = [nbformat.v4.new_markdown_cell(text, id="title")]
    notebook.cells += [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    path = tmp_path_factory.mktemp("notebooks") / "scratch.ipynb"
    nbformat.write(notebook, path)
    with Classroom(path) as room:
        yield room


def test_a_cell_that_runs_has_nothing_to_complain_of(room: Classroom) -> None:
    assert room.run("fine").complaint == ""
    assert room.under["fine"] == "First things"


def test_an_error_is_reported_by_name(room: Classroom) -> None:
    assert room.run("wrong").complaint == "cell wrong: ZeroDivisionError: division by zero"


def test_a_warning_is_a_complaint(room: Classroom) -> None:
    assert "UserWarning: old" in room.run("warns").complaint


def test_an_interrupted_cell_stops_and_the_next_one_runs(room: Classroom) -> None:
    room.run("fine")
    room.run("listens")
    assert room.run_and_interrupt("slow", after_s=0.2).complaint == ""
    assert room.run("after-slow").complaint == ""


def test_a_task_left_behind_is_found(room: Classroom) -> None:
    assert not room.leave()
    room.run("leaves-a-task")
    assert "tasks left: [" in room.leave()[0]
    room.run("takes-it-along")
    assert not room.leave()


def test_a_server_left_behind_is_found(room: Classroom) -> None:
    room.run("leaves-a-server")
    assert "sockets left: [(addr(ip='127.0.0.1'" in room.leave()[0]
    room.run("stops-it")
    assert not room.leave()


def test_a_lost_exception_is_found(room: Classroom) -> None:
    room.run("loses-an-exception")
    assert "ZeroDivisionError" in room.run("forgets-it").complaint


def test_a_heartbeat_without_a_port_is_no_complaint_and_what_stands_beside_it_is_one() -> None:
    taken = (
        "Exception in thread Heartbeat:\nTraceback (most recent call last):\n  File ...\n"
        "zmq.error.ZMQError: Address already in use (addr='tcp://127.0.0.1:39615')\n"
    )
    other = "Exception in thread pulse:\nOSError: [Errno 98] Address already in use\n"
    assert PORT_TAKEN.sub("", taken) == ""
    assert PORT_TAKEN.sub("", other + taken + other) == other + other
    another = "Exception in thread Heartbeat:\nValueError\n"
    assert PORT_TAKEN.sub("", another + taken) == another
