"""ApiVersions: the one question that has to be understood in any version (traps T1 and T4; behaviour 98)."""

from __future__ import annotations

import struct

import pytest

from patterns.wire.kafka import (
    ALL,
    WITHOUT_GROUPS,
    ApiKey,
    ErrorCode,
    Request,
    RequestReader,
    ResponseReader,
    Versions,
    api_versions_response,
    encode_request,
    encode_response,
)
from patterns.wire.kafka.apis.discovery import ApiVersionsRequest, ApiVersionsResponse


def framed(payload: bytes) -> bytes:
    return struct.pack(">i", len(payload)) + payload


@pytest.mark.parametrize("version", [4, 5, 99, -1])
def test_api_versions_in_an_unknown_version_is_answered_as_version_0_would_be(version: int) -> None:
    asked = framed(struct.pack(">hhih", 18, version, 7, 2) + b"me" + (b"\0" if version >= 3 else b"") + b"any bytes")
    (came,) = RequestReader(WITHOUT_GROUPS).feed(asked)
    assert came == Request(18, version, 7, "me", ApiVersionsRequest(), len(asked))
    answer = encode_response(api_versions_response(came, WITHOUT_GROUPS), came.api_version, came.correlation_id)
    assert answer[4:14] == bytes.fromhex("00000007 0023 00000008")  # header version 0; 35; eight of 6 bytes each
    assert len(answer) == 14 + 8 * 6
    reader = ResponseReader()
    reader.expect(18, version, 7)
    (read,) = reader.feed(answer)
    assert isinstance(read.body, ApiVersionsResponse)
    assert read.body.error_code == ErrorCode.UNSUPPORTED_VERSION
    assert {each.api_key: (each.min_version, each.max_version) for each in read.body.api_keys} == WITHOUT_GROUPS


def test_a_broker_that_serves_fewer_versions_says_so_in_version_0_too() -> None:
    served = {**WITHOUT_GROUPS, ApiKey.API_VERSIONS: Versions(0, 0)}
    (came,) = RequestReader(served).feed(encode_request(ApiVersionsRequest(client_software_name="x"), 3, 7))
    answer = api_versions_response(came, served)
    assert answer.error_code == ErrorCode.UNSUPPORTED_VERSION
    assert encode_response(answer, 3, 7) == encode_response(answer, 0, 7)


def test_the_header_of_its_response_is_never_flexible() -> None:
    answer = ApiVersionsResponse(api_keys=())
    assert encode_response(answer, 3, 7) == bytes.fromhex("0000000c 00000007 0000 01 00000000 00")


def test_metadata_reaches_as_far_as_kafka_python_needs_to_send_record_batches() -> None:
    assert WITHOUT_GROUPS[ApiKey.METADATA].last >= 4  # trap T1
    assert set(ALL) - set(WITHOUT_GROUPS) == {8, 9, 11, 12, 13, 14}


def test_tags_that_nobody_here_knows_are_passed_over() -> None:
    written = encode_request(ApiVersionsRequest(client_software_name="a", client_software_version="b"), 3, 7)
    assert written.endswith(b"\2a\2b\0")
    spiced = framed(written[4:-1] + b"\2" + b"\5\3xyz" + b"\x80\1\0")
    (came,) = RequestReader().feed(spiced)
    assert came.body == ApiVersionsRequest(client_software_name="a", client_software_version="b")
