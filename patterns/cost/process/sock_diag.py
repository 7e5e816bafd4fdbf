"""What the kernel holds for a server's sockets: Linux's sock_diag(7), one question for all of them.

It tells of the buffers only: bytes received and unread, bytes written and unacknowledged, with the overhead of
the packets they lie in (`skmem`, what `ss -m` prints). The socket itself, its inode, its file and its place in
epoll are not told by anyone who is not root; see `Kernel` for what is done about that.
"""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST, NLM_F_DUMP = 0x001, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
INET_DIAG_SKMEMINFO = 7
ESTABLISHED, TIME_WAIT, CLOSE_WAIT = 1, 6, 8
EVERY_STATE_BUT_LISTEN = 0xFFF & ~(1 << 10)  # include/net/tcp_states.h

HEADER = struct.Struct("=IHHII")  # struct nlmsghdr
REQUEST = struct.Struct("=BBBxI HH 16s16s I 8s".replace(" ", ""))  # struct inet_diag_req_v2; ports big-endian
MESSAGE = struct.Struct("=BBBBHH16s16sI8sIIIII")  # struct inet_diag_msg
ATTRIBUTE = struct.Struct("=HH")
SKMEM = struct.Struct("=9I")  # rmem_alloc rcvbuf wmem_alloc sndbuf fwd_alloc wmem_queued optmem backlog drops

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class PortSockets:
    """The TCP sockets of one local port, the listening one left out.

    `accepted`: those a process has taken; the others still wait in the backlog.
    `unread_bytes`: what their clients sent and the server has not read yet.
    `buffer_bytes`: what the kernel spends on what is queued in them, overhead included.
    """

    accepted: int
    in_backlog: int
    unread_bytes: int
    buffer_bytes: int


def ask(port: int) -> PortSockets:
    """Ask the kernel about every TCP socket whose local port is `port`, whichever process has it.

    Raises:
        OSError: not Linux, or a kernel that does not answer.
    """
    if sys.platform != "linux":
        raise OSError(f"expected Linux's sock_diag, this is {sys.platform}")
    accepted = in_backlog = unread = buffers = 0
    for family in (socket.AF_INET, socket.AF_INET6):
        for state, inode, rqueue, memory in _dump(family, port):
            accepted += inode != 0  # a socket that no process holds has no inode
            in_backlog += inode == 0 and state in (ESTABLISHED, CLOSE_WAIT)  # else it is on its way out
            unread += rqueue
            buffers += memory
    return PortSockets(accepted, in_backlog, unread, buffers)


def _dump(family: int, port: int) -> list[tuple[int, int, int, int]]:
    """(state, inode, unread bytes, bytes of memory) of each socket; TIME-WAIT, no socket any more, left out."""
    found: list[tuple[int, int, int, int]] = []
    request = REQUEST.pack(
        family,
        socket.IPPROTO_TCP,
        1 << (INET_DIAG_SKMEMINFO - 1),
        EVERY_STATE_BUT_LISTEN,
        socket.htons(port),
        0,
        bytes(16),
        bytes(16),
        0,
        b"\xff" * 8,
    )
    header = HEADER.pack(HEADER.size + len(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(TIMEOUT_S)
        netlink.send(header + request)
        while True:
            packet = netlink.recv(1 << 18)
            at = 0
            while at < len(packet):
                length, kind, *_ = HEADER.unpack_from(packet, at)
                if kind == NLMSG_DONE:
                    return found
                if kind == NLMSG_ERROR:
                    (number,) = struct.unpack_from("=i", packet, at + HEADER.size)
                    raise OSError(-number, "sock_diag refused the question")
                socket_ = _read(packet, at + HEADER.size, at + length, port)
                if socket_ is not None:
                    found.append(socket_)
                at += (length + 3) & ~3


def _read(packet: bytes, at: int, end: int, port: int) -> tuple[int, int, int, int] | None:
    _, state, _, _, local_port, *_, rqueue, _, _, inode = MESSAGE.unpack_from(packet, at)
    if state == TIME_WAIT or socket.ntohs(local_port) != port:  # TIME-WAIT; or an old kernel that did not filter
        return None
    at += MESSAGE.size
    while at + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(packet, at)
        if kind == INET_DIAG_SKMEMINFO:
            rmem, _, _, _, _, queued, options, backlog, _ = SKMEM.unpack_from(packet, at + ATTRIBUTE.size)
            return state, inode, rqueue, rmem + queued + options + backlog
        if length < ATTRIBUTE.size:
            break
        at += (length + 3) & ~3
    return state, inode, rqueue, 0
