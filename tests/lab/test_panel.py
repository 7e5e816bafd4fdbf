"""The panel: started, stopped, failed, replaced; what it shows and how often."""

import asyncio
import re
import threading
from typing import Any

import ipywidgets
import pytest

from patterns.lab.kernel import Failure
from patterns.lab.panel import Panel


def made(drive: Any, title: str = "Round trips", **options: Any) -> Panel:
    dials = {"rate": ipywidgets.IntSlider(description="Requests a second", value=20)}
    options = {"x_label": "time (s)", "y_label": "latency (ms)", "series": ["new"], "numbers": ["requests"]} | options
    return Panel(title, dials, drive, **options)


def state(panel: Panel) -> tuple[str, bool, bool]:
    """What it says, whether Start can be pressed, whether Stop can."""
    (text,) = re.findall(r">([^<]+)</span>", panel.status.value)
    return text, not panel.start_button.disabled, not panel.stop_button.disabled


async def forever(panel: Panel) -> None:
    await asyncio.sleep(1000)


async def test_start_and_stop_are_pressed_in_turn() -> None:
    panel = made(forever)
    assert state(panel) == ("ready", True, False)
    panel.start_button.click()
    await asyncio.sleep(0.1)
    assert state(panel) == ("running", False, True)
    panel.stop_button.click()
    await asyncio.sleep(0.1)
    assert state(panel) == ("stopped", True, False)


async def test_stop_waits_for_drive_s_own_clean_up() -> None:
    happened = []

    async def drive(panel: Panel) -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(1)
            happened.append("cleaned up")

    panel = made(drive)
    panel.start()
    await asyncio.sleep(0.1)
    await panel.stop()
    assert happened == ["cleaned up"]
    assert state(panel) == ("stopped", True, False)


async def test_a_drive_that_does_not_stop_is_not_waited_for_for_ever() -> None:
    released = asyncio.Event()

    async def drive(panel: Panel) -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    panel = made(drive)
    task = panel.start()
    await asyncio.sleep(0.1)
    await panel.stop()
    assert state(panel) == ("still stopping after 3 s", True, False)
    released.set()
    await asyncio.wait([task])


async def test_drive_that_returns_is_finished_and_can_start_again() -> None:
    async def drive(panel: Panel) -> None:
        panel.point("new", len(panel._series["new"]), 1)

    panel = made(drive)
    for _ in range(2):
        await panel.start()
        assert state(panel) == ("finished", True, False)
        assert list(panel._series["new"]) == [(0.0, 1.0)], "a start begins from the beginning"


async def test_a_failure_is_shown_in_the_panel_and_kept(shown: list[Failure]) -> None:
    async def drive(panel: Panel) -> None:
        raise ValueError("expected <200>, got 503")

    panel = made(drive)
    await panel.start()
    assert state(panel) == ("failed", True, False)
    assert "This panel stopped: ValueError: expected &lt;200&gt;, got 503" in panel.failure.value
    assert 'role="alert"' in panel.failure.value
    assert [failure.where for failure in shown] == ["panel “Round trips”"]
    shown.clear()
    panel._drive = forever
    panel.start()
    assert panel.failure.value == "", "the next start takes the old failure away"
    await panel.stop()


async def test_a_panel_made_again_replaces_the_old_one() -> None:
    old = made(forever)
    task = old.start()
    await asyncio.sleep(0.1)
    new = made(forever)
    await asyncio.wait([task])
    assert task.cancelled()
    assert state(old) == ("replaced: its cell was run again", False, False)
    assert state(new) == ("ready", True, False)


async def test_a_panel_made_a_hundred_times_leaves_no_more_widgets_than_twice() -> None:
    made(forever), made(forever), made(forever)
    before = len(ipywidgets.widgets.widget._instances)
    for _ in range(100):
        made(forever)
    assert len(ipywidgets.widgets.widget._instances) == before


async def test_panels_of_different_titles_leave_each_other_alone() -> None:
    one, other = made(forever, "one", started=True), made(forever, "other", started=True)
    await asyncio.sleep(0.1)
    assert state(one)[0] == state(other)[0] == "running"
    await one.stop()
    await other.stop()


async def test_drive_sees_a_moved_slider_at_once() -> None:
    seen = []

    async def drive(panel: Panel) -> None:
        while True:
            seen.append(panel.values.rate)
            await asyncio.sleep(1)

    dial = ipywidgets.IntSlider(description="Rate", value=20)
    panel = Panel("Sliders", {"rate": dial}, drive, x_label="time (s)", y_label="y")
    panel.start()
    await asyncio.sleep(0.5)
    dial.value = 50
    await asyncio.sleep(1)
    await panel.stop()
    assert seen == [20, 50]


async def test_numbers_and_points_are_shown_and_described() -> None:
    async def drive(panel: Panel) -> None:
        panel.number("requests", "1,024 <b>")
        panel.point("new", 1, 40)
        panel.point("new", 2, 44)
        panel.picture("<svg>sequence</svg>")
        await asyncio.sleep(1)

    panel = made(drive)
    await panel.start()
    await asyncio.sleep(0.2)
    assert '<b data-testid="number-requests">1,024 &lt;b&gt;</b>' in panel.figures.value
    assert 'data-testid="number-loop-blocked-at-most"' in panel.figures.value
    assert "new: latest 44 at 2, between 40 and 44." in panel.plot.value
    assert panel.diagram.value == "<svg>sequence</svg>"


@pytest.mark.real_clock
async def test_a_thousand_points_a_second_make_at_most_ten_frames() -> None:
    panel = made(forever)
    frames, turns, draw = list[Any](), list[int](), panel._draw
    panel.plot.observe(frames.append, "value")
    panel._draw = lambda: (turns.append(1), draw())
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    while loop.time() - start_s < 0.5:
        panel.point("new", loop.time() - start_s, 1)
        await asyncio.sleep(0.0005)
    await asyncio.sleep(0.15)
    assert 3 <= len(frames) <= 7
    assert len(turns) <= 7, "nor is the loop bothered more often"
    turns.clear()
    await asyncio.sleep(0.25)
    assert turns == [], "nothing changed, nothing drawn"


async def test_a_picture_given_as_a_function_is_made_only_for_the_frames_that_show_it() -> None:
    made_for = list[int]()
    panel = made(forever)
    await asyncio.sleep(1)
    for n in range(1000):
        panel.picture(lambda n=n: made_for.append(n) or f"<svg>{n}</svg>")
    await asyncio.sleep(1)
    assert made_for in ([999], [0, 999])
    assert panel.diagram.value == "<svg>999</svg>"


async def test_a_picture_that_cannot_be_made_is_reported_once(shown: list[Failure]) -> None:
    panel = made(forever)
    panel.picture(lambda: {}["no such visit"])
    for n in range(3):
        panel.number("requests", n)
        await asyncio.sleep(1)
    assert [(failure.where, failure.error, failure.times) for failure in shown] == [
        ("the picture of panel “Round trips”", "KeyError: 'no such visit'", 1)
    ]
    shown.clear()


async def test_between_the_plot_and_the_picture_the_loop_runs() -> None:
    panel = made(forever)
    await asyncio.sleep(1)
    order = list[str]()
    loop = asyncio.get_running_loop()
    panel.plot.observe(lambda _: (order.append("plot"), loop.call_soon(order.append, "somebody is served")), "value")
    panel.diagram.observe(lambda _: order.append("picture"), "value")
    panel._frame_due = True  # both changes are for one frame
    panel.point("new", 1, 1)
    panel.picture("<svg>1</svg>")
    panel._draw()
    await asyncio.sleep(1)
    assert order == ["plot", "somebody is served", "picture"]


def test_what_takes_long_to_draw_is_drawn_less_often() -> None:
    panel = made(forever, "slow to draw")
    panel._began_s, panel._cost_s = 100.0, 0.0
    panel._took(0.004)
    assert panel._next_s == 100.1
    panel._took(0.046)
    assert panel._next_s == pytest.approx(100.25), "50 ms of drawing, a fifth of the time"


async def test_a_block_over_50_ms_is_told_beside_the_numbers() -> None:
    panel = made(forever)
    panel.pulse.note(0.0834, 1e9)
    panel.number("requests", 1)
    await asyncio.sleep(1)
    assert "The loop was blocked for 83 ms." in panel.held.value
    assert '<b data-testid="number-loop-blocked-at-most">83 ms</b>' in panel.figures.value
    assert '<b data-testid="number-in-the-last-10-s">83 ms</b>' in panel.figures.value


async def test_points_from_another_thread_are_drawn_on_the_loop() -> None:
    panel = made(forever)
    await asyncio.sleep(1)
    threads = set()
    panel.plot.observe(lambda change: threads.add(threading.get_ident()), "value")
    worker = threading.Thread(target=lambda: [panel.point("new", n, n) for n in range(100)])
    worker.start()
    worker.join()
    await asyncio.sleep(1)
    assert threads == {threading.get_ident()}
    assert "new: latest 99 at 99" in panel.plot.value


async def test_old_points_are_forgotten() -> None:
    panel = made(forever)
    for n in range(100_000):
        panel.point("new", n, n)
    await asyncio.sleep(1)
    assert len(panel._series["new"]) == 2000
    assert "between 98,000 and 99,999" in panel.plot.value


@pytest.mark.real_clock
async def test_a_blocked_loop_is_measured() -> None:
    async def drive(panel: Panel) -> None:
        await asyncio.sleep(0.05)
        threading.Event().wait(0.2)  # holds the loop, as a careless handler would
        await asyncio.sleep(0.05)

    panel = made(drive)
    await panel.start()
    assert 0.15 < panel.pulse.blocked_s < 0.4


async def test_an_unknown_series_is_refused_by_name() -> None:
    panel = made(forever)
    with pytest.raises(KeyError, match=r"expected one of the panel's series \(new\), got 'old'"):
        panel.point("old", 0, 0)


async def test_every_control_needs_a_description() -> None:
    with pytest.raises(ValueError, match="expected a description on every control, got none on rate"):
        Panel("Bare", {"rate": ipywidgets.IntSlider()}, forever, x_label="x", y_label="y")


async def test_more_lines_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 6 series, got 7; show fewer at once"):
        made(forever, series=list("abcdefg"))


async def test_a_panel_without_series_has_no_plot() -> None:
    panel = made(forever, series=[])
    panel.start()
    await asyncio.sleep(1)
    assert panel.plot.value == ""
    await panel.stop()
