"""The client's side of a job: start it, keep the handle, ask when it suits; and an upload that goes on where it was.

Errors: `JobError`, a `LookupError`, and below it `UnknownHandle` (404), `ExpiredHandle` (410), `JobFailed` (500).
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from patterns.push.contract import BREAKS, RETRY_S
from patterns.request_response import GaveUp, ask, connect
from patterns.short_polling.exchange import retry_after
from patterns.short_polling.pace import Pace, fixed
from patterns.wire.framing import FramingError, Request, Response
from patterns.wire.listen import Address

BUSY = frozenset({429, 503})  # no answer to the question at all (RFC 6585 §4, RFC 9110 §15.6.4)


class JobError(LookupError):
    """The answer to a question about a job was neither "not yet" nor its result."""


class UnknownHandle(JobError):
    """The server never gave out such a handle."""


class ExpiredHandle(JobError):
    """The job was over, and its result is no longer kept."""


class JobFailed(JobError):
    """The work failed, and the text says why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands: `progress` 0 … 1, and the `result` when it is done, else None."""

    progress: float
    result: bytes | None = None
    retry_after_s: float = 0.0


async def start(address: Address, body: bytes) -> str:
    """Have a job started; its handle, at once. `JobError` for anything but 202."""
    response = await ask(address, Request("POST", "/jobs", body=body))
    location = response.header("Location")
    if response.status != 202 or location is None:
        raise JobError(f"expected 202 and a Location for POST /jobs, got {_told(response)}")
    return location


async def look(address: Address, handle: str) -> Standing:
    """Ask once how a job stands, on a connection of its own."""
    return standing(handle, await ask(address, Request("GET", handle)))


async def watch(
    address: Address,
    handle: str,
    *,
    interval_s: float = 1.0,
    pace: Pace | None = None,
    retry_s: float = RETRY_S,
    breaks: int = BREAKS,
) -> AsyncGenerator[Standing, None]:
    """Ask at once and then again and again, over one kept connection; yield each answer, the last with the result.

    pace: another rhythm than every `interval_s` seconds. `Retry-After` makes a nap longer.
    429 and 503 say nothing of the job: they are not yielded, and it is asked again after a nap, as often as it takes.
    retry_s, breaks: how long to rest after a broken connection, and how many in a row to bear; then `GaveUp`.
    """
    naps, broken = pace() if pace else fixed(interval_s), 0
    while broken <= breaks:
        try:
            async with connect(address) as connection:
                while True:
                    response = await connection.ask(Request("GET", handle))
                    broken = 0
                    if response.status in BUSY:
                        await asyncio.sleep(max(next(naps), retry_after(response)))
                        continue
                    stands = standing(handle, response)
                    yield stands
                    if stands.result is not None:
                        return
                    await asyncio.sleep(max(next(naps), stands.retry_after_s))
        except (OSError, FramingError):
            broken += 1
            await asyncio.sleep(retry_s)
    raise GaveUp(f"expected an answer about {handle}, got {broken} broken connections in a row")


def standing(handle: str, response: Response) -> Standing:
    """What an answer says of a job; a `JobError` for 404, 410, 500 and whatever else is no standing."""
    if response.status == 200:
        return Standing(1.0, response.body)
    if response.status == 202:
        return Standing(float(json.loads(response.body)["progress"]), None, retry_after(response))
    error = {404: UnknownHandle, 410: ExpiredHandle, 500: JobFailed}.get(response.status, JobError)
    raise error(f"expected 200 or 202 for {handle}, got {_told(response)}")


def _told(response: Response) -> str:
    return f"{response.status} {response.reason}: {response.body[:200].decode(errors='replace').strip()}"


async def upload(
    address: Address, body: bytes, handle: str | None = None, *, piece_bytes: int = 16_384
) -> AsyncGenerator[tuple[str, int], None]:
    """Upload in pieces to lesson 1's `Uploads`; yield the upload's handle and how many bytes the server has of it.

    The first comes before the first piece, the last after the last. Whoever stops in between, or is cut off
    (`ConnectionError`), goes on later with the handle; who only has the handle may ask how far it is (`HEAD`).
    """
    async with connect(address) as connection:
        if handle is None:
            made = await connection.ask(Request("POST", "/uploads", (("Upload-Complete", "?0"),)))
            handle = _expect(made, 201, "POST /uploads").header("Location") or ""
        stands = _expect(await connection.ask(Request("HEAD", handle)), 204, f"HEAD {handle}")
        while True:
            offset = int(stands.header("Upload-Offset") or "")
            yield handle, offset
            if stands.header("Upload-Complete") == "?1":
                return
            piece = body[offset : offset + piece_bytes]
            is_last = "?1" if offset + len(piece) == len(body) else "?0"
            headers = (("Upload-Offset", str(offset)), ("Upload-Complete", is_last))
            stands = _expect(await connection.ask(Request("PATCH", handle, headers, piece)), 204, f"PATCH {handle}")


def _expect(response: Response, status: int, asked: str) -> Response:
    if response.status != status:
        raise JobError(f"expected {status} for {asked}, got {_told(response)}")
    return response
