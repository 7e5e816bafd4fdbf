"""Grading from a notebook: in a process that the notebook's kernel has no part in.

The problem: in the kernel a cell may have replaced anything, and to hide a kernel from other processes would break
what lessons measure. The bargain: a fresh interpreter grades and is gone; the kernel sends it the answer's text and
gets the verdict as JSON to show. What it shows can be forged by whoever owns the kernel; a grade that counts is
made from the saved notebook (`python -m patterns grade`).
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from patterns.grading.boxed.box import hide
from patterns.grading.catalogue import Misconception, misconception
from patterns.grading.probe.accidents import NoGrader
from patterns.grading.verdict import Found, Verdict, grade

LIMIT_S = 300.0  # the grader gives up an answer that hangs long before, on any machine
ROOT = str(Path(__file__).resolve().parents[2])


def grade_apart(name: str, source: str, *, seed: int = 1) -> Verdict:
    """As `verdict.grade`, in a process of its own.

    Raises:
        NoGrader: that process ended without a verdict.
    """
    path = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "patterns.grading.apart"],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with process:
        try:
            out, err = process.communicate(json.dumps({"name": name, "source": source, "seed": seed}), LIMIT_S)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise NoGrader(f"expected a verdict, the grader ended with status {process.returncode}:\n{err.strip()}")
    return read(json.loads(out))


def read(told: dict[str, Any]) -> Verdict:
    """The verdict that `written` made plain."""
    checks = tuple(_found(check) for check in told["checks"])
    return Verdict(**{**told, "checks": checks})


def written(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data."""
    told = dataclasses.asdict(verdict)
    for check, found in zip(told["checks"], verdict.checks, strict=True):
        check["idea"] = found.idea.name if found.idea is not None else None
    return told


def _found(check: dict[str, Any]) -> Found:
    drawn = tuple((at, way, label) for at, way, label in check["drawn"])
    return Found(**{**check, "steps": tuple(check["steps"]), "drawn": drawn, "idea": _idea(check)})


def _idea(check: dict[str, Any]) -> Misconception | None:
    return misconception(check["idea"]) if check["idea"] is not None else None


def main() -> None:
    """Read one answer from standard input, write its verdict to standard output."""
    hide()
    order = json.load(sys.stdin)
    json.dump(written(grade(order["name"], order["source"], seed=order["seed"])), sys.stdout)


if __name__ == "__main__":
    main()
