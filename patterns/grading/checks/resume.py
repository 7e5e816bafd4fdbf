"""Resume: an upload that comes in pieces, some of them twice, and is whole in the end."""

from patterns.grading.checks import Answer, Exercise, Raised, expect, fail

exercise = Exercise("resume", lesson="01_request_response", title="An upload that comes back")


def halves(data: bytes, cut: int) -> tuple[bytes, bytes]:
    """The bytes before the cut and those behind it."""
    return data[:cut], data[cut:]


def other(data: bytes) -> bytes:
    """Bytes of the same length, each of which differs."""
    return bytes(byte ^ 0xFF for byte in data)


@exercise.check("handles", points=1, idea="one-buffer-serves-all")
def handles(answer: Answer) -> None:
    """Every upload has a handle of its own, and bytes of its own."""
    uploads = answer.Uploads()
    bodies = [answer.random.randbytes(20) for _ in range(3)]
    names = [uploads.start(20) for _ in bodies]
    expect.true(
        all(isinstance(name, str) for name in names), "A handle is a text.", expected="three str", got=repr(names)
    )
    expect(len(set(names)), 3, f"You gave three uploads of the same size the handles {names}.")
    for cut in (7, 20):
        for name, body in zip(names, bodies, strict=True):
            uploads.write(name, uploads.offset(name), body[uploads.offset(name) : cut])
    for name, body in zip(names, bodies, strict=True):
        expect(uploads.body(name), body, "Three uploads went on in turn, and one of them has not got its own bytes.")


@exercise.check("in-order", points=1, idea="an-offset-speaks-of-the-piece")
def in_order(answer: Answer) -> None:
    """Pieces that come one after the other are added, and the new offset is how many bytes are there."""
    uploads, data = answer.Uploads(), answer.random.randbytes(60)
    handle = uploads.start(60)
    expect(uploads.offset(handle), 0, "An upload that has just been started has no bytes.")
    for begin, end in ((0, 10), (10, 10), (10, 35), (35, 60)):
        expect(
            uploads.write(handle, begin, data[begin:end]),
            end,
            f"A piece of {end - begin} bytes was written at {begin}, so {end} bytes are there.",
        )
        expect(uploads.offset(handle), end, "The offset is how many bytes are there, without a hole.")
    expect(uploads.body(handle), data, "All pieces came in order; the body is the pieces one behind the other.")


@exercise.check("complete", points=2, idea="a-part-passes-for-the-whole")
def complete(answer: Answer) -> None:
    """There is a body when as many bytes are there as were promised: not before, and for 0 bytes at once."""
    uploads, data = answer.Uploads(), answer.random.randbytes(30)
    handle = uploads.start(30)
    for begin, end in ((0, 0), (0, 12), (12, 29)):
        uploads.write(handle, begin, data[begin:end])
        with answer.must_raise("ValueError", f"{end} of 30 bytes are there, and you gave a body."):
            uploads.body(handle)
    uploads.write(handle, 29, data[29:])
    expect(uploads.body(handle), data, "All 30 bytes are there.")
    try:
        empty = uploads.body(uploads.start(0))
    except Raised as error:
        fail(
            "An upload of 0 bytes has all it will ever have: it is complete at once.",
            expected="b''",
            got=str(error),
            idea="nothing-is-not-a-message",
        )
    expect(empty, b"", "The body of an upload of 0 bytes is empty.", idea="nothing-is-not-a-message")


@exercise.check("repeated", points=2, idea="a-repeated-piece-is-an-error")
def repeated(answer: Answer) -> None:
    """A piece that comes again, whole or in part, changes nothing that is there; only what is new is added."""
    uploads, data = answer.Uploads(), answer.random.randbytes(50)
    handle = uploads.start(50)
    uploads.write(handle, 0, data[:30])
    stories = (
        (0, 30, 30, "the same piece again, because its answer was lost"),
        (5, 20, 30, "a piece of which all is there"),
        (12, 12, 30, "an empty piece, in the middle of what is there"),
        (20, 45, 45, "a piece of which ten bytes are there and fifteen are new"),
        (45, 50, 50, "the rest"),
        (40, 50, 50, "the last piece again, when the upload is complete"),
    )
    for begin, end, there, what in stories:
        before = uploads.offset(handle)
        known, new = halves(data[begin:end], max(0, before - begin))
        try:
            said = uploads.write(handle, begin, other(known) + new)  # what is there stays, so these bytes do not count
        except Raised as error:
            fail(f"This was {what}, and you refused it.", expected=str(there), got=str(error))
        now = uploads.offset(handle)
        if now < before:
            fail(
                f"This was {what}, and bytes that were there are gone.",
                expected=f"offset {there}",
                got=f"offset {now}, before it was {before}",
                idea="resume-means-restart",
            )
        expect(now, there, f"This was {what}.", idea="retry-is-safe" if now > there else None)
        expect(
            said,
            there,
            f"This was {what}. The new offset is how many bytes are there now, whatever the piece was.",
            idea="an-offset-speaks-of-the-piece",
        )
    expect(
        uploads.body(handle),
        data,
        "A piece came again with other bytes in it; those that were there first have to stay.",
        idea="the-last-word-counts",
    )


@exercise.check("refused", points=2, idea="an-error-may-half-happen")
def refused(answer: Answer) -> None:
    """A gap, a negative offset and more than was promised are a ValueError, and change nothing."""
    uploads, data = answer.Uploads(), answer.random.randbytes(40)
    handle = uploads.start(40)
    uploads.write(handle, 0, data[:25])
    stories = (
        (26, data[26:30], "a-gap-will-be-filled", "This piece begins one byte behind the end of what is there"),
        (35, data[35:], "a-gap-will-be-filled", "This piece begins behind the end of what is there"),
        (-5, data[20:30], "the-other-side-keeps-the-rules", "The offset is negative"),
        (-25, data[:25], "the-other-side-keeps-the-rules", "The offset is negative"),
        (25, data[25:] + b"!", "an-error-may-half-happen", "This piece goes one byte over the 40 that were promised"),
        (10, data[10:] + b"!", "an-error-may-half-happen", "This piece goes one byte over the 40 that were promised"),
    )
    for offset, piece, idea, what in stories:
        with answer.must_raise("ValueError", f"{what}, and you took it.", idea=idea):
            uploads.write(handle, offset, piece)
        expect(uploads.offset(handle), 25, f"{what}: it is refused as a whole, so the offset stays.", idea=idea)
    expect(uploads.write(handle, 25, data[25:]), 40, "After all that was refused, the rest came as it should.")
    expect(
        uploads.body(handle), data, "What was refused has left nothing in the body.", idea="an-error-may-half-happen"
    )


@exercise.check("unknown", points=1, idea="a-wrong-ticket-is-refused-by-itself")
def unknown(answer: Answer) -> None:
    """An unknown handle is a LookupError, wherever it is used."""
    uploads = answer.Uploads()
    known = uploads.start(5)
    for stranger in ("no such handle", known + "0", ""):
        with answer.must_raise("LookupError", "You gave an offset for a handle that was never given out."):
            uploads.offset(stranger)
        with answer.must_raise("LookupError", "You took bytes for a handle that was never given out."):
            uploads.write(stranger, 0, b"bytes")
        with answer.must_raise("LookupError", "You gave a body for a handle that was never given out."):
            uploads.body(stranger)
    expect(uploads.write(known, 0, b"bytes"), 5, "The upload that is known goes on as if nobody had asked.")


@exercise.check("histories", points=1, idea="retry-is-safe")
def histories(answer: Answer) -> None:
    """Three uploads, two hundred pieces at random: whatever comes, each has what the contract says."""
    uploads, draw = answer.Uploads(), answer.random
    totals = [draw.randrange(30, 90) for _ in range(3)]
    names = [uploads.start(total) for total in totals]
    models = [b""] * 3
    for _ in range(200):
        n = draw.randrange(3)
        there, total = len(models[n]), totals[n]
        offset = max(-3, there + draw.choice((0, 0, 0, -1, -4, -there, 1, 9)))
        piece = draw.randbytes(draw.choice((1, 2, 5, 12)))
        fits = 0 <= offset <= there and offset + len(piece) <= total
        try:
            said = uploads.write(names[n], offset, piece)
        except Raised as error:
            if fits or not error.is_a("ValueError"):
                fail(
                    f"There were {there} of {total} bytes, and {len(piece)} came for offset {offset}.",
                    expected="the new offset" if fits else "ValueError",
                    got=str(error),
                )
            said = None
        if fits:
            models[n] += piece[there - offset :]
        expect(
            said,
            len(models[n]) if fits else None,
            f"There were {there} of {total} bytes, and {len(piece)} came for offset {offset}.",
        )
    for name, model, total in zip(names, models, totals, strict=True):
        rest = bytes(total - len(model))
        uploads.write(name, len(model), rest)
        expect(uploads.body(name), model + rest, "After two hundred pieces the body is not what was sent and taken.")
