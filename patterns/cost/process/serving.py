"""A server in a process of its own: started, asked what it costs, ended with all its children."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import re
import resource
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from patterns.cost.process.child import HERE, Child, stop_all
from patterns.cost.process.errors import DidNotStart, HasEnded, NotImportable, TookTooLong
from patterns.cost.process.fits import RESERVE, Fits, raise_descriptor_limit, what_fits
from patterns.cost.process.sample import Sample, look
from patterns.wire.listen import Address

START_LIMIT_S = 15.0
COLLECT_LIMIT_S = 30.0  # a thread among thousands that all want to run waits for its turn

ADDRESS = re.compile(rb"(?P<host>\[[0-9A-Fa-f:.]+\]|localhost|\d+\.\d+\.\d+\.\d+):(?P<port>\d{1,5})\b")

What = str | Callable[..., Any] | Sequence[str]


class Serving:
    """A running server; made by `served`. `pid` is the server's own, not the watchman's beside it."""

    def __init__(self, watchman: Child, pid: int, address: Address, *, collects: bool) -> None:
        self._watchman = watchman
        self.pid = pid
        self.address = address
        self._collects = collects
        self._owed = False  # whether it was asked to collect and has not said yet that it did

    async def sample(self) -> Sample:
        """Look at the server and all its child processes, from a thread, so that no loop is held up.

        Raises:
            HasEnded: it is gone; what it said on standard error is in the message.
        """
        try:
            return await asyncio.to_thread(look, self.pid, self.address.port)
        except HasEnded:
            raise HasEnded(await self._watchman.obituary()) from None

    async def collect(self) -> bool:
        """Have the server collect its garbage and give free memory back; False if it was given as a command.

        Raises:
            HasEnded: it is gone.
            TookTooLong: it did not come to it.
        """
        if not self._collects:
            return False
        try:
            if self._owed:  # signals are not counted: another one now might be this one
                await self._watchman.line(COLLECT_LIMIT_S)
            os.kill(self.pid, signal.SIGUSR1)
            self._owed = True
            await self._watchman.line(COLLECT_LIMIT_S)
            self._owed = False
        except ProcessLookupError:
            raise HasEnded(await self._watchman.obituary()) from None
        except TimeoutError:
            raise TookTooLong(
                f"expected {self._watchman.what} to collect its garbage within {COLLECT_LIMIT_S:g} s; "
                "its main thread is busy: let it wait in Python, where signals are seen"
            ) from None
        return True

    async def fits(self, wanted: int) -> Fits:
        """How many of `wanted` more connections the server has descriptors for, one each."""
        sample = await self.sample()
        return what_fits(wanted, soft=_soft_limit_of(self.pid), used=sample.descriptors or RESERVE, who="the server")

    def __repr__(self) -> str:
        return f"<Serving {self._watchman.what} on {self.address}, process {self.pid}>"


@asynccontextmanager
async def served(
    what: What,
    *,
    announces_on: Literal["stdout", "stderr"] = "stdout",
    start_limit_s: float = START_LIMIT_S,
    **options: Any,
) -> AsyncIterator[Serving]:
    """Run a server in a process of its own for as long as the block lasts.

    `what` is a function that a fresh interpreter can import, given itself or as "module:function", called with
    `options` (what JSON can carry; see interpreter.py for what it may return). Or it is a command line,
    ["node", "server.js"], which prints its address, as host:port or as a URL, in a line on `announces_on`.

    Both get the highest limit of descriptors there is. When the block ends, or this process in any way, the
    server and all its children end too.

    Raises:
        NotImportable: the function has no name that another interpreter could import.
        DidNotStart: it ended before it told its address, or told none in `start_limit_s`.
        ValueError: options for a command line.
    """
    argv, name = _command(what, options)
    raise_descriptor_limit()  # the child inherits it
    watchman = await Child.start(str(HERE / "watchman.py"), *argv, what=name, seeks=ADDRESS)
    try:
        pid, address = await _started(watchman, announces_on, start_limit_s)
        if announces_on == "stdout" and _is_command(what):
            watchman.discard_output()
        yield Serving(watchman, pid, address, collects=not _is_command(what))
    finally:
        await stop_all([watchman])


async def _started(watchman: Child, announces_on: str, limit_s: float) -> tuple[int, Address]:
    try:
        async with asyncio.timeout(limit_s):
            pid = int(await watchman.line(limit_s))
            if announces_on == "stderr":
                watchman.discard_output()
            while True:
                if announces_on == "stdout":
                    found = ADDRESS.search(await watchman.line(limit_s))
                elif (found := await watchman.found) is None:
                    raise HasEnded(await watchman.obituary())
                if found is not None:
                    host = found["host"].decode().strip("[]")
                    return pid, Address(host, int(found["port"]))
    except HasEnded as ended:
        raise DidNotStart(f"expected a server that tells its address; {ended}") from None
    except TimeoutError:
        raise DidNotStart(
            f"expected {watchman.what} to print its address, host:port, on {announces_on} within {limit_s:g} s, and "
            "no such line came; print it as soon as the server listens, and flush. On standard error it said:\n"
            f"{watchman.last_words or '(nothing)'}"
        ) from None


def _is_command(what: What) -> bool:
    return not isinstance(what, str) and not callable(what)


def _command(what: What, options: dict[str, Any]) -> tuple[list[str], str]:
    """The argv to run, and what to call it in messages."""
    if not isinstance(what, str) and not callable(what):
        if options:
            raise ValueError(f"expected no options beside a command line, got {sorted(options)}: put them into it")
        if not what:
            raise ValueError("expected a command line such as ['node', 'server.js'], got an empty one")
        return list(what), shlex.join(what)
    name = _importable(what)
    try:
        order = json.dumps({"function": name, "options": options, "path": [os.getcwd(), *sys.path]})
    except TypeError as error:
        raise ValueError(f"expected options that JSON can carry to another process, got {options!r}: {error}") from None
    return [sys.executable, str(HERE / "interpreter.py"), order], name


def _importable(what: str | Callable[..., Any]) -> str:
    if isinstance(what, str):
        if not re.fullmatch(r"[\w.]+:[\w.]+", what):
            raise NotImportable(
                f"expected a function as 'module:function', got {what!r}; a command line is given as a list"
            )
        return what
    module = inspect.getmodule(what)
    qualified = getattr(what, "__qualname__", "<nameless>")
    if module is None or module.__name__ == "__main__" or "<" in qualified:
        raise NotImportable(
            f"expected a function that a fresh interpreter can import, got {qualified} of "
            f"{module.__name__ if module else 'no module'}; write it into a file beside the notebook "
            "(%%writefile held.py) and give 'held:serve', or give a command line"
        )
    return f"{module.__name__}:{qualified}"


def _soft_limit_of(pid: int) -> int:
    """The soft limit of descriptors of another process of ours; it inherited ours if nobody tells."""
    if hasattr(resource, "prlimit"):
        try:
            return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
        except OSError:
            pass
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
