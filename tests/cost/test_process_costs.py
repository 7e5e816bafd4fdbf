"""cost/process/costs: the price of a parked client, held against servers whose price is known."""

from __future__ import annotations

import random
import statistics
import sys

import process_servers
import pytest

from patterns.cost.process import (
    Fits,
    ParkedCost,
    Serving,
    Slope,
    TookTooLong,
    at_rest,
    cost_of_parking,
    parked,
    served,
    slope,
)

real_clock = pytest.mark.real_clock
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="exact figures are Linux's")


def test_a_line_is_found_with_the_error_of_the_textbook() -> None:
    assert slope([0, 10, 100], [7, 27, 207]) == Slope(pytest.approx(2), pytest.approx(0, abs=1e-9), 3)
    assert slope([0, 1, 2], [0, 1, 1]) == Slope(0.5, pytest.approx((1 / 12) ** 0.5), 3), "1/6 left over, 1 degree free"
    assert slope([0, 10], [7, 27]) == Slope(2, None, 2)


def test_the_slope_is_the_librarys_and_its_error_holds_what_it_promises() -> None:
    chance = random.Random(7)
    xs = [0, 10, 100, 1_000, 5_000]
    off = []
    for _ in range(400):
        ys = [3_000 * x + chance.gauss(0, 50_000) for x in xs]
        found = slope(xs, ys)
        assert found.value == pytest.approx(statistics.linear_regression(xs, ys).slope)
        assert found.error is not None
        off.append(abs(found.value - 3_000) / found.error)
    assert 0.90 < sum(t < 3.182 for t in off) / len(off) < 0.98, "95% within t(3 degrees of freedom) errors"


@pytest.mark.parametrize(("xs", "ys"), [([1, 2], [1]), ([3, 3], [1, 2]), ([], [])])
def test_without_two_different_points_there_is_no_line(xs: list[float], ys: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^expected as many y as x, at two different x at least, got ") as caught:
        slope(xs, ys)
    assert str(caught.value).endswith(f"got {xs} and {ys}")


@real_clock
@LINUX_ONLY
async def test_64_kibibytes_a_connection_are_found_as_64_kibibytes() -> None:
    seen: list[ParkedCost] = []
    async with served(process_servers.hold_heavily, each_bytes=65_536) as server:
        rows = await cost_of_parking(
            server,
            b"x",
            (10, 50, 200),
            idle_s=0.05,
            processes=2,
            addresses=["127.0.0.1", "127.0.0.2"],
            progress=seen.append,
        )
    assert rows == seen
    assert [(row.clients, row.wanted, row.why_fewer) for row in rows] == [(10, 10, ""), (50, 50, ""), (200, 200, "")]
    last = rows[-1]
    assert 65_536 <= last.user_bytes_a_connection < 65_536 + 8_192, "the bytes, and a protocol with its transport"
    assert 65_536 <= last.user_slope.value < 65_536 + 8_192
    assert [row.user_slope.points for row in rows] == [2, 3, 3], "from three steps on without the empty server"
    for row in rows:
        assert (row.descriptors_a_connection, row.threads_a_connection, row.processes_a_connection) == (1, 0, 0)
        assert row.kernel_buffer_bytes_a_connection == 0, "everything is read"
        assert row.idle_cpu < 0.5
        assert row.user_error_bytes * row.clients >= 4_096
        assert row.idle_switches_per_s is not None
    assert last.kernel_slab_slope is not None
    assert last.sample.kernel.sockets is not None
    assert last.sample.kernel.sockets.accepted == 200


@real_clock
@LINUX_ONLY
async def test_a_thread_a_connection_is_one_thread_a_connection_and_its_kernel_stack() -> None:
    async with served(process_servers.thread_a_connection) as server:
        (row,) = await cost_of_parking(server, b"", (40,), idle_s=0.05)
    assert (row.threads_a_connection, row.descriptors_a_connection) == (1, 1)
    assert row.kernel_stack_bytes_a_connection == pytest.approx(16_384, rel=0.3)


@real_clock
async def test_what_the_server_has_no_descriptors_for_is_cut_and_is_the_last_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fits(_: Serving, wanted: int) -> Fits:
        return Fits(min(wanted, 20), wanted, "no more than 20" if wanted > 20 else "")

    monkeypatch.setattr(Serving, "fits", fits)
    async with served(process_servers.hold) as server:
        rows = await cost_of_parking(server, b"", (10, 50, 90), idle_s=0.01)
    assert [(row.clients, row.wanted, row.why_fewer) for row in rows] == [(10, 10, ""), (30, 50, "no more than 20")]


@real_clock
@LINUX_ONLY
async def test_a_server_that_leaves_requests_unread_is_never_at_rest() -> None:
    async with served(process_servers.never_read) as server, parked(server.address, 3, b"x" * 10):
        with pytest.raises(TookTooLong) as caught:
            await at_rest(server, 3, limit_s=0.3)
    assert str(caught.value).startswith(
        "expected the server at rest with 3 connections within 0.3 s, got 3 accepted, 30 bytes unread, "
    )


@pytest.mark.parametrize("counts", [(), (0, 10), (10, 10), (100, 10)])
async def test_counts_that_do_not_rise_are_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^expected counts that rise") as caught:
        await cost_of_parking(None, b"", counts)  # type: ignore[arg-type]  # it is not asked
    assert str(caught.value) == (f"expected counts that rise, from 1 on, such as (10, 100, 1000), got {counts}")
