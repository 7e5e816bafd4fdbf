"""What a timer costs: the counting by a clock that is ours, and the process it is done in."""

from __future__ import annotations

import asyncio
import gc
import itertools

import psutil
import pytest

from patterns.cost.process import HasEnded
from patterns.cost.timers import LOOK_EVERY, TIMERS, Timers, measure, timer_cost

STANDING, SAMPLE = 50, 2 * LOOK_EVERY


def counted(on: str):
    """Measured with a clock that is a second further each time it is asked."""
    return measure(on, STANDING, sample=SAMPLE, clock=itertools.count().__next__)


@pytest.mark.parametrize("on", TIMERS)
def test_what_is_timed_are_the_steps_the_longest_turn_and_what_is_left_for_later(on: str) -> None:
    cost = counted(on)
    looks = SAMPLE // LOOK_EVERY
    assert (cost.on, cost.standing) == (on, STANDING)
    assert cost.step_us == pytest.approx(1e6 * (1 + 2 * looks) / SAMPLE)
    assert cost.later_us == pytest.approx(1e6 / SAMPLE)
    assert cost.in_all_us == cost.step_us + cost.later_us
    assert cost.sweep_ms == 1e3


def test_the_wheel_keeps_what_stands_the_heap_all_that_was_ever_set_and_call_later_something_between() -> None:
    kept = {on: counted(on).kept for on in TIMERS}
    assert kept["wheel"] == STANDING
    assert kept["heap"] == STANDING + SAMPLE
    assert STANDING <= kept["call_later"] < STANDING + SAMPLE


@pytest.mark.parametrize("make", TIMERS.values(), ids=TIMERS)
def test_as_many_stand_as_were_set(make: type[Timers]) -> None:
    timers = make()
    entries = [timers.set(due_ms) for due_ms in (600_000, 600_001, 900_000)]
    assert timers.standing() == 3
    timers.cancel(entries[1])
    timers.be_rid_of(1)
    assert timers.standing() in (2, 3)
    if hasattr(timers, "loop"):
        timers.loop.close()


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_is_as_it_was(collects: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        counted("wheel")
        assert gc.isenabled() == collects
    finally:
        (gc.enable if was else gc.disable)()


@pytest.mark.parametrize(("on", "standing"), [("sundial", 10), ("wheel", 0)])
@pytest.mark.real_clock
async def test_what_is_not_there_is_named(on: str, standing: int) -> None:
    expected = f"expected one of wheel, heap, call_later, and 1 timer or more, got '{on}' and {standing}"
    with pytest.raises(ValueError, match=expected):
        measure(on, standing)
    with pytest.raises(ValueError, match=expected):
        await timer_cost(on, standing)


@pytest.mark.real_clock
async def test_it_is_measured_in_a_process_that_ends_with_it() -> None:
    cost = await timer_cost("heap", 100)
    assert (cost.on, cost.standing, cost.kept) == ("heap", 100, 20_100)
    assert min(cost.step_us, cost.later_us) > 0
    assert not children()


@pytest.mark.real_clock
async def test_whoever_does_not_want_to_wait_leaves_no_process() -> None:
    asked = asyncio.create_task(timer_cost("heap", 10_000_000))
    await begun()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not children()


@pytest.mark.real_clock
async def test_a_process_that_ends_without_a_figure_is_an_error_with_its_name() -> None:
    asked = asyncio.create_task(timer_cost("heap", 10_000_000))
    (child,) = await begun()
    child.kill()
    with pytest.raises(HasEnded, match="the process of 10,000,000 timers ended with status -9"):
        await asked


async def begun() -> list[psutil.Process]:
    while not (found := children()):  # noqa: ASYNC110  # the system tells nobody of a child
        await asyncio.sleep(0)
    return found


def children() -> list[psutil.Process]:
    """Of this process, as far as they measure timers."""
    return [child for child in psutil.Process().children() if "patterns.cost.timers" in " ".join(child.cmdline())]
