"""What can be wrong with the bytes, each with a name, and with the code that a broker may answer it with.

KafkaError                  a ValueError: `expected`, `got`, `mend`, `code`
    FrameError              the stream cannot be read on
        NegativeLength      a frame that says it is shorter than nothing
        Oversized           a frame over the limit
        Incomplete          the stream ended inside a frame
    UnknownApi              an api key that is not served
    UnsupportedVersion      a version of an api that is not served
    UnexpectedResponse      a response to nothing that was asked, or out of turn
    Malformed               a frame that is whole, and its contents are not what they should be
        Truncated           it ended inside a field
        BadLength           a length that no value has: a negative one, or null where null is not allowed
        BadVarint           a varint of too many bytes
        BadText             a string that is not UTF-8
        TrailingBytes       more bytes than fields
    Unencodable             a value that has no place on the wire in this field
    RecordsError            of what is inside a field of records
        UnsupportedMagic    a format older or newer than record batches (magic 2)
        CorruptBatch        a batch that ends too early, or whose checksum is not that of its bytes
        InvalidBatch        a batch that contradicts itself
        Compressed          records that would have to be decompressed to be read
"""

from patterns.wire.kafka.codes import ErrorCode


class KafkaError(ValueError):
    """Says what was expected, what came and what to do."""

    code = ErrorCode.INVALID_REQUEST

    def __init__(self, expected: str, got: str, mend: str) -> None:
        super().__init__(expected, got, mend)
        self.expected = expected
        self.got = got
        self.mend = mend

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.got}; {self.mend}"


class FrameError(KafkaError):
    """Where the next message starts is no longer known: the connection is of no more use."""


class NegativeLength(FrameError):
    """A frame whose length is below 0."""


class Oversized(FrameError):
    """A frame whose length is over the limit (socket.request.max.bytes)."""


class Incomplete(FrameError):
    """The stream ended inside a frame."""


class UnknownApi(KafkaError):
    """An api key that is not served."""


class UnsupportedVersion(KafkaError):
    """A version of an api that is not served."""

    code = ErrorCode.UNSUPPORTED_VERSION


class UnexpectedResponse(KafkaError):
    """A response to nothing that was asked, or out of turn."""


class Malformed(KafkaError):
    """A frame is whole, but what is in it is not what its api and version say."""


class Truncated(Malformed):
    """The frame ended inside a field."""


class BadLength(Malformed):
    """A length that no value has."""


class BadVarint(Malformed):
    """A varint that goes on after its last possible byte."""


class BadText(Malformed):
    """A string that is not UTF-8."""


class TrailingBytes(Malformed):
    """Bytes are left behind the last field."""


class Unencodable(KafkaError):
    """A value that has no place on the wire in this field."""


class RecordsError(KafkaError):
    """Of what is inside a field of records; it concerns one partition, not the connection."""

    code = ErrorCode.INVALID_RECORD


class UnsupportedMagic(RecordsError):
    """A format older or newer than record batches; Kafka answers INVALID_RECORD to it (ProduceRequest.java)."""


class CorruptBatch(RecordsError):
    """A batch that ends too early, or whose checksum is not that of its bytes."""

    code = ErrorCode.CORRUPT_MESSAGE


class InvalidBatch(RecordsError):
    """A batch that contradicts itself."""


class Compressed(RecordsError):
    """Records that would have to be decompressed to be read."""

    code = ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
