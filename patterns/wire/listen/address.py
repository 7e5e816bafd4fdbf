"""Where a server listens: the address, who may reach it, and how it stops accepting."""

import asyncio
import errno
import ipaddress
import os
import socket
from collections.abc import Callable
from typing import NamedTuple, Protocol, Self

BACKLOG = 4096  # a full backlog drops the SYN, and the client tries again only after a whole second
ACCEPTED_AT_ONCE = 1  # in one turn of the loop: a storm of connections must not hold up those that are open


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


async def bind(
    protocol: Callable[[], asyncio.BaseProtocol], host: str, port: int, *, open_to_the_network: bool
) -> tuple[asyncio.Server, Address]:
    """A listening socket whose connections get a `protocol`, and its address; errors say what to do."""
    host = check_host(host, open_to_the_network)
    try:
        server = await asyncio.get_running_loop().create_server(
            protocol, host, port, backlog=ACCEPTED_AT_ONCE, start_serving=False
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
        for listening_socket in server.sockets:  # one number for both, to asyncio; the system's queue is the longer
            with socket.socket(fileno=os.dup(listening_socket.fileno())) as same:
                same.listen(BACKLOG)
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
    close.) An interrupt meanwhile is heeded afterwards: those iterations take no time, and whoever left
    during them would leave sockets that nobody reads and nobody closes.
    """
    loop = asyncio.get_running_loop()
    for listening_socket in server.sockets:
        loop.remove_reader(listening_socket.fileno())
    interrupt: asyncio.CancelledError | None = None
    for _ in range(4):
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            interrupt = error
    server.close()
    if interrupt is not None:
        raise interrupt
