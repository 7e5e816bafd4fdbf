"""Where the broker listens: TCP on the loopback, or a UNIX socket."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from patterns.wire.listen import Address, bind, check_host, stop_accepting
from patterns.wire.listen.address import ACCEPTED_AT_ONCE, BACKLOG


class Listener(NamedTuple):
    """A listening socket; `path` None for TCP."""

    server: asyncio.Server
    address: Address
    path: str | None = None

    async def stop(self) -> None:
        """Accept nothing more, and give the path back."""
        try:
            await stop_accepting(self.server)
        finally:
            if self.path is not None:
                with suppress(FileNotFoundError):
                    os.unlink(self.path)


async def listen(
    protocol: Callable[[], asyncio.BaseProtocol], host: str, port: int, *, path: str | None, open_to_the_network: bool
) -> Listener:
    """Listen; a UNIX socket's `address` is what was given, for those who can reach nothing else."""
    if path is None:
        return Listener(*await bind(protocol, host, port, open_to_the_network=open_to_the_network))
    address = Address(check_host(host, open_to_the_network), port)
    server = await asyncio.get_running_loop().create_unix_server(protocol, path, backlog=ACCEPTED_AT_ONCE)
    for listening_socket in server.sockets:  # as in `bind`: asyncio's number is the system's, too
        listening_socket._sock.listen(BACKLOG)  # type: ignore[attr-defined]  # asyncio wraps it
    return Listener(server, address, path)
