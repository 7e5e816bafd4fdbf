"""A listening server: who is connected now, and a stop after which nothing is left."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

from patterns.wire.listen.address import Address, bind, stop_accepting
from patterns.wire.listen.connection import Connection

STOP_LIMIT_S = 5.0  # how long a cancelled handler may take to end before it is reported

OnConnection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What is called for each connection; the connection is closed when it ends."""


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
        lambda: Connection(listening), host, port, open_to_the_network=open_to_the_network
    )
    return listening


class Listening:
    """A listening server; made by `listen`, ended by `stop` or at the end of `async with`."""

    address: Address
    _server: asyncio.Server

    def __init__(self, on_connection: OnConnection, max_connections: int | None) -> None:
        self.on_connection = on_connection
        self.max_connections = max_connections
        self.stopping = False
        self._open: set[Connection] = set()
        self._gone = asyncio.Event()

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._open)

    @property
    def buffered_bytes(self) -> int:
        """Bytes held now for all connections: come and not yet read, or written and not yet taken by the system."""
        return sum(connection.buffered_bytes for connection in self._open)

    async def stop(self) -> None:
        """Stop accepting, cancel every connection's handler, close every connection, wait for all that.

        Called from within a handler it spares that handler: its connection is closed when it ends.
        """
        self.stopping = True
        own = asyncio.current_task()
        try:
            await stop_accepting(self._server)
        finally:  # interrupted, it does not wait, but everything ends all the same
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

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What is done on each connection: what `listen` was given."""
        await self.on_connection(reader, writer)

    def came(self, connection: Connection) -> bool:
        """Count a connection in; False if it is one too many."""
        if self.stopping or (self.max_connections is not None and self.connections >= self.max_connections):
            return False
        self._open.add(connection)
        return True

    def went(self, connection: Connection) -> None:
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
