"""Frames: four bytes that say how long, then a header that says what, then a message. Fed in any pieces.

The problem: TCP hands on bytes, and where a request ends is nobody's business but ours. The assumption: both sides
agree on the version of each api, because the client has asked for the list of them first. The bargain: once a length
is wrong nothing behind it can be trusted, so every error here is the end of its connection, and of that only.

A request's header: api_key, api_version, correlation_id, client_id, and tagged fields where the version is flexible.
A response's: the correlation_id alone. What a response is, only the one who asked knows.

There is one question that has to be understood in any version: which versions are there? ApiVersions in a version
that is not served is therefore a request like any other here, with nothing in its body;
`api_versions_response` answers it (in the way of version 0, with UNSUPPORTED_VERSION).
"""

import struct
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from patterns.wire.kafka.apis import ALL, APIS, Versions
from patterns.wire.kafka.apis.discovery import ApiVersion, ApiVersionsRequest, ApiVersionsResponse
from patterns.wire.kafka.codec import decode_request_body, decode_response_body, describe
from patterns.wire.kafka.codes import ApiKey, ErrorCode
from patterns.wire.kafka.errors import (
    Incomplete,
    KafkaError,
    NegativeLength,
    Oversized,
    UnexpectedResponse,
    UnknownApi,
    UnsupportedVersion,
)
from patterns.wire.kafka.schema import Struct
from patterns.wire.kafka.values import NULL, Source

MAX_FRAME = 100 << 20  # socket.request.max.bytes
PREFIX_BYTES = 4
_LENGTH = struct.Struct(">i")
_HEADER = struct.Struct(">hhih")
_new = tuple.__new__  # a named tuple made by its own name takes twice as long, and each request makes two


class Header(NamedTuple):
    """What stands in front of a request; `end` is where its body starts in the frame."""

    api_key: int
    api_version: int
    correlation_id: int
    client_id: str | None
    end: int


class Request(NamedTuple):
    """A request as it came. `size_bytes`: of the whole frame."""

    api_key: int
    api_version: int
    correlation_id: int
    client_id: str | None
    body: Struct
    size_bytes: int


class Response(NamedTuple):
    """A response as it came, with the api and the version that were asked for."""

    api_key: int
    api_version: int
    correlation_id: int
    body: Struct
    size_bytes: int


class Frames:
    """Whole frames out of bytes in any pieces.

    A frame that is wrong raises, but those before it come first. After an error every call raises it again.
    max_frame: bytes behind the length. A frame of arrays takes some ten times its size when it is decoded.
    """

    __slots__ = ("_buffer", "_failure", "_start", "max_frame", "taken_bytes")

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self.max_frame = max_frame
        self.taken_bytes = 0
        """How much of the stream was in the frames that were taken."""
        self._buffer: bytes | bytearray = b""
        self._start = 0
        self._failure: KafkaError | None = None

    @property
    def pending_bytes(self) -> int:
        """Bytes that came and belong to no frame that was taken."""
        return len(self._buffer) - self._start

    def receive(self, data: bytes) -> None:
        """Keep what came."""
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if self._start == len(self._buffer):
            self._buffer, self._start = bytes(data), 0
            return
        if not isinstance(self._buffer, bytearray):
            self._buffer = bytearray(self._buffer)
        if self._start:
            del self._buffer[: self._start]
            self._start = 0
        self._buffer += data

    def take(self) -> bytes | None:
        """The next frame, its length in front, or None if it is not yet whole. Raises `FrameError`."""
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        buffer, start = self._buffer, self._start
        come = len(buffer) - start
        if come < PREFIX_BYTES:
            return None
        (length,) = _LENGTH.unpack_from(buffer, start)
        if length < 0:
            mend = "start each frame with its length: is this Kafka's protocol?"
            raise self.fail(NegativeLength("a frame of 0 bytes or more", f"one of {length}", mend))
        if length > self.max_frame:
            allowed = f"a frame of at most {self.max_frame} bytes"
            raise self.fail(Oversized(allowed, f"one of {length}", "send it in parts, or raise the limit"))
        size = PREFIX_BYTES + length
        if size > come:
            return None
        self.taken_bytes += size
        if size == come:
            self._buffer, self._start = b"", 0
            return bytes(buffer[start:]) if start or isinstance(buffer, bytearray) else buffer
        self._start = start + size
        return bytes(buffer[start : self._start])

    def eof(self) -> None:
        """The stream has ended; `Incomplete` if it did so inside a frame."""
        if self._failure is None and self.pending_bytes:
            got = f"the end of the stream after {self.pending_bytes} of its bytes"
            raise self.fail(Incomplete("the rest of the frame", got, "treat what came as incomplete"))
        if self._failure is not None:
            raise self._failure.with_traceback(None)

    def fail(self, failure: KafkaError) -> KafkaError:
        """Note that nothing can be read any more, and drop what was kept; returns the failure, to be raised."""
        self._failure = failure
        self._buffer, self._start = b"", 0
        return failure


class RequestReader(Frames):
    """A broker's side: requests out of bytes in any pieces.

    served: the versions of each api that are understood; others raise `UnknownApi` or `UnsupportedVersion`.

    One at a time, so that nothing is decoded before its turn: `receive` the bytes, and whenever the request before
    is answered, `next_request`. Or all at once: `feed`.
    """

    __slots__ = ("served",)

    def __init__(self, served: Mapping[int, Versions] = ALL, max_frame: int = MAX_FRAME) -> None:
        super().__init__(max_frame)
        self.served = served

    def next_request(self) -> Request | None:
        """The next request, or None if it is not yet whole. Raises `KafkaError`."""
        frame = self.take()
        if frame is None:
            return None
        try:
            return self._request(frame)
        except KafkaError as error:
            self.fail(error)
            raise

    def feed(self, data: bytes) -> list[Request]:
        """The requests completed by these bytes. If one behind others is wrong, the next call raises."""
        self.receive(data)
        requests: list[Request] = []
        try:
            while (request := self.next_request()) is not None:
                requests.append(request)
        except KafkaError:
            if not requests:
                raise
        return requests

    def _request(self, frame: bytes) -> Request:
        key, version, correlation_id, client_id, at = read_header(frame)
        versions = self.served.get(key)
        body: Struct
        if versions is not None and versions[0] <= version <= versions[1]:
            body = decode_request_body(APIS[key], version, frame, at)
        elif key == ApiKey.API_VERSIONS:
            body = ApiVersionsRequest()
        else:
            what = f"{describe(key, version)} (correlation id {correlation_id}, client id {client_id!r})"
            mend = "ask ApiVersions first, and choose from its answer"
            if versions is None:
                raise UnknownApi(f"one of the api keys {', '.join(map(str, sorted(self.served)))}", what, mend)
            raise UnsupportedVersion(f"{APIS[key].name} {versions}", what, mend)
        return _new(Request, (key, version, correlation_id, client_id, body, len(frame)))


class ResponseReader(Frames):
    """A client's side: responses out of bytes in any pieces. It has to be told what was asked, in that order."""

    __slots__ = ("_asked",)

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        super().__init__(max_frame)
        self._asked: deque[tuple[int, int, int]] = deque()

    def expect(self, api_key: int, api_version: int, correlation_id: int) -> None:
        """This was asked, and will be answered (Produce with `acks` 0 is not)."""
        self._asked.append((api_key, api_version, correlation_id))

    def next_response(self) -> Response | None:
        """The next response, or None if it is not yet whole. Raises `KafkaError`."""
        frame = self.take()
        if frame is None:
            return None
        try:
            correlation_id = read_correlation_id(frame)
            asked = self._asked.popleft() if self._asked else None
            if asked is None or asked[2] != correlation_id:
                expected = "no response" if asked is None else f"the response to correlation id {asked[2]}"
                got = f"one to correlation id {correlation_id}"
                raise UnexpectedResponse(expected, got, "give the connection up: questions and answers are out of step")
            key, version, _ = asked
            body = decode_response_body(APIS[key], version, frame, PREFIX_BYTES + 4)
            return Response(key, version, correlation_id, body, len(frame))
        except KafkaError as error:
            self.fail(error)
            raise

    def feed(self, data: bytes) -> list[Response]:
        """The responses completed by these bytes. If one behind others is wrong, the next call raises."""
        self.receive(data)
        responses: list[Response] = []
        try:
            while (response := self.next_response()) is not None:
                responses.append(response)
        except KafkaError:
            if not responses:
                raise
        return responses


def read_header(frame: bytes) -> Header:
    """The header of a request's frame, also of one that is not known, as far as all versions have it.

    Raises `Malformed`.
    """
    try:
        api_key, api_version, correlation_id, length = _HEADER.unpack_from(frame, PREFIX_BYTES)
        at = PREFIX_BYTES + _HEADER.size
        end = at + max(length, 0)
        if length >= NULL and end <= len(frame):
            client_id = None if length == NULL else frame[at:end].decode()
            if api_key != ApiKey.API_VERSIONS:  # the others here are not flexible
                return _new(Header, (api_key, api_version, correlation_id, client_id, end))
    except (struct.error, UnicodeDecodeError):
        pass  # and now slowly, to say what it is
    return _walk_header(frame)


def _walk_header(frame: bytes) -> Header:
    source = Source(frame, PREFIX_BYTES, "a request's header")
    api_key = source.named("api_key", "int16")
    api_version = source.named("api_version", "int16")
    correlation_id = source.named("correlation_id", "int32")
    source.path = ["client_id"]
    length = source.length("int16", flexible=False, nullable=True)
    client_id = None if length == NULL else source.text(length)
    api = APIS.get(api_key)
    if api is not None and api_version in api.versions and api.is_flexible(api_version):
        source.path = ["tagged fields"]
        for _ in range(source.uvarint()):
            source.uvarint()
            source.take(source.uvarint())
    return Header(api_key, api_version, correlation_id, client_id, source.at)


def read_correlation_id(frame: bytes) -> int:
    """The header of a response's frame. Raises `Malformed`."""
    return int(Source(frame, PREFIX_BYTES, "a response's header").named("correlation_id", "int32"))


def api_versions_response(request: Request, served: Mapping[int, Versions]) -> ApiVersionsResponse:
    """The answer to ApiVersions, in whichever version it was asked."""
    is_known = request.api_version in served[ApiKey.API_VERSIONS]
    keys = [
        ApiVersion(api_key=key, min_version=first, max_version=last) for key, (first, last) in sorted(served.items())
    ]
    code = ErrorCode.NONE if is_known else ErrorCode.UNSUPPORTED_VERSION
    return ApiVersionsResponse(error_code=code, api_keys=tuple(keys))
