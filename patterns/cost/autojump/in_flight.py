"""Is anything still on its way? What has to be asked before the clock may jump.

The problem: bytes handed to the kernel are not yet readable at the other end, and a jump at that moment
fires time-outs that nobody deserved. The assumption: both ends are in this process and the way between
them is the loopback. There, Linux delivers a packet inside the sender's own system call, except that

- under load the delivery is left to a kernel thread: the packet lies in its processor's backlog;
- a machine may be told to let other processors deliver (Receive Packet Steering, rps_cpus);
- TCP itself holds bytes back until older ones are acknowledged (congestion window, Nagle), and the
  receiver delays its acknowledgements by up to 40 ms of real time (RFC 9293 §3.8.6.3, RFC 5681 §4.2);
- a congestion control such as BBR spreads segments over real time (pacing);
- a connection attempt that finds the queue of the listening socket full is tried again after 1 s.

The bargain: no waiting "long enough". Each of these is asked for, or taken away: acknowledgements that
are due are sent at once (`acknowledge`), sockets use a congestion control that does not pace
(`do_not_pace`), attempts to connect are seen (`is_connecting`), and a datagram sent to oneself comes back
behind every packet queued before it on the same processor (`Loopback`). About 25 µs a jump.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# Packets that follow one another without anybody becoming ready in between: SYN, SYN-ACK, ACK.
LONGEST_CHAIN = 3

# Real seconds after which a datagram to oneself counts as lost, and after which a drop is mended by TCP.
LOST_S = 0.25

# Where the system cannot be asked (macOS delivers in a kernel thread), this many real seconds are enough.
UNKNOWN_S = 0.002

# Which processors the kernel was told to let deliver what comes over the loopback; a mask in hexadecimal.
STEERING = Path("/sys/class/net/lo/queues/rx-0/rps_cpus")

SO_INCOMING_CPU = 49  # include/uapi/asm-generic/socket.h; which processor delivered last

SYN_SENT = 2  # include/net/tcp_states.h; first byte of TCP_INFO

LINUX = sys.platform == "linux"


@contextlib.contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """A socket object for a descriptor of somebody else's; OSError if it is closed, or no TCP socket."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=descriptor)
    try:
        yield sock
    finally:
        sock.detach()


def do_not_pace(descriptor: int) -> None:
    """Choose the congestion control that sends as soon as it may; an accepted socket inherits it."""
    _set(descriptor, "TCP_CONGESTION", b"reno")


def acknowledge(descriptor: int) -> None:
    """Send an acknowledgement that is due, now instead of within 40 ms (TCP_QUICKACK, tcp(7))."""
    _set(descriptor, "TCP_QUICKACK", 1)


def _set(descriptor: int, option: str, value: int | bytes) -> None:
    if LINUX:
        with contextlib.suppress(OSError), _borrowed(descriptor) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def is_connecting(descriptor: int) -> bool:
    """True while a connection attempt has not been answered."""
    if LINUX:
        with contextlib.suppress(OSError), _borrowed(descriptor) as sock:
            return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == SYN_SENT
    return False


def steered_to() -> set[int]:
    """Return the processors that deliver in place of the sender's own: none, unless somebody set it so."""
    with contextlib.suppress(OSError, ValueError):
        mask = int(STEERING.read_text().replace(",", ""), 16)
        return {processor for processor in range(mask.bit_length()) if mask >> processor & 1}
    return set()


class Loopback:
    """Waits, in real time, until the loopback has delivered whatever this thread has sent so far.

    `settle` sends a datagram to itself. A processor's backlog is a queue, so when it is back, everything
    sent earlier from that processor has been delivered. What was sent from another processor, before the
    thread was moved, is seen as that processor's backlog in /proc/net/softnet_stat (columns: 1 dropped,
    11 waiting; Linux 5.10). Where packets are steered, the processor hangs on the sockets, and a packet
    that another one has just taken out of its backlog is nowhere to be seen: there, each processor gets a
    datagram of its own to itself, from a socket whose packets it has been seen to deliver.
    """

    def __init__(self) -> None:
        self._backlogs = -1
        self._canaries: list[socket.socket] = []
        if not LINUX:
            return
        with contextlib.suppress(OSError):
            self._backlogs = os.open("/proc/net/softnet_stat", os.O_RDONLY | os.O_CLOEXEC)
            if self._waiting_and_dropped() is None:
                self._forget_backlogs()
        with contextlib.suppress(OSError):  # a machine without IPv4 loopback
            self._canaries.append(_canary())
            self._add_one_for_each(steered_to())
        self._dropped = (self._waiting_and_dropped() or (0, 0))[1]

    def close(self) -> None:
        """Give back the descriptors."""
        self._forget_backlogs()
        while self._canaries:
            self._canaries.pop().close()

    def settle(self) -> None:
        """Return when nothing sent before the call is still on its way."""
        if not self._canaries or self._backlogs < 0:
            time.sleep(UNKNOWN_S)
            if not self._canaries:
                return
        self._await_backlogs()
        for _ in range(LONGEST_CHAIN):
            for canary in self._canaries:
                _send(canary)
            for canary in self._canaries:
                _receive(canary)

    def _add_one_for_each(self, processors: set[int]) -> None:
        """Find a socket for each processor: which one delivers is drawn by lot, so 64 draws miss none of 8."""
        left = set(processors)
        for _ in range(64 * len(left)):
            if not left:
                return
            canary = _canary()
            _send(canary)
            _receive(canary)
            delivers = canary.getsockopt(socket.SOL_SOCKET, SO_INCOMING_CPU)
            if delivers in left:
                left.discard(delivers)
                self._canaries.append(canary)
            else:
                canary.close()

    def _await_backlogs(self) -> None:
        """Let every processor work off its backlog; if it dropped a packet, let TCP send it again."""
        deadline = time.monotonic() + LOST_S
        while (state := self._waiting_and_dropped()) is not None:
            waiting, dropped = state
            if dropped != self._dropped:
                self._dropped = dropped
                time.sleep(LOST_S)
            if not waiting or time.monotonic() > deadline:  # others' packets may never cease
                return
            time.sleep(0.0001)

    def _waiting_and_dropped(self) -> tuple[int, int] | None:
        """(packets waiting, packets dropped ever) over all processors; None where Linux does not tell."""
        if self._backlogs < 0:
            return None
        text = os.pread(self._backlogs, 1 << 16, 0)
        waiting = dropped = 0
        for line in text.splitlines():  # columns of eight hexadecimal digits and a space
            if len(line) < 12 * 9 - 1:
                return None
            waiting += int(line[99:107], 16)
            dropped += int(line[9:17], 16)
        return waiting, dropped

    def _forget_backlogs(self) -> None:
        if self._backlogs >= 0:
            os.close(self._backlogs)
            self._backlogs = -1


def _canary() -> socket.socket:
    """A socket whose datagrams come back to it."""
    canary = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    canary.setblocking(False)
    canary.bind(("127.0.0.1", 0))
    canary.connect(canary.getsockname())
    return canary


def _send(canary: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        canary.send(b"")


def _receive(canary: socket.socket) -> None:
    try:
        canary.recv(1)
    except BlockingIOError:  # delivery was left to the kernel's thread: now it has to be waited for
        readable = select.poll()
        readable.register(canary, select.POLLIN)
        if readable.poll(LOST_S * 1000):
            with contextlib.suppress(BlockingIOError):
                canary.recv(1)
