"""The standings: for each pattern what was measured and, under it, what its formula expected.

Nothing in here depends on the machine: no wall time, no memory, no CPU, no port. So the same command gives the
same text wherever it runs, and two runs can be compared by `diff`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from patterns.cost.model import Cost, counted
from patterns.cost.race import Conditions, Finish
from patterns.lab.table import Table

HEADINGS = (
    "pattern",
    "",
    "requests",
    "answers",
    "of them useless",
    "bytes to server",
    "bytes to client",
    "connections held, h",
    "staleness p50, s",
    "p99, s",
    "max, s",
    "missed",
)


def standings(finishes: Mapping[str, Finish], caption: str = "") -> Table:
    """The table: a row measured and a row expected for each pattern."""
    rows = []
    for name, finish in finishes.items():
        rows.append((name, "measured", *_cells(finish.cost)))
        if finish.model is not None:
            rows.append(("", "expected", *_cells(finish.model.cost)))
    return Table(HEADINGS, rows, caption)


def to_json(conditions: Conditions, options: Mapping[str, object], finishes: Mapping[str, Finish]) -> str:
    """The conditions and every row as one JSON object; `events` is how many there were."""
    told = {**asdict(conditions), "events": len(conditions.events), **options}
    rows = [
        {
            "measured": counted(finish.cost),
            **({"expected": counted(finish.model.cost)} if finish.model is not None else {}),
        }
        for finish in finishes.values()
    ]
    return json.dumps({"conditions": told, "patterns": rows}, indent=2, ensure_ascii=False) + "\n"


def _cells(row: Cost) -> tuple[object, ...]:
    return (
        round(row.messages_to_server),
        round(row.messages_to_client),
        round(row.useless_responses),
        round(row.bytes_to_server),
        round(row.bytes_to_client),
        row.connections_held_s / 3600,
        row.staleness_p50_s,
        row.staleness_p99_s,
        row.staleness_max_s,
        row.events_missed,
    )
