"""The box from within, one lock after the other: what is refused, what is left, and that the grader hides itself."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from registered import answers

from patterns.grading.boxed import box, landlock, seccomp
from patterns.grading.checks import expect
from patterns.grading.probe import Answer, ForkServer
from patterns.grading.verdict import grade

ROOT = Path(__file__).resolve().parents[2]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no box but on Linux")
boxed = pytest.mark.skipif(
    landlock.version() < 6 or not seccomp.is_possible(), reason="no box here: it holds back accidents only"
)

REFUSED = {
    "a file of the repository": f"open({str(ROOT / 'README.md')!r})",
    "a folder": "os.listdir('/')",
    "its own command line": "open('/proc/self/cmdline')",
    "the system's users": "open('/etc/passwd')",
    "a new file": "open('/tmp/new', 'w')",
    "a new folder": "os.mkdir('/tmp/new')",
    "a terminal": "open('/dev/tty')",
    "a fork": "os.fork()",
    "another program": "os.execv('/bin/true', ['true'])",
    "a shell": "subprocess.run('true', shell=True)",
    "a TCP socket": "socket.socket()",
    "a netlink socket": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "a signal to its parent": "os.kill(os.getppid(), 0)",
    "a signal to everybody": "os.kill(-1, 0)",
    "a session of its own": "os.setsid()",
    "another's priority": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 5)",
    "a mode": "os.chmod('/dev/null', 0o777)",
    "an owner": "os.chown('/dev/null', 0, 0)",
    "a time": "os.utime('/dev/null', (0, 0))",
    "an attribute": "os.setxattr('/dev/null', 'user.x', b'')",
    "a pair of datagram sockets": "socket.socketpair(type=socket.SOCK_DGRAM)",
    "another socket's address": "socket.socketpair()[0].connect('/dev/log')",
    "memory that outlives it": "libc(lambda c: c.shmget(7, 4096, 0o1600))",
    "to outlive the grader": "libc(lambda c: c.prctl(1, 0, 0, 0, 0))",
    "a descriptor of a process": "os.pidfd_open(os.getppid())",
}
ALLOWED = {
    "its library": "importlib.import_module('statistics') and 1",
    "randomness": "len(os.urandom(5))",
    "nothing": "os.path.exists('/dev/null') and len(open('/dev/null').read())",
    "threads": "threading.Thread(target=time.sleep, args=(0.1,)).start()",  # still there when all is over
    "a pair of sockets": "[one.close() for one in socket.socketpair()]",
    "a pipe": "[os.close(one) for one in os.pipe()]",
    "a signal to itself": "os.kill(os.getpid(), 0)",
    "the time": "time.monotonic() > 0",
}
SOURCE = """
import ctypes, importlib, os, socket, subprocess, threading, time

def libc(call):
    if call(ctypes.CDLL(None, use_errno=True)) < 0:
        raise OSError(ctypes.get_errno(), "refused")

def f():
    return """


@boxed
@pytest.mark.parametrize("what", REFUSED)
def test_the_box_refuses(what: str, trial) -> None:
    def drive(answer: Answer) -> None:
        with answer.must_raise("PermissionError", "It is in a box."):
            answer.f()

    assert trial(SOURCE + REFUSED[what], drive, leftovers=False).told == ""


@pytest.mark.parametrize("what", ALLOWED)
def test_the_box_allows(what: str, trial) -> None:
    assert trial(SOURCE + ALLOWED[what], lambda answer: answer.f()).told == ""


@linux
def test_an_answer_has_no_environment_no_capabilities_and_cannot_get_new_ones(trial) -> None:
    source = """
        import ctypes, os, sys
        def f():
            return dict(os.environ), [path for path in sys.path if "site-packages" in path], sys.argv[0]
        def status():
            libc = ctypes.CDLL(None)
            return libc.prctl(39, 0, 0, 0, 0), [libc.prctl(23, number, 0, 0, 0) for number in range(5)]
    """

    def drive(answer: Answer) -> None:
        environment, paths, _ = answer.f()
        expect(sorted(set(environment) - {"LC_CTYPE"}), ["MALLOC_ARENA_MAX", "PYTHONHASHSEED"], "its environment")
        expect(paths, [], "its paths")
        new, capabilities = answer.status()
        expect(new, 1, "no new privileges")
        expect(set(capabilities), {0}, "capabilities it could ever have")

    assert trial(source, drive).told == ""


def test_the_box_in_force_is_told() -> None:
    verdict = grade("framing", "class Framer: pass")
    assert verdict.box == box.describe(box.best())
    if landlock.version() >= 6 and seccomp.is_possible():
        assert verdict.box == (
            f"Landlock {landlock.version()} and seccomp: files read-only and only Python's own, no TCP, "
            "no signals to others, no processes, no sockets"
        )


def test_without_landlock_bubblewrap_is_taken_if_it_is_there(monkeypatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(sys, "platform", "linux")
    assert box.best() == "bubblewrap"
    assert box.describe("bubblewrap").startswith("bubblewrap")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert box.best() == "limits"
    assert box.describe("limits") == (
        "accidents only: an answer is limited in time and memory, not in what it may touch"
    )


def test_with_limits_alone_answers_are_graded_as_well() -> None:
    with ForkServer(box="limits") as server:
        assert grade("framing", answers("framing", "right")[0].source, server=server).word == "passed"
        assert grade("framing", "import os; os._exit(0)", server=server).checks[0].accident == "exited"


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_bubblewrap_shows_python_and_nothing_else() -> None:
    with ForkServer(box="bubblewrap") as server:
        assert grade("framing", answers("framing", "right")[0].source, server=server).word == "passed"
        for path in (ROOT / "README.md", ROOT / "patterns/grading/checks/framing.py", "/etc/passwd"):
            found = grade("framing", f"open({str(path)!r})", server=server).checks[0]
            assert "FileNotFoundError" in found.message


def test_the_course_is_not_readable_even_where_it_is_installed_in_pythons_library(tmp_path: Path) -> None:
    course = tmp_path / "lib" / "site-packages" / "patterns"
    for path in (course, tmp_path / "lib" / "json", tmp_path / "lib" / "site-packages" / "other"):
        path.mkdir(parents=True)
    read: list[str] = []
    listed: list[str] = []
    box._all_but(tmp_path / "lib", course, read, listed)
    assert [Path(path).name for path in read] == ["json", "other"]
    assert [Path(path).name for path in listed] == ["lib", "site-packages"]
    assert not [path for path in box.readable()[0] if ROOT.is_relative_to(path)]


@linux
def test_a_grader_hides_its_memory() -> None:
    code = (
        "import ctypes; from patterns.grading.boxed.box import hide; hide(); print(ctypes.CDLL(None).prctl(3,0,0,0,0))"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout == "0\n"  # PR_GET_DUMPABLE
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 1, "and not this process"
