"""Listening with threads that wait: the twin of `wire.listen`, where nobody awaits.

The problem: a function that reads from a socket holds its thread until something comes. To serve a second
client meanwhile, somebody else has to be there.
The assumption: the operating system switches between threads, and a thread that waits costs memory, no time.
The bargain: the code of one conversation reads from top to bottom, and the number of threads is the number of
clients that are served at once. `threads=1`: the accepting thread serves each client to its end itself.
`threads=None`: a new thread for each connection. `threads=n`: a pool of n, behind which further clients queue.

A thread cannot be cancelled. So to stop is to shut down the sockets that the threads wait on, and then to wait
for them; one that does not look at its socket meanwhile, since it sleeps or computes, is waited for in vain.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from patterns.wire.listen import Address, check_host

Conversation = Callable[[socket.socket], None]
"""What is called with each connection, in a thread that it may hold; the connection is closed when it returns."""

BACKLOG = 4096  # a full backlog drops the SYN, and the client tries again only after a whole second
LINGER_S = 1.0  # how long a client may go on sending after our FIN; its thread waits so long
STOP_LIMIT_S = 5.0


async def listen_blocking(
    converse: Conversation,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    threads: int | None = None,
    open_to_the_network: bool = False,
) -> "BlockingServer":
    """Listen on `host`:`port` (0: the system chooses) and call `converse` with every connection's socket.

    threads: 1, one thread does it all; None, one more for each connection; n, a pool of n.
    What `converse` raises goes to the exception handler of the loop that started the server; that a client has
    gone is no error. Raises `ValueError` for a host that others can reach, or fewer threads than one.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"expected threads ≥ 1, or None for a thread a connection, got {threads}")
    host = check_host(host, open_to_the_network)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    return BlockingServer(converse, listening, threads, asyncio.get_running_loop())


class BlockingServer:
    """A listening server made of threads; made by `listen_blocking`, ended by `stop`."""

    def __init__(
        self, converse: Conversation, listening: socket.socket, threads: int | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.address = Address(*listening.getsockname()[:2])
        self.threads = threads
        self._converse, self._listening, self._loop = converse, listening, loop
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread | None] = {}
        self._stopping = False
        self._pool = ThreadPoolExecutor(threads, "serves") if threads and threads > 1 else None
        self._acceptor = threading.Thread(target=self._accept, name=f"accepts on {self.address}", daemon=True)
        self._acceptor.start()

    @property
    def connections(self) -> int:
        """How many connections are accepted and not closed; those in the backlog do not count."""
        return len(self._open)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with self._lock:
                if self._stopping:
                    connection.close()
                    return
                self._open[connection] = None
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.threads == 1:
                self._serve(connection)
            elif self._pool is not None:
                self._pool.submit(self._serve, connection)
            else:
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                with self._lock:
                    self._open[connection] = thread
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._converse(connection)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(LINGER_S)  # closed with bytes unread it would answer RST (RFC 9112 §9.6)
            while connection.recv(65_536):
                pass
        except OSError:
            pass  # the client has gone, or we stop
        except Exception as error:
            self._report(error)
        finally:
            with self._lock:
                connection.close()
                self._open.pop(connection, None)

    def _report(self, error: Exception) -> None:
        name = getattr(self._converse, "__qualname__", repr(self._converse))
        context = {"message": f"{name}, listening on {self.address}, failed", "exception": error}
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is left to be told
            self._loop.call_soon_threadsafe(self._loop.call_exception_handler, context)

    async def stop(self) -> None:
        """Stop accepting, end every connection, wait up to 5 s for the threads; to stop twice is allowed."""
        with self._lock:
            self._stopping = True
            threads = [self._acceptor, *(thread for thread in self._open.values() if thread is not None)]
            for connection in self._open:
                _wake(connection)
        await asyncio.to_thread(self._end, threads)

    def _end(self, threads: list[threading.Thread]) -> None:
        with contextlib.suppress(OSError), socket.socket(self._listening.family) as knock:
            knock.setblocking(False)  # accept() does not hear that its socket was closed; it hears a client
            knock.connect_ex(self.address)
            self._acceptor.join(STOP_LIMIT_S)
        self._listening.close()
        for thread in threads:
            if thread.ident is not None:
                thread.join(STOP_LIMIT_S)
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        with self._lock:  # those that never got a thread of the pool
            for connection in self._open:
                connection.close()
            self._open.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __repr__(self) -> str:
        return f"<BlockingServer on {self.address}, {self.connections} connections>"


def _wake(connection: socket.socket) -> None:
    """End the connection under whoever waits on it: a blocked recv() returns, which close() alone does not do."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
