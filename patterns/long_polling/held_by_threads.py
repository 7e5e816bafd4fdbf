"""The held question with a thread for each connection: whoever waits stands still.

The assumption: a thread that waits costs memory and no time. The bargain: the code of one client reads from
top to bottom, and look and wait are one step, as the lock is let go in the waiting itself: no wake-up is lost.
In exchange there is a thread for every client, and one that waits for news does not look at its socket: who
hangs up meanwhile is held to the time-out, a ghost.

To run alone in a process and be priced from outside: `served(held_by_threads.serve, wait_s=600)`.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import NoReturn

from patterns.long_polling.held import PIECE_BYTES, WAIT_S
from patterns.request_response.server import answer as in_bytes
from patterns.short_polling.exchange import answer, understand
from patterns.wait.log import Log
from patterns.wire.framing import FramingError, Request, RequestAssembler, Response
from patterns.wire.listen import BACKLOG, Address


def serve(announce: Callable[[Address], object], *, wait_s: float = WAIT_S) -> NoReturn:
    """Tell the address, then hold questions for up to `wait_s` seconds; `POST /events` makes something happen."""
    log, news = Log(), threading.Condition()

    def respond(request: Request) -> Response:
        if request.method == "POST":
            with news:
                log.append(request.body, time.monotonic())
                news.notify_all()
            return Response(201)
        question = understand(request)
        if isinstance(question, Response):
            return question
        limit_s = wait_s if question.wait_s is None else min(wait_s, question.wait_s)
        with news:
            news.wait_for(lambda: log.next_offset != question.offset, limit_s)  # the thread stands here
            return answer(log, question)

    def converse(connection: socket.socket) -> None:
        requests = RequestAssembler()
        with connection, contextlib.suppress(OSError, FramingError):
            while data := connection.recv(PIECE_BYTES):
                for message in requests.feed(data):
                    assert isinstance(message.what, Request)
                    said, is_last = in_bytes(message.what, respond(message.what))
                    connection.sendall(said)
                    if is_last:
                        return

    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    announce(Address(*listening.getsockname()[:2]))
    while True:
        connection, _ = listening.accept()
        threading.Thread(target=converse, args=(connection,), daemon=True).start()
