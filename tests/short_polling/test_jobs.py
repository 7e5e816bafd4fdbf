"""The job and its handle: answered at once, asked about from anywhere, kept for a while, told apart afterwards."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from patterns.request_response import Uploads, ask, serve
from patterns.short_polling import (
    ExpiredHandle,
    JobError,
    JobFailed,
    Jobs,
    Standing,
    UnknownHandle,
    exponential,
    look,
    start,
    upload,
    watch,
)
from patterns.short_polling.jobs import Report
from patterns.wire.framing import Request, Response
from patterns.wire.listen import Address
from patterns.wire.tap import tap


async def develop(film: bytes, report: Report) -> bytes:
    """Ten seconds of work, told of every second."""
    for second in range(1, 11):
        await asyncio.sleep(1)
        report(second / 10)
    if film == b"torn":
        raise ValueError("the film is torn")
    return film.upper()


async def result(address: Address, handle: str, **options: float) -> list[Standing]:
    async with aclosing(watch(address, handle, **options)) as standings:  # type: ignore[arg-type]  # all are seconds
        return [stands async for stands in standings]


async def test_a_handle_comes_at_once_and_the_result_when_it_is_done() -> None:
    loop = asyncio.get_running_loop()
    async with Jobs(develop) as jobs, await serve(jobs) as server:
        began_s = loop.time()
        handle = await start(server.address, b"film")
        assert loop.time() == began_s
        standings = await result(server.address, handle, interval_s=4.0)
        assert standings == [Standing(0.0), Standing(0.4), Standing(0.8), Standing(1.0, b"FILM")]
        assert (jobs.at_work, jobs.kept) == (0, 1)


async def test_a_client_that_was_away_comes_back_with_its_handle_as_often_as_it_likes() -> None:
    async with Jobs(develop) as jobs, await serve(jobs) as server:
        handle = await start(server.address, b"film")
        await asyncio.sleep(300)
        assert [await look(server.address, handle) for _ in range(2)] == [Standing(1.0, b"FILM")] * 2


async def test_a_path_that_breaks_is_no_hindrance() -> None:
    async with Jobs(develop) as jobs, await serve(jobs) as server, await tap(server.address) as path:
        handle = await start(path.address, b"film")
        watching = asyncio.create_task(result(path.address, handle))
        for _ in range(3):
            await asyncio.sleep(2.5)
            path.cut()
        assert (await watching)[-1] == Standing(1.0, b"FILM")


async def test_unknown_expired_failed_and_forged_handles_are_told_apart() -> None:
    async with Jobs(develop, retention_s=60.0) as jobs, await serve(jobs) as server:
        handle, torn = await start(server.address, b"film"), await start(server.address, b"torn")
        await asyncio.sleep(11)
        with pytest.raises(JobFailed) as failed:
            await look(server.address, torn)
        assert str(failed.value) == (
            f"expected 200 or 202 for {torn}, got 500 Internal Server Error: the job failed: the film is torn"
        )
        assert (await look(server.address, handle)).result == b"FILM"
        await asyncio.sleep(60)
        with pytest.raises(ExpiredHandle) as expired:
            await look(server.address, handle)
        assert str(expired.value) == (
            f"expected 200 or 202 for {handle}, got 410 Gone: "
            "this job is over, and its result is no longer kept; start it again"
        )
        assert jobs.kept == 0
        forged = [f"/jobs/0-{'0' * 32}", handle[:-1] + ("0" if handle[-1] != "0" else "1"), "/jobs/1", "/", "/jobs/٣-x"]
        for target in forged[:4]:
            with pytest.raises(UnknownHandle):
                await look(server.address, target)


async def test_a_job_that_is_not_wanted_any_more_stops() -> None:
    async with Jobs(develop) as jobs, await serve(jobs) as server:
        handle = await start(server.address, b"film")
        await asyncio.sleep(3)
        assert (await ask(server.address, Request("DELETE", handle))).status == 204
        assert (jobs.at_work, jobs.kept) == (0, 0)
        with pytest.raises(ExpiredHandle):
            await look(server.address, handle)


async def test_too_many_jobs_are_refused_with_a_time_to_come_back() -> None:
    async with Jobs(develop, most=2) as jobs, await serve(jobs) as server:
        await start(server.address, b"1")
        await start(server.address, b"2")
        refused = await ask(server.address, Request("POST", "/jobs", body=b"3"))
        assert (refused.status, refused.header("Retry-After")) == (503, "5")
        with pytest.raises(JobError, match="expected 202 and a Location for POST /jobs, got 503"):
            await start(server.address, b"3")
        await asyncio.sleep(10.5)
        await start(server.address, b"3")


async def test_the_server_may_say_when_to_ask_again() -> None:
    async with Jobs(develop, retry_after_s=6) as jobs, await serve(jobs) as server:
        handle = await start(server.address, b"film")
        standings = await result(server.address, handle, interval_s=1.0)
        assert [stands.progress for stands in standings] == [0.0, 0.6, 1.0]


async def test_a_server_that_is_busy_is_asked_again_and_its_retry_after_only_makes_a_nap_longer() -> None:
    loop = asyncio.get_running_loop()
    asked_s: list[float] = []
    busy = iter(
        [
            Response(503, headers=(("Retry-After", "3"),)),
            Response(429),
            Response(429, headers=(("Retry-After", "1"),)),
        ]
    )
    async with Jobs(develop) as jobs:

        async def handle(request: Request) -> Response:
            if request.method == "GET":
                asked_s.append(loop.time() - began_s)
                if (refusal := next(busy, None)) is not None:
                    return refusal
            return await jobs(request)

        async with await serve(handle) as server:
            job, began_s = await start(server.address, b"film"), loop.time()
            standings = await result(server.address, job, interval_s=2.0)
    assert asked_s == [0.0, 3.0, 5.0, 7.0, 9.0, 11.0]
    assert standings == [Standing(0.7), Standing(0.9), Standing(1.0, b"FILM")]


async def test_naps_may_grow() -> None:
    async with Jobs(develop) as jobs, await serve(jobs) as server:
        handle = await start(server.address, b"film")
        async with aclosing(watch(server.address, handle, pace=lambda: exponential(1.0, 60.0))) as standings:
            assert [stands.progress async for stands in standings] == [0.0, 0.1, 0.3, 0.7, 1.0]


async def test_progress_never_goes_back_and_ends_at_one() -> None:
    async def odd(_: bytes, report: Report) -> bytes:
        for progress in (0.5, 0.2, 7.0):
            report(progress)
            await asyncio.sleep(1)
        return b""

    async with Jobs(odd) as jobs, await serve(jobs) as server:
        standings = await result(server.address, await start(server.address, b""), interval_s=1.0)
        assert [stands.progress for stands in standings] == [0.5, 0.5, 1.0, 1.0]


@pytest.mark.parametrize(
    ("method", "target", "allowed"), [("GET", "/jobs", "POST"), ("PATCH", "/jobs/1-x", "GET, DELETE")]
)
async def test_other_methods_are_told_which_there_are(method: str, target: str, allowed: str) -> None:
    async with Jobs(develop) as jobs:
        response = await jobs(Request(method, target))
        assert (response.status, response.header("Allow")) == (405, allowed)


async def test_a_server_that_stops_cancels_its_jobs() -> None:
    async with Jobs(develop) as jobs, await serve(jobs) as server:
        await start(server.address, b"film")
        assert jobs.at_work == 1
    assert (jobs.at_work, jobs.kept) == (0, 0)


async def test_an_upload_tells_how_far_it_is_and_goes_on_with_its_handle_after_a_cut() -> None:
    uploads, film = Uploads(), bytes(range(256)) * 400
    seen: list[int] = []
    handle: str | None = None
    async with await serve(uploads) as server, await tap(server.address, cut_after_bytes=40_000) as path:
        for _ in range(20):
            try:
                async with aclosing(upload(path.address, film, handle, piece_bytes=8192)) as pieces:
                    async for handle, have in pieces:  # noqa: B007  # handle outlives the break
                        seen.append(have)
                break
            except ConnectionError:
                continue
        assert handle is not None
        assert uploads.bodies == {handle: film}
    assert seen == sorted(seen)
    assert seen[-1] == len(film)
    assert len(seen) > len(set(seen))  # it came back, more than once
