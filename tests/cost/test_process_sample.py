"""cost/process/sample: what a look from outside says, held against what the server is known to have."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import process_servers
import pytest

from patterns.cost.process import HasEnded, PortSockets, parked, sample, served

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
        assert getattr(large, name) - getattr(small, name) == pytest.approx(50 * MIB, abs=MIB // 2), name
    assert not small.missing


async def test_a_hundred_sockets_are_a_hundred_descriptors() -> None:
    async with served(process_servers.hold) as bare, served(process_servers.open_sockets, n=100) as heavy:
        few, many = await bare.sample(), await heavy.sample()
    assert few.descriptors is not None
    assert many.descriptors == few.descriptors + 100


@pytest.mark.parametrize("burn", [process_servers.burn, process_servers.burn_in_a_child])
async def test_cpu_is_what_the_process_itself_counted_even_in_children_that_ended(burn: object) -> None:
    async with served(burn, cpu_s=0.3) as server:  # type: ignore[arg-type]  # a function, as in the table above
        seen = await server.sample()
    assert 0.3 <= seen.cpu_s < 0.8, "what it burned, and an interpreter's start"
    assert seen.cpu_user_s + seen.cpu_system_s == pytest.approx(seen.cpu_s, abs=0.06), "ticks of 10 ms"


async def test_context_switches_of_every_thread_count() -> None:
    async with served(process_servers.switch_threads, times=2_000) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        counted = int(await reader.readline())
        seen = await server.sample()
        writer.close()
    assert seen.threads == 2
    assert counted > 2_000
    assert seen.voluntary_switches == pytest.approx(counted, abs=50), "psutil sees only the first thread's"


async def test_a_connection_on_its_way_out_is_neither_accepted_nor_in_the_backlog() -> None:
    async with served(process_servers.answer) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"GET /until-the-end HTTP/1.1\r\n\r\n")
        assert (await reader.read()).endswith(b"ok")
        for _ in range(2):  # half closed, then TIME-WAIT, as the server closed first
            sockets = (await server.sample()).kernel.sockets
            assert sockets == PortSockets(0, 0, 0, sockets.buffer_bytes if sockets else 0)  # a FIN is in a buffer
            writer.close()
            await writer.wait_closed()


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
            seen = await server.sample()
            sockets = seen.kernel.sockets
            assert sockets is not None
            assert (sockets.accepted, sockets.in_backlog, sockets.unread_bytes) == (20, 0, 20_000)
            assert 20_000 < sockets.buffer_bytes < 200_000, "the bytes, and what they are wrapped in"
        assert seen.kernel.page_table_bytes
        assert seen.kernel.stack_bytes == pytest.approx(16_384, rel=0.5)
        assert seen.kernel.machine_slab_bytes


def test_where_the_system_tells_less_it_says_what_is_missing_and_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sample, "PROC", tmp_path)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "platform", "darwin")
        seen = sample.look(os.getpid(), 1)
    assert seen.missing == {
        "anonymous_bytes": f"darwin has no {tmp_path}/{os.getpid()}/smaps_rollup",
        "kernel.page_table_bytes": f"darwin has no {tmp_path}/{os.getpid()}/status",
        "kernel.sockets": "OSError: expected Linux's sock_diag, this is darwin",
        "kernel.stack_bytes": f"FileNotFoundError: [Errno 2] No such file or directory: '{tmp_path}/loadavg'",
        "kernel.machine_slab_bytes": f"FileNotFoundError: [Errno 2] No such file or directory: '{tmp_path}/meminfo'",
    }
    assert (seen.anonymous_bytes, seen.kernel) == (None, sample.Kernel())
    assert seen.user_bytes == seen.private_bytes, "the next best"
    assert seen.cpu_s == pytest.approx(seen.cpu_user_s + seen.cpu_system_s)
    assert seen.threads >= 1
    assert seen.descriptors
    assert seen.voluntary_switches is not None


async def test_who_has_ended_cannot_be_sampled() -> None:
    async with served(process_servers.hold) as server:
        pid = server.pid
    with pytest.raises(HasEnded) as caught:
        sample.look(pid)
    assert str(caught.value) == f"expected process {pid} to live, it has ended; sample it before it is stopped"
