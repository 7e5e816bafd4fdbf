"""The misconception catalogue: wrong ideas by name, each with the right one and the cell that shows it.

The problem: "wrong" teaches nobody. What a learner believes has to be met by the very observation that
contradicts it, and the same belief turns up in predictions, quizzes, claims and exercises.
The assumption: the wrong ideas are few, known, and worth a name.
The bargain: whoever writes a wrong option or a grader's message names an entry here; whoever adds an entry
names the cell that shows the right idea. In return feedback is written once, and a test holds every link.

The data file is `misconceptions.toml`, one `[[misconception]]` table an entry:

    [[misconception]]
    name = "one-packet-is-one-request"      # kebab-case, unique: what others refer to
    wrong = "One read from the socket is one request."
    right = "TCP carries a stream; …"
    lesson = "01_request_response"          # the notebook's file name without .ipynb
    cell = "forty-pieces"                   # the id of the cell that shows it
"""

import difflib
import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType

DATA = Path(__file__).with_name("misconceptions.toml")

_SHAPES = {
    "name": (re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"), "kebab-case such as one-packet-is-one-request"),
    "lesson": (re.compile(r"\d\d_[a-z0-9_]+"), "a notebook's name such as 01_request_response"),
    "cell": (re.compile(r"[a-zA-Z0-9_-]{1,64}"), "a cell id: 1 to 64 letters, digits, - or _ (nbformat 4.5)"),
}


class CatalogueError(ValueError):
    """The data file is not a catalogue; the text says which entry, what was expected and what came."""


class UnknownMisconception(KeyError):
    """No entry has this name; the text lists the nearest names."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Misconception:
    """A wrong idea with a name; `wrong` and `right` are sentences, `cell` an id in `lesson`'s notebook."""

    name: str
    wrong: str
    right: str
    lesson: str
    cell: str

    @property
    def href(self) -> str:
        """Where the right idea can be seen, relative to the notebooks' folder, as JupyterLab follows it."""
        return f"{self.lesson}.ipynb#cell-id={self.cell}"


def load(path: Path) -> Mapping[str, Misconception]:
    """Read and check a data file; raises CatalogueError. Entries keep the file's order."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.name}: expected TOML in UTF-8, got: {error}") from error
    if set(data) != {"misconception"} or not isinstance(data["misconception"], list):
        raise CatalogueError(
            f"{path.name}: expected [[misconception]] tables and nothing else, got the keys "
            f"{', '.join(map(repr, data)) or 'none'}"
        )
    entries: dict[str, Misconception] = {}
    for number, raw in enumerate(data["misconception"], start=1):
        entry = _entry(raw, f"{path.name}: entry {number}")
        if entry.name in entries:
            raise CatalogueError(f"{path.name}: expected every name once, got {entry.name!r} twice; rename one")
        entries[entry.name] = entry
    return MappingProxyType(entries)


def _entry(raw: object, where: str) -> Misconception:
    if not isinstance(raw, dict):
        raise CatalogueError(f"{where}: expected a table, got {raw!r}")
    if name := raw.get("name"):
        where += f" ({name})"
    wanted = [field.name for field in fields(Misconception)]
    if missing := [key for key in wanted if key not in raw]:
        raise CatalogueError(f"{where}: expected the keys {', '.join(wanted)}; add {', '.join(missing)}")
    if unknown := sorted(set(raw) - set(wanted)):
        raise CatalogueError(f"{where}: expected the keys {', '.join(wanted)}; take out {', '.join(unknown)}")
    for key in wanted:
        if not isinstance(raw[key], str) or not raw[key].strip():
            raise CatalogueError(f"{where}: expected a text for {key}, got {raw[key]!r}")
        shape = _SHAPES.get(key)
        if shape and not shape[0].fullmatch(raw[key]):
            raise CatalogueError(f"{where}: expected {key} to be {shape[1]}; got {raw[key]!r}")
    return Misconception(**{key: raw[key].strip() for key in wanted})


@functools.cache
def catalogue() -> Mapping[str, Misconception]:
    """Every misconception of the course by name, in the order of the data file; read once, read-only."""
    return load(DATA)


def misconception(name: str) -> Misconception:
    """The entry of that name; raises UnknownMisconception, a KeyError that lists the nearest names."""
    entries = catalogue()
    if name in entries:
        return entries[name]
    near = difflib.get_close_matches(name, entries, n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else f"there are: {', '.join(entries)}"
    raise UnknownMisconception(f"expected the name of a catalogued misconception, got {name!r}; {hint}")
