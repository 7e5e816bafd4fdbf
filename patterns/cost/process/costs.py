"""What a held request costs its server: memory, descriptors, CPU of doing nothing, at more and more clients.

The problem: an interpreter takes memory in pieces larger than a connection, so that ten connections seem to
cost nothing, or a hundred times too much. The assumption: a connection costs as much as the one before.
The bargain: clients are added step by step to one server, each step is measured when nothing moves any more,
and the cost is the slope of the line through all steps, with its standard error. The marginal cost over the empty
server stands beside it; where the two differ by more than their errors, the assumption is wrong.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from patterns.cost.process.errors import TookTooLong
from patterns.cost.process.fits import Fits
from patterns.cost.process.parking import AnswerEnds, parked
from patterns.cost.process.sample import Sample
from patterns.cost.process.serving import Serving

LOOK_EVERY_S = 0.05
CALM_BYTES = 32 * 1024  # between two looks: less is not movement
CALM_CPU = 0.5  # seconds a second: a server that still works off its backlog uses more
SETTLE_LIMIT_S = 60.0
EMPTY_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Slope:
    """The slope of the least-squares line through `points` points, and its standard error.

    The error is None with two points: they lie on a line whatever they are. It is the scatter round the line
    only, and knows nothing of what is wrong at every point alike.
    """

    value: float
    error: float | None
    points: int


def slope(xs: Sequence[float], ys: Sequence[float]) -> Slope:
    """Ordinary least squares with an intercept. Pure.

    Raises:
        ValueError: less than two different x, or as many y as x are missing.
    """
    n = len(xs)
    if n != len(ys) or len(set(xs)) < 2:
        raise ValueError(f"expected as many y as x, at two different x at least, got {list(xs)} and {list(ys)}")
    mean_x, mean_y = math.fsum(xs) / n, math.fsum(ys) / n
    spread = math.fsum((x - mean_x) ** 2 for x in xs)
    value = math.fsum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    if n == 2:
        return Slope(value, None, n)
    rest = math.fsum((y - mean_y - value * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    return Slope(value, math.sqrt(rest / (n - 2) / spread), n)


@dataclass(frozen=True, slots=True)
class ParkedCost:
    """What `clients` parked clients cost; "a connection" is over the empty server, of the server's half only.

    `user_bytes_a_connection` ± `user_error_bytes` is (now − empty) / clients, its error from how much the empty
    server's memory varied and the step it is counted in. `user_slope` is bytes a connection over the steps so far,
    from three steps on without the empty server, whose interpreter has some memory left over from its start: that
    is used up first, and makes the marginal cost of few connections too small.
    The kernel's part: `kernel_buffer_bytes_…` (sock_diag, the server's sockets exactly), `kernel_page_table_…`
    and `kernel_stack_…` (the server's processes). `kernel_slab_slope` is half the growth of the machine's slab,
    as on loopback both ends of a connection hold the same objects: good to about a kilobyte at some
    thousand connections on a quiet machine; its error says how quiet it was. What only the server has besides,
    such as the kernel's record of each thread, is in it by half. None where the system does not tell.
    `idle_cpu` is seconds of CPU a second while nothing was to do, `idle_switches_per_s` of both kinds.
    `wanted` was asked for, `why_fewer` tells why `clients` is less.
    """

    clients: int
    wanted: int
    why_fewer: str
    user_bytes_a_connection: float
    user_error_bytes: float
    user_slope: Slope
    kernel_buffer_bytes_a_connection: float | None
    kernel_page_table_bytes_a_connection: float | None
    kernel_stack_bytes_a_connection: float | None
    kernel_slab_slope: Slope | None
    descriptors_a_connection: float | None
    threads_a_connection: float
    processes_a_connection: float
    idle_cpu: float
    idle_switches_per_s: float | None
    switches_a_connection: float | None
    cpu_s_a_connection: float
    idle_s: float
    sample: Sample
    empty: Sample


async def cost_of_parking(
    server: Serving,
    request: bytes,
    counts: Sequence[int] = (10, 100, 1_000, 5_000),
    *,
    idle_s: float = 2.0,
    processes: int = 1,
    addresses: Sequence[str] = (),
    answer_ends: AnswerEnds = "http",
    settle_limit_s: float = SETTLE_LIMIT_S,
    progress: Callable[[ParkedCost], None] | None = None,
) -> list[ParkedCost]:
    """Park `counts` clients with an empty server, rising, each with `request`; a row for each count.

    The clients of a step stay for the next one. A step that does not fit, in the server's descriptors or the
    clients', is cut, says so, and is the last. `progress` is called with each row as soon as it is there.

    Raises:
        ValueError: counts that do not rise, or less than one.
        NotConnected, HasEnded: the server did not bear it.
        TookTooLong: it did not come to rest in `settle_limit_s`.
    """
    if not counts or list(counts) != sorted(set(counts)) or counts[0] < 1:
        raise ValueError(f"expected counts that rise, from 1 on, such as (10, 100, 1000), got {tuple(counts)}")
    empties = [await at_rest(server, 0, settle_limit_s)]
    while len(empties) < EMPTY_LOOKS:
        await asyncio.sleep(LOOK_EVERY_S)
        await server.collect()
        empties.append(await server.sample())
    steps = [(0, empties[-1])]
    rows: list[ParkedCost] = []
    async with AsyncExitStack() as stack:
        for wanted in counts:
            have = steps[-1][0]
            fits = await server.fits(wanted - have)
            clients = await stack.enter_async_context(
                parked(
                    server.address, fits.n, request, processes=processes, addresses=addresses, answer_ends=answer_ends
                )
            )
            cut = clients.fits if clients.fits.cut else fits
            have += clients.fits.n
            before = await at_rest(server, have, settle_limit_s)
            await asyncio.sleep(idle_s)
            after = await server.sample()
            steps.append((have, before))
            rows.append(_row(wanted, cut, steps, empties, before, after))
            if progress is not None:
                progress(rows[-1])
            if cut.cut:
                break
    return rows


async def at_rest(server: Serving, connections: int, limit_s: float = SETTLE_LIMIT_S) -> Sample:
    """Wait until the server has accepted `connections`, read all they sent, and neither grows nor works; sample.

    Garbage is collected first, where the server can be asked to. Where sock_diag does not tell what is accepted,
    rest alone decides.

    Raises:
        TookTooLong: not within `limit_s`; the message says what still moved.
    """
    until_s = time.monotonic() + limit_s
    await server.collect()
    last = await server.sample()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        now = await server.sample()
        cpu = (now.cpu_s - last.cpu_s) / (now.time_s - last.time_s)
        grown = now.user_bytes - last.user_bytes
        sockets = now.kernel.sockets
        taken = sockets is None or (sockets.accepted >= connections and sockets.unread_bytes == 0)
        if taken and abs(grown) < CALM_BYTES and cpu < CALM_CPU:
            await server.collect()
            await asyncio.sleep(LOOK_EVERY_S)  # it says so before it has gone back to sleep
            return await server.sample()
        if time.monotonic() > until_s:
            raise TookTooLong(
                f"expected the server at rest with {connections:,} connections within {limit_s:g} s, got "
                f"{sockets.accepted if sockets else 'an unknown number'} accepted, "
                f"{sockets.unread_bytes if sockets else 'an unknown number of'} bytes unread, {cpu:.2f} s of CPU a "
                f"second, memory changing by {grown:+,} bytes in {LOOK_EVERY_S:g} s; a server that answers or works "
                "all the time cannot be priced at rest: give it a request that it holds"
            )
        last = now


def _row(
    wanted: int, fits: Fits, steps: list[tuple[int, Sample]], empties: list[Sample], before: Sample, after: Sample
) -> ParkedCost:
    empty = empties[-1]
    n = max(1, steps[-1][0])
    seconds = after.time_s - before.time_s
    memory = [sample.user_bytes for sample in empties]
    line = steps if len(steps) < 4 else steps[1:]  # the empty server's free memory is used up before it grows
    slabs = [(x, s.kernel.machine_slab_bytes / 2) for x, s in steps if s.kernel.machine_slab_bytes is not None]

    def each(of: Callable[[Sample], int | None]) -> float | None:
        now, then = of(before), of(empty)
        return None if now is None or then is None else (now - then) / n

    def switches(sample: Sample) -> int | None:
        if sample.voluntary_switches is None or sample.involuntary_switches is None:
            return None
        return sample.voluntary_switches + sample.involuntary_switches

    idle = switches(after), switches(before)
    return ParkedCost(
        clients=steps[-1][0],
        wanted=wanted,
        why_fewer=fits.why,
        user_bytes_a_connection=(before.user_bytes - empty.user_bytes) / n,
        user_error_bytes=max(max(memory) - min(memory), 4096) / n,
        user_slope=slope([x for x, _ in line], [sample.user_bytes for _, sample in line]),
        kernel_buffer_bytes_a_connection=each(lambda s: s.kernel.sockets.buffer_bytes if s.kernel.sockets else None),
        kernel_page_table_bytes_a_connection=each(lambda s: s.kernel.page_table_bytes),
        kernel_stack_bytes_a_connection=each(lambda s: s.kernel.stack_bytes),
        kernel_slab_slope=slope([x for x, _ in slabs], [y for _, y in slabs]) if len(slabs) > 1 else None,
        descriptors_a_connection=each(lambda s: s.descriptors),
        threads_a_connection=(before.threads - empty.threads) / n,
        processes_a_connection=(before.processes - empty.processes) / n,
        idle_cpu=(after.cpu_s - before.cpu_s) / seconds,
        idle_switches_per_s=None if idle[0] is None or idle[1] is None else (idle[0] - idle[1]) / seconds,
        switches_a_connection=each(switches),
        cpu_s_a_connection=(before.cpu_s - empty.cpu_s) / n,
        idle_s=seconds,
        sample=before,
        empty=empty,
    )
