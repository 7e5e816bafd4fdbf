"""Keeps the pieces that were new, and joins them when the body is asked for."""

import secrets


class Uploads:
    def __init__(self):
        self.kept = {}

    def start(self, total):
        handle = secrets.token_urlsafe(9)
        self.kept[handle] = (total, [])
        return handle

    def offset(self, handle):
        _, pieces = self.kept[handle]
        return sum(map(len, pieces))

    def write(self, handle, offset, data):
        total, pieces = self.kept[handle]
        known = self.offset(handle) - offset
        if offset < 0 or known < 0 or offset + len(data) > total:
            raise ValueError("refused")
        pieces.append(data[known:])
        return self.offset(handle)

    def body(self, handle):
        total, pieces = self.kept[handle]
        if self.offset(handle) < total:
            raise ValueError("some of it is missing")
        return b"".join(pieces)
