"""How long the loop was blocked, and by what: a heartbeat that notices when it is late, and a thread that looks.

The problem: while one callback computes, nobody is served, and nothing in the program can say so: whoever
could is waiting, too. asyncio's own debug mode can, but it slows every callback down and so changes what it
measures.
The assumption: a timer of the loop is as late as the loop was blocked when it was due; and another thread can
look at a stack at any time, also at that of a thread that is at work.
The bargain: 200 beats a second, some 20 µs each. A block may have begun up to one beat, 5 ms, before the timer
was due, so it lasted up to so much longer than is said. What holds Python's lock from beginning to end (a
collection of garbage, a function in C) cannot be looked at; of the two, the first reports itself.
"""

import asyncio
import gc
import re
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from types import FrameType
from typing import Any

from patterns.lab.style import escape

BEAT_S = 0.005
LOOK_S = 0.02
"""How often the thread looks at the loop, and from which lateness on it notes the stack."""
RECENT_S = 10.0
MOST_S = 0.05
"""What a lesson asks of itself: a longer block is named to the learner."""

_CELL = re.compile(r"ipykernel_\d+|<ipython-input-|<cell>")


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch in which the loop did not run: its length, its end (`time.perf_counter`), and what ran instead."""

    seconds: float
    until_s: float
    by: str = ""


class Pulse:
    """Beats on the running loop between `start` and `stop`; keeps the longest block, and the longest of late."""

    def __init__(self) -> None:
        self.longest = Block(0.0, 0.0)
        self._recent: deque[Block] = deque()  # each shorter than the one before it: the first is the longest
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = 0.0
        self._seen = ""  # what the thread saw while the next beat was overdue
        self._collected = Block(0.0, 0.0)
        self._stopped = threading.Event()

    @property
    def blocked_s(self) -> float:
        """The longest block since `start`, in seconds."""
        return self.longest.seconds

    @property
    def lately_s(self) -> float:
        """The longest block that ended within the last 10 s, in seconds."""
        self._forget(time.perf_counter())
        return self._recent[0].seconds if self._recent else 0.0

    def start(self) -> None:
        """Begin, from nothing, on the loop that runs here."""
        self.stop()
        self.longest = Block(0.0, 0.0)
        self._recent.clear()
        self._stopped = threading.Event()
        self._beat_again(asyncio.get_running_loop())
        gc.callbacks.append(self._on_collection)
        looks = threading.Thread(
            target=self._look, args=(threading.get_ident(), self._stopped), name="pulse", daemon=True
        )
        looks.start()

    def stop(self) -> None:
        """End; what was measured stays. To stop twice is allowed."""
        self._stopped.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            gc.callbacks.remove(self._on_collection)

    def _beat_again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due_s = time.perf_counter() + BEAT_S
        self._timer = loop.call_later(BEAT_S, self._beat, loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        now_s = time.perf_counter()
        self.note(now_s - self._due_s, now_s)
        self._beat_again(loop)

    def note(self, late_s: float, now_s: float) -> None:
        """A beat came so late, now. A few milliseconds are the timer's own grain, and are not kept."""
        by, self._seen = self._seen, ""
        if late_s < BEAT_S:
            return
        if self._collected.until_s > now_s - late_s - BEAT_S and self._collected.seconds > late_s / 2:
            by = "Python's collection of garbage"
        block = Block(late_s, now_s, by)
        self._forget(now_s)
        while self._recent and self._recent[-1].seconds <= late_s:
            self._recent.pop()
        self._recent.append(block)
        if late_s > self.longest.seconds:
            self.longest = block

    def _forget(self, now_s: float) -> None:
        while self._recent and self._recent[0].until_s < now_s - RECENT_S:
            self._recent.popleft()

    def _look(self, thread: int, stopped: threading.Event) -> None:
        while not stopped.wait(LOOK_S):
            if time.perf_counter() - self._due_s > LOOK_S and (frame := sys._current_frames().get(thread)) is not None:
                self._seen = culprit(frame)

    def _on_collection(self, phase: str, info: dict[str, Any]) -> None:
        now_s = time.perf_counter()
        if phase == "start":
            self._collecting_s = now_s
        else:
            self._collected = Block(now_s - self._collecting_s, now_s)


def warning(block: Block) -> str:
    """What the learner is told of a block over 50 ms, as HTML; nothing of a shorter one."""
    if block.seconds <= MOST_S:
        return ""
    by = f" by <b>{escape(block.by)}</b>" if block.by else ""
    return (
        f'<div class="bcp-note part" role="status" data-testid="loop-blocked">The loop was blocked for '
        f"{block.seconds * 1000:.0f} ms{by}. For so long this notebook served nobody: a time measured meanwhile "
        "is too long by up to as much.</div>"
    )


def culprit(frame: FrameType) -> str:
    """Who holds the loop, by the stack of its thread: the cell's line, or ours, or else the callback's.

    A loop that waits in its selector holds nothing up: then the machine had no processor for it.
    """
    if frame.f_code.co_name == "select" and frame.f_code.co_filename.endswith("selectors.py"):
        return "nothing in this notebook: the machine was busy elsewhere"
    stack: list[FrameType] = []
    at: FrameType | None = frame
    while at is not None and not _is_the_loop(at):
        stack.append(at)
        at = at.f_back
    for one in stack:
        if _CELL.search(one.f_code.co_filename):
            name = one.f_code.co_name
            return f"line {one.f_lineno} of a cell" + ("" if name.startswith("<module") else f", in {name}()")
    ours = next((one for one in stack if "/patterns/" in one.f_code.co_filename), None)
    one = ours or (stack[-1] if stack else frame)
    path = "/".join(one.f_code.co_filename.split("/")[-3:])
    return f"{one.f_code.co_qualname}() in {path}, line {one.f_lineno}"


def _is_the_loop(frame: FrameType) -> bool:
    return frame.f_code.co_filename.endswith(("asyncio/events.py", "asyncio/base_events.py"))
