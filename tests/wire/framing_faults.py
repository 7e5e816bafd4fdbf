"""Small faults to plant in the framing for the length of one test: each is a function that takes a monkeypatch.

They are the faults that a hand might make: one too many, a case, a flag, a lenient expression, a search that
starts too late.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from patterns.wire import framing
from patterns.wire.framing import (
    Headers,
    Move,
    Parser,
    Request,
    Response,
    directions,
    encoding,
    grammar,
    http1,
    messages,
)
from patterns.wire.framing import body as body_module

Plant = Callable[[pytest.MonkeyPatch], None]


def chunk_sizes_are_read_one_too_large(patch: pytest.MonkeyPatch) -> None:
    plain, whole = body_module.read_plain_chunk_size, body_module.read_chunk_size
    patch.setattr(http1, "read_plain_chunk_size", lambda line: (size := plain(line)) and size + 1)
    patch.setattr(http1, "read_chunk_size", lambda line: (size := whole(line)) and size + 1)


def whole_chunks_are_read_without_their_last_byte(patch: pytest.MonkeyPatch) -> None:
    take = Parser._take_whole_chunks

    def shortened(parser: Parser, events: list[framing.Event]) -> None:
        before = len(events)
        take(parser, events)
        for at in range(before, len(events)):
            event = events[at]
            assert isinstance(event, framing.Data)
            events[at] = framing.Data(event.data[:-1], event.at)

    patch.setattr(Parser, "_take_whole_chunks", shortened)


def chunk_sizes_are_written_in_decimal(patch: pytest.MonkeyPatch) -> None:
    def decimal(data: bytes) -> bytes:
        return b"%d\r\n%b\r\n" % (len(data), data)

    patch.setattr(encoding, "encode_chunk", decimal)
    patch.setattr(framing, "encode_chunk", decimal)


def the_last_chunk_lacks_its_empty_line(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(framing, "LAST_CHUNK", b"0\r\n")


def content_length_is_ignored(patch: pytest.MonkeyPatch) -> None:
    def deaf(headers: Headers, version: str) -> tuple[Move | None, int]:
        move, length = body_module.how_it_ends(headers, version)
        return (None, 0) if move is Move.LENGTH else (move, length)

    patch.setattr(directions, "how_it_ends", deaf)


def content_length_is_written_one_too_small(patch: pytest.MonkeyPatch) -> None:
    encode = encoding.encode

    def shrunk(message: Request | Response, *, chunked: bool = False) -> bytes:
        return re.sub(
            rb"(?<=\r\nContent-Length: )[1-9][0-9]*(?=\r\n\r\n)",
            lambda found: b"%d" % (int(found[0]) - 1),
            encode(message, chunked=chunked),
            count=1,
        )

    patch.setattr(framing, "encode", shrunk)


def names_are_read_in_lower_case(patch: pytest.MonkeyPatch) -> None:
    def lowered(lines: str) -> list[tuple[str, str]] | None:
        fields = grammar.read_fields(lines)
        return fields and [(name.lower(), value) for name, value in fields]

    patch.setattr(http1, "read_fields", lowered)


def the_last_of_several_headers_is_lost(patch: pytest.MonkeyPatch) -> None:
    def forgetful(lines: str) -> list[tuple[str, str]] | None:
        fields = grammar.read_fields(lines)
        return fields[:-1] if fields and len(fields) > 2 else fields

    patch.setattr(http1, "read_fields", forgetful)


def connections_are_always_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(messages._Fields, "keep_alive", True)


def connections_are_kept_as_if_all_spoke_http_1_1(patch: pytest.MonkeyPatch) -> None:
    wrong = property(lambda message: "close" not in message.all("Connection"))
    patch.setattr(messages._Fields, "keep_alive", wrong)


def the_answer_to_head_is_thought_to_have_a_body(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(framing.ResponseParser, "expect", lambda parser, method: parser._asked.append("GET"))


def every_status_is_thought_to_have_a_body(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Response, "never_has_a_body", property(lambda response: response.status < 200))


def the_reason_is_written_without_its_last_letter(patch: pytest.MonkeyPatch) -> None:
    status_line = encoding._status_line
    patch.setattr(encoding, "_status_line", lambda response: status_line(response)[:-1])


def the_target_is_written_with_a_slash_more(patch: pytest.MonkeyPatch) -> None:
    request_line = encoding._request_line
    patch.setattr(
        encoding, "_request_line", lambda request: request_line(request).replace(request.target, request.target + "/")
    )


def a_bare_lf_ends_a_header(patch: pytest.MonkeyPatch) -> None:
    lenient = re.compile(grammar._FIELD.pattern.replace(r"\r\n", r"\r?\n"), re.MULTILINE)
    patch.setattr(grammar, "_FIELD", lenient)


def folded_lines_are_taken_as_part_of_the_value(patch: pytest.MonkeyPatch) -> None:
    read = grammar.read_fields
    patch.setattr(http1, "read_fields", lambda lines: read(re.sub(r"\r\n[ \t]+", " ", lines)))


def both_lengths_are_let_through(patch: pytest.MonkeyPatch) -> None:
    def lenient(headers: Headers, version: str) -> tuple[Move | None, int]:
        if any(name.lower() == "transfer-encoding" for name, _ in headers):
            headers = tuple(field for field in headers if field[0].lower() != "content-length")
        return body_module.how_it_ends(headers, version)

    patch.setattr(directions, "how_it_ends", lenient)


def chunk_sizes_are_read_as_python_reads_numbers(patch: pytest.MonkeyPatch) -> None:
    def lenient(line: str) -> int:
        try:
            return int(line.partition(";")[0], 16)
        except ValueError:
            return body_module.read_chunk_size(line)

    patch.setattr(http1, "read_chunk_size", lenient)


def the_search_for_a_line_end_starts_one_too_late(patch: pytest.MonkeyPatch) -> None:
    line = Parser._line

    def late(parser: Parser, *arguments: Any) -> str | None:
        found = line(parser, *arguments)
        parser._searched += found is None
        return found

    patch.setattr(Parser, "_line", late)


def an_end_of_chunk_in_two_pieces_is_lost(patch: pytest.MonkeyPatch) -> None:
    def hasty(parser: Parser, events: list[framing.Event]) -> bool:
        if not parser._buffer:
            return False
        parser._take(2)
        parser.move(Move.CHUNK_LINE)
        return True

    patch.setitem(http1._READ, framing.State.CHUNK_END, hasty)


def a_frame_s_length_is_written_little_endian(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(framing, "encode_frame", lambda payload: len(payload).to_bytes(4, "little") + payload)


def frames_that_come_in_pieces_lose_a_byte(patch: pytest.MonkeyPatch) -> None:
    feed = framing.FrameParser.feed

    def lossy(parser: framing.FrameParser, data: bytes) -> list[bytes]:
        return feed(parser, data[1:] if parser.pending_bytes == 1 else data)

    patch.setattr(framing.FrameParser, "feed", lossy)


def the_limit_of_a_frame_is_one_too_small(patch: pytest.MonkeyPatch) -> None:
    init = framing.FrameParser.__init__
    patch.setattr(framing.FrameParser, "__init__", lambda parser, max_frame=1 << 20: init(parser, max_frame - 1))
