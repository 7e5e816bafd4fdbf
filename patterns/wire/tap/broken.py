"""Broken: learns of a reset after a FIN, when nobody reads there any more.

The problem: of a peer that has ended its direction, asyncio reads no more, and a transport that is not read
learns of a reset only when it writes, perhaps an hour later. To read on is no way out: after a FIN a socket
is readable for ever (epoll(7) EPOLLIN, EPOLLRDHUP), and the loop would spin.
The assumption: epoll reports EPOLLERR and EPOLLHUP also when asked for nothing at all (epoll_ctl(2)); EPOLLERR
means a reset here, EPOLLHUP alone that both sides have ended, which is no news.
The bargain: a second epoll, asked for nothing, and itself watched by the loop, which costs one descriptor
for all half-closed connections of a tap. Elsewhere than on Linux there is none, and a reset after a FIN is noticed
at the next write, as before.
"""

import asyncio
import select
import socket
import sys
from collections.abc import Callable

IS_POSSIBLE = sys.platform == "linux"


class BrokenWatch:
    """Calls back, once, when a socket in its care has been reset."""

    def __init__(self) -> None:
        self._epoll: select.epoll | None = None
        self._watched: dict[int, tuple[socket.socket, Callable[[], None]]] = {}

    def add(self, watched: socket.socket, broken: Callable[[], None]) -> None:
        """Watch a socket that nobody reads."""
        if not IS_POSSIBLE or watched.fileno() in self._watched:
            return
        if self._epoll is None:
            self._epoll = select.epoll()
            asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._look)
        self._epoll.register(watched.fileno(), 0)
        self._watched[watched.fileno()] = (watched, broken)

    def remove(self, watched: socket.socket) -> None:
        """Forget it; it must still be open. What is not watched is no error."""
        self._forget(watched.fileno())

    def _forget(self, descriptor: int) -> None:
        if self._watched.pop(descriptor, None) is None or self._epoll is None:
            return
        self._epoll.unregister(descriptor)
        if not self._watched:
            asyncio.get_running_loop().remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None

    def _look(self) -> None:
        if self._epoll is None:
            return
        for descriptor, _ in self._epoll.poll(0):
            watched, broken = self._watched[descriptor]
            self._forget(descriptor)
            if watched.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                broken()
