"""`python -m bench [NAME ...]`: every row of the modules in this folder, in one table; nothing is judged.

NAME is a module here (framing, tap, …); without one, all of them. `--write` puts the table into README.md.
"""

from __future__ import annotations

import importlib
import os
import platform
import re
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.side_by_side import LeftOut, Row

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
NAMES = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in {"__init__", "__main__", "side_by_side"})
HEADINGS = ("what", "ours", "peer", "unit", "ratio", "range", "good is", "goal")
MARKED = re.compile(r"(<!-- bench -->\n).*?(<!-- /bench -->)", re.DOTALL)


def rounded(value: float) -> str:
    """Three digits, as far as a measurement on a shared machine goes."""
    return f"{float(f'{value:.3g}'):,.10g}"


def cells(row: Row | LeftOut) -> tuple[str, ...]:
    """A row under HEADINGS."""
    if isinstance(row, LeftOut):
        return (row.what, row.ours_is, f"{row.peer_is}: left out, {row.why}", *"–" * 5)
    return (
        row.what,
        f"{row.ours_is}: {rounded(row.middle(row.ours))}",
        f"{row.peer_is}: {rounded(row.middle(row.peer))}",
        row.unit,
        f"{row.ratio:.2f}",
        f"{min(row.ratios):.2f}–{max(row.ratios):.2f}",
        row.better,
        row.goal or "–",
    )


def measured(names: tuple[str, ...], effort: float, console: Console) -> Iterator[Row | LeftOut]:
    """The rows of these modules, saying which is at work."""
    for name in names:
        started = time.monotonic()
        with console.status(f"measuring {name} …"):
            yield from importlib.import_module(f"bench.{name}").rows(effort)
        console.print(f"{name}: {time.monotonic() - started:.0f} s", highlight=False)


def machine() -> str:
    """What the figures were taken on."""
    load, _, _ = os.getloadavg()
    return (
        f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} at the end"
    )


def markdown(rows: list[Row | LeftOut]) -> str:
    """The table as it stands in the README."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *map(cells, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


@click.command(help=__doc__)
@click.argument("names", metavar="[NAME ...]", nargs=-1, type=click.Choice(NAMES))
@click.option(
    "--effort", default=1.0, show_default=True, type=click.FloatRange(min=0, min_open=True), help="of a round"
)
@click.option("--write", is_flag=True, help="put the table into README.md")
def main(names: tuple[str, ...], effort: float, write: bool) -> None:
    """Measure, print, and on request write."""
    console = Console(stderr=True)
    rows = list(measured(names or tuple(NAMES), effort, console))
    table = Table(*HEADINGS)
    for row in rows:
        table.add_row(*cells(row))
    Console().print(table)
    print(machine())
    if write:
        text = README.read_text(encoding="utf-8")
        new, found = MARKED.subn(lambda marks: f"{marks[1]}{markdown(rows)}\n{machine()}.\n{marks[2]}", text)
        if found != 1:
            raise click.ClickException(f"expected the marks <!-- bench --> and <!-- /bench --> once in {README.name}")
        README.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
