"""One connection: asyncio's own streams, a task that runs the handler, and the closing in stages."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Protocol

from patterns.wire.listen.address import Address

FLUSH_LIMIT_S = 30.0  # how long a client may take to read what was already written when the handler ended
LINGER_S = 2.0  # how long a client may go on sending after our FIN (RFC 9112 §9.6, "reasonably certain")


class Leaving(StrEnum):
    """What counts as a client that has left while its request is worked on.

    RESET: the connection is gone; nobody can read an answer. HANG_UP: that, or the client's FIN. A FIN says only
    "I shall send no more": a program that closed its socket sends it, and so does one that half-closed and waits
    for its answer. The two cannot be told apart before something is written, so HANG_UP gives up the second kind.
    """

    RESET = "reset"
    HANG_UP = "hang up"


class Owner(Protocol):
    """The listener, as its connections know it."""

    def came(self, connection: "Connection") -> bool:
        """Count a connection in; False if it is one too many."""

    def went(self, connection: "Connection") -> None:
        """Count a connection out."""

    def report(self, what: str, error: BaseException | None) -> None:
        """Report what went wrong with a handler."""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What is done on each connection."""


@contextlib.contextmanager
def when_client_leaves(writer: asyncio.StreamWriter, leaving: Leaving, call: Callable[[], object]) -> Iterator[None]:
    """`call` once if the client leaves within the block, or has left before it; `writer` as `listen` handed it over.

    What the client sent in advance is read up to twice the streams' limit (128 KiB); with more than that waiting,
    reading pauses and nothing is seen of its leaving, until the handler has ended.
    """
    connection = writer.transport.get_protocol()
    if not isinstance(connection, Connection):
        raise TypeError(f"expected a writer that listen() handed to its handler, got one of {connection!r}")
    with connection.watched(leaving, call):
        yield


def waiting_bytes(reader: asyncio.StreamReader) -> int:
    """How many bytes have come and wait to be read: while there are any, `read` does not let others run."""
    return len(reader._buffer)  # type: ignore[attr-defined]  # asyncio has no public name for it


class Connection(asyncio.StreamReaderProtocol):
    """One connection: asyncio's own streams, and a task that runs the handler and then closes."""

    task: asyncio.Task[None] | None = None

    def __init__(self, listening: Owner) -> None:
        self._listening = listening
        self._left: Leaving | None = None
        self._watch: tuple[Leaving, Callable[[], object]] | None = None
        self._reader = asyncio.StreamReader()
        super().__init__(self._reader, self._start)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        if self._listening.came(self):
            super().connection_made(transport)
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: its socket is about to be closed."""
        super().connection_lost(exc)
        self._leave(Leaving.RESET)
        closed: asyncio.Future[None] = self._get_close_waiter(None)  # type: ignore[attr-defined]  # typeshed lacks it
        if closed.done() and not closed.cancelled():
            closed.exception()  # a handler that was cancelled before it began awaits no wait_closed(): seen here
        self._listening.went(self)

    def eof_received(self) -> bool:
        """asyncio: the client has sent FIN."""
        self._leave(Leaving.HANG_UP)
        super().eof_received()
        return True  # the transport stays open: a client that half-closes may wait for its answer

    @contextlib.contextmanager
    def watched(self, leaving: Leaving, call: Callable[[], object]) -> Iterator[None]:
        """`call` once if the client leaves within the block, or has left."""
        self._watch = leaving, call
        if self._left is not None:
            self._leave(self._left)
        try:
            yield
        finally:
            self._watch = None

    def _leave(self, how: Leaving) -> None:
        self._left = how
        if self._watch is not None and how in {self._watch[0], Leaving.RESET}:
            _, call = self._watch
            self._watch = None
            call()

    @property
    def buffered_bytes(self) -> int:
        """Bytes held now: come and not yet read, or written and not yet taken by the system."""
        return waiting_bytes(self._reader) + self._socket.get_write_buffer_size()

    def end_now(self) -> None:
        """Cancel the handler, close without flushing: the server stops."""
        if self.task is not None:
            self.task.cancel()
        self._socket.abort()

    def _start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # a plain callback: given a coroutine, 3.11 loses its exception and 3.12 words the report itself
        self.task = asyncio.get_running_loop().create_task(self._converse(reader, writer))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            try:
                await self._listening.converse(reader, writer)
            except Exception as error:
                if not self._client_has_gone(error, reader):
                    peer = writer.get_extra_info("peername")
                    client = Address(*peer[:2]) if peer else "a client that has gone"
                    self._listening.report(f"failed on the connection from {client}", error)
            await self._close_in_stages(reader, writer)
        except asyncio.CancelledError:
            pass  # the server stops, or the handler gave up: either way the connection ends here
        finally:
            writer.transport.abort()  # after an orderly close it does nothing

    def _client_has_gone(self, error: Exception, reader: asyncio.StreamReader) -> bool:
        """Whether `error` only says that this connection's client reset it, or hung up."""
        if isinstance(error, ExceptionGroup):
            return all(self._client_has_gone(one, reader) for one in error.exceptions)
        if isinstance(error, asyncio.IncompleteReadError):
            return reader.at_eof()
        broken = reader.exception()
        return error is broken or (
            isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError)
            and (broken is not None or self._socket.is_closing())
        )

    async def _close_in_stages(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = writer.transport
        try:
            async with asyncio.timeout(FLUSH_LIMIT_S):
                transport.set_write_buffer_limits(high=0)  # from here on drain() means: all is in the kernel
                await writer.drain()
            if not transport.is_closing() and not reader.at_eof():
                writer.write_eof()
                async with asyncio.timeout(LINGER_S):
                    while await reader.read(65_536):
                        pass
        except (OSError, RuntimeError):
            pass  # OSError: time is up, or the client gone; RuntimeError: a task of the handler still reads
