"""The held question with a process for each connection, as servers were written before there were threads.

The assumption: a process is a thing of its own, and cheap to copy. The bargain: no client can harm another, nor
slow it down, for they share nothing. In exchange there is a process for every client, and as they share nothing,
news has to be told to each of them: here through a pipe from the parent, who has the log.
A child is forked with the log as it then is, and what the pipe brings is added; so it does not miss anything.

To run alone in a process and be priced from outside: `served(held_by_processes.serve, wait_s=600)`. It forks, so
nothing else, no thread and no loop, may run in there.
"""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import NoReturn

from patterns.long_polling.held import PIECE_BYTES, WAIT_S
from patterns.push.events import decode_event, encode_event
from patterns.request_response.server import answer as in_bytes
from patterns.short_polling.exchange import answer, understand
from patterns.wait.log import Log
from patterns.wire.framing import FramingError, Request, RequestAssembler, Response
from patterns.wire.listen import BACKLOG, Address


def serve(announce: Callable[[Address], object], *, wait_s: float = WAIT_S) -> NoReturn:
    """Tell the address, then hold questions for up to `wait_s` seconds; `POST /events` makes something happen."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a child that ends is forgotten; nobody waits for it
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    announce(Address(*listening.getsockname()[:2]))
    log = Log()
    children: set[Connection] = set()
    while True:
        for ready in wait([listening, *children]):
            if isinstance(ready, Connection):
                try:
                    event = encode_event(log.append(ready.recv_bytes(), time.monotonic()))
                except (EOFError, OSError):  # this child has ended
                    children.discard(ready)
                    ready.close()
                    continue
                for child in children:
                    with contextlib.suppress(OSError):  # it has ended, too
                        child.send_bytes(event)
                continue
            connection, _ = listening.accept()
            parents_end, childs_end = Pipe()
            if os.fork() == 0:
                listening.close()
                for inherited in (parents_end, *children):
                    inherited.close()
                with contextlib.suppress(OSError, EOFError, FramingError):
                    converse(connection, childs_end, log, wait_s)
                os._exit(0)
            connection.close()
            childs_end.close()
            children.add(parents_end)


def converse(connection: socket.socket, parent: Connection, log: Log, wait_s: float) -> None:
    """One client, in a process of its own, until it hangs up."""

    def hear() -> None:
        event = decode_event(parent.recv_bytes())
        log.append(event.payload, event.time_s)

    def respond(request: Request) -> Response:
        if request.method == "POST":
            parent.send_bytes(request.body)  # and it comes back, as to everyone
            return Response(201)
        question = understand(request)
        if isinstance(question, Response):
            return question
        limit_s = wait_s if question.wait_s is None else min(wait_s, question.wait_s)
        until_s = time.monotonic() + limit_s
        while parent.poll():
            hear()
        while log.next_offset == question.offset and (left_s := until_s - time.monotonic()) > 0:
            ready = wait([parent, connection], left_s)  # the process stands here
            if parent in ready:
                hear()
            elif connection in ready:
                break  # it asks again already, and the first answer goes out at once; or it has hung up
        return answer(log, question)

    requests = RequestAssembler()
    while data := connection.recv(PIECE_BYTES):
        for message in requests.feed(data):
            assert isinstance(message.what, Request)
            said, is_last = in_bytes(message.what, respond(message.what))
            connection.sendall(said)
            if is_last:
                return
