"""What shares a process with an answer knows of no expectation, and no answer outlives its grader."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from patterns.grading.probe import Answer
from patterns.grading.probe.patience import cpu_s

ROOT = Path(__file__).resolve().parents[2]
BOXED = ROOT / "patterns" / "grading" / "boxed"


def test_the_answers_side_imports_nothing_of_the_course_but_itself() -> None:
    for path in BOXED.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                top = name.partition(".")[0]
                assert name.startswith("patterns.grading.boxed") or top in sys.stdlib_module_names, (path.name, name)


def test_an_answers_process_has_loaded_nothing_else_of_the_course(trial) -> None:
    source = "import sys\ndef f():\n    return sorted(name for name in sys.modules if name.startswith('patterns'))"
    seen: list[str] = []
    assert trial(source, lambda answer: seen.extend(answer.f())).passed
    assert {name for name in seen if not name.startswith("patterns.grading.boxed")} == {"patterns", "patterns.grading"}


def test_no_process_outlives_a_grader_that_is_killed() -> None:
    code = """
import os, sys, time
from patterns.grading.probe import Answer, ForkServer
from patterns.grading.probe.line import Line
with ForkServer() as server:
    line = Line(server)
    Answer(line, "framing", "x = 1")
    print(server.pid, line.pid, flush=True)
    os.kill(os.getpid(), 9)
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    processes = [int(number) for number in told.stdout.split()]
    assert len(processes) == 2
    for pid in processes:
        while cpu_s(pid) and is_running(pid):  # its end is on its way
            os.sched_yield()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_check_gets_random_draws_of_its_own_the_same_for_the_same_seed(trial) -> None:
    drawn: list[float] = []

    def drive(answer: Answer) -> None:
        drawn.append(answer.random.random())

    assert trial("x = 1", drive).passed
    assert trial("x = 1", drive).passed
    assert drawn[0] == drawn[1]
