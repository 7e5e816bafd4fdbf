"""Listening: a coroutine for each connection, and a stop after which nothing is left.

The problem: a server in a notebook is started, stopped and started again all day. A task, a descriptor or
an exception that is lost on the way comes back later as a riddle.
The assumption: one event loop, TCP, and handlers that end when they are cancelled.
The bargain: the handler gets asyncio's own streams and may do with them what it likes; in exchange the
connection belongs to the listener, which closes it when the handler ends and cancels the handler when the
server stops. It listens on the loopback address until told otherwise in so many words, because lesson code
has no password.

Closing is done in stages (RFC 9112 §9.6): flush, send FIN, read on for a moment, then close. A socket
closed while the client's bytes lie in it unread answers with RST, and a RST may overtake the last response:
the client would see a reset in place of "413".
"""

import asyncio
import errno
import ipaddress
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol, Self

FLUSH_LIMIT_S = 30.0  # how long a client may take to read what was already written when the handler ended
LINGER_S = 2.0  # how long a client may go on sending after our FIN (RFC 9112 §9.6, "reasonably certain")
STOP_LIMIT_S = 5.0  # how long a cancelled handler may take to end before it is reported
BACKLOG = 4096  # a full backlog drops the SYN, and the client tries again only after a whole second


class Address(NamedTuple):
    """Where a server listens; `str()` is "host:port", an IPv6 host in brackets (RFC 3986 §3.2.2)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as the start of a URL, without a slash at its end: "http://host:port"."""
        return f"http://{self}"


class Server(Protocol):
    """What every server of the course has, whatever it is made of: an address, and a stop."""

    @property
    def address(self) -> Address:
        """Where it listens."""

    async def stop(self) -> None:
        """Stop, and leave nothing; to stop twice is allowed."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...


OnConnection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What is called for each connection; the connection is closed when it ends."""


def check_host(host: str, open_to_the_network: bool) -> str:
    """The host to bind to; `ValueError` if others could reach it and nobody asked for that.

    "localhost" becomes 127.0.0.1: looked up, it may be two addresses, and port 0 then two ports.
    """
    if host == "localhost":
        return "127.0.0.1"
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False  # a name: who knows where it leads today
    if not loopback and not open_to_the_network:
        raise ValueError(
            f"expected a loopback host such as 127.0.0.1, got {host!r}, where other machines may reach this "
            "server, which has no password; if that is meant, say open_to_the_network=True"
        )
    return host


async def listen(
    on_connection: OnConnection,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    open_to_the_network: bool = False,
    max_connections: int | None = None,
) -> "Listening":
    """Listen on `host`:`port` (0: the system chooses) and await `on_connection` for every connection.

    What `on_connection` raises goes to the loop's exception handler; that its client has gone is no error.
    While `max_connections` are open, further ones are accepted and closed at once: the client then knows,
    whereas in the backlog it would wait without knowing for what.
    """
    if max_connections is not None and max_connections < 1:
        raise ValueError(f"expected max_connections ≥ 1, or None for no limit, got {max_connections}")
    listening = Listening(on_connection, max_connections)
    listening._server, listening.address = await bind(
        lambda: _Connection(listening), host, port, open_to_the_network=open_to_the_network
    )
    return listening


async def bind(
    protocol: Callable[[], asyncio.BaseProtocol], host: str, port: int, *, open_to_the_network: bool
) -> tuple[asyncio.Server, Address]:
    """A listening socket whose connections get a `protocol`, and its address; errors say what to do."""
    host = check_host(host, open_to_the_network)
    try:
        server = await asyncio.get_running_loop().create_server(
            protocol, host, port, backlog=BACKLOG, start_serving=False
        )
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise OSError(
            error.errno,
            f"expected port {port} on {host} to be free, but somebody listens there; "
            "stop that server, or leave port=0 and the system chooses a free one",
        ) from None
    try:
        await server.start_serving()
    except BaseException:  # cancelled when it listens already: create_server alone would lose its socket
        server.close()
        raise
    return server, Address(*server.sockets[0].getsockname()[:2])


async def stop_accepting(server: asyncio.Server) -> None:
    """Stop accepting, bring what was accepted a moment ago to its protocol, then close the sockets.

    asyncio accepts in one iteration of the loop and makes the transport in a task in a later one; if the
    server was closed in between, the task dies of an assertion and the connection's socket is lost. So the
    listening sockets are first left unread for as long as such a task lives. (`Server.wait_closed` is no
    help: in 3.11 it returns at once, and since 3.12 it waits for connections that the caller has yet to
    close.)
    """
    loop = asyncio.get_running_loop()
    for listening_socket in server.sockets:
        loop.remove_reader(listening_socket.fileno())
    for _ in range(4):
        await asyncio.sleep(0)
    server.close()


class Listening:
    """A listening server; made by `listen`, ended by `stop` or at the end of `async with`."""

    address: Address
    _server: asyncio.Server

    def __init__(self, on_connection: OnConnection, max_connections: int | None) -> None:
        self.on_connection = on_connection
        self.max_connections = max_connections
        self.stopping = False
        self._open: set[_Connection] = set()
        self._gone = asyncio.Event()

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._open)

    async def stop(self) -> None:
        """Stop accepting, cancel every connection's handler, close every connection, wait for all that.

        Called from within a handler it spares that handler: its connection is closed when it ends.
        """
        self.stopping = True
        await stop_accepting(self._server)
        own = asyncio.current_task()
        others = {connection for connection in self._open if connection.task is not own}
        for connection in others:
            connection.end_now()
        tasks = {connection.task for connection in others if connection.task is not None}
        if tasks:
            _, stubborn = await asyncio.wait(tasks, timeout=STOP_LIMIT_S)
            for task in stubborn:
                self.report(f"was cancelled {STOP_LIMIT_S:g} s ago and goes on: {task!r}", None)
        while others & self._open:
            self._gone.clear()
            await self._gone.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __repr__(self) -> str:
        return f"<Listening on {self.address}, {self.connections} connections>"

    def came(self, connection: "_Connection") -> bool:
        """Count a connection in; False if it is one too many."""
        if self.stopping or (self.max_connections is not None and self.connections >= self.max_connections):
            return False
        self._open.add(connection)
        return True

    def went(self, connection: "_Connection") -> None:
        """Count a connection out: its socket is closed."""
        self._open.discard(connection)
        self._gone.set()

    def report(self, what: str, error: BaseException | None) -> None:
        """Tell the loop's exception handler that the handler `what`."""
        name = getattr(self.on_connection, "__qualname__", repr(self.on_connection))
        context: dict[str, object] = {"message": f"{name}, listening on {self.address}, {what}"}
        if error is not None:
            context["exception"] = error
        asyncio.get_running_loop().call_exception_handler(context)


class _Connection(asyncio.StreamReaderProtocol):
    """One connection: asyncio's own streams, and a task that runs the handler and then closes."""

    task: asyncio.Task[None] | None = None

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        super().__init__(asyncio.StreamReader(), self._start)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._socket = transport
        if self._listening.came(self):
            super().connection_made(transport)
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        closed: asyncio.Future[None] = self._get_close_waiter(None)  # type: ignore[attr-defined]  # typeshed lacks it
        if closed.done() and not closed.cancelled():
            closed.exception()  # a handler that was cancelled before it began awaits no wait_closed(): seen here
        self._listening.went(self)

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
                await self._listening.on_connection(reader, writer)
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
