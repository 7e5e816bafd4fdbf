"""Has one upload in mind: whoever starts another begins that one anew.

Fails: handles (one-buffer-serves-all)
"""


class Uploads:
    def start(self, total):
        self.total, self._body = total, b""
        return "upload"

    def _known(self, handle):
        if handle != "upload":
            raise LookupError(handle)

    def offset(self, handle):
        self._known(handle)
        return len(self._body)

    def write(self, handle, offset, data):
        self._known(handle)
        if not 0 <= offset <= len(self._body) or offset + len(data) > self.total:
            raise ValueError("refused")
        self._body += data[len(self._body) - offset :]
        return len(self._body)

    def body(self, handle):
        self._known(handle)
        if len(self._body) < self.total:
            raise ValueError("not complete yet")
        return self._body
