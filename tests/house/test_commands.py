"""The two commands say what is wrong in one line, and what to do about it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from repository import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )


def python_that(folder: Path, name: str, script: str) -> str:
    """A program in `folder` that stands for a Python; its path."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_make_alone_lists_every_command() -> None:
    commands = re.search(r"^\.PHONY: (.+)$", MAKEFILE, flags=re.MULTILINE)[1].split()  # type: ignore[index]  # or red
    listed = run("make").stdout
    assert not [name for name in commands if not re.search(rf"^  make {name} +\w", listed, flags=re.MULTILINE)]
    assert "Windows inside WSL" in listed


def test_ci_runs_make_test_and_nothing_else() -> None:
    script = (ROOT / ".ci/run").read_text()
    lines = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert lines == ["set -eu", 'cd "$(dirname "$0")/.."', "export CI=true", "exec make test </dev/null"]
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_the_python_at_hand_is_taken() -> None:
    assert run("sh", "setup/python.sh", sys.executable).stdout == f"{sys.executable}\n"


def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = run("sh", "setup/python.sh", "/nowhere/python")
    assert missing.returncode == 1
    assert missing.stderr == (
        "/nowhere/python is not a Python that runs: install Python 3.11, 3.12 or 3.13, then run the same "
        "command again; or name one: PYTHON=/path/to/python3.12.\n"
    )


def test_a_python_that_is_too_old_says_what_fits(tmp_path: Path) -> None:
    old = python_that(tmp_path, "python3", '[ "$1" = --version ] && echo "Python 3.10.13" || exit 1')
    refused = run("sh", "setup/python.sh", old)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"{old} is Python 3.10.13, and the course needs Python 3.11, 3.12 or 3.13: install one, then run the "
        "same command again; or name one: PYTHON=/path/to/python3.12.\n"
    )


def test_a_newer_python_is_taken_where_python3_is_too_old(tmp_path: Path) -> None:
    python_that(tmp_path, "python3", "exit 1")
    python_that(tmp_path, "python3.13", "exit 1")
    python_that(tmp_path, "python3.12", f'exec {sys.executable} "$@"')
    chosen = run("/bin/sh", "setup/python.sh", PATH=str(tmp_path))
    assert chosen.stdout == "python3.12\n"


def test_a_python_without_venv_says_which_package_brings_it(tmp_path: Path) -> None:
    bare = python_that(tmp_path, "python3", 'case "$2" in *ensurepip*) exit 1;; esac')
    refused = run("sh", "setup/python.sh", bare)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"{bare} has no venv module: install it (Debian and Ubuntu: apt install python3-venv), then run the "
        "same command again.\n"
    )


def test_a_busy_port_says_which_other_to_take() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run(sys.executable, "setup/lab.py", "--no-browser", f"--port={port}")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Port {port} is busy: stop what listens there, or choose another: make lab PORT={port + 1}.\n"
    )


def test_a_browser_that_does_not_run_is_a_failure_and_no_skip() -> None:
    refused = run(sys.executable, "setup/chromium.py", CHROMIUM="/nowhere/chromium", BROWSER="")
    assert refused.returncode == 1
    assert refused.stderr == (
        "CHROMIUM=/nowhere/chromium is not a browser that runs: name one that does, or leave CHROMIUM out.\n"
    )


@pytest.mark.parametrize(
    ("listed", "handed_on"),
    [
        ("global.index-url='http://mirror/simple'", {"UV_DEFAULT_INDEX": "http://mirror/simple"}),
        ("global.extra-index-url='http://a/\\nhttp://b/'", {"UV_INDEX": "http://a/ http://b/"}),
        ("global.cert='/a.pem'\n:env:.cert='/b.pem'", {"SSL_CERT_FILE": "/b.pem"}),
        (":env:.find-links='/x /y'\nglobal.timeout='9'", {"UV_FIND_LINKS": "/x,/y"}),
    ],
)
def test_pips_configuration_is_handed_on_to_uv(
    listed: str, handed_on: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import install

    for variable in (*dict(install.UVS_WORDS.values()), *install.OLD_WORDS.values()):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=listed))
    assert install.uvs_configuration() == {**handed_on, "UV_INDEX_STRATEGY": "unsafe-best-match"}


def test_uv_installs_the_lock_by_its_hashes_and_compiles_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import install

    commands: list[list[str]] = []
    monkeypatch.setattr(install, "uvs_configuration", dict)
    monkeypatch.setattr(install, "ran", lambda command, **_: commands.append(command) or True)
    assert install.install(Path("some.lock")) == "uv"
    by_pip, by_uv = (command[command.index("install") + 1 :] for command in commands)
    assert by_pip == ["--require-hashes", "--requirement", str(ROOT / "setup/installer.lock")]
    assert by_uv == ["--require-hashes", "--requirement", "some.lock", "--compile-bytecode"]


def test_pre_commit_runs_what_the_environment_has_and_fetches_nothing() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in configuration["repos"]] == ["local"]
    for hook in configuration["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/python -m ")
