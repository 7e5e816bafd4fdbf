"""Six servers, one question: who waits while a request is worked on?

The problem: a request mostly waits, for a disk, a database, another server. Whoever waits with it can serve
nobody else.
The assumption: the same bytes in, the same work, the same bytes out; only the way of waiting differs.
The bargain, each for itself:

    one thread           waits with each client in turn; the others queue
    thread a connection  as many waiters as clients; each costs a thread
    thread pool          a fixed number of waiters; who comes later queues behind them
    event loop           one thread that waits for all at once; whatever does not wait holds up all
    loop + to_thread     the loop for connections, a pool of threads for work that would hold it up
    process pool         the loop for connections, a process a processor for work that computes
"""

import asyncio
import multiprocessing
import os
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Literal, Self, get_args

from patterns.sync_async.blocking import listen_blocking
from patterns.sync_async.work import Kind, Work, asked_for, do, do_on_the_loop, not_found
from patterns.wire.framing import FramingError, Request, RequestAssembler, Response, encode
from patterns.wire.listen import Address, Listening, Server, listen

How = Literal["one thread", "thread a connection", "thread pool", "event loop", "loop + to_thread", "process pool"]
WAYS: tuple[How, ...] = get_args(How)

POOL_THREADS = 8
TO_THREADS = min(32, (os.cpu_count() or 1) + 4)
"""How many threads `asyncio.to_thread` has by default (concurrent.futures.ThreadPoolExecutor)."""
PIECE_BYTES = 65_536


async def serve(
    how: How,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    workers: int | None = None,
    only: Kind | None = None,
    open_to_the_network: bool = False,
) -> Server:
    """Serve `/wait/50`, `/block/50` and `/compute/50` in one of the six ways; port 0: the system chooses.

    workers: how many threads or processes a pool has; by default 8 threads, `min(32, processors + 4)` for
    `to_thread` (as asyncio has it), a process for each processor. The other three have no such number and
    refuse one (`ValueError`).

    only: what "loop + to_thread" and "process pool" hand over to their pool; the loop does all other work itself.
    By default they hand over everything. Elsewhere no loop could hand over anything: `ValueError`.
    """
    if how not in WAYS:
        raise ValueError(f"expected how to serve to be one of {', '.join(WAYS)}; got {how!r}")
    threads = {"one thread": 1, "thread a connection": None, "thread pool": workers or POOL_THREADS}
    if workers is not None and how in ("one thread", "thread a connection", "event loop"):
        raise ValueError(f"expected no workers for {how!r}, which has no pool, got {workers}")
    if only is not None and how not in ("loop + to_thread", "process pool"):
        raise ValueError(f"expected nothing to hand over for {how!r}, which has no loop with a pool, got {only!r}")
    if only is not None and only not in get_args(Kind):
        raise ValueError(f"expected the work to hand over to be one of {', '.join(get_args(Kind))}; got {only!r}")
    if how in threads:
        return await listen_blocking(
            _converse, host, port, threads=threads[how], open_to_the_network=open_to_the_network
        )
    if how == "event loop":
        return await _on_a_loop(do_on_the_loop, host, port, open_to_the_network)
    pool = _processes(workers) if how == "process pool" else ThreadPoolExecutor(workers or TO_THREADS, "works")

    async def hand_over(work: Work) -> Response:
        if only is not None and work.kind != only:
            return await do_on_the_loop(work)
        return await asyncio.get_running_loop().run_in_executor(pool, do, work)

    try:
        if isinstance(pool, ProcessPoolExecutor):  # each process starts when it is first needed: need it now
            first = Work(only or "block", 1)
            await asyncio.gather(*(hand_over(first) for _ in range(workers or os.cpu_count() or 1)))
        return WithAPool(await _on_a_loop(hand_over, host, port, open_to_the_network), pool)
    except BaseException:
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)
        raise


class WithAPool:
    """A listening loop and the pool that works for it; the two end together."""

    def __init__(self, listening: Listening, pool: Executor) -> None:
        self._listening = listening
        self._pool = pool
        self.address: Address = listening.address

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return self._listening.connections

    async def stop(self) -> None:
        """Stop listening, cancel what waits for the pool, wait for what is at work in it."""
        try:
            await self._listening.stop()
        finally:
            await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


def _converse(connection: socket.socket) -> None:
    """One client, served to its end by the thread that runs this."""
    requests = RequestAssembler()
    try:
        while data := connection.recv(PIECE_BYTES):
            for message in requests.feed(data):
                request = message.what
                assert isinstance(request, Request)  # of a RequestAssembler
                work = asked_for(request)
                connection.sendall(encode(do(work) if work else not_found(request)))
                if not request.keep_alive:
                    return
    except FramingError as error:
        connection.sendall(_refusal(error))


async def _on_a_loop(
    work_on: Callable[[Work], Awaitable[Response]], host: str, port: int, open_to_the_network: bool
) -> Listening:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests = RequestAssembler()
        try:
            while data := await reader.read(PIECE_BYTES):
                for message in requests.feed(data):
                    request = message.what
                    assert isinstance(request, Request)  # of a RequestAssembler
                    work = asked_for(request)
                    writer.write(encode(await work_on(work) if work else not_found(request)))
                    await writer.drain()
                    if not request.keep_alive:
                        return
        except FramingError as error:
            writer.write(_refusal(error))

    return await listen(converse, host, port, open_to_the_network=open_to_the_network)


def _refusal(error: FramingError) -> bytes:
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"))
    return encode(Response(error.status, headers=headers, body=f"{error}\n".encode()))


def _processes(workers: int | None) -> ProcessPoolExecutor:
    """A process for each processor, started afresh: a fork would copy this one's threads' locks, and no threads."""
    return ProcessPoolExecutor(
        workers or os.cpu_count(), mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_the_parent
    )


def _end_with_the_parent() -> None:
    """A worker whose parent was killed waits for work for ever: end it instead."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a worker

    def watch() -> None:
        parent.join()
        os._exit(0)

    threading.Thread(target=watch, name="watches its parent", daemon=True).start()
