"""How long `make lab` takes until JupyterLab answers: from a fresh clone, and the second time.

Cold is a clone without an environment and with empty download caches; its peer does by hand what a README
usually asks for: a venv, pip, then `jupyter lab`. Warm is the same command again; its peer is JupyterLab
started directly, so the ratio is the price of the script.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.side_by_side import Row, in_turn

ROOT = Path(__file__).parents[1]
BASE_PYTHON = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
READY = re.compile(rb"JupyterLab is ready|is running at:")
PATIENCE_S = 600
ROUNDS_COLD = 1  # each downloads some hundred packages


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_ready(command: str, folder: Path, caches: Path | None = None) -> float:
    """Seconds from the command to JupyterLab's word that it listens; then it is stopped."""
    environment = {**os.environ, "BROWSER": "no", "VIRTUAL_ENV": ""}
    if caches is not None:
        environment |= {"PIP_CACHE_DIR": str(caches / "pip"), "UV_CACHE_DIR": str(caches / "uv")}
    started = time.perf_counter()
    with subprocess.Popen(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            said = b""
            for line in process.stdout:
                said += line
                if READY.search(line):
                    return time.perf_counter() - started
                assert time.perf_counter() - started < PATIENCE_S, f"not ready after {PATIENCE_S} s: {command}"
            raise AssertionError(f"{command} ended before JupyterLab listened:\n{said.decode(errors='replace')}")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


@contextlib.contextmanager
def clone() -> Iterator[Path]:
    """A fresh clone of the last commit in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        subprocess.run(["git", "clone", "--quiet", ROOT, Path(folder) / "course"], check=True)
        yield Path(folder) / "course"


def cold(command: str) -> float:
    """Seconds of the command in a fresh clone with empty caches."""
    with clone() as course, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as caches:
        return until_ready(command, course, Path(caches))


def make_lab() -> str:
    """The course's own command."""
    return f"make lab PYTHON={BASE_PYTHON} PORT={free_port()}"


def by_hand(environment: str = ".venv") -> str:
    """JupyterLab as it starts on its own, on the same page."""
    return (
        f"{environment}/bin/python -m jupyterlab --no-browser --allow-root --port={free_port()}"
        " --LabApp.news_url=None --ServerApp.open_browser=False"
    )


def rows(effort: float = 1.0) -> Iterator[Row]:
    """Cold, when there is the effort for it (some minutes), and warm."""
    if effort >= 1:
        environment = f"{BASE_PYTHON} -m venv .venv"
        packages = ".venv/bin/pip -q install --require-hashes -r requirements.lock"
        course = ".venv/bin/pip -q install --no-deps -e ."
        ours, peer = [], []
        for _ in range(ROUNDS_COLD):
            ours.append(cold(make_lab()))
            peer.append(cold(f"{environment} && {packages} && {course} && {by_hand()}"))
        yield Row("first start from a fresh clone", "make lab", "venv, pip, jupyter lab", "s", tuple(ours), tuple(peer))
    yield Row(
        "start of a course already set up",
        "make lab",
        "jupyter lab",
        "s",
        **in_turn(
            lambda: until_ready(f"{sys.executable} setup/lab.py --port {free_port()}", ROOT),
            lambda: until_ready(by_hand(sys.prefix), ROOT),
            rounds=max(1, round(5 * min(effort, 1))),
        ),
    )
