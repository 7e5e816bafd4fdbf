"""The caller who waits: lesson 1's `ask` on a blocking socket.

It is what asking was before anybody awaited: the calling thread stands still until the answer is there, and
nothing in the code says so. On the wire nobody can tell the two apart.
"""

import socket
import time
from dataclasses import replace

from patterns.wire.framing import Request, Response, ResponseAssembler, encode
from patterns.wire.listen import Address

PIECE_BYTES = 65_536


def ask(address: Address, request: Request, *, timeout_s: float | None = None) -> Response:
    """Connect, ask once, hang up; the calling thread waits for all of it. Not for a thread that runs a loop.

    Raises `OSError` when nobody listens there, `TimeoutError` after `timeout_s` seconds, connecting included,
    `ConnectionError` when the connection ends before the response does, `FramingError` when it is no response.
    """
    until = None if timeout_s is None else time.monotonic() + timeout_s
    headers = (*request.headers, ("Connection", "close"))
    if request.header("Host") is None:
        headers = (("Host", str(address)), *headers)
    responses = ResponseAssembler()
    responses.parser.expect(request.method)
    with socket.create_connection(address, timeout_s) as connection:
        connection.sendall(encode(replace(request, headers=headers)))
        while True:
            if until is not None:
                connection.settimeout(max(until - time.monotonic(), 1e-6))
            data = connection.recv(PIECE_BYTES)
            whole = responses.feed(data) if data else responses.feed_eof()
            for message in whole:
                if isinstance(message.what, Response) and message.what.status >= 200:
                    return message.what
            if not data:
                raise ConnectionError(
                    f"expected the whole response to {request.method} {request.target}, got its end after "
                    f"{responses.pending_bytes} bytes; ask again, where asking twice does no harm"
                )
