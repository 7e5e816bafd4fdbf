"""The race and the advice as panels: they draw, they start again when a slider moves, they leave nothing."""

from __future__ import annotations

import asyncio
import re

import pytest

from patterns.cost.model.choice import System
from patterns.lab.panel import Panel
from patterns.lab.race.advice import advice, measured, system_panel
from patterns.lab.race.panel import race_panel

pytestmark = pytest.mark.limit_s(120)


async def drawn(panel: Panel, pattern: str) -> str:
    """The panel's picture, once it matches."""
    for _ in range(10_000):
        if re.search(pattern, panel.diagram.value):
            return str(panel.diagram.value)
        await asyncio.sleep(0.1)
    raise AssertionError(f"expected {pattern!r} in the picture, got {panel.diagram.value[:500]}")


def dial(panel: Panel, description: str):
    (dials,) = [child for child in panel.widget.children if "bcp-dials" in child._dom_classes]
    return next(control for control in dials.children if control.description == description)


async def test_the_race_is_drawn_with_table_and_plots_and_again_when_a_slider_moves() -> None:
    panel = race_panel("A short race", minutes=3)
    panel.start()
    first = await drawn(panel, "for 5 clients in 0.05 h")
    assert first.count("<svg") == 4
    assert "expected" in first
    dial(panel, "clients").value = 2
    assert "for 2 clients in 0.05 h" in await drawn(panel, "for 2 clients")
    await panel.stop()


async def test_a_race_without_events_has_no_ages_to_plot() -> None:
    panel = race_panel("A race without events", minutes=3)
    dial(panel, "events an hour").value = 0
    panel.start()
    assert (await drawn(panel, "0 events for 5 clients")).count("<svg") == 1
    await panel.stop()


async def test_a_system_is_advised_at_once_and_then_measured_and_anew_when_it_changes() -> None:
    panel = system_panel("A system")
    panel.start()
    picture = await drawn(panel, "Measured: one client")
    assert "the client sets the pace" in picture or "bring nothing" in picture
    dial(panel, "some are slow at times").value = True
    assert "too slow has to be dealt with" in await drawn(panel, "too slow has to be dealt with")
    await panel.stop()


async def test_what_would_take_too_long_is_said_not_raced() -> None:
    found = str(await measured(System(events_an_hour=60, staleness_s=0.01, rtt_s=0.001)))
    assert re.search(r"short polling +too many to race", found)
    assert re.search(r"^push +\d", found, flags=re.MULTILINE)


def test_the_advice_is_a_table_with_the_best_first() -> None:
    lines = str(advice(System(events_an_hour=6, staleness_s=1, clients=10_000_000, away=True))).splitlines()
    assert lines[0].startswith("For each client; all 10,000,000 together: ")
    assert lines[2].startswith("long polling")
