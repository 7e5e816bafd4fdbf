"""The lab in a real kernel: what a learner sees in the cells, and what is left when the kernel goes."""

from pathlib import Path

import pytest
from learner import INTERRUPT, learner


def test_a_lesson_opens_quietly_and_its_servers_are_listed_and_replaced(tmp_path: Path) -> None:
    with learner(
        tmp_path,
        listed="servers()",
        answer="await ask(server)",
        old="print(server.address.port)",
        taken="await ask(before)",
        remember="before = server",
    ) as room:
        opened = room.run("first")
        assert "Lesson lesson is open · Python 3." in opened
        assert 'data-testid="lesson-open"' in opened
        assert room.run("serve", "answer") == "b'hello'"
        assert "1 running" in room.run("listed")
        first_port = room.run("remember", "old")
        room.run("first", "serve")
        assert room.run("old") != first_port
        assert "ConnectionRefusedError" in room.run("taken")
        assert room.run("answer") == "b'hello'"
        assert room.run("listed").count('data-testid="server-hello"') == 1


def test_failures_nobody_awaits_are_shown_in_the_cell_that_caused_them(tmp_path: Path) -> None:
    with learner(
        tmp_path,
        task="""
async def feed():
    raise ValueError("expected an offset, got a smile")
background(feed(), name="feed")
await asyncio.sleep(0.2)
""",
        dropped="""
async def dropped():
    {}["nobody looks"]
def start():
    asyncio.ensure_future(dropped())
start()
await asyncio.sleep(0.2)
import gc; gc.collect()
await asyncio.sleep(0)
""",
        handler="""
async def breaks(reader, writer):
    raise LookupError("no such book")
broken = await keep("broken", listen(breaks))
await ask(broken)
await asyncio.sleep(0.1)
""",
        thread="threading.Thread(target=lambda: 1 / 0, name='worker').start(); await asyncio.sleep(0.2)",
        press="""
button = ipywidgets.Button(description="Send")
async def send(): raise OSError("path is cut")
on_click(button, send)
threading.Thread(target=button.click).start()  # as a subshell would
await asyncio.sleep(0.2)
""",
        listed="print([failure.error for failure in failures])",
    ) as room:
        room.run("first", "serve")
        for cell, where, error in [
            ("task", "background task “feed”", "ValueError: expected an offset, got a smile"),
            ("dropped", "dropped()", "KeyError: &#x27;nobody looks&#x27;"),
            ("handler", "breaks, listening on 127.0.0.1:", "LookupError: no such book"),
            ("thread", "thread worker", "ZeroDivisionError: division by zero"),
            ("press", "button “Send”", "OSError: path is cut"),
        ]:
            seen = room.run(cell)
            assert seen.count('data-testid="failures"') == 1, cell
            assert where in seen
            assert error in seen
            assert "In a cell, line " in seen
        assert room.run("listed").count("'") + room.run("listed").count('"') >= 10


def test_a_cell_run_too_early_says_which_one_to_run(tmp_path: Path) -> None:
    with learner(
        tmp_path,
        early="await ask(server)",
        misspelt="servr",
        inside="def use():\n    return server\nuse()",
        library="import json\njson.loads('[', object_hook=nothing)",
        itself="print(mine)\nmine = 1",
    ) as room:
        assert "NameError" in room.run("early"), "before the first cell nothing can be explained"
        room.run("first")
        said = (
            "RunFirst: “server” is made by the cell under the heading “About serve” (cell serve). Run that one first.\n"
        )
        assert room.run("early").replace("“ask”", "“server”") == said
        error = room.client.nb.cells[room.number["early"]].outputs[0]
        assert len(error.traceback) == 1
        assert room.run("inside") == said
        assert room.run("misspelt") == "NameError: name 'servr' is not defined\n"
        assert room.run("library") == "NameError: name 'nothing' is not defined\n"
        assert room.run("itself") == "NameError: name 'mine' is not defined\n"
        assert room.run("serve", "early") == "b'hello'"


def test_the_kernel_s_reply_names_the_explained_error_too(tmp_path: Path) -> None:
    from nbclient.exceptions import CellExecutionError

    with learner(tmp_path, early="print(server)") as room:
        room.run("first")
        room.client.allow_errors = False
        with pytest.raises(CellExecutionError) as failed:
            room.run("early")
        assert failed.value.ename == "RunFirst"


def test_an_interrupt_while_a_server_starts_leaves_the_old_one_gone_and_none_half_started(tmp_path: Path) -> None:
    with learner(
        tmp_path,
        slow=INTERRUPT
        + """
async def slow():
    made = await listen(hello)
    print(made.address.port)
    await asyncio.sleep(0.5)
    return made
await keep("hello", slow())
""",
        nap=INTERRUPT
        + """
before_s = asyncio.get_running_loop().time()
try:
    await asyncio.sleep(30)
finally:
    print(f"interrupted after {asyncio.get_running_loop().time() - before_s:.0f} s")
""",
        after="await asyncio.sleep(1); servers()",
        open="""
import psutil
from contextlib import suppress
[c.laddr.port for c in psutil.Process().net_connections() if c.status == "LISTEN" and c.laddr.port == port]
""",
        port="port = server.address.port",
    ) as room:
        room.run("first", "serve")
        assert room.run("nap").startswith("interrupted after 0 s\nCancelledError"), "at once, though the loop slept"
        assert "1 running" in room.run("after"), "an interrupt elsewhere leaves servers alone"
        assert "CancelledError" in room.run("slow")
        assert "no servers running" in room.run("after")
        assert room.run("port", "open") == "[]"
        room.run("serve")
        assert "1 running" in room.run("after")


def test_the_stop_button_ends_what_holds_the_loop_up_and_the_kernel_lives_on(tmp_path: Path) -> None:
    spin = """
async def spins():
    reader = asyncio.StreamReader()
    reader.feed_eof()
    while True:
        await reader.read(1)                      # b"" at once, for ever
"""
    with learner(
        tmp_path,
        computes=INTERRUPT + "await asyncio.sleep(0)\nwhile True:\n    pass",
        sleeps=INTERRUPT + "import time\nawait asyncio.sleep(0)\ntime.sleep(30)",
        spins=INTERRUPT + spin + "await spins()",
        beside=INTERRUPT + spin + "spinning = asyncio.create_task(spins())\nawait asyncio.sleep(30)",
        beside_ended="print(spinning.cancelled())",
        takes_its_time=INTERRUPT
        + """
try:
    await asyncio.sleep(30)
finally:
    for _ in range(25):
        await asyncio.sleep(0.1)
    print("and ended well")
""",
        in_step=INTERRUPT + "while True:\n    pass",
        after="servers()",
    ) as room:
        room.run("first", "serve")
        for cell in ("computes", "sleeps", "spins"):
            assert room.run(cell) == "CancelledError: stopped: the loop had not turned for 2 s\n", cell
        assert room.run("beside") == "CancelledError: \n"
        assert room.run("beside_ended") == "True\n"
        assert room.run("takes_its_time") == "and ended well\nCancelledError: \n"
        assert room.run("in_step").startswith("KeyboardInterrupt")
        assert "1 running" in room.run("after")


def test_the_kernel_s_shutdown_stops_every_server(tmp_path: Path) -> None:
    with learner(
        tmp_path,
        slow_to_stop="""
class Slow:
    address = "127.0.0.1:1"
    async def stop(self):
        await asyncio.sleep(0.1)
        open("stopped.txt", "w").write("yes")
async def start(): return Slow()
slow = await keep("slow", start())
""",
        never="""
class Never(Slow):
    async def stop(self):
        await asyncio.sleep(1000)
async def start(): return Never()
never = await keep("never", start())
""",
    ) as room:
        room.run("first", "slow_to_stop", "never")
    assert (tmp_path / "stopped.txt").read_text() == "yes"


def test_a_plain_function_may_run_a_coroutine_inside_a_cell(tmp_path: Path) -> None:
    with learner(
        tmp_path,
        plain="""
from patterns.lab import run
def title(number):
    return run(asyncio.sleep(0.01, f"book {number}"))
[title(number) for number in range(3)]
""",
        other='open_lesson("98_elsewhere")',
    ) as room:
        assert room.run("first", "plain") == "['book 0', 'book 1', 'book 2']"
        assert room.run("serve", "plain") == "['book 0', 'book 1', 'book 2']"
        assert "98_elsewhere.ipynb not found from here" in room.run("other"), "a lesson opens all the same"
