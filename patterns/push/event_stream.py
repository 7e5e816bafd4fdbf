"""The lines of `text/event-stream`, as the standard reads them (WHATWG HTML, §9.2.5 and §9.2.6); pure.

The bytes come in any pieces. A line ends with CR LF, LF or CR; an empty line sends off the event whose fields
were collected; a line that begins with a colon is a comment. Of the fields, `id` stays until another one
comes, and `data` of several lines is joined by line feeds. `event` and `retry` are not used in this course.
"""


class EventStreamParser:
    """Events out of lines, as (last id, data); an event without data is none. What has no end yet waits."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_cr = False
        self._is_first = True
        self._id = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> list[tuple[str, str]]:
        """The events completed by these bytes, in order."""
        found: list[tuple[str, str]] = []
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")  # the second half of a CR LF
        *whole, rest = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._after_cr = self._after_cr or data.endswith(b"\r")
        for end in whole:
            self._take(bytes(self._line + end), found)
            self._line.clear()
        self._line += rest
        return found

    def _take(self, line: bytes, found: list[tuple[str, str]]) -> None:
        if self._is_first:
            self._is_first = False
            line = line.removeprefix(b"\xef\xbb\xbf")  # a byte order mark
        if not line:
            if self._data:
                found.append((self._id, "\n".join(self._data)))
                self._data = []
            return
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
