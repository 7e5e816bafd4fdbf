# ruff: noqa: E501 - what is said is compared whole, so it is written whole
"""Every malformed input: by which name it is refused, with which status, and in which words.

Each table is a transcript: the bytes as in a bytes literal, and under them what the parser says of them. Most
can be read in two ways: whoever passes them on lets a request be hidden inside another (smuggling).
"""

from __future__ import annotations

import pickle
import time

import pytest
from fuzz_framing import one_by_one, outcome, rows, said_of

from patterns.wire.framing import FramingError, RequestParser, ResponseParser

FIRST_LINES = r"""
GET /\r\n
    BadStartLine 400: expected "method target HTTP/1.1", got 'GET /'; write the three with one space between them
GET  / HTTP/1.1\r\n
    BadStartLine 400: expected "method target HTTP/1.1", got 'GET  / HTTP/1.1'; write the three with one space between them
GET / /x HTTP/1.1\r\n
    BadStartLine 400: expected "method target HTTP/1.1", got 'GET / /x HTTP/1.1'; write the three with one space between them
 GET / HTTP/1.1\r\n
    BadStartLine 400: expected "method target HTTP/1.1", got ' GET / HTTP/1.1'; write the three with one space between them
GET / http/1.1\r\n
    BadStartLine 400: expected "method target HTTP/1.1", got 'GET / http/1.1'; write the three with one space between them
GET / HTTP/1.1 \r\n
    BadStartLine 400: expected "method target HTTP/1.1", got 'GET / HTTP/1.1 '; write the three with one space between them
G"T / HTTP/1.1\r\n
    BadStartLine 400: expected a method of letters, digits and !#$%&'*+-.^_`|~, got 'G"T'; mend the method
GET /\x00 HTTP/1.1\r\n
    BadStartLine 400: expected a target in printable ASCII, got '/\x00'; percent-encode the rest of it
GET /\xe9 HTTP/1.1\r\n
    BadStartLine 400: expected a target in printable ASCII, got '/\xe9'; percent-encode the rest of it
GET / HTTP/2.0\r\n
    UnsupportedVersion 505: expected HTTP/1.1 or HTTP/1.0, got HTTP/2.0; speak HTTP/1.1
GET / HTTP/1.2\r\n
    UnsupportedVersion 505: expected HTTP/1.1 or HTTP/1.0, got HTTP/1.2; speak HTTP/1.1
\x16\x03\x01\x02\x00\x01\n
    BadStartLine 400: expected "method target HTTP/1.1" on a line of its own, got a bare LF in '\x16\x03\x01\x02\x00\x01\n'; end each line with CR LF, and write neither of the two anywhere else
GET / HTTP/1.1\n
    BadStartLine 400: expected "method target HTTP/1.1" on a line of its own, got a bare LF in 'GET / HTTP/1.1\n'; end each line with CR LF, and write neither of the two anywhere else
\n
    BadStartLine 400: expected "method target HTTP/1.1" on a line of its own, got a bare LF in '\n'; end each line with CR LF, and write neither of the two anywhere else
GET /\rx HTTP/1.1\r\n
    BadStartLine 400: expected "method target HTTP/1.1" on a line of its own, got a bare CR in 'GET /\rx HTTP/1.1'; end each line with CR LF, and write neither of the two anywhere else
GET / HTTP/1.1\r\n\r\n
    BadHeader 400: expected a Host header (RFC 9112 §3.2), got none; add a Host header
GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n
    BadLength 400: expected no Transfer-Encoding in HTTP/1.0 (RFC 9112 §6.1), got 'chunked'; speak HTTP/1.1
GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n
    BadHeader 400: expected one Host header (RFC 9112 §3.2), got 2 of them; send only one
"""
"""What a client sends first."""

STATUS_LINES = r"""
HTTP/1.1 2000 OK\r\n
    BadStartLine 400: expected "HTTP/1.1 status reason", got 'HTTP/1.1 2000 OK'; answer with a line like "HTTP/1.1 200 OK"
HTTP/1.1 20 OK\r\n
    BadStartLine 400: expected "HTTP/1.1 status reason", got 'HTTP/1.1 20 OK'; answer with a line like "HTTP/1.1 200 OK"
HTTP/1.1 099 OK\r\n
    BadStartLine 400: expected "HTTP/1.1 status reason", got 'HTTP/1.1 099 OK'; answer with a line like "HTTP/1.1 200 OK"
HTTP/1.1  200 OK\r\n
    BadStartLine 400: expected "HTTP/1.1 status reason", got 'HTTP/1.1  200 OK'; answer with a line like "HTTP/1.1 200 OK"
HTTP/2 200 OK\r\n
    UnsupportedVersion 505: expected HTTP/1.1 or HTTP/1.0, got HTTP/2; speak HTTP/1.1
\r\nHTTP/1.1 200 OK\r\n
    BadStartLine 400: expected "HTTP/1.1 status reason", got ''; answer with a line like "HTTP/1.1 200 OK"
HTTP/1.1 200 O\x00K\r\n
    BadStartLine 400: expected "HTTP/1.1 status reason", got 'HTTP/1.1 200 O\x00K'; answer with a line like "HTTP/1.1 200 OK"
SSH-2.0-OpenSSH_9.2\r\n
    BadStartLine 400: expected "HTTP/1.1 status reason", got 'SSH-2.0-OpenSSH_9.2'; answer with a line like "HTTP/1.1 200 OK"
HTTP/1.1 +20 OK\r\n
    BadStartLine 400: expected "HTTP/1.1 status reason", got 'HTTP/1.1 +20 OK'; answer with a line like "HTTP/1.1 200 OK"
"""
"""What a server answers first."""

HEADER_LINES = r"""
A b: c\r\n
    BadHeader 400: expected a name of letters, digits and !#$%&'*+-.^_`|~, got 'A b'; mend the name
A : c\r\n
    BadHeader 400: expected a colon right behind the name, "name: value", got a space before it in 'A : c'; leave it out
A\t: c\r\n
    BadHeader 400: expected a colon right behind the name, "name: value", got a space before it in 'A\t: c'; leave it out
: c\r\n
    BadHeader 400: expected a name of letters, digits and !#$%&'*+-.^_`|~, got ''; mend the name
nonsense\r\n
    BadHeader 400: expected "name: value", got no colon in 'nonsense'; put a colon after the name
 folded\r\n
    BadHeader 400: expected each header on one line (RFC 9112 §5.2), got a folded line ' folded'; join it to the line before
\tfolded\r\n
    BadHeader 400: expected each header on one line (RFC 9112 §5.2), got a folded line '\tfolded'; join it to the line before
X: 1\n
    BadHeader 400: expected a header on a line of its own, got a bare LF in 'X: 1\n'; end each line with CR LF, and write neither of the two anywhere else
X: 1\rY: 2\r\n
    BadHeader 400: expected a header on a line of its own, got a bare CR in 'X: 1\rY: 2'; end each line with CR LF, and write neither of the two anywhere else
X: a\x00b\r\n
    BadHeader 400: expected a value without control characters, got ' a\x00b' in X; leave them out, or encode the value
X: \x7f\r\n
    BadHeader 400: expected a value without control characters, got ' \x7f' in X; leave them out, or encode the value
X\x00: b\r\n
    BadHeader 400: expected a name of letters, digits and !#$%&'*+-.^_`|~, got 'X\x00'; mend the name
\xc4: b\r\n
    BadHeader 400: expected a name of letters, digits and !#$%&'*+-.^_`|~, got '\xc4'; mend the name
(x): b\r\n
    BadHeader 400: expected a name of letters, digits and !#$%&'*+-.^_`|~, got '(x)'; mend the name
Host: a\r\n
    BadHeader 400: expected one Host header (RFC 9112 §3.2), got 2 of them; send only one
"""
"""Behind a request line and a Host header."""

LENGTHS = r"""
Content-Length: 5\r\nContent-Length: 5\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '5' and '5'; send the number of the body's bytes, once
Content-Length: 5\r\nContent-Length: 6\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '5' and '6'; send the number of the body's bytes, once
Content-Length: 5, 5\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '5, 5'; send the number of the body's bytes, once
Content-Length: +5\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '+5'; send the number of the body's bytes, once
Content-Length: -5\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '-5'; send the number of the body's bytes, once
Content-Length: 0x5\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '0x5'; send the number of the body's bytes, once
Content-Length: 5_0\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '5_0'; send the number of the body's bytes, once
Content-Length: 5 0\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '5 0'; send the number of the body's bytes, once
Content-Length:\r\n
    BadLength 400: expected one Content-Length in decimal digits, got ''; send the number of the body's bytes, once
Content-Length: 5,\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '5,'; send the number of the body's bytes, once
Content-Length: \xb2\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '\xb2'; send the number of the body's bytes, once
Content-Length: 1.0\r\n
    BadLength 400: expected one Content-Length in decimal digits, got '1.0'; send the number of the body's bytes, once
Content-Length: 99999999\r\n
    BodyTooLarge 413: expected a body of at most 16777216 bytes, got 99999999; send it in parts
Content-Length: 5\r\nTransfer-Encoding: chunked\r\n
    BadLength 400: expected one way to find the end, got Content-Length and Transfer-Encoding; send only one of them
Transfer-Encoding: chunked\r\ncontent-length: 5\r\n
    BadLength 400: expected one way to find the end, got Content-Length and Transfer-Encoding; send only one of them
Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n
    BadLength 400: expected chunked once, as the last coding, got 'chunked, chunked'; send Transfer-Encoding: chunked
Transfer-Encoding: chunked, chunked\r\n
    BadLength 400: expected chunked once, as the last coding, got 'chunked, chunked'; send Transfer-Encoding: chunked
Transfer-Encoding: chunked, gzip\r\n
    BadLength 400: expected chunked once, as the last coding, got 'chunked, gzip'; send Transfer-Encoding: chunked
Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n
    BadLength 400: expected chunked once, as the last coding, got 'chunked, identity'; send Transfer-Encoding: chunked
Transfer-Encoding: gzip, chunked\r\n
    UnsupportedCoding 501: expected Transfer-Encoding: chunked, got 'gzip, chunked'; send chunked alone
Transfer-Encoding: gzip\r\n
    UnsupportedCoding 501: expected Transfer-Encoding: chunked, got 'gzip'; send chunked alone
Transfer-Encoding: identity\r\n
    UnsupportedCoding 501: expected Transfer-Encoding: chunked, got 'identity'; send chunked alone
Transfer-Encoding:\r\n
    UnsupportedCoding 501: expected Transfer-Encoding: chunked, got ''; send chunked alone
Transfer-Encoding: xchunked\r\n
    UnsupportedCoding 501: expected Transfer-Encoding: chunked, got 'xchunked'; send chunked alone
Transfer-Encoding: \x0bchunked\r\n
    BadHeader 400: expected a value without control characters, got ' \x0bchunked' in Transfer-Encoding; leave them out, or encode the value
Transfer-Encoding: "chunked"\r\n
    UnsupportedCoding 501: expected Transfer-Encoding: chunked, got '"chunked"'; send chunked alone
Transfer-Encoding: chunked;q=1\r\n
    UnsupportedCoding 501: expected Transfer-Encoding: chunked, got 'chunked;q=1'; send chunked alone
Transfer-Encoding: ,chunked\r\n
    UnsupportedCoding 501: expected Transfer-Encoding: chunked, got ',chunked'; send chunked alone
Transfer-Encoding: chunked,\r\n
    BadLength 400: expected chunked once, as the last coding, got 'chunked,'; send Transfer-Encoding: chunked
"""
"""Headers that say where the body ends; most of them are known ways to smuggle."""

CHUNKS = r"""
g\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got 'g'; send the size, CR LF, then the data
-5\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '-5'; send the size, CR LF, then the data
+5\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '+5'; send the size, CR LF, then the data
0x5\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '0x5'; send the size, CR LF, then the data
5_0\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '5_0'; send the size, CR LF, then the data
 5\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got ' 5'; send the size, CR LF, then the data
5 \r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '5 '; send the size, CR LF, then the data
5 ;x\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '5 ;x'; send the size, CR LF, then the data
\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got ''; send the size, CR LF, then the data
;x\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got ';x'; send the size, CR LF, then the data
5\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '5\n'; send the size, CR LF, then the data
5\rx\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '5\rx'; send the size, CR LF, then the data
5;a\rb\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '5;a\rb'; send the size, CR LF, then the data
5;\x00\r\n
    BadChunk 400: expected a chunk size in hexadecimal digits, got '5;\x00'; send the size, CR LF, then the data
ffffffffffffffffffff\r\n
    BodyTooLarge 413: expected a body of at most 16777216 bytes, got a number of many digits; send it in parts
000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
    BadChunk 400: expected a chunk size line of at most 256 bytes, got more; leave out the extensions
5\r\nhelloX\r\n
    BadChunk 400: expected CR LF after a chunk, got 'X'; send as many bytes as its size said
5\r\nhello\r\r\n
    BadChunk 400: expected CR LF after a chunk, got '\r\r'; send as many bytes as its size said
5\r\nhello\n
    BadChunk 400: expected CR LF after a chunk, got '\n'; send as many bytes as its size said
5\r\nhel\r\n0\r\n
    BadChunk 400: expected CR LF after a chunk, got '0'; send as many bytes as its size said
0\r\nContent-Length : 5\r\n
    BadHeader 400: expected a colon right behind the name, "name: value", got a space before it in 'Content-Length : 5'; leave it out
0\r\nTransfer-Encoding: chunked\r\n\r\n
    BadHeader 400: expected trailers that frame nothing (RFC 9110 §6.5.1), got Transfer-Encoding; send it in the head
0\r\ncontent-length: 5\r\n\r\n
    BadHeader 400: expected trailers that frame nothing (RFC 9110 §6.5.1), got content-length; send it in the head
0\r\n folded\r\n
    BadHeader 400: expected each header on one line (RFC 9112 §5.2), got a folded line ' folded'; join it to the line before
0\r\nX\r\n
    BadHeader 400: expected "name: value", got no colon in 'X'; put a colon after the name
0\r\n\n
    BadHeader 400: expected a header on a line of its own, got a bare LF in '\n'; end each line with CR LF, and write neither of the two anywhere else
5\r\nhello0\r\n\r\n
    BadChunk 400: expected CR LF after a chunk, got '0'; send as many bytes as its size said
"""
"""Behind a head that says chunked."""


HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
FRAMES = {
    FIRST_LINES: (b"", b""),
    HEADER_LINES: (HEAD, b"\r\n"),
    LENGTHS: (HEAD, b"\r\n"),
    CHUNKS: (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b""),
}


REQUESTS = [(before + found + after, said) for table, (before, after) in FRAMES.items() for found, said in rows(table)]


@pytest.mark.parametrize(("stream", "said"), REQUESTS)
def test_a_malformed_request_is_refused_by_name_and_with_the_way_to_mend_it(stream: bytes, said: str) -> None:
    assert said_of(RequestParser(), [stream]) == said
    assert said_of(RequestParser(), one_by_one(stream)) == said


@pytest.mark.parametrize(("stream", "said"), rows(STATUS_LINES))
def test_a_malformed_response_is_refused_by_name_and_with_the_way_to_mend_it(stream: bytes, said: str) -> None:
    assert said_of(ResponseParser(), [stream]) == said
    assert said_of(ResponseParser(), one_by_one(stream)) == said


@pytest.mark.parametrize(("found", "said"), rows(LENGTHS))
def test_a_response_with_a_bad_length_is_refused_like_a_request(found: bytes, said: str) -> None:
    assert said_of(ResponseParser(), [b"HTTP/1.1 200 OK\r\n" + found + b"\r\n"]) == said


def test_an_error_has_its_parts_and_survives_pickling() -> None:
    with pytest.raises(FramingError) as caught:
        RequestParser().feed(b"GET / HTTP/1.1\r\n\r\n")
    error = caught.value
    assert (error.expected, error.got, error.mend) == ("a Host header (RFC 9112 §3.2)", "none", "add a Host header")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.status) == (type(error), str(error), 400)


@pytest.mark.parametrize(
    "hidden", [b"Content-Length: 0\r\nTransfer-Encoding: chunked", b"Transfer-Encoding:\tchunked\r\n x"]
)
def test_no_request_hidden_in_a_body_is_ever_seen(hidden: bytes) -> None:
    stream = HEAD + hidden + b"\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"
    assert outcome(RequestParser(), [stream]).events == []


@pytest.mark.parametrize(
    "lines",
    [
        b"A:" + b" " * 60_000 + b"\x01\r\n",
        b"A: " + b"x " * 30_000 + b"\x01\r\n",
        b"a" * 60_000 + b"\r\n",
        b"A:\r\n" * 90 + b"A" * 60_000 + b"\r\n",
    ],
)
def test_a_line_made_to_confuse_the_search_costs_one_walk_over_it(lines: bytes) -> None:
    started_s = time.process_time()
    said_of(RequestParser(), [HEAD + lines + b"\r\n"])
    assert time.process_time() - started_s < 1  # a quadratic search takes minutes
