"""`python -m patterns race`, as it is typed: what it prints, what it draws, and one line for a mistake."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from patterns import __main__ as terminal

ROOT = Path(__file__).parents[2]
IN_THE_README = re.compile(r"<!-- race: `python -m patterns race`, .*? -->\n```\n(.*?)```\n", re.DOTALL)
SHORT = ["--hours", "0.05", "--clients", "2"]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """`typed("race", …)` gives the exit code, what was printed, and what was said on standard error."""

    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["patterns", *words])
        code = terminal.main()
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return typed


def test_the_readme_shows_what_the_command_prints() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "patterns", "race"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stderr == ""
    (shown,) = IN_THE_README.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown == run.stdout


def test_every_option_is_in_the_conditions(typed) -> None:
    code, out, err = typed(
        *("race", "--rate", "0.5", "--clients", "3", "--hours", "0.02", "--interval-s", "2", "--wait-s", "7"),
        *("--delay-s", "0.03", "--seed", "9", "--json"),
    )
    assert (code, err) == (0, "")
    conditions = json.loads(out)["conditions"]
    assert conditions.pop("events") > 0
    assert conditions == {
        "clients": 3,
        "duration_s": 72.0,
        "delay_s": 0.03,
        "payload_bytes": 100,
        "seed": 9,
        "interval_s": 2.0,
        "wait_s": 7.0,
    }


def test_json_is_the_same_text_twice_and_names_nothing_of_the_machine(typed) -> None:
    first, second = typed("race", *SHORT, "--json"), typed("race", *SHORT, "--json")
    assert first == second
    assert not re.search("wall|memory|cpu|port|127", first[1])


@pytest.mark.parametrize(("name", "begins"), [("race.svg", b"<?xml"), ("race.png", b"\x89PNG"), ("race.pdf", b"%PDF")])
def test_plots_are_drawn_into_a_file(typed, tmp_path: Path, name: str, begins: bytes) -> None:
    code, out, err = typed("race", *SHORT, "--plot", str(tmp_path / name))
    assert (code, err) == (0, "")
    assert "events missed" in out
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--rate", "-1"], "Invalid value for '--rate': -1.0 is not in the range x>=0."),
        (["--hours", "0"], "Invalid value for '--hours': 0.0 is not in the range x>0."),
        (["--clients", "none"], "Invalid value for '--clients': 'none' is not a valid integer range."),
        (["--plot", "race.bmp"], "expected --plot FILE to end in .svg, .png or .pdf, got race.bmp"),
        (["--plot", "/no/such/folder/race.svg"], "expected a folder for --plot, but there is no /no/such/folder"),
        (
            ["--clients", "20000"],
            "expected a race of at most 1,000,000 messages, this one would have about 74,400,000; "
            "take fewer clients, fewer hours, a lower rate or a longer interval",
        ),
        (["--what"], "No such option '--what'. (Did you mean one of: '--rate', '--wait-s'?)"),
    ],
)
def test_a_mistake_gets_one_line(typed, words: list[str], line: str) -> None:
    assert typed("race", *words) == (2, "", f"{line} (python -m patterns --help tells more)\n")


def test_an_unknown_command_gets_one_line(typed) -> None:
    assert typed("rece") == (
        2,
        "",
        "No such command 'rece'. Did you mean 'race'? (python -m patterns --help tells more)\n",
    )
