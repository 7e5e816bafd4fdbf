"""pyproject.toml is the one list of dependencies: the locks and environment.yml say the same."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from repository import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
GROUPS = PYPROJECT["dependency-groups"]
LOCKS = [
    ROOT / name
    for name in ("requirements.lock", "requirements-test.lock", "requirements-bench.lock", "setup/installer.lock")
]

# conda-forge sells these under another name.
CONDAS_NAME = {"matplotlib": "matplotlib-base"}


def requirements(lines: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(wanted.name): wanted for wanted in map(Requirement, lines)}


def locked(lock: Path) -> dict[str, Requirement]:
    """Name → pin, marker and all."""
    pins = [line.rstrip(" \\") for line in lock.read_text().splitlines() if re.match(r"[a-z0-9]", line)]
    return requirements(pins)


each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)


@each_lock
def test_every_pin_is_exact_and_has_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", lock.read_text())[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==[\w.]+( ; .+)? \\\n +--hash=sha256:[0-9a-f]{64}", entry), entry[:80]


@each_lock
def test_a_lock_names_no_address(lock: Path) -> None:
    assert not re.findall(r".*(?:://|--(?:extra-)?index-url|--find-links).*", lock.read_text())


@pytest.mark.parametrize(
    ("lock", "lines"),
    [
        ("requirements.lock", PROJECT["dependencies"] + GROUPS["build"]),
        ("requirements-test.lock", GROUPS["test"]),
        ("requirements-bench.lock", GROUPS["bench"]),
    ],
)
def test_a_lock_holds_what_pyproject_asks_for(lock: str, lines: list[str]) -> None:
    pins = locked(ROOT / lock)
    for name, wanted in requirements(lines).items():
        assert name in pins, f"{name} is not in {lock}: run make lock"
        version = str(pins[name].specifier).removeprefix("==")
        assert wanted.specifier.contains(version), f"{lock} has {name} {version}, not {wanted}: run make lock"


@pytest.mark.parametrize("lines", [PROJECT["dependencies"], *GROUPS.values()])
def test_nothing_is_named_twice(lines: list[str]) -> None:
    assert len(requirements(lines)) == len(lines)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(LOCKS[:3], 2)), ids=lambda path: path.name)
def test_two_locks_agree(one: Path, other: Path) -> None:
    ones, others = locked(one), locked(other)
    assert {name: str(ones[name].specifier) for name in ones.keys() & others} == {
        name: str(others[name].specifier) for name in ones.keys() & others
    }


def test_what_builds_the_course_is_locked_with_it() -> None:
    assert GROUPS["build"] == PYPROJECT["build-system"]["requires"]


def test_environment_yml_says_what_pyproject_says() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment.keys() == {"name", "channels", "dependencies"}, "a prefix would be somebody's own"
    assert environment["name"] == PROJECT["name"]
    (pips,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pips == ["-e ."], "the course itself, and with it whatever conda lacks"

    wanted = requirements(PROJECT["dependencies"])
    ours = {CONDAS_NAME.get(name, name): str(requirement.specifier) for name, requirement in wanted.items()}
    condas = {}
    for entry in environment["dependencies"]:
        if isinstance(entry, str):
            name, specifier = re.fullmatch(r"([A-Za-z0-9_-]+)(.*)", entry).groups()  # type: ignore[union-attr]  # or red
            condas[name] = str(SpecifierSet(specifier)) if name not in {"python", "pip"} else specifier
    assert condas.pop("pip") == "", "named, or conda warns"
    python = condas.pop("python").removeprefix("=")
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{python}.0")
    assert condas.keys() <= ours.keys(), "only what pyproject.toml names"
    assert condas == {name: ours[name] for name in condas}


def test_the_scripts_name_the_pythons_that_pyproject_names() -> None:
    allowed = SpecifierSet(PROJECT["requires-python"])
    fitting = [f"3.{minor}" for minor in range(30) if allowed.contains(f"3.{minor}.0")]
    assert fitting == ["3.11", "3.12", "3.13"]
    script = (ROOT / "setup/python.sh").read_text()
    assert 'wanted="Python 3.11, 3.12 or 3.13"' in script
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in script
