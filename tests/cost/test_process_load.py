"""cost/process/load: a closed loop counts every request once, whatever the server does with it."""

from __future__ import annotations

import process_servers
import pytest

from patterns.cost.measure import percentile
from patterns.cost.process import Fits, NotConnected, load, served

pytestmark = pytest.mark.real_clock


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("path", "answered", "reconnected", "statuses", "failed"),
    [
        ("/ok", 203, 0, {"200": 203}, {}),
        ("/busy", 203, 0, {"503": 203}, {}),
        ("/leaving", 203, 196, {"200": 203}, {}),  # 7 clients had a connection already
        ("/until-the-end", 203, None, {"200": 203}, {}),
    ],
)
async def test_so_many_requests_are_so_many_answers(
    path: str, answered: int, reconnected: int | None, statuses: dict[str, int], failed: dict[str, int]
) -> None:
    async with served(process_servers.answer) as server:
        result = await load(server.address, get(path), clients=7, requests=203, processes=2)
    assert (result.clients, result.answered, result.unanswered) == (7, answered, 0)
    assert (result.statuses, result.failed, result.fits) == (statuses, failed, Fits(7, 7))
    assert reconnected is None or result.reconnected == reconnected
    assert len(result.latencies_s) == answered
    assert min(result.latencies_s) > 0
    assert result.p99_s == percentile(result.latencies_s, 99)
    assert result.p50_s <= result.p90_s <= result.p99_s <= result.max_s == max(result.latencies_s)
    assert result.throughput_per_s == answered / result.duration_s
    assert sum(result.latencies_s) <= 7 * result.duration_s, "a client has one request under way (Little's law)"


async def test_so_long_a_load_ends_by_itself() -> None:
    async with served(process_servers.answer) as server:
        result = await load(server.address, get("/ok"), clients=3, duration_s=0.1)
    assert result.answered == result.statuses["200"] == len(result.latencies_s) > 3
    assert result.unanswered == 0


async def test_answers_that_never_come_are_counted_by_reason() -> None:
    async with served(process_servers.answer) as server:
        with pytest.raises(NotConnected) as caught:
            await load(server.address, get("/cut"), clients=3, requests=30)
    assert str(caught.value) == (
        f"expected answers from {server.address}, got none; failures: {{'closed in the middle of an answer': 30}}"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clients": 1}, "expected either requests or duration_s, got requests=None, duration_s=None"),
        (
            {"clients": 1, "requests": 1, "duration_s": 1.0},
            "expected either requests or duration_s, got requests=1, duration_s=1.0",
        ),
        ({"clients": 0, "requests": 1}, "expected at least one client, and a request or a time, got 0, 1, None"),
        ({"clients": 1, "duration_s": 0.0}, "expected at least one client, and a request or a time, got 1, None, 0.0"),
    ],
)
async def test_a_load_that_means_nothing_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=r"^expected") as caught:
        await load(("127.0.0.1", 1), b"x", **options)  # type: ignore[arg-type]  # as a caller may get it wrong
    assert str(caught.value) == message
