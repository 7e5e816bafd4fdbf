"""A crowd of clients on one selector: connected in batches, from several addresses, timing their answers.

The assumption: requests are small, and an answer ends in one of four ways. The bargain: raw sockets, no library,
no task: a few microseconds an answer; it does not check that an answer is right, only when it began and ended.
Times are of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

IP_BIND_ADDRESS_NO_PORT = 24  # ip(7): choose the port at connect, so that many destinations share it
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)

Ended = Callable[[bytearray], bool]


def ends_with_the_connection(answer: bytearray) -> bool:
    """Whether an HTTP/1.1 response has neither length nor chunks."""
    head = answer.find(b"\r\n\r\n")
    return head >= 0 and not LENGTH.search(answer, 0, head) and not CHUNKED.search(answer, 0, head)


def http_ended(answer: bytearray) -> bool:
    """Whether one HTTP/1.1 response is whole (RFC 9112 §6.3); without a length it ends with the connection."""
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    if (length := LENGTH.search(answer, 0, head)) is not None:
        return len(answer) >= head + 4 + int(length[1])
    if CHUNKED.search(answer, 0, head):
        return answer.endswith(b"\r\n0\r\n\r\n")  # trailers are not looked for
    return bytes(answer[9:12]) in (b"204", b"304")


def how_it_ends(ends: Any) -> Ended:
    """The test for `"http"`, `"close"`, a number of bytes, or `{"suffix": base64}`."""
    if ends == "http":
        return http_ended
    if ends == "close":
        return lambda _: False
    if isinstance(ends, int):
        return lambda answer: len(answer) >= ends
    suffix = base64.b64decode(ends["suffix"])
    return lambda answer: answer.endswith(suffix)


class Client:
    """One connection, and the answer it waits for or has; times are 0 until they are known."""

    __slots__ = ("answer", "connected", "done", "first_s", "last_s", "number", "retried", "sent_s", "sock", "unsent")

    def __init__(self, number: int, request: bytes) -> None:
        self.number = number
        self.sock: socket.socket | None = None
        self.connected = False
        self.expect(request)

    def expect(self, request: bytes) -> None:
        """Forget the last answer; `request` is to be sent, now or once connected."""
        self.unsent = request
        self.answer = bytearray()
        self.done = self.retried = False
        self.sent_s, self.first_s, self.last_s = time.monotonic(), 0.0, 0.0


class Crowd:
    """All clients of this process."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.address = (order["host"], order["port"])
        self.family = socket.AF_INET6 if ":" in order["host"] else socket.AF_INET
        self.sources = order["sources"]
        self.request = base64.b64decode(order["request"])
        self.ends = order["ends"]
        self.ended = how_it_ends(self.ends)
        self.selector = selectors.DefaultSelector()
        self.clients = [Client(number, self.request) for number in range(order["n"])]
        self.opening: set[Client] = set()
        self.failed: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.answered = self.reconnected = 0
        self.done = 0  # clients that have the answer to their last request
        self.open = 0  # sockets
        self.on_answer: Callable[[Client], None] | None = None  # None: clients keep their answers, and stay as they are
        self.on_failure: Callable[[Client], None] | None = None
        self.orders: deque[dict[str, Any]] = deque()
        self._input = b""
        os.set_blocking(0, False)
        self.selector.register(0, READ)

    def connect_all(self, batch: int, until_s: float) -> None:
        """Connect every client, at most `batch` under way at once."""
        waiting = deque(self.clients)
        while (waiting or self.opening) and time.monotonic() < until_s:
            while waiting and len(self.opening) < batch:
                self.connect(waiting.popleft())
            if self.opening:
                self.turn(until_s)
        for client in [*waiting, *self.opening]:
            self.lose(client, "no answer to the attempt in time")

    def connect(self, client: Client) -> None:
        """Begin to connect from the client's own source address."""
        try:
            sock = client.sock = socket.socket(self.family, socket.SOCK_STREAM)
            self.open += 1
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.sources:
                if sys.platform == "linux":
                    sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                sock.bind((self.sources[client.number % len(self.sources)], 0))
            with contextlib.suppress(BlockingIOError):
                sock.connect(self.address)
            self.opening.add(client)
            self.selector.register(sock, WRITE, client)
        except OSError as error:
            self.lose(client, error.strerror or repr(error))

    def close(self, client: Client) -> None:
        """Close the client's socket."""
        self.opening.discard(client)
        client.connected = False
        if client.sock is not None:
            with contextlib.suppress(KeyError):
                self.selector.unregister(client.sock)
            client.sock.close()
            client.sock = None
            self.open -= 1

    def lose(self, client: Client, why: str) -> None:
        """Close the client's socket, which was not meant to end."""
        self.close(client)
        self.failed[why] += 1
        if self.on_failure is not None:
            self.on_failure(client)

    def turn(self, until_s: float) -> None:
        """Wait until something happens, not longer than `until_s`, and see to it."""
        for key, events in self.selector.select(max(0.0, min(until_s - time.monotonic(), 3600.0))):
            client: Client | None = key.data
            if client is None:
                self.hear()
                continue
            try:
                if events & WRITE and client.sock is not None:
                    self.writable(client, client.sock)
                if events & READ and client.sock is not None:
                    self.readable(client, client.sock)
            except OSError as error:
                self.lose(client, error.strerror or repr(error))

    def hear(self) -> None:
        """Take in orders; without anybody to give them there is nothing to live for."""
        chunk = os.read(0, 1 << 16)
        if not chunk:
            os._exit(0)
        *lines, self._input = (self._input + chunk).split(b"\n")
        self.orders.extend(json.loads(line) for line in lines)

    def writable(self, client: Client, sock: socket.socket) -> None:
        """The connection stands, or there is room for more of the request."""
        if not client.connected:
            if number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(number, os.strerror(number))
            client.connected = True
            self.opening.discard(client)
        if client.unsent:
            with contextlib.suppress(BlockingIOError):
                client.unsent = client.unsent[sock.send(client.unsent) :]
        self.selector.modify(sock, READ | WRITE if client.unsent else READ, client)

    def readable(self, client: Client, sock: socket.socket) -> None:
        """Part of an answer, or the end of the connection."""
        try:
            chunk = sock.recv(1 << 16)
        except BlockingIOError:
            return
        if not chunk:
            self.at_end(client)
        elif not client.done:  # afterwards: more than was asked for, and not counted
            client.last_s = time.monotonic()
            client.first_s = client.first_s or client.last_s
            client.answer += chunk
            if self.ended(client.answer):
                self.complete(client)

    def at_end(self, client: Client) -> None:
        """The server has closed: after an answer, as its end, between two requests, or in the middle."""
        self.close(client)
        whole = client.answer and (
            self.ends == "close" or (self.ends == "http" and ends_with_the_connection(client.answer))
        )
        if client.done:
            return
        if whole:
            self.complete(client)
        elif not client.answer and self.on_answer is not None and not client.retried:
            client.retried = True  # it closed while the request was on its way: RFC 9112 §9.3.1 allows one more try
            client.unsent = self.request
            self.reconnected += 1
            self.connect(client)
        else:
            self.lose(client, "closed in the middle of an answer" if client.answer else "closed without an answer")

    def complete(self, client: Client) -> None:
        """The answer is whole."""
        client.done = True
        self.done += 1
        self.answered += 1
        if self.ends == "http":
            self.statuses[bytes(client.answer[9:12]).decode("latin-1")] += 1
            if CLOSES.search(client.answer, 0, client.answer.find(b"\r\n\r\n")):
                self.close(client)
        if self.on_answer is not None:
            self.on_answer(client)

    def ask(self, client: Client) -> None:
        """Send the request, on a new connection if the last one has ended."""
        self.done -= client.done
        client.expect(self.request)
        if client.sock is None:
            self.reconnected += 1
            self.connect(client)
            return
        try:
            self.writable(client, client.sock)
        except OSError as error:
            self.lose(client, error.strerror or repr(error))
