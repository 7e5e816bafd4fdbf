"""Many requests, one transfer: chunks until an end signal, and coming back after a cut.

The problem: a request is whole or nothing, so one big request that is cut at 99% starts again at zero;
on a bad enough path it never ends.
The assumption: both sides can name a position. An upload's position is the server's to tell, since only
it knows what arrived; a download's is the client's.
The bargain: a few small requests more, and the server keeps state between them (what it has of an
unfinished upload), which a single request never asked of it.

An upload's requests name `Upload-Offset` and `Upload-Complete`. The names and statuses follow
draft-ietf-httpbis-resumable-upload; left out are its media type application/partial-upload, the interim 104
and its limits. A POST whose answer is lost leaves an orphan, so what is kept is bounded, and DELETE gives room.
A download's requests are those of RFC 9110 §14 (`Range`, `If-Range`, 206).
"""

import asyncio
import hashlib
import itertools
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from patterns.request_response.client import Disconnected, ask, connect
from patterns.request_response.server import Handler
from patterns.wire.framing import Request, Response
from patterns.wire.listen import Address

T = TypeVar("T")

KEPT_BYTES = 256 * 1024 * 1024  # of all uploads together, complete or not
UPLOAD_BYTES = 1_024  # what an upload counts for besides its body: an empty one is not free

_OFFSET = re.compile(r"[0-9]{1,15}")  # an integer of a structured field (RFC 9651 §3.3.1) that is not negative
_COMPLETE = {"?0": False, "?1": True}  # a boolean of a structured field (RFC 9651 §3.3.6)


class GaveUp(ConnectionError):
    """The path broke more often than was allowed."""


@dataclass
class _Upload:
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False


class Uploads:
    """The server's half of a resumable upload: a handler, and `bodies` of what is complete.

    `POST /uploads` makes a handle (201, `Location`). `HEAD` on it tells `Upload-Offset`. `PATCH` with
    `Upload-Offset` appends; any other offset than the present one is 409 and changes nothing, so a piece
    sent twice counts once. `Upload-Complete: ?1` is the end signal: on POST it is taken for granted (all in
    one request), on PATCH it has to be said, and what cannot be understood is 400 and changes nothing.
    `DELETE` forgets an upload. What would make more than `kept_bytes` of all uploads together, each counted as
    UPLOAD_BYTES and its body, is 507 and changes nothing.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._room = kept_bytes
        self._uploads: dict[str, _Upload] = {}
        self._numbers = itertools.count(1)

    @property
    def bodies(self) -> dict[str, bytes]:
        """The complete uploads, by their target."""
        return {target: bytes(upload.body) for target, upload in self._uploads.items() if upload.complete}

    async def __call__(self, request: Request) -> Response:
        """Handle one request of a transfer."""
        if request.method == "POST":
            if (end := request.header("Upload-Complete", "?1") or "") not in _COMPLETE:
                return _bad("Upload-Complete takes ?0 or ?1")
            if UPLOAD_BYTES + len(request.body) > self._room:
                return Response(507)
            self._room -= UPLOAD_BYTES
            target = f"{request.target.rstrip('/')}/{next(self._numbers)}"
            upload = self._uploads[target] = _Upload()
            return self._append(upload, request.body, end, Response(201, headers=(("Location", target),)))
        if (known := self._uploads.get(request.target)) is None:
            return Response(404)
        if request.method == "HEAD":
            return self._standing(known, Response(204))
        if request.method == "DELETE":
            del self._uploads[request.target]
            self._room += UPLOAD_BYTES + len(known.body)
            return Response(204)
        if request.method != "PATCH":
            return Response(405, headers=(("Allow", "POST, HEAD, PATCH, DELETE"),))
        offset, end = request.header("Upload-Offset") or "", request.header("Upload-Complete") or ""
        if end not in _COMPLETE or not _OFFSET.fullmatch(offset):
            return _bad("PATCH takes Upload-Complete: ?0 or ?1, and Upload-Offset: digits")
        if known.complete or int(offset) != len(known.body):
            return self._standing(known, Response(409))  # the answer tells where to go on
        if len(request.body) > self._room:
            return self._standing(known, Response(507))
        return self._append(known, request.body, end, Response(204))

    def _append(self, upload: _Upload, piece: bytes, end: str, response: Response) -> Response:
        self._room -= len(piece)
        upload.body += piece
        upload.complete = _COMPLETE[end]
        return self._standing(upload, response)

    @staticmethod
    def _standing(upload: _Upload, response: Response) -> Response:
        standing = (
            ("Upload-Offset", str(len(upload.body))),
            ("Upload-Complete", "?1" if upload.complete else "?0"),
        )
        return Response(response.status, headers=(*response.headers, *standing))


def _bad(why: str) -> Response:
    return Response(400, headers=(("Content-Type", "text/plain"),), body=f"{why}\n".encode())


def downloads(bodies: Mapping[str, bytes]) -> Handler:
    """Serve `bodies` by target: 200 with all, or 206 with the rest that `Range: bytes=N-` asks for.

    `If-Range` with another `ETag` than the present one gets all of it: the client's first half would not
    fit the second half of something else. Only the open-ended single range that resuming needs is known;
    any other is ignored, as RFC 9110 §14.2 allows, and so is any Range on HEAD, as it demands.
    """

    async def handle(request: Request) -> Response:
        if (body := bodies.get(request.target)) is None:
            return Response(404)
        if request.method not in {"GET", "HEAD"}:
            return Response(405, headers=(("Allow", "GET, HEAD"),))
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = (("ETag", etag), ("Accept-Ranges", "bytes"))
        asked = re.fullmatch(r"bytes=([0-9]{1,18})-", request.header("Range") or "")
        if request.method == "HEAD" or asked is None or request.header("If-Range", etag) != etag:
            return Response(200, headers=headers, body=body)
        start = int(asked[1])
        if start >= len(body):
            return Response(416, headers=(*headers, ("Content-Range", f"bytes */{len(body)}")))
        part = ("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        return Response(206, headers=(*headers, part), body=body[start:])

    return handle


async def upload(
    address: Address,
    body: bytes,
    *,
    target: str = "/uploads",
    piece_bytes: int = 16_384,
    breaks: int = 100,
    pause_s: float = 0.1,
) -> str:
    """Send `body` in pieces until the end signal, coming back after each cut; returns the upload's target.

    After a cut the client asks how far the server got and goes on from there: nothing is lost, and nothing
    is there twice. At most `breaks` cuts, each followed by `pause_s` seconds of rest, then `GaveUp`.
    `LookupError` when the server answers something else than an upload's standing: that does not mend itself.
    """
    handle: str | None = None

    async def go_on() -> str:
        nonlocal handle
        async with connect(address) as connection:
            if handle is None:
                begun = await connection.ask(Request("POST", target, (("Upload-Complete", "?0"),)))
                _standing(begun, (201,), f"POST {target}", body)
                handle = _location(begun, f"POST {target}")
            standing = _standing(await connection.ask(Request("HEAD", handle)), (200, 204), f"HEAD {handle}", body)
            while not standing.complete:
                before, offset = standing, standing.offset
                piece = body[offset : offset + piece_bytes]
                end = "?1" if offset + len(piece) == len(body) else "?0"
                headers = (("Upload-Offset", str(offset)), ("Upload-Complete", end))
                answer = await connection.ask(Request("PATCH", handle, headers, piece))
                standing = _standing(answer, (204, 409), f"PATCH {handle}", body)
                if standing == before:
                    raise LookupError(f"expected PATCH {handle} to move on from {offset}, got {_status(answer)}")
            return handle

    return await _through_breaks(go_on, breaks, pause_s)


async def upload_whole(
    address: Address, body: bytes, *, target: str = "/uploads", breaks: int = 100, pause_s: float = 0.1
) -> str:
    """Send `body` in one request; a cut means that all of it is sent again. Returns the upload's target."""

    async def start_again() -> str:
        response = await ask(address, Request("POST", target, (("Upload-Complete", "?1"),), body))
        return _location(_expect(response, (201,), f"POST {target}"), f"POST {target}")

    return await _through_breaks(start_again, breaks, pause_s)


async def download(address: Address, target: str, *, breaks: int = 100, pause_s: float = 0.1) -> bytes:
    """Get `target`, asking only for the rest after each cut (`Range`, guarded by `If-Range`).

    `LookupError` when the server answers something else, or with another part than the rest.
    """
    have = bytearray()
    etag: str | None = None

    def keep(head: Response, body: bytes) -> None:
        nonlocal etag
        if head.status == 200:  # all of it, from the start: also when it changed since the last cut
            have.clear()
        else:
            _starts_at(len(have), head, target)
        have.extend(body)
        etag = head.header("ETag")

    async def go_on() -> bytes:
        resuming = (("Range", f"bytes={len(have)}-"), ("If-Range", etag)) if have and etag else ()
        try:
            response = await ask(address, Request("GET", target, resuming))
        except Disconnected as cut:
            if cut.head is not None and cut.head.status in {200, 206}:
                keep(cut.head, cut.received)
            raise
        if response.status in {200, 206}:
            keep(response, response.body)
        elif not (resuming and response.status == 416):  # 416: the cut came after the last byte, there is no rest
            _expect(response, (200, 206), target)
        return bytes(have)

    return await _through_breaks(go_on, breaks, pause_s)


async def download_whole(address: Address, target: str, *, breaks: int = 100, pause_s: float = 0.1) -> bytes:
    """Get `target` in one response; a cut means that all of it is asked for again."""

    async def start_again() -> bytes:
        return _expect(await ask(address, Request("GET", target)), (200,), target).body

    return await _through_breaks(start_again, breaks, pause_s)


async def _through_breaks(attempt: Callable[[], Awaitable[T]], breaks: int, pause_s: float) -> T:
    for _ in range(breaks):
        try:
            return await attempt()
        except ConnectionError:
            await asyncio.sleep(pause_s)
    raise GaveUp(f"expected the transfer to end within {breaks} cuts, got one more; try smaller pieces")


class _Standing(NamedTuple):
    offset: int
    complete: bool


def _standing(response: Response, statuses: tuple[int, ...], asked: str, body: bytes) -> _Standing:
    """How far the server says it got with `body`, as long as that can be true."""
    offset, complete = response.header("Upload-Offset") or "", response.header("Upload-Complete") or ""
    _expect(response, statuses, asked)
    if not _OFFSET.fullmatch(offset) or complete not in _COMPLETE:
        wanted = f"both Upload-Offset and Upload-Complete for {asked}"
        raise LookupError(f"expected {wanted}, got {_status(response)} with {offset!r} and {complete!r}")
    standing = _Standing(int(offset), _COMPLETE[complete])
    if standing.offset > len(body) or (standing.complete and standing.offset < len(body)):
        wanted = f"an Upload-Offset up to {len(body)}, and that one at the end, for {asked}"
        raise LookupError(f"expected {wanted}, got {_status(response)} with {offset} and {complete}")
    return standing


def _starts_at(offset: int, head: Response, asked: str) -> None:
    """`LookupError` unless a 206 is the part from `offset` on: put elsewhere, it would be quietly wrong."""
    part = head.header("Content-Range") or ""
    start = re.match(r"bytes ([0-9]{1,18})-", part, re.IGNORECASE)
    if start is None or int(start[1]) != offset:
        raise LookupError(f"expected a Content-Range from byte {offset} on for {asked}, got {part!r}")


def _location(response: Response, asked: str) -> str:
    if not (location := response.header("Location")):
        raise LookupError(f"expected a Location for {asked}, got {_status(response)} without")
    return location


def _expect(response: Response, statuses: tuple[int, ...], asked: str) -> Response:
    if response.status not in statuses:
        wanted = " or ".join(map(str, statuses))
        raise LookupError(f"expected {wanted} for {asked}, got {_status(response)}")
    return response


def _status(response: Response) -> str:
    return f"{response.status} {response.reason}"
