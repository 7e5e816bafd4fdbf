"""The row: what any pattern costs, in the same columns, whether a model says so or a measurement.

The problem: patterns are compared only where the same is counted of each. The assumption: what was counted is the
same in every run; memory, CPU and ports are not. The bargain: `to_json` and `to_table` give the counted columns
alone, so that two runs can be compared as text, and what the machine had a part in is read off the row itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass

MACHINE = ("server_memory_per_connection_bytes", "server_cpu_per_connection_s")


@dataclass(frozen=True, slots=True)
class Cost:
    """One row, the same for every pattern, from a model or a measurement. Units are in the names.

    `staleness`: from when an event happened until the client has it. `useless_responses`: those that
    brought nothing new. `connections_held_s`: connections × seconds, summed. None: not known.
    """

    pattern: str
    messages_to_server: float
    messages_to_client: float
    bytes_to_server: float
    bytes_to_client: float
    useless_responses: float
    connections_held_s: float
    staleness_p50_s: float | None
    staleness_p99_s: float | None
    staleness_max_s: float | None
    events_missed: int
    server_memory_per_connection_bytes: float | None = None
    server_cpu_per_connection_s: float | None = None


def percentile(values: Iterable[float], q: float) -> float:
    """Return the q-th percentile, q from 0 to 100, interpolated linearly between the two nearest values.

    The values sorted are x[0] … x[n−1]; the result lies at position q/100 · (n − 1). This is type 7 of
    Hyndman and Fan (1996), and what numpy.percentile and statistics.quantiles(method="inclusive") do.

    Raises:
        ValueError: no values, a value that is not a number, or q out of range.
    """
    if not 0 <= q <= 100:
        raise ValueError(f"q is {q!r}: expected 0 to 100, as in percentile(values, 99)")
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values: a percentile needs at least one")
    if any(map(math.isnan, ordered)):
        raise ValueError("a value is not a number (nan): there is no order to take a percentile of")
    position = q / 100 * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def counted(row: Cost) -> dict[str, str | float | None]:
    """Return the columns that are the same in every run: all but memory and CPU. Units are in the names."""
    return {name: value for name, value in asdict(row).items() if name not in MACHINE}


def to_json(rows: Iterable[Cost]) -> str:
    """Return the rows' `counted` columns as a JSON array of objects, two spaces to a level, a newline at the end."""
    return json.dumps([counted(row) for row in rows], indent=2, ensure_ascii=False) + "\n"


def to_table(rows: Iterable[Cost]) -> str:
    """Return the rows' `counted` columns as plain text: a line a column of `Cost`, a column a pattern.

    Numbers stand to the right, six digits at most of what is no whole number; "–" is what is not known.
    """
    columns = [counted(row) for row in rows]
    if not columns:
        return ""
    lines = [[name, *(_cell(column[name]) for column in columns)] for name in columns[0]]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]).rstrip() for cells in lines
    )


def _cell(value: str | float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value == int(value) else f"{value:,.6g}"
