"""The work that a request asks for, so that one unchanged question can be put to every server.

The problem: "this server is faster" says nothing as long as the work differs.
The assumption: what matters of a piece of work is whether it waits (for a disk, a database, another server) or
computes, and for how long.
The bargain: the request itself says it, `/wait/50` or `/compute/50`; nothing useful is done, exactly.

Waiting is offered twice, since that is the lesson: `/wait/50` waits in the way of whoever serves it (a thread
sleeps, a coroutine awaits), and `/block/50` always holds its thread, as a library does that knows no loop.
Computing is measured in the thread's own processor time: two threads that take turns on one processor need
twice as long by the wall clock, and that must not be hidden.
"""

import asyncio
import json
import os
import re
import threading
import time
from typing import Literal, NamedTuple, get_args

from patterns.wire.framing import Request, Response

Kind = Literal["wait", "block", "compute"]

MOST_MS = 10_000
_TARGET = re.compile(rf"/({'|'.join(get_args(Kind))})/([0-9]{{1,5}})")


class Work(NamedTuple):
    """What to do and for how many milliseconds; `str()` is its target, "/wait/50"."""

    kind: Kind
    ms: int

    def __str__(self) -> str:
        return f"/{self.kind}/{self.ms}"

    @property
    def request(self) -> Request:
        """The request that asks for this work."""
        return Request("GET", str(self))


def asked_for(request: Request) -> Work | None:
    """The work that `request` asks for, or None if it asks for something else, or for more than ten seconds."""
    found = _TARGET.fullmatch(request.target)
    if found is None or int(found[2]) > MOST_MS:
        return None
    kind: Kind = found[1]  # type: ignore[assignment]  # the pattern lets no other word through
    return Work(kind, int(found[2]))


def do(work: Work) -> Response:
    """Do it in the calling thread, which is held until it is done; the answer names thread and process."""
    if work.kind == "compute":
        compute(work.ms / 1000)
    else:
        time.sleep(work.ms / 1000)
    return done(work)


async def do_on_the_loop(work: Work) -> Response:
    """Do it as a coroutine: waiting gives the loop back to others, blocking and computing cannot."""
    if work.kind == "wait":
        await asyncio.sleep(work.ms / 1000)
        return done(work)
    return do(work)


def compute(seconds: float) -> int:
    """Compute for `seconds` of this thread's own processor time; how many rounds that were."""
    until, rounds = time.thread_time() + seconds, 0
    while time.thread_time() < until:
        rounds += 1
    return rounds


def done(work: Work) -> Response:
    """The answer to finished work: JSON that says by which thread of which process."""
    by = {"work": str(work), "process": os.getpid(), "thread": threading.get_native_id()}
    return Response(200, headers=(("Content-Type", "application/json"),), body=json.dumps(by).encode())


def not_found(request: Request) -> Response:
    """The answer to a request for no work."""
    why = f"expected /wait/50, /block/50 or /compute/50, at most {MOST_MS} ms, got {request.target}\n"
    return Response(404, headers=(("Content-Type", "text/plain; charset=utf-8"),), body=why.encode())
