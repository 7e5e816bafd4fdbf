"""The repository as the house tests read it: its files, its modules, its notebooks."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

LESSONS = ("request_response", "sync_async", "push", "short_polling", "long_polling", "purgatory")


def files(*suffixes: str) -> list[Path]:
    """What git keeps, or would keep if added now; of these the ones that end so."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = sorted({ROOT / name for name in listed.split("\0") if name})
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]


def modules() -> dict[str, Path]:
    """Dotted name → file, of every module of the package."""
    named = {}
    for path in files(".py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] == "patterns":
            named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def notebooks() -> list[Path]:
    """The course's notebooks, in order."""
    return [path for path in files(".ipynb") if path.parent == ROOT / "notebooks"]


def cells(notebook: Path) -> list[dict[str, Any]]:
    """The cells as stored, `source` joined to one string."""
    stored: list[dict[str, Any]] = json.loads(notebook.read_text())["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in stored]


def headings(markdown: str) -> Iterator[tuple[int, str]]:
    """(level, text) of the headings, fenced code left out."""
    prose = re.sub(r"^(```|~~~).*?^\1", "", markdown, flags=re.MULTILINE | re.DOTALL)
    for hashes, text in re.findall(r"^(#{1,6}) +(.+?)\s*$", prose, flags=re.MULTILINE):
        yield len(hashes), text


def place(path: Path, line: int | None = None) -> str:
    """`patterns/wire/tap.py:12`, as an editor opens it."""
    return str(path.relative_to(ROOT)) + (f":{line}" if line else "")
