"""The README's table of lessons, from the notebooks: number, title, minutes.

    .venv/bin/python setup/readme_table.py            prints it
    .venv/bin/python setup/readme_table.py --write    puts it into the README, in place of the one that stands there

A notebook's first cell says both: its heading is the title, and somewhere below stands `40 minutes`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from patterns.lab.contents import lesson, lessons

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
HEAD = "| | lesson | minutes |\n|---|---|---|"
TABLE = re.compile(rf"^{re.escape(HEAD)}(?:\n\|.*)*", flags=re.MULTILINE)


def row(notebook: Path) -> str:
    """One line of the table."""
    found = lesson(notebook)
    return f"| {found.number} | [{found.title}](notebooks/{notebook.name}) | {found.minutes} |"


def table() -> str:
    """The table in Markdown."""
    rows = [row(found.path) for found in lessons(ROOT / "notebooks")]
    return "\n".join([HEAD, *rows])


def main() -> None:
    """Print the table, or write it into the README."""
    if "--write" not in sys.argv[1:]:
        print(table())
        return
    readme, found = TABLE.subn(lambda _: table(), README.read_text())
    if found != 1:
        sys.exit(f"{README.name} has to hold one table with these two lines, and holds {found}:\n{HEAD}")
    README.write_text(readme)


if __name__ == "__main__":
    main()
