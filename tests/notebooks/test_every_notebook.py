"""Every notebook of the course as learners run it: from the top, twice, interrupted, in their own order."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from classroom import Classroom, Outcome

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

each_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
# One order every day, the others in the long tests.
each_seed = pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (2, 3))])


LONG_ENOUGH_S = 0.3  # to be interrupted in the middle, also when it is quicker the second time


def complaints(outcomes: list[Outcome]) -> list[str]:
    return [outcome.complaint for outcome in outcomes if outcome.complaint]


@each_notebook
def test_runs_from_the_top_and_after_interrupts_again_without_a_restart(notebook: Path) -> None:
    chance = random.Random(notebook.stem)
    with Classroom(notebook) as room:
        first = room.run_all()
        assert not complaints(first)
        # The longer a cell runs, the likelier a learner interrupts it. An interrupt between its end and its reply costs
        # ipykernel the reply.
        times_s = {outcome.cell: outcome.took_s for outcome in first if outcome.took_s > LONG_ENOUGH_S}
        for cell in chance.choices(list(times_s), weights=list(times_s.values()), k=3) if times_s else ():
            interrupted = room.run_and_interrupt(cell, after_s=times_s[cell] * chance.uniform(0.1, 0.6))
            assert not interrupted.complaint, "interrupted"
        assert not complaints(room.run_all()), "the second time, after interrupts"
        assert not room.leave()


@each_notebook
@pytest.mark.soak
def test_each_cell_that_takes_a_while_can_be_interrupted_anywhere_and_runs_again(notebook: Path) -> None:
    chance = random.Random(notebook.stem)
    with Classroom(notebook) as room:
        first = room.run_all()
        assert not complaints(first)
        for cell, took_s in ((outcome.cell, outcome.took_s) for outcome in first if outcome.took_s > LONG_ENOUGH_S):
            for _ in range(5):
                assert not room.run_and_interrupt(cell, after_s=took_s * chance.uniform(0.05, 0.7)).complaint
            assert not room.run(cell).complaint, "the next time"
        assert not room.leave()


@each_notebook
@pytest.mark.soak
def test_its_panels_take_any_play_at_any_time(notebook: Path) -> None:
    with Classroom(notebook) as room:
        assert not complaints(room.run_all())
        for seed in range(5):
            assert not room.play_with_all_panels(seed, for_s=12), f"seed {seed}"
        assert not room.leave()


@each_notebook
@each_seed
def test_runs_in_any_order_and_a_cell_run_too_early_says_what_it_needs(notebook: Path, seed: int) -> None:
    with Classroom(notebook) as room:
        first, *others = room.code
        assert not room.run(first).complaint
        random.Random(seed).shuffle(others)
        while others:
            early = [cell for cell in others if not ran(room, cell)]
            assert len(early) < len(others), f"each of these waits for another: {early}"
            others = early
        assert not room.leave()


def ran(room: Classroom, cell: str) -> bool:
    """Run the cell; False if it came too early and named the heading of a cell that has not run yet."""
    outcome = room.run(cell)
    if outcome.error != "RunFirst":
        assert not outcome.complaint
        return True
    waited_for = {room.under[other] for other in room.code if other not in room.ran | {cell}}
    named = set(re.findall("“([^”]+)”", outcome.said))
    assert named & waited_for, f"cell {cell} names none of {sorted(waited_for)}: {outcome.said}"
    return False
