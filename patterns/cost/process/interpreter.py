"""Run as a script: a fresh interpreter that imports one function, calls it and serves until it is ended.

What the function may be, and what it may give:

- a coroutine function, as a lesson's `serve`: awaited in an event loop that then runs on;
- a plain function that returns once threads of its own listen;
- a plain function with a parameter `announce`: it calls `announce(address)` when it listens, and then blocks.

What comes back, or is announced, is an address (host, port), something with an `.address`, or something
with `.sockets` (asyncio.Server). The address is written to stdout as "host:port". After that, whatever the
server prints goes to stderr: stdout belongs to the conversation with the process that measures.

On SIGUSR1 it collects garbage, gives free memory back to the system, and writes "collected": so that what is
measured afterwards is held, not left over.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import importlib
import inspect
import json
import os
import signal
import sys
import threading
from typing import Any


def host_and_port(server: Any) -> str:
    """`host:port` of what a function returned or announced."""
    found = getattr(server, "address", server)
    if not isinstance(found, tuple) and getattr(server, "sockets", None):
        found = server.sockets[0].getsockname()
    if not (isinstance(found, tuple | list) and len(found) >= 2 and isinstance(found[1], int)):
        raise TypeError(
            f"expected an address (host, port), or something with an .address or .sockets, got {server!r}; "
            "return it once the server listens, or take a parameter `announce` and call announce(address)"
        )
    host = f"[{found[0]}]" if ":" in str(found[0]) else found[0]
    return f"{host}:{found[1]}"


def collect(out: int) -> None:
    """Collect garbage, and have the C library give back the memory that is free."""
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # a C library without it (musl)
            ctypes.CDLL(None).malloc_trim(0)
    os.write(out, b"collected\n")


def main(order: dict[str, Any]) -> None:
    """Carry out `{"function": "module:name", "options": {…}, "path": [sys.path]}`; returns never."""
    out = os.dup(1)
    os.dup2(2, 1)
    sys.path[:] = order["path"]
    module, _, name = order["function"].partition(":")
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    signal.signal(signal.SIGUSR1, lambda *_: collect(out))
    options = order["options"]

    def announce(server: Any) -> None:
        os.write(out, f"{host_and_port(server)}\n".encode())

    if "announce" in inspect.signature(function).parameters:
        options["announce"] = announce

    async def serve() -> None:
        server = await function(**options)
        if "announce" not in options:
            announce(server)
        await asyncio.Event().wait()

    if inspect.iscoroutinefunction(function):
        asyncio.run(serve())
    server = function(**options)
    if "announce" not in options:
        announce(server)
        threading.Event().wait()  # what it returned is kept here, and its threads do the work
    raise SystemExit(f"{order['function']} returned: expected it to serve until it is ended")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
