"""The watchdog: a loop that is held up is caught at the line that holds it."""

from __future__ import annotations

import asyncio
import re
import threading
import time

import pytest

from patterns.sync_async import watchdog

pytestmark = pytest.mark.real_clock


def hold(until: threading.Event) -> None:
    until.wait(30)  # the line at fault


async def test_the_line_that_holds_the_loop_is_found() -> None:
    async with watchdog(0.02) as found:
        await asyncio.sleep(0)
        seen = threading.Event()

        def let_go_when_seen() -> None:
            while not found:
                time.sleep(0.001)
            seen.set()

        threading.Thread(target=let_go_when_seen, daemon=True).start()
        hold(seen)
        await asyncio.sleep(0.05)
        (held, *_) = found
    here = [frame for frame in held.stack if frame.name == "hold"]
    assert [frame.line for frame in here] == ["until.wait(30)  # the line at fault"]
    assert held.line.startswith("wait, line ")  # innermost: threading's own
    assert held.seconds > 0.02


async def test_a_loop_that_waits_is_not_held() -> None:
    async with watchdog(5) as found:
        await asyncio.sleep(0.01)
    assert found == []


async def test_a_limit_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("expected limit_s above 0, got 0")):
        async with watchdog(0):
            pass
