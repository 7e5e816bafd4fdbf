"""Run as a script: starts a command in a group of its own, and ends the whole group when its own stdin ends.

The problem: a kernel that is killed runs no `finally`, and a server started by it would live on.
The assumption: the system closes a dead process's pipes. The bargain: one small process beside each server
(not part of what is measured) which reads a pipe until its end, and then ends everybody in the server's
process group, children of children too. Should it be killed itself, Linux kills the server for it.

The first line on stdout is the server's process id; it is written between fork and exec, so nothing comes
before it. What follows is the server's own output.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

GRACE_S = 2.0  # between asking the group to end and ending it
PR_SET_PDEATHSIG = 1
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def follow_the_parent_in_death() -> None:
    """Ask Linux to kill this process as soon as the thread that started it is gone (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def between_fork_and_exec() -> None:
    """In the child: never outlive the watchman, hear the signals it does not, and say who it is."""
    follow_the_parent_in_death()
    for number in IGNORED:
        signal.signal(number, signal.SIG_DFL)  # what is ignored stays so through exec
    os.write(1, b"%d\n" % os.getpid())


def end_group(group: int, number: int) -> None:
    """Send a signal to every process of the group, if there is one left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: not permitted on one that has ended
        os.killpg(group, number)


def end_when_stdin_ends(group: int) -> None:
    """Read stdin to its end, then end the group: first asked, after a moment forced."""
    while os.read(0, 4096):
        pass
    end_group(group, signal.SIGTERM)
    time.sleep(GRACE_S)
    end_group(group, signal.SIGKILL)


def main(argv: list[str]) -> int:
    """Run `argv` to its end; what it ended with, a signal as 128 + its number."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)  # the pipe alone decides
    try:
        server = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=between_fork_and_exec,  # safe: this process has one thread yet
            restore_signals=True,
        )
    except OSError as error:
        print(f"cannot run {argv[0]!r}: {error.strerror}", file=sys.stderr, flush=True)
        return 127
    os.close(1)  # else the parent would never see its end
    threading.Thread(target=end_when_stdin_ends, args=(server.pid,), daemon=True).start()
    if hasattr(os, "waitid"):  # leave it unreaped: its number stays its own until the group is ended
        os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)
    else:
        server.wait()
    end_group(server.pid, signal.SIGKILL)
    status = server.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
