import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.wire.framing import BodyTooLarge, FramingError, Truncated
from patterns.wire.framing.websocket import BadFrame, Frame, Opcode, WebSocketParser, unmask

KEY = b"\x37\xfa\x21\x3d"


def frame(opcode, payload, *, fin=True, rsv=0, masked=False):
    """A frame by the letter of RFC 6455 §5.2."""
    size = len(payload)
    short, long = (size, b"") if size < 126 else (126, struct.pack(">H", size)) if size < 65_536 else (
        127, struct.pack(">Q", size)
    )  # fmt: skip
    head = bytes([fin << 7 | rsv << 4 | opcode, masked << 7 | short]) + long
    return head + (KEY + bytes(byte ^ KEY[i % 4] for i, byte in enumerate(payload)) if masked else payload)


def read(stream, *, masked=False, sizes=None):
    parser = WebSocketParser(masked=masked)
    frames = []
    for size in sizes or [len(stream)]:
        frames += parser.feed(stream[:size])
        stream = stream[size:]
    return frames + parser.feed(stream)


# The examples of RFC 6455 §5.7, byte by byte.
EXAMPLES = [
    (b"\x81\x05\x48\x65\x6c\x6c\x6f", False, [(Opcode.TEXT, b"Hello", True)]),
    (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", True, [(Opcode.TEXT, b"Hello", True)]),
    (b"\x01\x03Hel\x80\x02lo", False, [(Opcode.TEXT, b"Hel", False), (Opcode.CONTINUATION, b"lo", True)]),
    (b"\x89\x05Hello", False, [(Opcode.PING, b"Hello", True)]),
    (b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", True, [(Opcode.PONG, b"Hello", True)]),
    (b"\x82\x7e\x01\x00" + bytes(256), False, [(Opcode.BINARY, bytes(256), True)]),
    (b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + bytes(65_536), False, [(Opcode.BINARY, bytes(65_536), True)]),
]


@pytest.mark.parametrize(("stream", "masked", "expected"), EXAMPLES)
@pytest.mark.parametrize("at_a_time", [1, 7, 100_000])
def test_the_examples_of_the_standard_are_read_as_it_says_in_any_pieces(stream, masked, expected, at_a_time):
    frames = read(stream, masked=masked, sizes=[at_a_time] * (len(stream) // at_a_time))
    assert [(one.opcode, one.payload, one.fin) for one in frames] == expected
    assert [one.start for one in frames] == [0, *(one.end for one in frames[:-1])]
    assert frames[-1].end == len(stream)
    assert {one.masked for one in frames} == {masked}


LABELS = [
    (frame(1, b"hello"), 'text "hello"'),
    (frame(1, b"hel", fin=False), 'text, more to come "hel"'),
    (frame(1, "ä".encode() * 100), f'text "{"ä" * 60}…"'),
    (frame(1, b"\xff"), 'text "�"'),
    (frame(2, b"\0\1\2"), "binary, 3 bytes"),
    (frame(1, b"\xaa\xbb", rsv=4), "text, compressed, 2 bytes"),
    (frame(8, b"\x03\xe8bye"), 'close 1000 "bye"'),
    (frame(8, b"\x03\xe9"), "close 1001"),
    (frame(8, b""), "close, 0 bytes"),
    (frame(9, b"x"), "ping, 1 bytes"),
]


@pytest.mark.parametrize(("stream", "label"), LABELS)
def test_a_frame_says_in_a_few_words_what_it_is(stream, label):
    (one,) = read(stream)
    assert one.label == label


def test_continuations_of_a_compressed_message_are_compressed_and_a_ping_between_is_not():
    parts = [frame(1, b"a", fin=False, rsv=4), frame(9, b""), frame(0, b"b", fin=False), frame(0, b"c"), frame(1, b"d")]
    assert [one.compressed for one in read(b"".join(parts))] == [True, False, True, True, False]


HEAD = "check where the frame starts"
REFUSED = [
    (frame(3, b""), BadFrame, f"expected an opcode of 0, 1, 2, 8, 9 or 10, got 3; {HEAD}"),
    (frame(11, b""), BadFrame, f"expected an opcode of 0, 1, 2, 8, 9 or 10, got 11; {HEAD}"),
    (
        frame(1, b"", rsv=2),
        BadFrame,
        "expected RSV2 and RSV3 unset, got a first byte of 0xa1; agree on no such extension",
    ),
    (
        frame(1, b"x", masked=True),
        BadFrame,
        "expected an unmasked frame from the server, got a masked one; send it without a mask",
    ),
    (
        frame(9, b"", fin=False),
        BadFrame,
        "expected a control frame in one piece, uncompressed, of at most 125 bytes, got 0x09 0x00; shorten it",
    ),
    (
        frame(9, bytes(126)),
        BadFrame,
        "expected a control frame in one piece, uncompressed, of at most 125 bytes, got 0x89 0x7e; shorten it",
    ),
    (
        frame(10, b"", rsv=4),
        BadFrame,
        "expected a control frame in one piece, uncompressed, of at most 125 bytes, got 0xca 0x00; shorten it",
    ),
    (
        frame(0, b""),
        BadFrame,
        "expected a continuation of a message, with RSV1 unset, got one where no message is under way; "
        "start with text or binary",
    ),
    (
        b"\x82\x7e\x00\x7d" + bytes(125),
        BadFrame,
        "expected a length in the fewest bytes that hold it, below 2^63, got 125 in 2 bytes; "
        "write it as RFC 6455 §5.2 says",
    ),
    (
        b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
        BadFrame,
        "expected a length in the fewest bytes that hold it, below 2^63, got 65535 in 8 bytes; "
        "write it as RFC 6455 §5.2 says",
    ),
    (
        b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
        BadFrame,
        "expected a length in the fewest bytes that hold it, below 2^63, got 9223372036854775808 in 8 bytes; "
        "write it as RFC 6455 §5.2 says",
    ),
    (
        b"\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00",
        BodyTooLarge,
        "expected a payload of at most 16777216 bytes, got one of 1073741824; send it in parts",
    ),
]


@pytest.mark.parametrize(("stream", "error", "text"), REFUSED)
def test_what_is_no_frame_is_refused_after_the_frames_before_it_and_ever_after(stream, error, text):
    parser = WebSocketParser(masked=False)
    assert [one.payload for one in parser.feed(frame(1, b"before") + stream)] == [b"before"]
    for again in (b"", frame(1, b"behind")):
        with pytest.raises(error) as caught:
            parser.feed(again)
        assert (type(caught.value), str(caught.value)) == (error, text)
    with pytest.raises(error):
        parser.feed_eof()


def test_a_client_that_does_not_mask_is_refused():
    with pytest.raises(BadFrame) as caught:
        read(frame(1, b"x"), masked=True)
    assert str(caught.value) == (
        "expected a masked frame from the client, got an unmasked one; mask it (RFC 6455 §5.3)"
    )


@pytest.mark.parametrize(
    ("second", "got"), [(frame(1, b""), "a new text frame"), (frame(2, b"", fin=False), "a new binary frame")]
)
def test_a_new_message_inside_another_is_refused(second, got):
    parser = WebSocketParser(masked=False)
    parser.feed(frame(1, b"", fin=False))
    with pytest.raises(BadFrame) as caught:
        parser.feed(second)
    assert str(caught.value) == (
        f"expected a continuation of the message under way, got {got}; end it first, with FIN set"
    )


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_stream_that_ends_inside_a_frame_is_truncated_and_between_frames_it_is_not(size):
    parser = WebSocketParser(masked=False)
    parser.feed(frame(1, b"whole") + frame(1, b"half")[:size])
    assert (parser.at, parser.pending_bytes) == (7, size)
    with pytest.raises(Truncated) as caught:
        parser.feed_eof()
    assert str(caught.value) == (
        f"expected the rest of the frame, got the end of the stream after {size} of its bytes; "
        "treat what came as incomplete"
    )
    whole = WebSocketParser(masked=False)
    whole.feed(frame(1, b"whole"))
    whole.feed_eof()


controls = st.tuples(st.sampled_from([8, 9, 10]), st.binary(max_size=125))
contents = st.tuples(st.sampled_from([1, 2]), st.binary(max_size=200))
messages = st.lists(controls | contents, max_size=8)


@given(messages, st.booleans(), st.randoms(use_true_random=False))
def test_whatever_is_framed_comes_back_whatever_the_pieces(sent, masked, chance):
    stream = b"".join(frame(opcode, payload, masked=masked) for opcode, payload in sent)
    sizes = [chance.choice([1, 2, 3, 10, 300]) for _ in range(len(stream))]
    frames = read(stream, masked=masked, sizes=sizes)
    assert [(one.opcode, one.payload) for one in frames] == sent
    assert frames == read(stream, masked=masked)


def test_arbitrary_bytes_are_frames_or_a_named_error_and_no_frame_depends_on_the_pieces():
    chance = random.Random(6455)

    def outcome(stream, size, masked):
        parser, frames = WebSocketParser(masked=masked), []
        try:
            for start in range(0, len(stream), size):
                frames += parser.feed(stream[start : start + size])
            parser.feed(b"")
            parser.feed_eof()
        except FramingError as error:
            return frames, type(error), str(error)
        return frames, None, ""

    for _ in range(3000):
        whole = frame(
            chance.choice([0, 1, 2, 8, 9]), chance.randbytes(chance.randrange(140)), masked=chance.random() < 0.5
        )
        damaged = bytearray(whole + chance.randbytes(chance.randrange(6)))
        damaged[chance.randrange(min(4, len(damaged)))] = chance.randrange(256)
        masked = chance.random() < 0.5
        frames, error, text = outcome(bytes(damaged), len(damaged), masked)
        assert (frames, error, text) == outcome(bytes(damaged), 1, masked)
        assert all(isinstance(one, Frame) for one in frames)


@given(st.binary(max_size=50), st.binary(min_size=4, max_size=4))
def test_masking_twice_is_not_masking(payload, key):
    assert unmask(payload, key) == bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    assert unmask(unmask(payload, key), key) == payload
