"""Puts a piece behind a gap, and zeros into the gap.

Fails: refused (a-gap-will-be-filled)
"""

import itertools
from dataclasses import dataclass, field


@dataclass
class Upload:
    total: int
    body: bytearray = field(default_factory=bytearray)


class Uploads:
    def __init__(self):
        self._uploads = {}
        self._numbers = itertools.count(1)

    def start(self, total):
        handle = f"/uploads/{next(self._numbers)}"
        self._uploads[handle] = Upload(total)
        return handle

    def offset(self, handle):
        return len(self._uploads[handle].body)

    def write(self, handle, offset, data):
        upload = self._uploads[handle]
        if offset < 0:
            raise ValueError(f"offset {offset}, but {len(upload.body)} bytes are there")
        if offset + len(data) > upload.total:
            raise ValueError(f"{offset + len(data)} bytes, but {upload.total} were promised")
        if offset > len(upload.body):
            upload.body += bytes(offset - len(upload.body))
        upload.body += data[len(upload.body) - offset :]
        return len(upload.body)

    def body(self, handle):
        upload = self._uploads[handle]
        if len(upload.body) < upload.total:
            raise ValueError("not complete yet")
        return bytes(upload.body)
