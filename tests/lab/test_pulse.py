"""The pulse: how long the loop was blocked, lately and at worst, and who blocked it."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable

import pytest

from patterns.lab.panel.pulse import BEAT_S, LOOK_S, RECENT_S, Block, Pulse, culprit, warning


def test_the_longest_block_is_kept_and_the_longest_of_late_is_forgotten_after_ten_seconds() -> None:
    pulse = Pulse()
    now_s = 1e9  # far after any real reading of the clock: nothing is forgotten before it is asked for
    for late_s, at_s in ((0.02, 0), (0.3, 1), (0.1, 5), (0.04, 6), (0.06, 9)):
        pulse.note(late_s, now_s + at_s)
    assert pulse.blocked_s == 0.3
    assert [block.seconds for block in pulse._recent] == [0.3, 0.1, 0.06]
    pulse.note(0.01, now_s + 1 + RECENT_S + 0.5)
    assert pulse.lately_s == 0.1
    assert pulse.blocked_s == 0.3


def test_a_beat_that_is_hardly_late_is_not_kept() -> None:
    pulse = Pulse()
    pulse.note(BEAT_S * 0.9, 1e9)
    assert (pulse.blocked_s, pulse.lately_s) == (0.0, 0.0)


def test_a_steady_hour_takes_no_memory() -> None:
    pulse = Pulse()
    for n in range(10_000):
        pulse.note(0.01 + (n % 7) / 1000, 1e9 + n)
    assert len(pulse._recent) <= RECENT_S + 1


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (Block(0.0, 0.0), ""),
        (Block(0.05, 0.0, "f()"), ""),
        (
            Block(0.0834, 0.0, "line 3 of a cell, in <f>()"),
            "The loop was blocked for 83 ms by <b>line 3 of a cell, in &lt;f&gt;()</b>. For so long this notebook "
            "served nobody: a time measured meanwhile is too long by up to as much.",
        ),
        (
            Block(1.2, 0.0),
            "The loop was blocked for 1200 ms. For so long this notebook served nobody: a time measured meanwhile "
            "is too long by up to as much.",
        ),
    ],
)
def test_a_block_over_50_ms_is_told_in_a_plain_sentence(block: Block, said: str) -> None:
    html = warning(block)
    assert html == "" if not said else f'data-testid="loop-blocked">{said}</div>' in html


def frame_in(filename: str, depth: int = 1) -> Callable[[], str]:
    """A function, compiled as if it stood in that file, that returns the culprit of its own stack."""
    source = "\n" * 3 + "def build(look):\n    return look()\n"
    names: dict[str, Callable[[Callable[[], str]], str]] = {}
    exec(compile(source, filename, "exec"), names)
    return lambda: names["build"](lambda: culprit(sys._getframe(depth)))


async def on_the_loop(work: Callable[[], str]) -> str:
    answer = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: answer.set_result(work()))
    return str(await answer)


@pytest.mark.parametrize(
    ("filename", "named"),
    [
        ("/tmp/ipykernel_77/123.py", "line 5 of a cell, in build()"),
        ("/opt/course/patterns/push/feed.py", "build() in patterns/push/feed.py, line 5"),
    ],
)
async def test_the_culprit_is_the_line_of_the_cell_or_of_the_course(filename: str, named: str) -> None:
    assert await on_the_loop(frame_in(filename)) == named


async def test_where_neither_is_at_work_the_callback_is_named() -> None:
    named = await on_the_loop(frame_in("/usr/lib/python3/site-packages/other/deep.py"))
    assert named.startswith("on_the_loop.<locals>.<lambda>() in tests/lab/test_pulse.py, line ")


def test_a_loop_that_waits_in_its_selector_blocks_nobody() -> None:
    names: dict[str, Callable[[Callable[[], str]], str]] = {}
    exec(compile("def select(look):\n    return look()", "/usr/lib/python3.11/selectors.py", "exec"), names)
    assert names["select"](lambda: culprit(sys._getframe(1))) == (
        "nothing in this notebook: the machine was busy elsewhere"
    )


@pytest.mark.real_clock
async def test_a_real_block_is_measured_and_the_line_that_blocked_is_named() -> None:
    pulse = Pulse()
    pulse.start()
    names: dict[str, Callable[[], None]] = {}
    source = "import threading\ndef careless():\n    threading.Event().wait(0.25)\n"
    exec(compile(source, "/tmp/ipykernel_1/1.py", "exec"), names)
    await asyncio.sleep(0.02)
    names["careless"]()
    await asyncio.sleep(0.02)
    pulse.stop()
    assert pulse.blocked_s > 0.25 - 2 * BEAT_S
    assert pulse.longest.by == "line 3 of a cell, in careless()"


@pytest.mark.real_clock
async def test_stopped_it_leaves_neither_a_timer_nor_a_thread_nor_a_callback() -> None:
    before = list(gc.callbacks)
    pulse = Pulse()
    for _ in range(3):
        pulse.start()
        pulse.stop()
        pulse.stop()
    assert gc.callbacks == before
    for thread in [thread for thread in threading.enumerate() if thread.name == "pulse"]:
        thread.join(50 * LOOK_S)
        assert not thread.is_alive()


@pytest.mark.real_clock
async def test_a_long_collection_of_garbage_reports_itself() -> None:
    pulse = Pulse()
    pulse.start()
    at_s = 1e9
    pulse._collected = Block(0.08, at_s - 0.01)
    pulse.note(0.09, at_s)
    pulse.stop()
    assert pulse.longest.by == "Python's collection of garbage"
