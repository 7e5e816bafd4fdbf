"""`python -m patterns`: what can be done from a terminal, without a notebook.

    python -m patterns race --rate 0.1 --clients 5 --hours 1 [--interval-s 5 --wait-s 30 --seed 1 --json --plot FILE]
    python -m patterns grade NOTEBOOK [NOTEBOOK ...] [--seed 1 --json]

A mistake in the options gets one line, on standard error, and the exit code 2. `grade` ends with 0 if every answer
passed, else with 1.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

MOST_MESSAGES = 1_000_000  # a quarter of an hour of work
ABOVE_0 = click.FloatRange(min=0, min_open=True)


@click.group(help="A course on how programs talk, from a terminal.")
def commands() -> None:
    """The commands; each imports what it needs when it is called."""


@commands.command(help="Deliver the same events by push, short polling, long polling and a broker; what each costs.")
@click.option("--rate", default=0.1, show_default=True, type=click.FloatRange(min=0), help="events a second")
@click.option("--clients", default=5, show_default=True, type=click.IntRange(min=1), help="who want all of them")
@click.option("--hours", default=1.0, show_default=True, type=ABOVE_0, help="of virtual time")
@click.option("--interval-s", default=5.0, show_default=True, type=ABOVE_0, help="between two polls of short polling")
@click.option("--wait-s", default=30.0, show_default=True, type=ABOVE_0, help="that long polling holds a question")
@click.option("--delay-s", default=0.01, show_default=True, type=click.FloatRange(min=0), help="of the path, one way")
@click.option("--seed", default=1, show_default=True, help="of the events and the clients' arrivals")
@click.option("--json", "as_json", is_flag=True, help="rows as JSON; the same text on every run and machine")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="draw plots into FILE: svg, png or pdf")
def race(
    rate: float,
    clients: int,
    hours: float,
    interval_s: float,
    wait_s: float,
    delay_s: float,
    seed: int,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Run the race of `cost.race` with the lessons' patterns, and print its standings."""
    from patterns.cost.race import Conditions
    from patterns.cost.race import race as run
    from patterns.cost.workload import poisson
    from patterns.lab.race import racers, standings, to_json

    if plot is not None:
        _check_plot(plot)
    duration_s = hours * 3600
    messages = clients * duration_s * (2 / interval_s + 4 / wait_s + 5 * rate)
    if messages > MOST_MESSAGES:
        raise click.UsageError(
            f"expected a race of at most {MOST_MESSAGES:,} messages, this one would have about {messages:,.0f}; "
            "take fewer clients, fewer hours, a lower rate or a longer interval"
        )
    conditions = Conditions(tuple(poisson(rate, duration_s, seed=seed)), clients, duration_s, delay_s, seed=seed)
    runners = racers(interval_s=interval_s, wait_s=wait_s)
    with _progress(tuple(runners)) as tell:
        finishes = asyncio.run(run(runners, conditions, progress=tell))
    if as_json:
        click.echo(to_json(conditions, {"interval_s": interval_s, "wait_s": wait_s}, finishes), nl=False)
    else:
        caption = f"{len(conditions.events)} events, {clients} clients, {hours:g} h, delay {delay_s:g} s, seed {seed}"
        click.echo(str(standings(finishes, caption)))
    if plot is not None:
        from patterns.lab.figures import save
        from patterns.lab.race.figures import plots

        save(plots(runners, conditions, finishes), plot)


def _check_plot(path: Path) -> None:
    if path.suffix not in {".svg", ".png", ".pdf"}:
        raise click.UsageError(f"expected --plot FILE to end in .svg, .png or .pdf, got {path.name}")
    if not path.absolute().parent.is_dir():
        raise click.UsageError(f"expected a folder for --plot, but there is no {path.absolute().parent}")


@contextmanager
def _progress(names: tuple[str, ...]) -> Iterator[Callable[[str, float], object]]:
    """A bar a racer, on standard error; nothing where that is no terminal."""
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bars:
        tasks = {name: bars.add_task(name, total=1.0, start=False) for name in names}

        def tell(name: str, share: float) -> None:
            bars.start_task(tasks[name])
            bars.update(tasks[name], completed=share)

        yield tell


@commands.command(help="Grade the answers in saved notebooks, without running the notebooks.")
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="of what the checks draw by lot")
@click.option("--json", "as_json", is_flag=True, help="one object a line, for each exercise of each notebook")
@click.pass_context
def grade(context: click.Context, notebooks: tuple[Path, ...], seed: int, as_json: bool) -> None:
    """Grade each `%%answer` cell; exit with 1 unless all passed."""
    import json

    from patterns.grading.batch import grade_all
    from patterns.grading.boxed.box import best, describe, hide
    from patterns.grading.report import row_as_text, table

    hide()
    rows = []
    for row in grade_all(notebooks, seed=seed):
        rows.append(row)
        if as_json:
            click.echo(json.dumps(row.as_json(), ensure_ascii=False))
        elif (text := row_as_text(row)) and row.word != "passed":
            click.echo(text + "\n")
    if not as_json:
        Console().print(table(rows))
        click.echo(f"seed {seed} · box: {describe(best())}")
    if any(row.word != "passed" for row in rows):
        context.exit(1)


def main() -> int:
    """Run the command line; the exit code."""
    try:
        code = commands(prog_name="python -m patterns", standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"{error.format_message()} (python -m patterns --help tells more)", err=True)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
