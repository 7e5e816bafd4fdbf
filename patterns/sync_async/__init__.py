"""Lesson 2, synchronous and asynchronous: who waits, the caller, a thread, or nobody.

The problem: most of the time of a request is waiting, and the simplest code waits by standing still.
The assumption: somebody has to be told when the wait is over. Either a thread stands there (synchronous), or
the operating system keeps the list and one loop asks it who is ready (asynchronous).
The bargain: a thread that waits costs memory and reads like a story; a loop that waits costs next to nothing
and is held up, for everybody, by the first piece of code that does not give it back.

    work      what a request asks for: to wait, to block, to compute, so many milliseconds
    servers   the same work, the same bytes, six ways to wait
    blocking  listening with threads: the twin of wire.listen
    client    the caller who stands still: lesson 1's ask on a blocking socket
    watchdog  who holds up the loop: caught in the act
"""

from patterns.sync_async.blocking import BlockingServer, listen_blocking
from patterns.sync_async.client import ask
from patterns.sync_async.servers import WAYS, How, serve
from patterns.sync_async.watchdog import Held, watchdog
from patterns.sync_async.work import Work, asked_for, compute, do, do_on_the_loop

__all__ = [
    "WAYS",
    "BlockingServer",
    "Held",
    "How",
    "Work",
    "ask",
    "asked_for",
    "compute",
    "do",
    "do_on_the_loop",
    "listen_blocking",
    "serve",
    "watchdog",
]
