"""A length in front of everything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.wire.framing import BodyTooLarge, FrameParser, Truncated, encode_frame


@given(st.lists(st.binary(max_size=300), max_size=8), st.integers(1, 400))
def test_frames_come_back_in_any_pieces(payloads: list[bytes], piece_bytes: int) -> None:
    stream = b"".join(map(encode_frame, payloads))
    parser = FrameParser()
    found = [
        payload for at in range(0, len(stream), piece_bytes) for payload in parser.feed(stream[at : at + piece_bytes])
    ]
    assert found == payloads
    assert (parser.at, parser.pending_bytes) == (len(stream), 0)
    parser.feed_eof()


def test_the_length_is_four_bytes_big_endian() -> None:
    assert encode_frame(b"a" * 258) == b"\0\0\1\2" + b"a" * 258
    assert encode_frame(b"") == b"\0\0\0\0"


def test_a_frame_over_the_limit_is_refused_before_it_has_come_and_for_ever_after() -> None:
    parser = FrameParser(max_frame=5)
    assert parser.feed(encode_frame(b"hello") + b"\0\0\0\6") == [b"hello"]
    for _ in range(2):
        with pytest.raises(BodyTooLarge) as caught:
            parser.feed(encode_frame(b"fine"))
        assert str(caught.value) == "expected a frame of at most 5 bytes, got one of 6; send it in parts"
    with pytest.raises(BodyTooLarge):
        parser.feed_eof()


def test_a_stream_that_ends_inside_a_frame_is_truncated() -> None:
    parser = FrameParser()
    parser.feed(encode_frame(b"hello")[:-2])
    for _ in range(2):
        with pytest.raises(Truncated) as caught:
            parser.feed_eof()
        assert str(caught.value) == (
            "expected the rest of the frame, got the end of the stream after 7 of its bytes; "
            "treat what came as incomplete"
        )
