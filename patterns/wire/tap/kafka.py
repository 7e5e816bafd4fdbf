"""Kafka as the tap reads it: both directions of a connection, each frame with a few words.

What only both directions together tell: a response says its correlation id and nothing else, so what was asked under
that number is told to the reader of the responses. Real clients speak in more versions than are known here, and to a
real broker they speak in the latest: of those the name and the size are shown, and the bytes are kept as they are.
"""

from collections.abc import Callable, Iterable
from typing import Any

from patterns.wire.framing import FramingError, Truncated
from patterns.wire.kafka import (
    APIS,
    ErrorCode,
    Frames,
    Incomplete,
    KafkaError,
    Struct,
    UnexpectedResponse,
    scan_batches,
)
from patterns.wire.kafka.apis import discovery, fetch, produce, topics
from patterns.wire.kafka.codec import decode_request_body, decode_response_body, describe
from patterns.wire.kafka.codes import ApiKey
from patterns.wire.kafka.frames import PREFIX_BYTES, Request, Response, read_correlation_id, read_header
from patterns.wire.tap.framings import Framing, Message, Readers

ANY_SIZE = (1 << 31) - 1
NAMES_SHOWN = 3
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


def describe_request(body: Struct) -> str:
    """What is asked, in a few words."""
    describer: Callable[[Any], str] = _REQUESTS.get(type(body), lambda body: getattr(body, "group_id", ""))
    return describer(body)


def describe_response(body: Struct) -> str:
    """What is answered, in a few words: errors by their names."""
    describer: Callable[[Any], str] = _RESPONSES.get(type(body), _outcome)
    return describer(body)


def _few(items: Iterable[str]) -> str:
    listed = list(items)
    return ", ".join(listed[:NAMES_SHOWN]) + (f", … {len(listed)} in all" if len(listed) > NAMES_SHOWN else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}es" if what == "batch" else f"{number} {what}s"


def _batches(fields: Iterable[bytes | None]) -> str:
    """How many batches, and bytes, are in these fields."""
    data = [field for field in fields if field]
    if not data:
        return "nothing"
    size = _count(sum(map(len, data)), "byte")
    try:
        return f"{_count(sum(1 for field in data for _ in scan_batches(field)), 'batch')}, {size}"
    except KafkaError as error:
        return f"{type(error).__name__}, {size}"


def _error(code: int) -> str:
    return ErrorCode.name_of(code) if code else ""


def _outcome(body: Any) -> str:
    return _error(getattr(body, "error_code", 0)) or "done"


def _fetch(body: fetch.FetchRequest) -> str:
    asked = _few(
        f"{topic.topic}[{each.partition}]@{each.fetch_offset}" for topic in body.topics for each in topic.partitions
    )
    return f"{asked or 'nothing'} max_wait={body.max_wait_ms} min_bytes={body.min_bytes}"


def _fetched(body: fetch.FetchResponse) -> str:
    parts = [(topic.topic, part) for topic in body.responses for part in topic.partitions]
    errors = [f"{name}[{part.partition_index}] {_error(part.error_code)}" for name, part in parts if part.error_code]
    came = _batches(part.records for _, part in parts)
    said = [_error(body.error_code), "" if errors and came == "nothing" else came, _few(errors)]
    return ", ".join(part for part in said if part)


def _produce(body: produce.ProduceRequest) -> str:
    parts = [(topic.name, part) for topic in body.topic_data for part in topic.partition_data]
    to = _few(f"{name}[{part.index}]" for name, part in parts)
    return f"{to} {_batches(part.records for _, part in parts)}, acks={body.acks}"


def _produced(body: produce.ProduceResponse) -> str:
    return _few(
        f"{topic.name}[{part.index}]" + (f" {_error(part.error_code)}" if part.error_code else f"@{part.base_offset}")
        for topic in body.responses
        for part in topic.partition_responses
    )


def _metadata(body: discovery.MetadataRequest) -> str:
    return "all topics" if body.topics is None else _few(topic.name for topic in body.topics) or "no topics"


def _metadata_of(body: discovery.MetadataResponse) -> str:
    errors = _few(f"{topic.name} {_error(topic.error_code)}" for topic in body.topics if topic.error_code)
    counts = f"{_count(len(body.brokers), 'broker')}, {_count(len(body.topics), 'topic')}"
    return f"{counts}, {errors}" if errors else counts


def _offsets(body: topics.ListOffsetsRequest) -> str:
    named = {topics.EARLIEST: "earliest", topics.LATEST: "latest"}
    return _few(
        f"{topic.name}[{part.partition_index}]@{named.get(part.timestamp, f'{part.timestamp} ms')}"
        for topic in body.topics
        for part in topic.partitions
    )


def _offsets_of(body: topics.ListOffsetsResponse) -> str:
    return _few(
        f"{topic.name}[{part.partition_index}]"
        + (f" {_error(part.error_code)}" if part.error_code else f"@{part.offset}")
        for topic in body.topics
        for part in topic.partitions
    )


def _versions_of(body: discovery.ApiVersionsResponse) -> str:
    return ", ".join(filter(None, (_error(body.error_code), _count(len(body.api_keys), "api"))))


_REQUESTS: dict[type[Struct], Callable[[Any], str]] = {
    fetch.FetchRequest: _fetch,
    produce.ProduceRequest: _produce,
    discovery.MetadataRequest: _metadata,
    topics.ListOffsetsRequest: _offsets,
    topics.CreateTopicsRequest: lambda body: _few(topic.name for topic in body.topics),
    discovery.FindCoordinatorRequest: lambda body: str(body.key),
}
_RESPONSES: dict[type[Struct], Callable[[Any], str]] = {
    fetch.FetchResponse: _fetched,
    produce.ProduceResponse: _produced,
    discovery.MetadataResponse: _metadata_of,
    topics.ListOffsetsResponse: _offsets_of,
    topics.CreateTopicsResponse: lambda body: _few(
        f"{topic.name} {_error(topic.error_code)}".rstrip() for topic in body.topics
    ),
    discovery.ApiVersionsResponse: _versions_of,
    discovery.FindCoordinatorResponse: lambda body: _error(body.error_code) or f"{body.host}:{body.port}",
}


def _readers() -> Readers:
    asked: Asked = {}
    return Readers(Requests(asked), Responses(asked))


KAFKA = Framing("Kafka", _readers)
