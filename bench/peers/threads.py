"""A thread a connection: blocking sockets, and a Condition on which the thread stands until something happens."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import parse_qs

from bench.peers import BACKLOG, HAPPENS, PAYLOAD, WAIT_S

PIECE_BYTES = 65_536
log: list[bytes] = []
news = threading.Condition()


def happen(*_: Any) -> None:
    """Something happens: who waits is woken. In the main thread, which only accepts, and never has the lock."""
    with news:
        log.append(PAYLOAD)
        news.notify_all()


def events(head: bytes) -> bytes:
    """The response to GET /events?from=N&wait=S, when it is there."""
    target = head.split(b" ", 2)[1].decode()
    query = parse_qs(target.partition("?")[2])
    offset, wait_s = int(query["from"][0]), float(query["wait"][0]) if "wait" in query else WAIT_S
    with news:
        news.wait_for(lambda: offset < len(log), wait_s)
        body = b"".join(log[offset:])
    if not body:
        return b"HTTP/1.1 204 No Content\r\n\r\n"
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def converse(connection: socket.socket) -> None:
    """One client, until it hangs up."""
    unread = b""
    with connection, contextlib.suppress(OSError):
        while piece := connection.recv(PIECE_BYTES):
            unread += piece
            while b"\r\n\r\n" in unread:
                head, _, unread = unread.partition(b"\r\n\r\n")
                connection.sendall(events(head))


def serve(announce: Callable[[Any], object]) -> NoReturn:
    """Tell the address; then a thread for every connection."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    signal.signal(HAPPENS, happen)
    announce(listening.getsockname())
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=converse, args=(connection,), daemon=True).start()
