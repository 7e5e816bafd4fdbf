"""The standings: for each pattern what was measured and, under it, what its formula expected.

Nothing in here depends on the machine: no wall time, no memory, no CPU, no port. So the same command gives the
same text wherever it runs, and two runs can be compared by `diff`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict

from patterns.cost.model import Cost, counted
from patterns.cost.race import Conditions, Finish
from patterns.lab.table import Table

COLUMNS: dict[str, Callable[[Cost], object]] = {
    "requests": lambda row: round(row.messages_to_server),
    "answers": lambda row: round(row.messages_to_client),
    "of them useless": lambda row: round(row.useless_responses),
    "bytes to server": lambda row: round(row.bytes_to_server),
    "bytes to client": lambda row: round(row.bytes_to_client),
    "connections held, h": lambda row: row.connections_held_s / 3600,
    "staleness p50, s": lambda row: row.staleness_p50_s,
    "staleness p99, s": lambda row: row.staleness_p99_s,
    "staleness max, s": lambda row: row.staleness_max_s,
    "events missed": lambda row: row.events_missed,
}


def standings(finishes: Mapping[str, Finish], caption: str = "") -> Table:
    """The table: a line for each of what is counted, and for each pattern what was measured and what was expected."""
    headings, rows = [""], []
    for name, finish in finishes.items():
        headings.append(name)
        rows.append(finish.cost)
        if finish.model is not None:
            headings.append("expected")
            rows.append(finish.model.cost)
    return Table(headings, [(column, *map(read, rows)) for column, read in COLUMNS.items()], caption)


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
