"""Immutable bytes: a write makes the new body as a whole and puts it in the old one's place."""

import uuid


class Uploads:
    def __init__(self):
        self.totals, self.bodies = {}, {}

    def start(self, total):
        handle = uuid.uuid4().hex
        self.totals[handle], self.bodies[handle] = total, b""
        return handle

    def offset(self, handle):
        if handle not in self.bodies:
            raise LookupError(f"no upload {handle}")
        return len(self.bodies[handle])

    def write(self, handle, offset, data):
        there = self.offset(handle)
        end = offset + len(data)
        if offset < 0 or offset > there or end > self.totals[handle]:
            raise ValueError("does not fit")
        if end > there:
            self.bodies[handle] = self.bodies[handle] + data[there - offset :]
        return self.offset(handle)

    def body(self, handle):
        if self.offset(handle) != self.totals[handle]:
            raise ValueError("incomplete")
        return self.bodies[handle]
