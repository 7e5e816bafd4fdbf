"""The lines of a head: what they must look like, and by which name to refuse what does not.

One regular expression each says what is right, and takes it apart in the same stroke; only when it does not
match does somebody look for the fault. Every repetition is possessive (`++`, `*+`): it never gives back what
it has matched, so that no header, however hostile, makes the search more than one walk over its bytes.
"""

import re
from collections.abc import Sequence

from patterns.wire.framing.errors import (
    BadHeader,
    BadStartLine,
    FramingError,
    HeadTooLarge,
    UnsupportedVersion,
)
from patterns.wire.framing.messages import Limits

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"  # RFC 9110 §5.6.2
_TEXT = r"[\t\x20-\x7e\x80-\xff]*+"  # RFC 9110 §5.5
TOKEN = re.compile(_TOKEN)
TARGET = re.compile(r"[\x21-\x7e]++")  # RFC 9112 §3.2: no spaces, no control characters
VALUE = re.compile(_TEXT)

_FIELD = re.compile(rf"^({_TOKEN}):[ \t]*+({_TEXT})\r\n", re.MULTILINE)  # RFC 9112 §5
_REQUEST_LINE = re.compile(rf"({_TOKEN}) ([\x21-\x7e]++) (HTTP/1\.[01])\r\n")  # RFC 9112 §3
_STATUS_LINE = re.compile(rf"(HTTP/1\.[01]) ([1-9][0-9][0-9])(?: ({_TEXT}))?\r\n")  # RFC 9112 §4
_VERSION = re.compile(r"HTTP/[0-9](?:\.[0-9])?")

VERSIONS = {"HTTP/1.1", "HTTP/1.0"}
TOKEN_IN_WORDS = "of letters, digits and !#$%&'*+-.^_`|~"
MEND_LINES = "end each line with CR LF, and write neither of the two anywhere else"


def read_fields(lines: str) -> list[tuple[str, str]] | None:
    """Whole header lines as names and values, or None if one of them is no header (`header_fault` says which)."""
    fields = _FIELD.findall(lines)
    if len(fields) != lines.count("\n"):
        return None
    return [(name, value.rstrip(" \t")) for name, value in fields]


def read_request_line(line: str) -> Sequence[str]:
    """Method, target and version of a whole line."""
    found = _REQUEST_LINE.fullmatch(line)
    if found is not None:
        return found.groups()
    expected = '"method target HTTP/1.1"'
    _check_frame_of_start_line(line, expected, line[:-2].rpartition(" ")[2])
    words = line[:-2].split(" ")
    if len(words) != 3 or words[2] not in VERSIONS:
        raise BadStartLine(expected, shown(line), "write the three with one space between them")
    if not TOKEN.fullmatch(words[0]):
        raise BadStartLine(f"a method {TOKEN_IN_WORDS}", shown(words[0]), "mend the method")
    raise BadStartLine("a target in printable ASCII", shown(words[1]), "percent-encode the rest of it")


def read_status_line(line: str) -> Sequence[str]:
    """Version, status and reason of a whole line; the reason may be empty."""
    found = _STATUS_LINE.fullmatch(line)
    if found is not None:
        return found.groups(default="")
    expected = '"HTTP/1.1 status reason"'
    _check_frame_of_start_line(line, expected, line.partition(" ")[0])
    raise BadStartLine(expected, shown(line), 'answer with a line like "HTTP/1.1 200 OK"')


def _check_frame_of_start_line(line: str, expected: str, version: str) -> None:
    if fault := _line_end_fault(line):
        raise BadStartLine(f"{expected} on a line of its own", f"{fault} {shown(line)}", MEND_LINES)
    if _VERSION.fullmatch(version) and version not in VERSIONS:
        raise UnsupportedVersion("HTTP/1.1 or HTTP/1.0", version, "speak HTTP/1.1")


def header_fault(lines: str, limits: Limits, used_bytes: int, used_count: int) -> FramingError:
    """The first fault in these lines, of which one is no header or one is over the limits.

    `used_bytes` and `used_count` are what came before them in the same head.
    """
    for line in lines.split("\n")[:-1]:
        used_bytes += len(line) + 1
        if used_bytes > limits.headers_bytes:
            break
        if line == "\r":
            continue
        if used_count == limits.header_count:
            return HeadTooLarge(f"at most {limits.header_count} headers", "one more", "send fewer")
        used_count += 1
        if read_fields(line + "\n") is None:
            return _field_fault(line + "\n")
    return headers_too_large(limits)


def headers_too_large(limits: Limits) -> HeadTooLarge:
    """The refusal of a head that goes on beyond the limit, whether or not its last line is whole."""
    return HeadTooLarge(f"headers of at most {limits.headers_bytes} bytes", "more", "send fewer or shorter ones")


def _field_fault(line: str) -> BadHeader:
    if fault := _line_end_fault(line):
        return BadHeader("a header on a line of its own", f"{fault} {shown(line)}", MEND_LINES)
    name, colon, value = line[:-2].partition(":")
    if name[:1] in {" ", "\t"}:
        return BadHeader(
            "each header on one line (RFC 9112 §5.2)", f"a folded line {shown(line)}", "join it to the line before"
        )
    if not colon:
        return BadHeader('"name: value"', f"no colon in {shown(line)}", "put a colon after the name")
    if name != name.rstrip(" \t"):
        return BadHeader(
            'a colon right behind the name, "name: value"', f"a space before it in {shown(line)}", "leave it out"
        )
    if not TOKEN.fullmatch(name):
        return BadHeader(f"a name {TOKEN_IN_WORDS}", shown(name), "mend the name")
    return BadHeader(
        "a value without control characters", f"{shown(value)} in {name}", "leave them out, or encode the value"
    )


def _line_end_fault(line: str) -> str | None:
    """What is wrong with a line that LF ends, apart from its words."""
    if not line.endswith("\r\n"):
        return "a bare LF in"
    return "a bare CR in" if "\r" in line[:-2] else None


def shown(text: str) -> str:
    """As much of it as fits into a message, in ASCII."""
    text = text.removesuffix("\r\n")
    return ascii(text[:60]) + ("…" if len(text) > 60 else "")
