"""A filter of system calls (seccomp(2)): no other process, no signal to one, no socket that was not given.

`RLIMIT_NPROC` counts nothing for root, and Landlock knows no limit of processes; so the calls that make one are
refused. Threads are let through: `clone` says in its flags whether it makes one, `clone3` hides that in memory,
where a filter cannot look, so it is said not to exist, and the C library then uses `clone`.

Beside it stands what Landlock does not look at: modes, owners, times and attributes of files, which whoever owns a
file may change, root or not; memory and messages of System V, which outlive a process; and sockets, of which an
answer has those it makes in pairs, connected for good.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
KILL, ERRNO, ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
CLONE_THREAD = 0x00010000

# System calls' numbers: (x86-64, AArch64); None where an architecture has no such call.
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
CLONE, CLONE3 = (56, 220), (435, 435)
TO_ITSELF_ONLY = {"kill": (62, 129), "tgkill": (234, 131)}
SOCKETPAIR, SOCK_TYPE, SOCK_STREAM = (53, 199), 0xF, 1  # a pair of datagram sockets could write to another's
PRCTL, PR_SET_PDEATHSIG = (157, 167), 1  # who outlives the grader would outlive the box
REFUSED = {
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "keyctl": (250, 219),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "prlimit64": (302, 261),
    "setpriority": (140, 140),
    "sched_setaffinity": (203, 122),
    "setpgid": (109, 154),
    "setsid": (112, 157),
}

# A step of a filter: struct sock_filter. Loads of struct seccomp_data: the number at 0, the architecture at 4,
# the lower half of argument n at 16 + 8 n.
STEP = struct.Struct("=HBBI")
LOAD, IF_EQUAL, IF_ANY_BIT, IF_AT_LEAST, AND, RETURN = 0x20, 0x15, 0x45, 0x35, 0x54, 0x06

_libc = ctypes.CDLL(None, use_errno=True)


@functools.cache
def _machine() -> str:
    return platform.machine()  # asks the system, which takes a millisecond


def is_possible() -> bool:
    """True on Linux on an architecture whose numbers are known here."""
    return sys.platform.startswith("linux") and _machine() in ARCHITECTURES


def program(column: int, architecture: int, own_pid: int) -> bytes:
    """The filter for a process that may send signals to `own_pid` only."""
    steps = [
        *((LOAD, 0, 0, 4), (IF_EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL)),
        (LOAD, 0, 0, 0),
    ]
    if column == 0:  # the x32 calls of x86-64 have numbers of their own
        steps += [(IF_AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, ERRNO | errno.ENOSYS)]
    for numbers in REFUSED.values():
        if (number := numbers[column]) is not None:
            steps += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | errno.EPERM)]
    steps += [(IF_EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, ERRNO | errno.ENOSYS)]
    steps += [
        *((IF_EQUAL, 0, 4, CLONE[column]), (LOAD, 0, 0, 16), (IF_ANY_BIT, 1, 0, CLONE_THREAD)),
        *((RETURN, 0, 0, ERRNO | errno.EPERM), (RETURN, 0, 0, ALLOW)),
    ]
    for pair in TO_ITSELF_ONLY.values():
        steps += [
            *((IF_EQUAL, 0, 4, pair[column]), (LOAD, 0, 0, 16), (IF_EQUAL, 1, 0, own_pid)),
            *((RETURN, 0, 0, ERRNO | errno.EPERM), (RETURN, 0, 0, ALLOW)),
        ]
    steps += [
        *(
            (IF_EQUAL, 0, 5, SOCKETPAIR[column]),
            (LOAD, 0, 0, 24),
            (AND, 0, 0, SOCK_TYPE),
            (IF_EQUAL, 1, 0, SOCK_STREAM),
        ),
        *((RETURN, 0, 0, ERRNO | errno.EPERM), (RETURN, 0, 0, ALLOW)),
        *((IF_EQUAL, 0, 4, PRCTL[column]), (LOAD, 0, 0, 16), (IF_EQUAL, 0, 1, PR_SET_PDEATHSIG)),
        *((RETURN, 0, 0, ERRNO | errno.EPERM), (RETURN, 0, 0, ALLOW)),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(STEP.pack(*step) for step in steps)


def no_new_privileges() -> None:
    """Nothing this process runs may have more rights than it has; a condition of Landlock and of filters."""
    _control(PR_SET_NO_NEW_PRIVS, 1)


def restrict() -> None:
    """Put the filter into force for this thread and all it starts, for good.

    Raises:
        OSError: the kernel refuses.
    """
    column, architecture = ARCHITECTURES[_machine()]
    steps = program(column, architecture, os.getpid())
    code = ctypes.create_string_buffer(steps, len(steps))
    described = struct.pack("=HxxxxxxQ", len(steps) // STEP.size, ctypes.addressof(code))  # struct sock_fprog
    _control(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described)


def _control(option: int, *arguments: int | bytes) -> None:
    whole: list[int | bytes] = [*arguments, 0, 0, 0, 0][:4]
    wrapped = [ctypes.c_ulong(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in whole]
    if _libc.prctl(option, *wrapped) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
