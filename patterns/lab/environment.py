"""Does everything the course needs work here, and if not, how is it mended?

Each check does the thing itself (listens, asks, lets an hour pass) rather than look for signs of it.
"""

import asyncio
import importlib.metadata
import sys
import time
from collections.abc import Awaitable, Callable, Iterator

from packaging.requirements import Requirement

from patterns.cost.autojump import elsewhere
from patterns.lab.kernel.lesson import raise_descriptor_limit
from patterns.lab.table import Table
from patterns.request_response import ask, serve
from patterns.wire.framing import Request, Response

DISTRIBUTION = "backend-communication-patterns"
SET_UP = "close JupyterLab and run `make lab` in the course's folder, which sets all of it up"


class Unfit(Exception):
    """A check that failed: what was found, and how to mend it."""

    def __init__(self, found: str, mend: str) -> None:
        super().__init__(found)
        self.found = found
        self.mend = mend


def _python() -> str:
    found = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise Unfit(found, "use Python 3.11, 3.12 or 3.13: `make lab PYTHON=python3.12`")
    return found


def unmet_requirements(distribution: str = DISTRIBUTION) -> Iterator[str]:
    """What the course requires and this kernel does not have, as `name wanted, found`."""
    for text in importlib.metadata.requires(distribution) or ():
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{wanted.name}{wanted.specifier} is wanted, none is installed"
        else:
            if not wanted.specifier.contains(version, prereleases=True):
                yield f"{wanted.name}{wanted.specifier} is wanted, {version} is installed"


def _packages() -> str:
    try:
        unmet = list(unmet_requirements())
    except importlib.metadata.PackageNotFoundError:
        raise Unfit("this kernel is not the course's own", SET_UP) from None
    if unmet:
        raise Unfit("; ".join(unmet), SET_UP)
    names = [Requirement(text).name for text in importlib.metadata.requires(DISTRIBUTION) or ()]
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in sorted(names))


async def _loopback() -> str:
    async def hello(request: Request) -> Response:
        return Response(200, body=b"hello")

    try:
        async with await serve(hello) as server:
            before = time.perf_counter()
            await ask(server.address, Request("GET", "/"), timeout_s=5)
            return f"a server on {server.address} answered in {(time.perf_counter() - before) * 1000:.1f} ms"
    except OSError as error:
        raise Unfit(str(error), "let this machine connect to itself: check firewall and VPN for 127.0.0.1") from error


async def _an_hour() -> str:
    before = time.perf_counter()
    await elsewhere(lambda: asyncio.sleep(3600))
    return f"an hour passed in {time.perf_counter() - before:.3f} s"


def _descriptors() -> str:
    limit = raise_descriptor_limit()
    if limit < 1024:
        raise Unfit(f"{limit} open files allowed", "raise it in the shell before `make lab`: `ulimit -n 4096`")
    return f"{limit:,} open files and sockets allowed"


CHECKS: tuple[tuple[str, Callable[[], str | Awaitable[str]]], ...] = (
    ("Python", _python),
    ("packages", _packages),
    ("a server on this machine", _loopback),
    ("the clock that jumps", _an_hour),
    ("open connections", _descriptors),
)


async def check_environment() -> Table:
    """Run every check; a table of what was found and, where something is amiss, how to mend it."""
    rows: list[tuple[str, str, str, str]] = []
    for name, check in CHECKS:
        try:
            found = check()
            rows.append((name, "✓ works", found if isinstance(found, str) else await found, ""))
        except Unfit as unfit:
            rows.append((name, "✗ mend this", unfit.found, unfit.mend))
    fit = all(verdict.startswith("✓") for _, verdict, _, _ in rows)
    caption = (
        "check passed: everything works here" if fit else "something is amiss: the last column says how to mend it"
    )
    return Table(("what", "verdict", "found", "how to mend it"), rows, caption)
