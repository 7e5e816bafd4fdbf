"""Framing: payloads out of a stream of bytes that comes in any pieces."""

from __future__ import annotations

from collections.abc import Sequence

from patterns.grading.checks import Answer, Exercise, Raised, Thing, expect, fail
from patterns.grading.checks.story import begin

exercise = Exercise("framing", lesson="01_request_response", title="Find the frames")

TOO_LONG = "max_frame is {}, and a length of {:,} came."


def frame(payload: bytes) -> bytes:
    """A payload with its length in front."""
    return len(payload).to_bytes(4, "big") + payload


def completed(payloads: Sequence[bytes], begin: int, end: int) -> list[bytes]:
    """Those whose last byte is one of the stream's bytes from `begin` to before `end`: what feed has to give."""
    found, at = [], 0
    for payload in payloads:
        at += 4 + len(payload)
        if begin < at <= end:
            found.append(payload)
    return found


def feed_cut(
    answer: Answer, most: int, payloads: Sequence[bytes], cuts: Sequence[int], why: str, *, idea: str | None = None
) -> None:
    """Feed the frames cut at these places to a framer of that max_frame, and compare what each piece gives."""
    begin(answer)
    framer, stream = answer.Framer(max_frame=most), b"".join(map(frame, payloads))
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        try:
            given = framer.feed(stream[start:end])
        except Raised as error:
            fail(why, expected="payloads, or none yet", got=str(error), idea=idea)
        expect(given, completed(payloads, start, end), why, idea=idea)


@exercise.check("whole", points=1, idea="one-packet-is-one-request")
def whole(answer: Answer) -> None:
    """Frames that come one a call are given by the call that brings them, byte for byte."""
    framer = answer.Framer(max_frame=100)
    first, second = b" two lines\r\n\r\nand an empty one\r\n", answer.random.randbytes(37)
    why = "One whole frame came: its length, and that many bytes."
    try:
        given = framer.feed(frame(first))
    except Raised as error:
        why = f"A frame with the length {len(first)} came, and max_frame is 100. The length is big-endian."
        fail(why, expected=repr([first]), got=str(error), idea="numbers-look-alike-everywhere")
    if given == []:
        fail(why, expected="its payload at once", got="[]", idea="the-next-message-ends-this-one")
    stripped = isinstance(given, list) and [isinstance(one, bytes) and one.strip() for one in given] == [first.strip()]
    expect(given, [first], why, idea="payload-is-text" if stripped else None)
    why = "A second frame came in a second call; the first has been given before."
    expect(framer.feed(frame(second)), [second], why, idea="handing-on-twice-is-safe")


@exercise.check("pieces", points=2, idea="one-packet-is-one-request")
def pieces(answer: Answer) -> None:
    """A frame that comes in pieces is given with its last byte, wherever it was cut."""
    draw = answer.random
    payloads = [draw.randbytes(size) for size in (30, 7, 61)]
    why = "A frame came in two pieces, cut within its payload."
    feed_cut(answer, 100, payloads[:1], [20], why)
    why = "A frame came in two pieces, cut within the four bytes of its length."
    feed_cut(answer, 100, payloads[:1], [2], why, idea="a-small-field-comes-whole")
    size = sum(4 + len(payload) for payload in payloads)
    feed_cut(answer, 100, payloads, range(1, size), "Three frames came, one byte at a time.")
    for _ in range(6):
        cuts = sorted(draw.sample(range(1, size), draw.randrange(2, 9)))
        feed_cut(answer, 100, payloads, cuts, f"Three frames came in pieces, cut at {cuts}.")
    expect(answer.Framer().feed(b""), [], "No byte came, so no frame is complete.")


@exercise.check("together", points=2, idea="one-packet-is-one-request")
def together(answer: Answer) -> None:
    """Several frames in one piece are all given, in order, and what is there of the next is kept."""
    draw = answer.random
    payloads = [draw.randbytes(draw.randrange(20, 40)) for _ in range(6)]
    size = sum(4 + len(payload) for payload in payloads)
    last = size - 4 - len(payloads[-1])
    why = f"Six frames came in one piece of {size} bytes; max_frame is for each of them."
    feed_cut(answer, 50, payloads, [], why)
    for more in (2, 4, 9):
        why = f"Five frames and {more} bytes of the sixth came in one piece, then the rest."
        feed_cut(answer, 50, payloads, [last + more], why)


@exercise.check("empty", points=1, idea="nothing-is-not-a-message")
def empty(answer: Answer) -> None:
    """A frame of length 0 is a frame, given with its fourth byte."""
    feed_cut(answer, 100, [b""], [], "A frame of length 0 came: four bytes, and it is complete.")
    payloads = [b"", b"", b"full", b""]
    feed_cut(answer, 100, payloads, [], "Four frames came in one piece, three of them with length 0.")
    cuts = range(1, 20)
    feed_cut(answer, 100, payloads, cuts, "Four frames came, three with length 0, a byte at a time.")


def must_refuse(framer: Thing, head: bytes, length: int, why: str) -> None:
    """See that these bytes, which complete a length that is too large, are a ValueError."""
    try:
        given = framer.feed(head)
    except Raised as error:
        expect.true(error.is_a("ValueError"), why, expected="ValueError", got=str(error))
        return
    idea = "the-other-side-keeps-the-rules"
    if length >= 1 << 31:
        idea = "numbers-look-alike-everywhere"  # smaller ones were refused; this one would be negative with a sign
    elif length < 1 << 16:
        try:
            framer.feed(bytes(length))
        except Raised:
            idea = "a-limit-can-wait"
    fail(why, expected="ValueError as soon as the four bytes are there", got=given, idea=idea)


@exercise.check("limit", points=3, idea="a-limit-can-wait")
def limit(answer: Answer) -> None:
    """A length over max_frame is a ValueError as soon as its four bytes are there; max_frame itself is allowed."""
    most = answer.random.randrange(20, 60)
    why = f"max_frame is {most}, and a frame of exactly that length came."
    feed_cut(answer, most, [answer.random.randbytes(most)], [], why, idea="about-right-is-right")
    for length in (most + 1, 1 << 24, 1 << 31, (1 << 32) - 1):
        framer = answer.Framer(max_frame=most)
        head = length.to_bytes(4, "big")
        expect(framer.feed(head[:3]), [], "Three bytes of a length say nothing yet.", idea="a-small-field-comes-whole")
        must_refuse(framer, head[3:], length, TOO_LONG.format(most, length))
    good = frame(answer.random.randbytes(most))
    why = f"{TOO_LONG.format(most, most + 1)} It came in one piece with a good frame before it."
    must_refuse(answer.Framer(max_frame=most), good + (most + 1).to_bytes(4, "big"), most + 1, why)
    by_itself = answer.Framer()
    why = "Without max_frame the limit is 1 << 20, and a length of exactly that came."
    expect(by_itself.feed((1 << 20).to_bytes(4, "big")), [], why, idea="about-right-is-right")
    beyond = (1 << 20) + 1
    must_refuse(answer.Framer(), beyond.to_bytes(4, "big"), beyond, TOO_LONG.format("1 << 20", beyond))


@exercise.check("apart", points=1, idea="one-buffer-serves-all")
def apart(answer: Answer) -> None:
    """Two framers, for two connections, know nothing of each other."""
    streams = [[answer.random.randbytes(size) for size in (12, 3, 25)] for _ in range(2)]
    framers = [answer.Framer(max_frame=50) for _ in streams]
    size = sum(4 + len(payload) for payload in streams[0])
    for at in range(0, size, 5):
        for framer, payloads in zip(framers, streams, strict=True):
            piece = b"".join(map(frame, payloads))[at : at + 5]
            why = "Two streams came in turn, five bytes of each, to a framer each."
            expect(framer.feed(piece), completed(payloads, at, at + 5), why)
