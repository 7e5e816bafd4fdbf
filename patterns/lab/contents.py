"""The table of contents, from the notebooks themselves: number, title, minutes."""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from patterns.lab.style import card

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A notebook of the course; its first cell says the title (a heading) and somewhere below `40 minutes`."""

    number: int
    title: str
    minutes: int
    question: str
    path: Path


def lesson(notebook: Path) -> Lesson:
    """What a notebook's first cell says of it; `ValueError` names what the cell lacks."""
    opening = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    title = re.search(r"^# (?:Lesson )?(?:\d+\s*[·:.–—]?\s*)?(.+?)\s*$", opening, flags=re.MULTILINE)
    minutes = re.search(r"(\d+)\s+minutes", opening)
    question = re.search(r"\*\*The question[^*]*\*\*\s*(.+)", opening)
    if not title or not minutes:
        raise ValueError(f"{notebook.name}: its first cell has to have a title (# …) and a time (… 40 minutes …)")
    return Lesson(int(notebook.name[:2]), title[1], int(minutes[1]), question[1] if question else "", notebook)


def lessons(folder: Path = NOTEBOOKS) -> list[Lesson]:
    """Every numbered notebook in `folder`, in order."""
    return [lesson(notebook) for notebook in sorted(folder.glob("[0-9][0-9]_*.ipynb"))]


class Contents:
    """The lessons with links, as a table."""

    def __init__(self, found: list[Lesson]) -> None:
        self.lessons = found

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td class="bcp-num">{one.number}</td>'
            f'<td><a href="{escape(one.path.name)}">{escape(one.title)}</a></td>'
            f'<td>{escape(one.question)}</td><td class="bcp-num">{one.minutes}</td></tr>'
            for one in self.lessons
        )
        heads = "".join(f'<th scope="col">{head}</th>' for head in ("", "lesson", "its question", "minutes"))
        table = f'<table class="bcp-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        return card(table, testid="contents")

    def __repr__(self) -> str:
        return "\n".join(f"{one.number}  {one.title}  {one.minutes} minutes" for one in self.lessons)


def contents(folder: Path = NOTEBOOKS) -> Contents:
    """The table of contents of the course, for the first page, which is not in it."""
    return Contents([one for one in lessons(folder) if one.number])
