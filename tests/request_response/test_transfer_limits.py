import re

import pytest

from patterns.request_response import Uploads, connect, download, downloads, serve
from patterns.request_response.transfer import UPLOAD_BYTES
from patterns.wire.framing import Request, Response
from patterns.wire.tap import tap

COMPLETE, UNFINISHED = ("Upload-Complete", "?1"), ("Upload-Complete", "?0")
BODY = bytes(range(256)) * 400


def answering_the_rest_with(part):
    """A download whose first answer is honest, and whose answers to a Range carry this Content-Range."""
    honest = downloads({"/body": BODY})

    async def handle(request: Request) -> Response:
        response = await honest(request)
        if response.status != 206:
            return response
        kept = tuple(pair for pair in response.headers if pair[0] != "Content-Range")
        return Response(206, headers=kept + ((("Content-Range", part),) if part else ()), body=response.body)

    return handle


@pytest.mark.parametrize(
    "part", ["bytes 0-102399/102400", "bytes 50001-102399/102400", "bytes */102400", "items 50000-1/2", None]
)
async def test_a_rest_that_does_not_start_where_it_was_asked_for_is_refused(part):
    async with (
        await serve(answering_the_rest_with(part)) as server,
        await tap(server.address, cut_after_bytes=50_000) as path,
    ):
        with pytest.raises(LookupError) as caught:
            await download(path.address, "/body")
    expected = r"expected a Content-Range from byte [0-9]{5} on for /body, got " + re.escape(repr(part or ""))
    assert re.fullmatch(expected, str(caught.value))


async def test_what_all_uploads_keep_together_is_bounded_and_delete_gives_room():
    def begin(size):
        return Request("POST", "/uploads", (UNFINISHED,), bytes(size))

    def add(size):
        return Request("PATCH", "/uploads/1", (("Upload-Offset", "600"), COMPLETE), bytes(size))

    async with await serve(Uploads(kept_bytes=2 * UPLOAD_BYTES + 1000)) as server, connect(server.address) as client:
        asked = [begin(600), begin(401), begin(400), add(1), Request("HEAD", "/uploads/1")]
        asked += [Request("DELETE", "/uploads/2"), Request("DELETE", "/uploads/2"), add(1425), add(1424), begin(0)]
        answers = [await client.ask(request) for request in asked]
    assert [answer.status for answer in answers] == [201, 507, 201, 507, 204, 204, 404, 507, 204, 507]
    assert answers[4].header("Upload-Offset") == "600"  # a refused piece changed nothing


async def test_an_empty_upload_is_not_free():
    async with await serve(Uploads(kept_bytes=10 * UPLOAD_BYTES)) as server, connect(server.address) as client:
        answers = await client.ask_all([Request("POST", "/uploads")] * 12)
    assert [answer.status for answer in answers] == [201] * 10 + [507] * 2
