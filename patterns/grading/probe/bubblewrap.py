"""The box for Linux without Landlock: bubblewrap (bwrap(1)) around the fork server and all that it forks.

Within, there is Python, the system's libraries, and of the course the folder that drives answers; no network, no
other file, nothing to write to. Processes keep their numbers, for the grader watches them by these; what keeps an
answer from signalling others is the filter of system calls.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache")
OWN = ("patterns/__init__.py", "patterns/grading/__init__.py", "patterns/grading/boxed")


def wrapped(command: Sequence[str], root: str) -> list[str]:
    """The command that runs `command` within bubblewrap; `root` is the folder that `patterns` lies in."""
    python = Path(os.path.realpath(command[0]))
    shown = [*SYSTEM, sys.base_prefix, *(str(Path(root) / part) for part in OWN)]
    binds = [word for path in dict.fromkeys(shown) for word in ("--ro-bind-try", path, path)]
    return [
        *(
            shutil.which("bwrap") or "bwrap",
            "--unshare-net",
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-cgroup-try",
            "--unshare-user-try",
        ),
        *("--die-with-parent", *binds, "--dev", "/dev", "--chdir", "/", "--", str(python), *command[1:]),
    ]
