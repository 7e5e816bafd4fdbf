"""Framing: payloads out of a stream of bytes that comes in any pieces."""

from __future__ import annotations

from patterns.grading.checks import Answer, Exercise, expect

exercise = Exercise("framing", lesson="01_request_response", title="Find the frames")


def frame(payload: bytes) -> bytes:
    """A payload with its length in front."""
    return len(payload).to_bytes(4, "big") + payload


@exercise.check("whole-frames", points=1)
def whole_frames(answer: Answer) -> None:
    """Frames that come whole, one a call, give their payloads; an empty frame gives an empty one."""
    framer = answer.Framer()
    for size in (5, 0, 300):
        payload = answer.random.randbytes(size)
        expect(framer.feed(frame(payload)), [payload], f"One whole frame of {size} bytes came.")


@exercise.check("pieces", points=2, idea="one-packet-is-one-request")
def pieces(answer: Answer) -> None:
    """Frames that come in many pieces, or several in one, are told apart by their lengths alone."""
    payloads = [answer.random.randbytes(size) for size in (3, 0, 7, 1)]
    stream = b"".join(map(frame, payloads))
    framer = answer.Framer()
    got = []
    for at in range(len(stream)):
        got += framer.feed(stream[at : at + 1])
    expect(got, payloads, "The same four frames came one byte at a time.")
    expect(answer.Framer().feed(stream), payloads, "Four frames came in one piece.")


@exercise.check("limit", points=1)
def limit(answer: Answer) -> None:
    """A length over max_frame is refused as soon as its four bytes are there, and max_frame itself is not."""
    most = answer.random.randrange(10, 100)
    framer = answer.Framer(max_frame=most)
    payload = answer.random.randbytes(most)
    expect(framer.feed(frame(payload)), [payload], f"A frame of max_frame, {most} bytes, is allowed.")
    head = (most + 1).to_bytes(4, "big")
    expect(framer.feed(head[:3]), [], "Only three bytes of the length are there.")
    with answer.must_raise("ValueError", f"The length says {most + 1} bytes, and max_frame is {most}."):
        framer.feed(head[3:])
