import importlib.metadata
import sys

import pytest

from patterns.lab import environment


async def test_here_every_check_passes_and_says_what_it_found() -> None:
    table = await environment.check_environment()
    assert table.caption == "check passed: everything works here"
    assert [row[1] for row in table.rows] == ["✓ works"] * len(environment.CHECKS)
    assert all(row[2] and not row[3] for row in table.rows)


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0)])
async def test_another_python_is_named_with_the_way_to_mend_it(
    version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    table = await environment.check_environment()
    assert table.caption == "something is amiss: the last column says how to mend it"
    assert table.rows[0] == (
        "Python",
        "✗ mend this",
        ".".join(map(str, version)),
        "use Python 3.11, 3.12 or 3.13: `make lab PYTHON=python3.12`",
    )


async def test_a_package_of_another_version_is_named_with_what_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0" if name == "aiohttp" else wanted(name))
    _, packages, *_ = (await environment.check_environment()).rows
    assert packages[1:3] == ("✗ mend this", "aiohttp<4,>=3.14 is wanted, 1.0 is installed")


async def test_a_kernel_without_the_course_is_told_to_use_the_courses_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "DISTRIBUTION", "no-such-course")
    monkeypatch.setattr(environment.unmet_requirements, "__defaults__", ("no-such-course",))
    _, packages, *_ = (await environment.check_environment()).rows
    assert packages[2:] == ("this kernel is not the course's own", environment.SET_UP)
