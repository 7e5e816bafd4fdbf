"""cost/process/sample: what a look from outside says, held against what the server is known to have."""

from __future__ import annotations

import asyncio
import sys

import process_servers
import pytest

from patterns.cost.process import HasEnded, parked, served
from patterns.cost.process.sample import look

pytestmark = [
    pytest.mark.real_clock,
    pytest.mark.skipif(sys.platform != "linux", reason="exact figures are Linux's"),
]
MIB = 1 << 20


async def test_fifty_mebibytes_are_seen_as_fifty() -> None:
    async with served(process_servers.hold) as bare, served(process_servers.allocate, size_bytes=50 * MIB) as heavy:
        await bare.collect(), await heavy.collect()
        small, large = await bare.sample(), await heavy.sample()
    for name in ("anonymous_bytes", "private_bytes", "resident_bytes", "user_bytes"):
        assert getattr(large, name) - getattr(small, name) == pytest.approx(50 * MIB, abs=2 * MIB), name
    assert not small.missing


async def test_a_hundred_sockets_are_a_hundred_descriptors() -> None:
    async with served(process_servers.hold) as bare, served(process_servers.open_sockets, n=100) as heavy:
        few, many = await bare.sample(), await heavy.sample()
    assert few.descriptors is not None
    assert many.descriptors == few.descriptors + 100


@pytest.mark.parametrize("burn", [process_servers.burn, process_servers.burn_in_a_child])
async def test_cpu_is_what_the_process_itself_counted_even_in_children_that_ended(burn: object) -> None:
    async with served(burn, cpu_s=0.3) as server:  # type: ignore[arg-type]  # a function, as in the table above
        sample = await server.sample()
    assert 0.3 <= sample.cpu_s < 0.8, "what it burned, and an interpreter's start"
    assert sample.cpu_user_s + sample.cpu_system_s == pytest.approx(sample.cpu_s, abs=0.06), "ticks of 10 ms"


async def test_context_switches_of_every_thread_count() -> None:
    async with served(process_servers.switch_threads, times=2_000) as server:
        sample = await server.sample()
    assert sample.threads == 2
    assert sample.voluntary_switches is not None
    assert sample.voluntary_switches > 3_000, "2,000 in either thread, and psutil sees only the first"


async def test_the_whole_tree_counts_and_pages_shared_in_it_count_once() -> None:
    async with served(process_servers.process_a_connection) as server:
        await server.collect()
        empty = await server.sample()
        async with parked(server.address, 8, answer_ends=4) as clients:
            assert (await clients.answers()).missing == 0
            full = await server.sample()
    assert (empty.processes, full.processes, full.threads) == (1, 9, 9)
    assert full.descriptors is not None
    assert empty.descriptors is not None
    assert full.descriptors >= empty.descriptors * 2
    assert full.anonymous_bytes is not None
    assert full.private_bytes is not None
    assert full.private_bytes < full.anonymous_bytes < full.resident_bytes


async def test_the_kernel_tells_what_is_accepted_unread_and_how_much_memory_that_holds() -> None:
    async with served(process_servers.never_read) as server:
        async with parked(server.address, 20, b"x" * 1_000) as clients:
            assert (await clients.standing()).connected == 20
            async with asyncio.timeout(10):
                while (await server.sample()).kernel.sockets.accepted < 20:  # type: ignore[union-attr]  # on Linux
                    pass
            sample = await server.sample()
            sockets = sample.kernel.sockets
            assert sockets is not None
            assert (sockets.accepted, sockets.in_backlog, sockets.unread_bytes) == (20, 0, 20_000)
            assert 20_000 < sockets.buffer_bytes < 200_000, "the bytes, and what they are wrapped in"
        assert sample.kernel.page_table_bytes
        assert sample.kernel.stack_bytes == pytest.approx(16_384, rel=0.5)
        assert sample.kernel.machine_slab_bytes


async def test_who_has_ended_cannot_be_sampled() -> None:
    async with served(process_servers.hold) as server:
        pid = server.pid
    with pytest.raises(HasEnded) as caught:
        look(pid)
    assert str(caught.value) == f"expected process {pid} to live, it has ended; sample it before it is stopped"
