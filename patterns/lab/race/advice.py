"""Your system as a panel: what the rules advise, and beside it the same system raced, on the wire.

The advice stands at once; then the racers run one client's share of the system for as long a time as a few
thousand messages take, and what was measured is put under it. Moved again, it starts again.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import ipywidgets

from patterns.cost.model.choice import WATCH_S, System, Verdict, verdicts
from patterns.cost.race import Conditions, race
from patterns.cost.workload import poisson
from patterns.lab.kernel import loop as lab_loop
from patterns.lab.panel import Panel
from patterns.lab.race.racers import racers
from patterns.lab.table import Table

MESSAGES = 3000  # that a race may take: about a second
LEAST_S = 30.0  # of virtual time; a pattern that needs more than MESSAGES for it is advised, but not raced
BEST = "fits best, with the fewest messages"


def advice(system: System) -> Table:
    """The verdicts on every pattern, the best first, each with the numbers that made it speak."""
    found = verdicts(system)
    in_all = f"{found[0].messages_an_hour * system.clients / 3600:,.0f} messages a second by {found[0].pattern}"
    return Table(
        ("pattern", "verdict", "because", "messages an hour", "of its answers useless, %", "staleness p99, s"),
        [
            (
                one.pattern,
                one.fit,
                "; ".join(one.because),
                round(one.messages_an_hour),
                round(100 * one.useless_share),
                one.staleness_p99_s,
            )
            for one in found
        ],
        caption=f"For each client; all {system.clients:,} together: {in_all}",
    )


async def measured(system: System, *, seed: int = 1) -> Table:
    """One client's share of the system, raced: messages an hour, and how old the news was.

    A pattern that would need too many messages even for half a minute is left out.
    """
    advised = {one.pattern: one for one in verdicts(system)}
    entered = racers(interval_s=system.interval_s, wait_s=WATCH_S)
    entered = {
        name: racer for name, racer in entered.items() if name in advised and _duration_s(advised[name]) >= LEAST_S
    }
    rows: list[tuple[object, ...]] = []
    if entered:
        duration_s = min([3600.0, *(_duration_s(advised[name]) for name in entered)])
        events = poisson(system.events_an_hour / 3600, duration_s, seed=seed)
        conditions = Conditions(tuple(events), 1, duration_s, system.rtt_s / 2, seed=seed)
        hours = duration_s / 3600
        for name, finish in (await race(entered, conditions)).items():
            row = finish.cost
            messages = (row.messages_to_server + row.messages_to_client) / hours
            rows.append((name, round(messages), round(row.useless_responses / hours), row.staleness_p99_s))
        caption = f"Measured: one client for {duration_s:,.0f} s, {len(events)} events; counts an hour"
    else:
        caption = "Not measured: even half a minute of this would take too long"
    left_out = tuple(name for name in ("push", "short polling", "long polling") if name not in entered)
    rows += [(name, "too many to race", None, None) for name in left_out]
    return Table(("pattern", "messages an hour", "useless answers an hour", "staleness p99, s"), rows, caption)


def _duration_s(advised: Verdict) -> float:
    """For how long it may run."""
    return MESSAGES / max(advised.messages_an_hour, 1) * 3600


def system_panel(title: str = "Your system") -> Panel:
    """A panel to describe a system with: the advice, and then the measurement, at each change."""
    controls = {
        "events_an_hour": ipywidgets.IntSlider(60, 0, 3600, 10, description="events an hour for one client"),
        "staleness_s": ipywidgets.FloatLogSlider(
            5, min=-1, max=3, step=0.1, readout_format=".3g", description="news may be so old, s"
        ),
        "rtt_ms": ipywidgets.IntSlider(50, 0, 500, 10, description="round trip, ms"),
        "clients": ipywidgets.IntSlider(1000, 1000, 100_000, 1000, description="clients"),
        "away": ipywidgets.Checkbox(description="clients go away and must miss nothing"),
        "slow": ipywidgets.Checkbox(description="some are slow at times"),
        "plain_http": ipywidgets.Checkbox(description="only plain HTTP gets through"),
        "job": ipywidgets.Checkbox(description="the client waits for work that it asked for"),
    }
    changed = asyncio.Event()
    for control in controls.values():
        control.observe(lambda _: lab_loop.call(changed.set), "value")  # from whichever thread the widget is heard

    async def drive(panel: Panel) -> None:
        while True:
            changed.clear()
            system = described(panel.values)
            advised = advice(system)._repr_html_()
            panel.number(BEST, verdicts(system)[0].pattern)
            panel.picture(advised)
            measuring = asyncio.create_task(measured(system))
            moved = asyncio.create_task(changed.wait())
            try:
                await asyncio.wait((measuring, moved), return_when=asyncio.FIRST_COMPLETED)
                if measuring.done():
                    panel.picture(advised + measuring.result()._repr_html_())
                    await moved
            finally:
                for task in (measuring, moved):
                    task.cancel()
                await asyncio.wait((measuring, moved))

    return Panel(title, controls, drive, x_label="", y_label="", numbers=[BEST])


def described(values: SimpleNamespace) -> System:
    """The system that the panel's controls describe."""
    return System(
        events_an_hour=values.events_an_hour,
        staleness_s=values.staleness_s,
        rtt_s=values.rtt_ms / 1000,
        clients=values.clients,
        away=values.away,
        slow=values.slow,
        plain_http=values.plain_http,
        job=values.job,
    )
