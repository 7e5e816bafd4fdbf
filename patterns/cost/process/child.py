"""A child process of ours: it dies with us, its last words are kept, and waiting for it is bounded.

Every child reads a pipe from us; when we are gone, however we went, the pipe ends and the child with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from patterns.cost.process.errors import HasEnded

LAST_WORDS_BYTES = 16_384  # how much of a child's standard error is kept for the error message
STOP_LIMIT_S = 5.0  # between closing a child's stdin and killing it
LINE_LIMIT_BYTES = 1 << 20

HERE = Path(__file__).parent
ROOT = HERE.parents[2]  # the folder that `patterns` lies in


class Child:
    """An interpreter of its own that runs a part of this folder; made by `start`, ended by `stop`."""

    def __init__(self, process: asyncio.subprocess.Process, what: str, seeks: re.Pattern[bytes] | None) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.process = process
        self.what = what
        self.stdin, self.stdout = process.stdin, process.stdout
        self._errors: deque[bytes] = deque()
        self._kept = 0
        self._seeks = seeks
        self.found: asyncio.Future[re.Match[bytes] | None] = asyncio.get_running_loop().create_future()
        self._listens = asyncio.create_task(self._keep(process.stderr), name=f"standard error of {what}")
        self._discards: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, *arguments: str, what: str, imports_us: bool = False, seeks: re.Pattern[bytes] | None = None
    ) -> Child:
        """Start the interpreter that runs this, with `arguments`; this package can be imported there if asked.

        `found` will be the first match of `seeks` in a line of its standard error, None if it ends without one.
        """
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={**os.environ, "PYTHONPATH": path} if imports_us else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=LINE_LIMIT_BYTES,
        )
        return cls(process, what, seeks)

    async def _keep(self, stream: asyncio.StreamReader) -> None:
        line = b""
        while chunk := await stream.read(4096):
            if self._seeks is not None and not self.found.done():
                *lines, line = (line + chunk).split(b"\n")
                match = next(filter(None, map(self._seeks.search, lines)), None)
                if match is not None:
                    self.found.set_result(match)
            self._errors.append(chunk)
            self._kept += len(chunk)
            while self._kept - len(self._errors[0]) >= LAST_WORDS_BYTES:
                self._kept -= len(self._errors.popleft())
        if not self.found.done():
            self.found.set_result(None)

    @property
    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        return b"".join(self._errors).decode(errors="replace").strip()

    async def line(self, limit_s: float) -> bytes:
        """The next line of its standard output.

        Raises:
            HasEnded: its output ended instead.
            TimeoutError: nothing came for so long.
        """
        async with asyncio.timeout(limit_s):
            line = await self.stdout.readline()
        if not line.endswith(b"\n"):
            raise HasEnded(await self.obituary())
        return line

    def discard_output(self) -> None:
        """From now on read its standard output for nobody: one who prints into a full pipe stands still."""
        self._discards = asyncio.create_task(self._discard(), name=f"standard output of {self.what}")

    async def _discard(self) -> None:
        while await self.stdout.read(65_536):
            pass

    async def obituary(self) -> str:
        """How it ended and what it said, once it has; called when its output ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self.process.wait()
                await asyncio.shield(self._listens)
        status = self.process.returncode
        how = "closed its output" if status is None else f"ended with status {status}"
        return f"{self.what} {how}; on standard error it said:\n{self.last_words or '(nothing)'}"

    async def stop(self) -> None:
        """Close its stdin, wait for its end, kill it if it does not come; nothing of it is left."""
        self.stdin.close()
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._drained()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_LIMIT_S):
                    await self._drained()
        finally:
            tasks = [task for task in (self._listens, self._discards) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self.process._transport.close()  # type: ignore[attr-defined]  # the only way to close what pipes remain

    async def _drained(self) -> None:
        await (self._discard() if self._discards is None else asyncio.shield(self._discards))
        await self.process.wait()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await self.stdin.wait_closed()


async def stop_all(children: Sequence[Child]) -> None:
    """Stop them all at the same time, and finish even if cancelled in the middle."""
    stopping = asyncio.gather(*(child.stop() for child in children))
    try:
        await asyncio.shield(stopping)
    except asyncio.CancelledError:
        await stopping
        raise
