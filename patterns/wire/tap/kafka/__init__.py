"""Kafka as the tap reads it: both directions of a connection, each frame with a few words.

What only both directions together tell: a response says its correlation id and nothing else, so what was asked under
that number is told to the reader of the responses. Real clients speak in more versions than are known here, and to a
real broker they speak in the latest: of those the name and the size are shown, and the bytes are kept as they are.

words       what is said in a message, in a few words
groups      the same for consumer groups: members, generations, who is given what
phrases     what the words are made of
"""

from typing import Any

from patterns.wire.framing import FramingError, Truncated
from patterns.wire.kafka import APIS, Frames, Incomplete, KafkaError, UnexpectedResponse
from patterns.wire.kafka.apis import produce
from patterns.wire.kafka.codec import decode_request_body, decode_response_body, describe
from patterns.wire.kafka.codes import ApiKey
from patterns.wire.kafka.frames import PREFIX_BYTES, Request, Response, read_correlation_id, read_header
from patterns.wire.tap.framings import Framing, Message, Readers
from patterns.wire.tap.kafka.words import describe_request, describe_response

ANY_SIZE = (1 << 31) - 1
Asked = dict[int, tuple[int, int]]
"""By correlation id: the api key and the version."""


class NotKafka(FramingError):
    """Bytes that are no frame of Kafka's, or none whose header can be read."""


class _Reader:
    """A `Reader` of one direction. `what` is a `Request` or a `Response`, or the frame's bytes if it is not known."""

    within = "frame"

    def __init__(self, asked: Asked) -> None:
        self._frames = Frames(ANY_SIZE)
        self._asked = asked
        self._failure: FramingError | None = None

    def feed(self, data: bytes) -> list[Message]:
        """The frames completed by these bytes."""
        messages: list[Message] = []
        try:
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            self._frames.receive(data)
            while (frame := self._frames.take()) is not None:
                end = self._frames.taken_bytes
                what, label = self._read(frame)
                messages.append(Message(what, end - len(frame), end, label))
        except KafkaError as error:
            self._failure = NotKafka(error.expected, error.got, error.mend)
            if not messages:
                raise self._failure from None
        return messages

    def eof(self) -> list[Message]:
        """Nothing, or `Truncated`."""
        try:
            self._frames.eof()
        except Incomplete as error:
            raise Truncated(error.expected, error.got, error.mend) from None
        except KafkaError as error:
            raise NotKafka(error.expected, error.got, error.mend) from None
        return []

    def _read(self, frame: bytes) -> tuple[Any, str]:
        raise NotImplementedError


class Requests(_Reader):
    """A `Reader` of a client's requests."""

    def _read(self, frame: bytes) -> tuple[Any, str]:
        key, version, correlation_id, client_id, at = read_header(frame)
        name = describe(key, version)
        api = APIS.get(key)
        what: Any = frame
        label = f"{name}, {len(frame)} bytes"
        if api is not None and version in api.versions:
            body = decode_request_body(api, version, frame, at)
            what = Request(key, version, correlation_id, client_id, body, len(frame))
            label = f"{name} {describe_request(body)}".rstrip()
            if isinstance(body, produce.ProduceRequest) and body.acks == 0:
                return what, label  # which nobody answers
        self._asked[correlation_id] = (key, version)
        return what, label


class Responses(_Reader):
    """A `Reader` of a broker's responses."""

    def _read(self, frame: bytes) -> tuple[Any, str]:
        correlation_id = read_correlation_id(frame)
        asked = self._asked.pop(correlation_id, None)
        if asked is None:
            expected = f"a response to one of the {len(self._asked)} open requests"
            got = f"one to correlation id {correlation_id}"
            raise UnexpectedResponse(expected, got, "see whether the beginning of the stream is missing")
        key, version = asked
        api = APIS.get(key)
        at = PREFIX_BYTES + 4
        is_v0 = key == ApiKey.API_VERSIONS and frame[at : at + 2] == b"\0\x23"
        if api is None or (version not in api.versions and not is_v0):
            return frame, f"{describe(key, version)} ← {len(frame)} bytes"
        body = decode_response_body(api, version, frame, at)
        what = Response(key, version, correlation_id, body, len(frame))
        return what, f"{api.name} ← {describe_response(body)}".rstrip()


def _readers() -> Readers:
    asked: Asked = {}
    return Readers(Requests(asked), Responses(asked))


KAFKA = Framing("Kafka", _readers)
