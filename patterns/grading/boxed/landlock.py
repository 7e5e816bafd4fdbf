"""Landlock (landlock(7)): a process gives up, for good and without being root, what it does not need.

No files but those below given folders, and these only to be read; no TCP; no signal to, and no abstract UNIX socket
of, anybody outside. What the running kernel does not know yet is left out, and `version` says how much that is.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Sequence

# The same numbers on every architecture (asm-generic/unistd.h).
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
ASK_VERSION = 1
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # version → how many rights; IOCTL_DEV came with 5
TCP_RIGHTS = 0b11  # bind and connect, since version 4
SCOPES = 0b11  # abstract UNIX sockets and signals, since version 6

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """The kernel's version of Landlock; 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(_libc.syscall(CREATE_RULESET, None, 0, ASK_VERSION)))


def restrict(read: Sequence[str], listed: Sequence[str] = ()) -> None:
    """From now on this thread, and all it starts, may only read files below `read`, and write none.

    Below `listed` it may see which files there are, but not read them.

    PR_SET_NO_NEW_PRIVS has to be set before.

    Raises:
        OSError: the kernel refuses.
    """
    known = version()
    files = (1 << FILE_RIGHTS[min(known, 5)]) - 1
    rules = struct.pack("=QQQ", files, TCP_RIGHTS if known >= 4 else 0, SCOPES if known >= 6 else 0)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = _call(CREATE_RULESET, rules, size, 0)
    try:
        for path in read:
            _allow(ruleset, path, READ_FILE | READ_DIR)
        for path in listed:
            _allow(ruleset, path, READ_DIR)
        _call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= READ_FILE
        _call(ADD_RULE, ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", rights, parent), 0)
    finally:
        os.close(parent)


def _call(number: int, *arguments: int | bytes) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
