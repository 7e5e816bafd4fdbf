"""The job and its handle: "start this" is answered at once, "is it done?" as often as the client likes.

The problem: the work takes longer than anybody wants to hold a connection, and longer than some connections live.
The assumption: the client needs the result at some time, not now. The bargain: the answer to "start" is a handle;
whoever has it may hang up, sleep, change networks and ask from another machine. In exchange the server
has to keep results that nobody may ever fetch, for a while (`retention_s`), and to say what it knows of a handle:

    POST /jobs                 202, Location: the handle; 503 when too many are at work
    GET the handle             202 not yet, with the progress; 200 the result; 500 the work failed, and why
                               410 it was done, and is no longer kept; 404 no such handle was ever given out
    DELETE the handle          204: not wanted any more; if it is at work, it is cancelled

A handle is a number and a seal that only this server can make, so nobody guesses another's handle, and a handle that
was once given out is told from one that never was without remembering either.
"""

import asyncio
import hmac
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Self

from patterns.wire.framing import Headers, Request, Response

RETENTION_S = 600.0
MOST = 1000  # jobs at work at a time
BUSY_S = 5  # after which a client that was told 503 may try again

Report = Callable[[float], None]
"""Called by the work with the share of it that is done, 0 … 1."""

Work = Callable[[bytes, Report], Awaitable[bytes]]
"""What a job does: the request's body in, the result out, telling how far it is."""

_HANDLE = re.compile(r"/jobs/([0-9]{1,18})-([0-9a-f]{32})")


class _Job:
    def __init__(self) -> None:
        self.progress = 0.0
        self.answer: Response | None = None  # when it is over
        self.task: asyncio.Task[None] | None = None
        self.expiry: asyncio.TimerHandle | None = None

    def report(self, progress: float) -> None:
        self.progress = min(max(self.progress, progress), 1.0)  # it never goes back, whatever the work says


class Jobs:
    """A handler for lesson 1's server that starts `work` and answers for it; `async with`, or `stop` it.

    retention_s: how long a result is kept. most: how many may be at work. retry_after_s: with "not yet", when the
    client is told to ask again (`Retry-After`); None: as it likes.
    """

    def __init__(
        self,
        work: Work,
        *,
        retention_s: float = RETENTION_S,
        most: int = MOST,
        retry_after_s: int | None = None,
    ) -> None:
        self._work = work
        self._retention_s, self._most, self._retry_after_s = retention_s, most, retry_after_s
        self._jobs: dict[int, _Job] = {}
        self._given_out = 0
        self._seal_key = secrets.token_bytes(32)

    @property
    def at_work(self) -> int:
        """How many jobs are not done."""
        return sum(job.answer is None for job in self._jobs.values())

    @property
    def kept(self) -> int:
        """How many results are kept."""
        return len(self._jobs) - self.at_work

    async def __call__(self, request: Request) -> Response:
        """Handle one request."""
        if request.target == "/jobs":
            return self._start(request.body) if request.method == "POST" else _not_allowed("POST")
        if request.method not in {"GET", "DELETE"}:
            return _not_allowed("GET, DELETE")
        number = self._number(request.target)
        if number is None:
            return _text(404, "no such handle was ever given out")
        if (job := self._jobs.get(number)) is None:
            return _text(410, "this job is over, and its result is no longer kept; start it again")
        if request.method == "DELETE":
            self._forget(number)
            return Response(204)
        return job.answer or self._not_yet(job)

    async def stop(self) -> None:
        """Cancel what is at work, and forget every result."""
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        for number in tuple(self._jobs):
            self._forget(number)
        if tasks:
            await asyncio.wait(tasks)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _start(self, body: bytes) -> Response:
        if self.at_work >= self._most:
            return _text(503, f"{self._most} jobs are at work; come back later", ("Retry-After", str(BUSY_S)))
        number, job = self._given_out, _Job()
        self._given_out += 1
        self._jobs[number] = job
        job.task = asyncio.get_running_loop().create_task(self._run(number, job, body))
        return Response(202, headers=(("Location", f"/jobs/{number}-{self._seal(number)}"),))

    async def _run(self, number: int, job: _Job, body: bytes) -> None:
        try:
            job.answer = Response(200, body=await self._work(body, job.report))
        except Exception as error:
            job.answer = _text(500, f"the job failed: {error}")
        job.task = None
        job.expiry = asyncio.get_running_loop().call_later(self._retention_s, self._forget, number)

    def _forget(self, number: int) -> None:
        if (job := self._jobs.pop(number, None)) is not None:
            if job.task is not None:
                job.task.cancel()
            if job.expiry is not None:
                job.expiry.cancel()

    def _not_yet(self, job: _Job) -> Response:
        headers: Headers = (("Content-Type", "application/json"),)
        if self._retry_after_s is not None:
            headers = (*headers, ("Retry-After", str(self._retry_after_s)))
        return Response(202, headers=headers, body=json.dumps({"progress": round(job.progress, 4)}).encode())

    def _number(self, target: str) -> int | None:
        """The number in a handle with this server's seal, or None."""
        if (found := _HANDLE.fullmatch(target)) is None:
            return None
        number = int(found[1])
        return number if hmac.compare_digest(found[2], self._seal(number)) else None

    def _seal(self, number: int) -> str:
        return hmac.new(self._seal_key, b"%d" % number, "sha256").hexdigest()[:32]


def _not_allowed(allowed: str) -> Response:
    return _text(405, f"here are answered {allowed}", ("Allow", allowed))


def _text(status: int, why: str, *headers: tuple[str, str]) -> Response:
    return Response(status, headers=(("Content-Type", "text/plain; charset=utf-8"), *headers), body=f"{why}\n".encode())
