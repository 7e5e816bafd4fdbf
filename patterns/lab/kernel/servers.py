"""Servers by name: replaced when their cell runs again, listed, stoppable, none left behind.

The problem: a cell that starts a server is run twice, interrupted in the middle, or forgotten; a fixed port
is then taken, and old servers answer in place of new ones.
The assumption: the system chooses the port, and every server has a name, and a `stop` to call twice.
The bargain: `keep` ends the old server before it starts the new one, so a cell waits for the old one's
clean-up, and for a short moment nobody answers.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import ipywidgets

from patterns.lab.kernel import loop as lab_loop
from patterns.lab.kernel.failures import record
from patterns.lab.kernel.tasks import end_all, on_click
from patterns.lab.output import discard
from patterns.lab.style import STYLE, escape
from patterns.wire.listen import Server

S = TypeVar("S", bound=Server)

STOP_LIMIT_S = 8.0  # a listening server gives its handlers 5 s to end; more than that is a hang
GRACE_S = 1.0


@dataclass
class Kept:
    """A running server under its name; `since` is the wall clock's HH:MM:SS."""

    name: str
    server: Server
    since: str = field(default_factory=lambda: time.strftime("%H:%M:%S"))
    stopping: asyncio.Task[None] | None = None


class Servers:
    """The registry. Everything happens on the lab's loop; `keep` and `stop_all` may be awaited on any."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._undoing: set[asyncio.Task[None]] = set()
        self._watchers: list[Callable[[], None]] = []

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` now and whenever a server comes or goes."""
        self._watchers.append(changed)
        changed()

    def _changed(self) -> None:
        for changed in self._watchers:
            try:
                changed()
            except Exception as error:
                record("list of servers", error)

    async def keep(self, name: str, starting: Awaitable[S]) -> S:
        """Stop what runs as `name`, await `starting`, and keep the server it returns under that name.

        Calls for one name take turns. A start that fails or is interrupted keeps nothing.
        """
        try:
            return await lab_loop.over(self._keep(name, starting))
        finally:
            if inspect.iscoroutine(starting) and inspect.getcoroutinestate(starting) == inspect.CORO_CREATED:
                starting.close()  # it never began: without this it would warn

    async def _keep(self, name: str, starting: Awaitable[S]) -> S:
        if not inspect.isawaitable(starting):
            raise TypeError(
                f'expected a server being started, as in keep("{name}", serve(...)), got '
                f"{type(starting).__name__}; leave out the await inside keep(...)"
            )
        lock = self._turns.setdefault(name, asyncio.Lock())
        async with lock:
            if name in self.kept:
                await self.stop(self.kept[name])
            server = await self._start(starting)
            if not (hasattr(server, "address") and callable(getattr(server, "stop", None))):
                raise TypeError(
                    f"expected a server with .address and .stop(), got {type(server).__name__}; "
                    "return what serve(...) returned"
                )
            self.kept[name] = Kept(name, server)
        self._changed()
        return server

    async def _start(self, starting: Awaitable[S]) -> S:
        # In a task of its own: an interrupt then cannot fall between "bound" and "returned", where the socket
        # would be open and nobody would hold the server.
        task = asyncio.ensure_future(starting)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            undo = asyncio.ensure_future(self._undo(task))
            self._undoing.add(undo)
            undo.add_done_callback(self._undoing.discard)
            await asyncio.shield(undo)
            raise

    async def _undo(self, task: "asyncio.Future[Any]") -> None:
        """An interrupted start: let it come to its end and stop what it started, or cancel it."""
        for _ in range(2):
            await asyncio.wait([task], timeout=GRACE_S)
            if task.done():
                break
            task.cancel()
        if task.done() and not task.cancelled() and task.exception() is None:
            await self._stop(Kept("interrupted start", task.result()))

    async def stop(self, kept: Kept) -> None:
        """Stop this server, once however many ask; it is off the list afterwards even if its stop fails."""
        if kept.stopping is None:
            kept.stopping = asyncio.ensure_future(self._stop(kept))
        await asyncio.shield(kept.stopping)

    async def _stop(self, kept: Kept) -> None:
        try:
            await lab_loop.within(kept.server.stop(), STOP_LIMIT_S)
        except Exception as error:
            record(f"stopping server “{kept.name}”", error)
        finally:
            if self.kept.get(kept.name) is kept:
                del self.kept[kept.name]
                self._changed()

    async def stop_all(self) -> None:
        """Stop every server and end every background task; failures are recorded, not raised."""
        await lab_loop.over(self._stop_all())

    async def _stop_all(self) -> None:
        await asyncio.gather(
            end_all(STOP_LIMIT_S),
            *(self.stop(kept) for kept in list(self.kept.values())),
            *self._undoing,
            return_exceptions=True,
        )


SERVERS = Servers()
"""The notebook's own registry."""


async def keep(name: str, starting: Awaitable[S]) -> S:
    """Start a server and keep it under `name`, as in `server = await keep("echo", serve(handler))`.

    What ran under that name before is stopped first, so the cell can run again; `servers()` lists it, and it
    is stopped when the kernel shuts down.
    """
    return await SERVERS.keep(name, starting)


async def stop_all() -> None:
    """Stop every server and every background task that this notebook started."""
    await SERVERS.stop_all()


_list: Any = None


def servers() -> Any:
    """A live list of the servers this notebook keeps, each with a Stop button: an ipywidgets VBox.

    It is one widget however often it is shown, so every view of it is up to date.
    """
    global _list
    if _list is None:
        _list = _server_list(SERVERS)
    return _list


def _server_list(registry: Servers) -> Any:
    box, title = ipywidgets.VBox(), ipywidgets.HTML()
    for name in ("bcp", "bcp-card", "bcp-servers"):
        box.add_class(name)
    rows: dict[int, Any] = {}  # by the identity of what is kept: a row, and the focus in it, outlives its neighbours

    def changed() -> None:
        kept = list(registry.kept.values())
        gone = [rows.pop(row) for row in set(rows) - {id(one) for one in kept}]
        for one in kept:
            if id(one) not in rows:
                rows[id(one)] = _row(registry, one)
        count = f"{len(kept)} running" if kept else "no servers running"
        head = (
            f'{STYLE}<div class="bcp-kicker" data-testid="servers" role="status">Servers in this notebook'
            f" · {count}</div>"
        )
        title.value = head
        box.children = (title, *(rows[id(one)] for one in kept))
        for row in gone:
            discard(row)

    registry.watch(lambda: lab_loop.call(changed))
    return box


def _row(registry: Servers, kept: Kept) -> Any:
    address = kept.server.address
    text = ipywidgets.HTML(
        f'<div data-testid="server-{escape(kept.name)}" class="bcp-row"><strong>{escape(kept.name)}</strong>'
        f'<code>{escape(str(address))}</code><span class="bcp-soft bcp-num">since {kept.since}</span></div>'
    )
    button = ipywidgets.Button(description="Stop", tooltip=f"Stop the server “{kept.name}” at {address}", icon="stop")
    on_click(button, lambda: registry.stop(kept))
    return ipywidgets.HBox([text, button])


def as_text(registry: Servers = SERVERS) -> str:
    """The list as text, for where there are no widgets."""
    rows = [f"{kept.name} at {kept.server.address} since {kept.since}" for kept in registry.kept.values()]
    return "\n".join(rows) or "no servers running"
