"""A cell run too early says which cell it needs.

The problem: `NameError: name 'server' is not defined` is true and helps nobody who opened a notebook and ran
the cell they were curious about.
The assumption: the name is made at the top level of another cell of the same notebook.
The bargain: each cell is compiled, not run, and what its code would store is what it makes; so assignments,
imports, functions, classes and `async with … as …` are all found by Python's own rules, and a name made by
`exec` or `import *` is not.
"""

import ast
import dis
import json
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

import patterns
from patterns.lab.output import kernel_shell

_TransformerManager: Any = TransformerManager
_PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$")


class RunFirst(NameError):
    """A name that another cell makes: the text says which one."""

    def _render_traceback_(self) -> list[str]:
        """IPython's hook for an exception's own rendering: one line says it all, the frames say nothing."""
        return [f"\x1b[0;31mRunFirst\x1b[0m: {self}"]


@dataclass(frozen=True, slots=True)
class Maker:
    """The cell that makes a name: its id, and the heading it stands under ("" before the first)."""

    cell: str
    heading: str


notebook: Path | None = None
"""The open lesson's notebook, set by open_lesson."""


def find_notebook(name: str) -> Path | None:
    """The lesson's .ipynb: what this kernel was started for, in the working folder, or in the course's."""
    session = Path(os.environ.get("JPY_SESSION_NAME", ""))
    course = Path(patterns.__file__).resolve().parents[1] / "notebooks"
    places = [
        Path.cwd() / f"{name}.ipynb",
        Path.cwd() / "notebooks" / f"{name}.ipynb",
        course / f"{name}.ipynb",
    ]
    if session.suffix == ".ipynb":
        places.insert(0, session)
    return next((place for place in places if place.is_file()), None)


def names_made(source: str) -> set[str]:
    """The names that a cell makes in the notebook's namespace; magics and top-level `await` are understood.

    Source that Python does not accept makes none.
    """
    first, _, rest = source.partition("\n")
    if first.startswith("%%"):
        if not first.startswith(_PYTHON_MAGICS):
            return set()
        source = rest
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(
                _TransformerManager().transform_cell(source),
                "<cell>",
                "exec",
                ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            )
    except (SyntaxError, ValueError):
        return set()
    return set(_stored(code))


def _stored(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("STORE_NAME", "STORE_GLOBAL"):
            yield instruction.argval
    for inner in code.co_consts:  # `:=` inside a comprehension stores outside it (PEP 572)
        if isinstance(inner, CodeType) and inner.co_name in (
            "<listcomp>",
            "<setcomp>",
            "<dictcomp>",
            "<genexpr>",
        ):
            yield from _stored(inner)


def find_maker(path: Path, name: str, *, asked_by: str = "") -> Maker | None:
    """The cell of the notebook at `path` that makes `name`, or None; `asked_by` is the asking cell's source.

    Of several, the nearest above the asking cell, else the first.
    """
    try:
        cells = list(json.loads(path.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    heading, above, below, here = "", None, None, False
    for cell in cells:
        source = "".join(cell.get("source", ""))
        if cell.get("cell_type") == "markdown":
            heading = _last_heading(source) or heading
        elif cell.get("cell_type") == "code":
            if asked_by.strip() and source.strip() == asked_by.strip():
                here = True
            elif name in names_made(source):
                maker = Maker(str(cell.get("id", "")), heading)
                if not here:
                    above = maker
                elif below is None:
                    below = maker
    return above or below


def _last_heading(markdown: str) -> str:
    found, fenced = "", False
    for line in markdown.splitlines():
        fenced ^= line.lstrip().startswith("```")
        if not fenced and (heading := _HEADING.match(line)):
            found = re.sub(r"[*`_]", "", heading[1])
    return found


def explained(error: BaseException) -> RunFirst | None:
    """The error that says which cell to run, if `error` is a cell's NameError and such a cell exists."""
    shell = kernel_shell()
    if type(error) is not NameError or notebook is None or shell is None or not isinstance(error.name, str):
        return None
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None or frame.tb_frame.f_globals is not shell.user_ns:
        return None  # raised inside a library: not the learner's order of cells
    asking = shell.user_ns.get("In") or [""]
    maker = find_maker(notebook, error.name, asked_by=str(asking[-1]))
    if maker is None:
        return None
    place = f"the cell under the heading “{maker.heading}”" if maker.heading else "a cell above the first heading"
    return RunFirst(f"“{error.name}” is made by {place} (cell {maker.cell}). Run that one first.", name=error.name)


def install(shell: Any) -> None:
    """Let `shell` explain a NameError; installing it again changes nothing."""
    if getattr(shell, "_run_first", None) is not None:
        return
    explanation: list[RunFirst] = []

    def explain(shell: Any, kind: type[BaseException], error: BaseException, tb: Any, tb_offset: Any = None) -> None:
        explanation.clear()
        if found := explained(error):
            explanation.append(found)
            shell.showtraceback((RunFirst, found, tb))
        else:
            shell.showtraceback((kind, error, tb), running_compiled_code=True)

    def answer(result: Any) -> None:
        """The reply to the front end, and to nbclient, names the error that was shown."""
        if explanation and result is not None and isinstance(result.error_in_exec, NameError):
            result.error_in_exec = explanation[0]
        explanation.clear()

    shell.set_custom_exc((NameError,), explain)
    shell.events.register("post_run_cell", answer)
    shell._run_first = explain
