"""The package opens with the course's contents, no file is too long to read, every exception has a reason."""

from __future__ import annotations

import ast
import re
import tomllib

from repository import LESSONS, ROOT, files, modules, place

LONGEST = 300

# Names that say nothing: whatever is in such a module belongs to a noun.
EMPTY_NAMES = {"base", "common", "core", "helper", "helpers", "manager", "misc", "shared", "util", "utils"}

# A comment that silences a checker, its codes, and what follows them.
SILENCED = re.compile(r"#\s*(?:noqa\b(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?:\[[\w, -]+\])?)(.*)")

# A folder of somebody's own machine, or a package registry's address. (Written so that this file passes.)
SOMEBODYS = re.compile(
    r"/(?:root|work|Users|home)/\w|/opt/(?:py)|C:\\Users|(?:py)pi\.org|(?:python)hosted|(?:npm)js\.org"
)


def test_the_package_opens_with_its_contents_and_no_code() -> None:
    (statement,) = ast.parse((ROOT / "patterns/__init__.py").read_text()).body
    assert isinstance(statement, ast.Expr)
    contents = ast.literal_eval(statement.value)
    listed = list(dict.fromkeys(re.findall(rf"\b({'|'.join(LESSONS)})\b", contents)))
    assert listed == [lesson for lesson in LESSONS if lesson in listed], "the lessons stand out of order"
    there = [lesson for lesson in LESSONS if f"patterns.{lesson}" in modules()]
    assert set(there) <= set(listed), f"not listed: {set(there) - set(listed)}"


def test_no_file_is_longer_than_300_lines() -> None:
    long = [
        f"{place(path)}: {lines} lines"
        for path in files(".py")
        if (lines := len(path.read_text().splitlines())) > LONGEST
    ]
    assert not long, "make a folder of the same name of\n" + "\n".join(long)


def test_every_module_is_named_by_a_noun_of_the_field() -> None:
    empty = [place(path) for path in files(".py") if EMPTY_NAMES & set(path.with_suffix("").parts)]
    assert not empty, f"names that say nothing: {empty}"


def test_every_silenced_check_states_its_reason() -> None:
    found = [
        f"{place(path, number)} {line.strip()}"
        for path in files(".py", ".ipynb")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (silenced := SILENCED.search(line)) and len(re.findall(r"\w+", silenced[1])) < 2
    ]
    assert not found, "write after the code why:\n" + "\n".join(found)


def test_every_ignore_in_the_configuration_states_its_reason() -> None:
    silent = []
    inside = False
    for number, line in enumerate((ROOT / "pyproject.toml").read_text().splitlines(), 1):
        if re.match(r"(ignore\b.*\[$|\[tool\.ruff\.lint\.per-file-ignores\])", line):
            inside = True
        elif line in {"]", ""}:
            inside = False
        elif (inside or line.startswith("ignore")) and "#" not in line:
            silent.append(f"pyproject.toml:{number} {line.strip()}")
    assert not silent, "write behind it why:\n" + "\n".join(silent)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["ignore"]


def test_no_file_tells_of_a_machine_or_a_registry() -> None:
    found = []
    for path in files():
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:  # a picture
            continue
        found += [f"{place(path, n)} {hit[0]}" for n, line in enumerate(lines, 1) if (hit := SOMEBODYS.search(line))]
    assert not found, "\n" + "\n".join(found)


def test_a_reason_is_more_than_the_code() -> None:
    for silent in ("x  # noqa", "x  # noqa: E402", "x  # type: ignore[misc]", "x  # type: ignore"):
        assert not re.findall(r"\w+", SILENCED.search(silent)[1])  # type: ignore[index]  # it matches, or the test fails
    for spoken in ("x  # noqa: E402  # set the path first", "x  # type: ignore[misc]  # a stub is wrong"):
        assert len(re.findall(r"\w+", SILENCED.search(spoken)[1])) > 2  # type: ignore[index]  # as above
