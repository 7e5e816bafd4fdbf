import asyncio

import pytest

from patterns.request_response import (
    GaveUp,
    Uploads,
    ask,
    download,
    download_whole,
    downloads,
    serve,
    upload,
    upload_whole,
)
from patterns.wire.framing import Request, Response
from patterns.wire.tap import Direction, tap

COMPLETE, UNFINISHED = ("Upload-Complete", "?1"), ("Upload-Complete", "?0")
BODY = bytes(range(256)) * 400  # 102,400 bytes, no two neighbouring pieces alike


async def test_an_upload_in_pieces_is_whole_after_the_end_signal():
    uploads = Uploads()
    async with await serve(uploads) as server:
        target = await upload(server.address, BODY, piece_bytes=1000)
    assert uploads.bodies == {target: BODY}


@pytest.mark.parametrize("cut_after_bytes", [1700, 2048, 5001, 20_000])
async def test_an_upload_over_a_path_that_cuts_arrives_once_and_whole(cut_after_bytes):
    uploads = Uploads()
    async with (
        await serve(uploads) as server,
        await tap(server.address, cut_after_bytes=cut_after_bytes) as path,
    ):
        target = await upload(path.address, BODY, piece_bytes=1000, breaks=1000)
        assert uploads.bodies[target] == BODY
        assert len(path.traffic.connections) > 1


async def test_one_big_request_never_gets_through_a_path_that_cuts_before_its_end():
    uploads = Uploads()
    async with await serve(uploads) as server, await tap(server.address, cut_after_bytes=100_000) as path:
        with pytest.raises(GaveUp, match="within 5 cuts"):
            await upload_whole(path.address, BODY, breaks=5)
        assert uploads.bodies == {}
        assert len(path.traffic.connections) == 5


async def test_an_unfinished_upload_is_not_a_body():
    uploads = Uploads()
    async with await serve(uploads) as server:
        begun = await ask(server.address, Request("POST", "/uploads", (("Upload-Complete", "?0"),), b"half"))
        assert (begun.status, begun.header("Location")) == (201, "/uploads/1")
        assert (begun.header("Upload-Offset"), begun.header("Upload-Complete")) == ("4", "?0")
    assert uploads.bodies == {}


async def test_a_piece_sent_twice_counts_once():
    uploads = Uploads()
    async with await serve(uploads) as server:
        await ask(server.address, Request("POST", "/uploads", (("Upload-Complete", "?0"),)))
        piece = Request("PATCH", "/uploads/1", (("Upload-Offset", "0"), ("Upload-Complete", "?0")), b"once")
        first, second = [await ask(server.address, piece) for _ in range(2)]
        standing = await ask(server.address, Request("HEAD", "/uploads/1"))
    assert (first.status, second.status) == (204, 409)
    assert second.header("Upload-Offset") == standing.header("Upload-Offset") == "4"


async def test_nothing_is_added_after_the_end_signal():
    uploads = Uploads()
    async with await serve(uploads) as server:
        await ask(server.address, Request("POST", "/uploads", (("Upload-Complete", "?1"),), b"all"))
        more = Request("PATCH", "/uploads/1", (("Upload-Offset", "3"), ("Upload-Complete", "?1")), b"more")
        assert (await ask(server.address, more)).status == 409
    assert uploads.bodies == {"/uploads/1": b"all"}


async def test_an_unknown_upload_is_404_and_an_unknown_method_405():
    async with await serve(Uploads()) as server:
        assert (await ask(server.address, Request("HEAD", "/uploads/9"))).status == 404
        await ask(server.address, Request("POST", "/uploads"))
        assert (await ask(server.address, Request("GET", "/uploads/1"))).status == 405


@pytest.mark.parametrize("cut_after_bytes", [400, 1000, 33_333])
async def test_a_download_over_a_path_that_cuts_asks_only_for_the_rest(cut_after_bytes):
    async with (
        await serve(downloads({"/body": BODY})) as server,
        await tap(server.address, cut_after_bytes=cut_after_bytes) as path,
    ):
        assert await download(path.address, "/body", breaks=2000) == BODY
        assert path.traffic.stream(2, Direction.TO_SERVER).split(b"\r\n")[2].startswith(b"Range: bytes=")


async def test_a_whole_download_over_a_path_that_cuts_never_ends():
    async with (
        await serve(downloads({"/body": BODY})) as server,
        await tap(server.address, cut_after_bytes=90_000) as path,
    ):
        with pytest.raises(GaveUp):
            await download_whole(path.address, "/body", breaks=3)


async def test_a_download_of_what_changed_between_two_cuts_is_all_new():
    bodies = {"/body": BODY}
    async with (
        await serve(downloads(bodies)) as server,
        await tap(server.address, cut_after_bytes=50_000) as path,
    ):
        fetching = asyncio.create_task(download(path.address, "/body", pause_s=1))
        await asyncio.sleep(0.5)  # the first cut is over, the second attempt not yet begun
        bodies["/body"] = BODY[::-1]
        path.link.cut_after_bytes = None
        assert await fetching == BODY[::-1]
        assert len(path.traffic.connections) == 2


async def test_a_range_beyond_the_end_is_416_and_an_odd_one_is_ignored():
    async with await serve(downloads({"/body": BODY})) as server:
        beyond = await ask(server.address, Request("GET", "/body", (("Range", f"bytes={len(BODY)}-"),)))
        assert (beyond.status, beyond.header("Content-Range")) == (416, f"bytes */{len(BODY)}")
        odd = await ask(server.address, Request("GET", "/body", (("Range", "bytes=1-2,4-5"),)))
        assert (odd.status, odd.body) == (200, BODY)


async def test_a_download_of_nothing_known_says_so():
    async with await serve(downloads({})) as server:
        with pytest.raises(LookupError, match="expected 200 or 206 for /body, got 404 Not Found"):
            await download(server.address, "/body")


def answering(post: Response, head: Response | None = None, patch: Response | None = None):
    """A server that always gives the same answer to a method; `post` to those without an answer of their own."""

    async def handle(request: Request) -> Response:
        return {"HEAD": head, "PATCH": patch}.get(request.method) or post

    return serve(handle)


def at(offset: object, status: int, *headers: tuple[str, str]) -> Response:
    return Response(status, headers=(("Upload-Offset", str(offset)), *headers))


BEGUN = at(0, 201, UNFINISHED, ("Location", "/uploads/1"))


@pytest.mark.parametrize("status", [200, 404, 413, 500])
@pytest.mark.parametrize("send", [upload, upload_whole])
async def test_an_upload_that_is_not_created_raises(send, status):
    async with await answering(at(0, status, COMPLETE, ("Location", "/uploads/1"))) as server:
        with pytest.raises(LookupError, match=f"expected 201 for POST /uploads, got {status} "):
            await send(server.address, BODY)


@pytest.mark.parametrize("send", [upload, upload_whole])
async def test_an_upload_that_was_created_nowhere_raises(send):
    async with await answering(at(0, 201, UNFINISHED)) as server:
        with pytest.raises(LookupError, match="expected a Location for POST /uploads, got 201 Created"):
            await send(server.address, BODY)


@pytest.mark.parametrize("status", [404, 413, 500])
async def test_an_upload_that_nobody_knows_any_more_raises(status):
    async with await answering(BEGUN, at(0, status, UNFINISHED)) as server:
        with pytest.raises(LookupError, match=f"expected 200 or 204 for HEAD /uploads/1, got {status} "):
            await upload(server.address, BODY)


@pytest.mark.parametrize("status", [200, 400, 404, 413, 500])
async def test_a_piece_that_is_not_taken_raises_even_if_the_answer_says_complete(status):
    async with await answering(BEGUN, at(0, 204, UNFINISHED), at(len(BODY), status, COMPLETE)) as server:
        with pytest.raises(LookupError, match=f"expected 204 or 409 for PATCH /uploads/1, got {status} "):
            await upload(server.address, BODY)


@pytest.mark.parametrize("status", [200, 204])
async def test_an_upload_stands_where_a_200_or_a_204_says(status):
    async with await answering(BEGUN, at(0, status, UNFINISHED), at(len(BODY), 204, COMPLETE)) as server:
        assert await upload(server.address, BODY) == "/uploads/1"


@pytest.mark.parametrize(
    "standing",
    [
        Response(204),
        at(0, 204),
        Response(204, headers=(COMPLETE,)),
        at("x", 204, COMPLETE),
        at("9" * 5000, 204, COMPLETE),
    ],
)
async def test_an_upload_whose_standing_is_not_told_raises(standing):
    async with await answering(BEGUN, standing) as server:
        with pytest.raises(LookupError, match="expected both Upload-Offset and Upload-Complete for HEAD /uploads/1"):
            await upload(server.address, BODY)


@pytest.mark.parametrize("standing", [at(5, 204, UNFINISHED), at(5, 204, COMPLETE), at(3, 204, COMPLETE)])
async def test_an_upload_whose_standing_cannot_be_true_raises(standing):
    async with await answering(BEGUN, standing) as server:
        with pytest.raises(LookupError, match="expected an Upload-Offset up to 4"):
            await upload(server.address, b"four")


async def test_an_upload_that_does_not_move_on_raises():
    async with await answering(BEGUN, at(0, 204, UNFINISHED), at(0, 409, UNFINISHED)) as server:
        with pytest.raises(LookupError, match="expected PATCH /uploads/1 to move on from 0, got 409 Conflict"):
            await upload(server.address, BODY)


async def test_an_empty_upload_ends_too():
    uploads = Uploads()
    async with await serve(uploads) as server:
        target = await upload(server.address, b"")
    assert uploads.bodies == {target: b""}


@pytest.mark.parametrize("status", [206, 404, 413, 416, 500])
async def test_a_whole_download_is_a_200(status):
    async with await answering(Response(status, body=b"sorry")) as server:
        with pytest.raises(LookupError, match=f"expected 200 for /body, got {status} "):
            await download_whole(server.address, "/body")


@pytest.mark.parametrize("status", [404, 413, 416, 500])
async def test_a_download_that_begins_with_an_error_raises(status):
    async with await answering(Response(status, body=b"sorry")) as server:
        with pytest.raises(LookupError, match=f"expected 200 or 206 for /body, got {status} "):
            await download(server.address, "/body")


@pytest.mark.parametrize(
    "headers",
    [
        (("Upload-Offset", "4"),),
        (("Upload-Offset", "4"), ("Upload-Complete", "yes")),
        (COMPLETE,),
        (("Upload-Offset", "-4"), COMPLETE),
        (("Upload-Offset", "four"), COMPLETE),
        (("Upload-Offset", "4" * 5000), COMPLETE),
    ],
)
async def test_a_piece_that_does_not_say_where_and_whether_it_ends_is_refused(headers):
    uploads = Uploads()
    async with await serve(uploads) as server:
        await ask(server.address, Request("POST", "/uploads", (UNFINISHED,), b"half"))
        refused = await ask(server.address, Request("PATCH", "/uploads/1", headers, b"half"))
        standing = await ask(server.address, Request("HEAD", "/uploads/1"))
    assert refused.status == 400
    assert (standing.header("Upload-Offset"), standing.header("Upload-Complete")) == ("4", "?0")


async def test_an_upload_that_may_or_may_not_be_complete_is_not_begun():
    async with await serve(Uploads()) as server:
        assert (await ask(server.address, Request("POST", "/uploads", (("Upload-Complete", "1"),)))).status == 400
        assert (await ask(server.address, Request("HEAD", "/uploads/1"))).status == 404


async def test_a_download_tells_its_head_without_regard_to_a_range():
    async with await serve(downloads({"/body": BODY})) as server:
        whole = await ask(server.address, Request("GET", "/body"))
        head = await ask(server.address, Request("HEAD", "/body", (("Range", "bytes=7-"),)))
    assert (head.status, head.body, head.headers) == (200, b"", whole.headers)
    assert head.header("Content-Length") == str(len(BODY))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_download_is_only_to_be_read(method):
    async with await serve(downloads({"/body": BODY})) as server:
        response = await ask(server.address, Request(method, "/body", (("Range", "bytes=7-"),)))
    assert (response.status, response.header("Allow"), response.body) == (405, "GET, HEAD", b"")
