"""The race as a panel: set the rate, the clients, the interval, the time-out; it is run again when they change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import ipywidgets

from patterns.cost.race import Conditions, Finish, Racer, race
from patterns.cost.workload import poisson
from patterns.lab.figures import show
from patterns.lab.kernel import loop as lab_loop
from patterns.lab.panel import Panel
from patterns.lab.race import figures
from patterns.lab.race.racers import racers
from patterns.lab.race.standings import standings


def race_panel(title: str = "The race", *, minutes: int = 60) -> Panel:
    """A panel that races for `minutes` of virtual time, shows the standings and the plots, and waits for a change."""

    changed = asyncio.Event()
    controls = {
        "events_an_hour": ipywidgets.IntSlider(360, 0, 3600, 60, description="events an hour"),
        "clients": ipywidgets.IntSlider(5, 1, 20, description="clients"),
        "interval_s": ipywidgets.IntSlider(5, 1, 60, description="interval of short polling, s"),
        "wait_s": ipywidgets.IntSlider(30, 1, 120, description="time-out of long polling, s"),
        "delay_ms": ipywidgets.IntSlider(10, 0, 200, 5, description="delay one way, ms"),
    }

    for control in controls.values():
        control.observe(lambda _: lab_loop.call(changed.set), "value")  # from whichever thread the widget is heard

    async def drive(panel: Panel) -> None:
        while True:
            changed.clear()
            panel.picture(await _raced(panel, vars(panel.values).copy(), minutes * 60.0))
            await changed.wait()

    return Panel(
        title,
        controls,
        drive,
        x_label="",
        y_label="",
        numbers=["now racing", "done"],
    )


async def _raced(panel: Panel, chosen: dict[str, int], duration_s: float) -> str:
    """One race, its progress in the panel's numbers; the table and the plots as HTML."""
    events = poisson(chosen["events_an_hour"] / 3600, duration_s, seed=1)
    conditions = Conditions(tuple(events), chosen["clients"], duration_s, chosen["delay_ms"] / 1000, seed=1)
    runners = racers(interval_s=chosen["interval_s"], wait_s=chosen["wait_s"])

    def tell(name: str, share: float) -> None:
        panel.number("now racing", name)
        panel.number("done", f"{share:.0%}")

    finishes = await race(runners, conditions, progress=tell)
    panel.number("now racing", "–")
    return await asyncio.to_thread(_drawn, conditions, finishes, runners)


def _drawn(conditions: Conditions, finishes: Mapping[str, Finish], runners: Mapping[str, Racer]) -> str:
    """The standings and the plots, one below the other; drawn in a thread, so that the loop goes on."""
    hours = conditions.duration_s / 3600
    caption = f"{len(conditions.events)} events for {conditions.clients} clients in {hours:g} h"
    parts = [standings(finishes, caption)._repr_html_()]
    if conditions.events:
        costs = {name: finish.cost for name, finish in finishes.items()}
        ages = ", ".join(f"{name} {row.staleness_p50_s:.3g} s" for name, row in costs.items())
        said = ", ".join(
            f"{name} {row.messages_to_server + row.messages_to_client:,.0f}" for name, row in costs.items()
        )
        crossed = ", ".join(f"{name} {row.bytes_to_server + row.bytes_to_client:,.0f}" for name, row in costs.items())
        parts += [
            show(figures.staleness(finishes), alt=f"Staleness, the median of each: {ages}.").html,
            show(figures.messages(runners, conditions, finishes), alt=f"Messages both ways: {said}.").html,
            show(figures.size(runners, conditions, finishes), alt=f"Bytes both ways: {crossed}.").html,
        ]
    held = ", ".join(f"{name} {finish.cost.connections_held_s / 3600:.3g}" for name, finish in finishes.items())
    parts.append(show(figures.held(runners, conditions, finishes), alt=f"Connection-hours: {held}.").html)
    return "".join(parts)
