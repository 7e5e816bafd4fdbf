"""One message to bytes and back: quickly where all is well, and with a name for what is wrong where it is not."""

import struct
from functools import cache

from patterns.wire.kafka import compiled, walk
from patterns.wire.kafka.apis import API_OF, APIS, Api, discovery
from patterns.wire.kafka.codes import ApiKey, ErrorCode
from patterns.wire.kafka.errors import Unencodable, UnknownApi, UnsupportedVersion
from patterns.wire.kafka.schema import Struct

_RESPONSE = struct.Struct(">ii")
_REQUEST = struct.Struct(">ihhih")
UNSUPPORTED = int(ErrorCode.UNSUPPORTED_VERSION).to_bytes(2, "big")


def encode_request(message: Struct, api_version: int, correlation_id: int, client_id: str | None = None) -> bytes:
    """The whole frame of a request, its length in front.

    Raises:
        Unencodable: a value that does not fit its field.
        UnsupportedVersion: a version of the api that is not known here.
    """
    parts = _written(message, api_version)
    api = API_OF[type(message)]
    try:
        name = b"" if client_id is None else client_id.encode()
    except UnicodeEncodeError as error:
        expected = "a client id of Unicode characters"
        raise Unencodable(expected, repr(client_id), "half a surrogate pair is none") from error
    name_length = -1 if client_id is None else len(name)
    parts[0] = name + b"\0" if api.is_flexible(api_version) else name
    length = _REQUEST.size - 4 + sum(map(len, parts))
    try:
        parts[0] = _REQUEST.pack(length, api.key, api_version, correlation_id, name_length) + parts[0]
    except struct.error as error:
        got = f"correlation id {correlation_id} and a client id of {name_length} bytes, {length} bytes in all"
        raise Unencodable("an int32, an int16 and an int32", got, "choose smaller ones") from error
    return _joined(parts, message, api_version)


def encode_response(message: Struct, api_version: int, correlation_id: int) -> bytes:
    """The whole frame of a response, its length in front; `api_version` is that of the request.

    `ApiVersionsResponse` with UNSUPPORTED_VERSION is written as version 0 would be, whichever was asked for: who asked
    in a version that the broker does not know can read no other (KIP-35). No response here has tags in its header;
    for ApiVersions that is so even in flexible versions (KIP-511).

    Raises:
        Unencodable: a value that does not fit its field.
        UnsupportedVersion: a version of the api that is not known here.
    """
    if isinstance(message, discovery.ApiVersionsResponse) and message.error_code == ErrorCode.UNSUPPORTED_VERSION:
        api_version = 0
    parts = _written(message, api_version)
    length = 4 + sum(map(len, parts))
    try:
        parts[0] = _RESPONSE.pack(length, correlation_id)
    except struct.error as error:
        got = f"correlation id {correlation_id} and {length} bytes in all"
        raise Unencodable("an int32 and an int32", got, "choose smaller ones") from error
    return _joined(parts, message, api_version)


def decode_request_body(api: Api, api_version: int, data: bytes, at: int) -> Struct:
    """The request in `data` from `at` to the end. Raises `Malformed`."""
    return _read(api.request, api_version, data, at)


def decode_response_body(api: Api, api_version: int, data: bytes, at: int) -> Struct:
    """The response in `data` from `at` to the end; `api_version` is that of the request. Raises `Malformed`."""
    if api.key is ApiKey.API_VERSIONS and data[at : at + 2] == UNSUPPORTED:
        api_version = 0
    return _read(api.response, api_version, data, at)


def _read(message: type[Struct], version: int, data: bytes, at: int) -> Struct:
    read = _reader(message, version)
    if read is None:
        return walk.read(message, version, data, at, flexible=True)
    try:
        found: Struct = read(data, at)
    except compiled.FAILURES as failure:
        walk.read(message, version, data, at)
        raise AssertionError(f"compiled, {message.__name__} v{version} was refused; walked, it was not") from failure
    return found


def _written(message: Struct, version: int) -> list[bytes]:
    """The parts of the message, and in front of them one that is empty."""
    write = _writer(type(message), version)
    parts = [b""]
    if write is None:
        parts.append(walk.write(message, version, flexible=True))
    else:
        try:
            write(message, parts.append)
        except compiled.FAILURES:
            parts = [b"", walk.write(message, version)]
    return parts


def _joined(parts: list[bytes], message: Struct, version: int) -> bytes:
    try:
        return b"".join(parts)
    except TypeError:  # a field of bytes has something else that has a length: it is found on the way
        return parts[0] + walk.write(message, version)


@cache
def _reader(message: type[Struct], version: int) -> compiled.Read | None:
    """What reads that version, or None if it has to be walked."""
    return None if API_OF[message].is_flexible(version) else compiled.reader(message, version)


@cache
def _writer(message: type[Struct], version: int) -> compiled.Write | None:
    """What writes that version, or None if it has to be walked."""
    api = API_OF.get(message)
    if api is None:
        raise UnknownApi("a request or a response", message.__name__, "give a whole message, not a part of one")
    if version not in api.versions:
        raise UnsupportedVersion(f"{api.name} {api.versions}", f"v{version}", "choose a version that is known here")
    return None if api.is_flexible(version) else compiled.writer(message, version)


def describe(api_key: int, api_version: int) -> str:
    """ "Fetch v11", also of what is not known here."""
    name = APIS[api_key].name if api_key in APIS else f"api {api_key}"
    return f"{name} v{api_version}"
