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

from patterns.wire.listen.address import BACKLOG, Address, Server, bind, check_host, stop_accepting
from patterns.wire.listen.connection import FLUSH_LIMIT_S, LINGER_S, Leaving, waiting_bytes, when_client_leaves
from patterns.wire.listen.listening import STOP_LIMIT_S, Listening, OnConnection, listen

__all__ = [
    "BACKLOG",
    "FLUSH_LIMIT_S",
    "LINGER_S",
    "STOP_LIMIT_S",
    "Address",
    "Leaving",
    "Listening",
    "OnConnection",
    "Server",
    "bind",
    "check_host",
    "listen",
    "stop_accepting",
    "waiting_bytes",
    "when_client_leaves",
]
