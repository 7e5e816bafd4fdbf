"""The floors: imports only go down, so a reader can start at the bottom and never needs what is above."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
import tomllib
from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from repository import LESSONS, ROOT, modules, place

FLOORS = {
    1: (
        "wire.framing",
        "wire.kafka",
        "wait.log",
        "wait.partition_log",
        "wait.timing_wheel",
        "wait.delayed_operation",
        "cost.model",
    ),
    2: ("wire.listen", "wire.tap", "cost.autojump", "cost.workload"),
    3: LESSONS,
    4: ("cost.measure", "cost.race", "cost.process", "cost.timers"),
    5: ("grading",),
    6: ("lab",),
    7: ("alone", "board", "__main__"),
}
FLOOR_OF = {f"patterns.{name}": floor for floor, names in FLOORS.items() for name in names}

# The folders that hold modules of several floors import nothing themselves.
FOLDERS = ("patterns", "patterns.wire", "patterns.wait", "patterns.cost")

# On floors 1 to 3 a module leans on its neighbours only so.
BESIDE = {("wire.tap", "wire.listen"), ("wait.delayed_operation", "wait.timing_wheel")} | {
    (later, earlier) for n, later in enumerate(LESSONS) for earlier in LESSONS[:n]
}

# What is not in the standard library, and floor 1 has all the same: CRC-32C, which Python alone takes too long for.
COMPILED = {("wire.kafka", "google_crc32c")}

CLOCKS_AND_SOCKETS = {"asyncio", "select", "selectors", "socket", "socketserver", "ssl", "threading", "time"}
WIDGETS_AND_PLOTS = {"ipywidgets", "matplotlib", "IPython", "ipykernel", "nest_asyncio2", "traitlets"}


def unit(module: str) -> str | None:
    """The entry of the table that a module belongs to: `patterns.wire.framing.http1` is of `….framing`."""
    parts = module.split(".")
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in FLOOR_OF), None)


def imports(module: str, source: str, *, is_folder: bool, known: set[str]) -> Iterator[tuple[int, str]]:
    """(line, module imported), wherever in the file; `from a import b` is a.b where that is a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                above = parts[: len(parts) - (node.level - is_folder)]
                base = ".".join([*above, base]).rstrip(".")
            for name in node.names:
                yield node.lineno, f"{base}.{name.name}" if f"{base}.{name.name}" in known else base


def objection(importer: str, imported: str) -> str | None:
    """Why module `importer` may not import module `imported`, or None."""
    above, below = unit(importer), unit(imported)
    if below is None or above is None or above == below:
        return None
    high, low = FLOOR_OF[above], FLOOR_OF[below]
    names = above.removeprefix("patterns."), below.removeprefix("patterns.")
    if low > high:
        return f"floor {high} imports floor {low}"
    if low == high and high <= 3 and names not in BESIDE:
        return f"floor {high} imports its own floor"
    if high == 3 and names[1].startswith("cost."):
        return "a lesson imports the price of it"
    if high == 4 and low == 3:
        return "cost/ imports a lesson: take it as an argument"
    return None


def faults(module: str, source: str, *, is_folder: bool, known: set[str]) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) of each import in the source of a module."""
    own = unit(module)
    floor = FLOOR_OF[own] if own else 0
    for line, imported in imports(module, source, is_folder=is_folder, known=known):
        top = imported.partition(".")[0]
        if top == "patterns":
            if (why := objection(module, imported)) is not None:
                yield line, f"{imported}: {why}"
        elif own and (own.removeprefix("patterns."), imported) in COMPILED:
            pass
        elif floor == 1 and (top in CLOCKS_AND_SOCKETS or top not in sys.stdlib_module_names):
            yield line, f"{imported}: floor 1 has no socket, no clock, and only the standard library"
        elif floor < 6 and top in WIDGETS_AND_PLOTS:
            yield line, f"{imported}: widgets and plots are lab/'s"


def test_every_module_stands_on_a_floor() -> None:
    homeless = [name for name in modules() if name not in FOLDERS and unit(name) is None]
    assert not homeless, f"not in FLOORS above: {homeless}"


def test_imports_only_go_down() -> None:
    known = modules()
    found = [
        f"{place(path, line)} {fault}"
        for name, path in known.items()
        for line, fault in faults(name, path.read_text(), is_folder=path.name == "__init__.py", known=set(known))
    ]
    assert not found, "\n" + "\n".join(found)


def test_the_ground_floor_never_awaits() -> None:
    waiting = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
    found = [
        place(path, node.lineno)
        for name, path in modules().items()
        if FLOOR_OF.get(unit(name) or "") == 1
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, waiting)
    ]
    assert not found, "\n" + "\n".join(found)


def test_folders_of_several_floors_hold_no_code() -> None:
    known = modules()
    found = [name for name in FOLDERS if len(ast.parse(known[name].read_text()).body) != 1]
    assert not found, f"more than a docstring in {found}"


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    sold_as = importlib.metadata.packages_distributions()
    known = modules()
    found = set()
    for name, path in known.items():
        is_folder = path.name == "__init__.py"
        for line, imported in imports(name, path.read_text(), is_folder=is_folder, known=set(known)):
            top = imported.partition(".")[0]
            sellers = {canonicalize_name(seller) for seller in sold_as.get(top, [])}
            if top != "patterns" and top not in sys.stdlib_module_names and not sellers & declared:
                found.add(f"{place(path, line)} imports {top}, which pyproject.toml does not name")
    assert not found, "\n" + "\n".join(sorted(found))


def test_an_upward_import_is_seen_however_it_is_written() -> None:
    known = {
        "patterns.lab",
        "patterns.lab.panel",
        "patterns.wire",
        "patterns.wire.tap",
        "patterns.wire.framing",
    }
    for source in (
        "import patterns.lab.panel",
        "from patterns.lab import panel",
        "from patterns import lab",
        "from ..lab import panel",
        "def late():\n    from patterns.lab.panel import Panel",
    ):
        (found,) = faults("patterns.wire.tap", source, is_folder=False, known=known)
        assert found[1].endswith("floor 2 imports floor 6"), source
    assert not list(faults("patterns.wire.tap", "from .framing import x", is_folder=False, known=known))


def test_neighbours_and_prices_are_seen_too() -> None:
    assert objection("patterns.wire.listen", "patterns.wire.tap") == "floor 2 imports its own floor"
    assert objection("patterns.wire.tap", "patterns.wire.listen") is None
    assert objection("patterns.push", "patterns.request_response") is None
    assert objection("patterns.push", "patterns.long_polling") == "floor 3 imports its own floor"
    assert objection("patterns.push", "patterns.cost.model") == "a lesson imports the price of it"
    assert objection("patterns.cost.race", "patterns.push") == "cost/ imports a lesson: take it as an argument"
    for name in ("socket", "aiohttp", "matplotlib.pyplot"):
        assert list(faults("patterns.wait.log", f"import {name}", is_folder=False, known=set())), name
    for module, name in (("wait.log", "google_crc32c"), ("wire.kafka.frames", "crc32c"), ("wire.kafka.frames", "kio")):
        assert list(faults(f"patterns.{module}", f"import {name}", is_folder=False, known=set())), name
    assert not list(faults("patterns.wire.kafka.batches", "import google_crc32c", is_folder=False, known=set()))
    assert list(faults("patterns.grading.checks", "import ipywidgets", is_folder=False, known=set()))
