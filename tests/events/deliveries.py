"""Every pair of `serve` and `follow` that delivers events: what the contract's tests run over."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from patterns import long_polling, purgatory, push, short_polling
from patterns.wait.log import Event, Log
from patterns.wire.listen import Address


@dataclass(frozen=True)
class Delivery:
    """A pair. `watchers`: how many a server has on the log, whether anybody follows or not."""

    name: str
    serve: Callable[..., Any]
    follow: Callable[..., AsyncGenerator[Event, None]]
    watchers: int = 0

    def __str__(self) -> str:
        return self.name


DELIVERIES = [
    Delivery("websocket", push.serve, push.follow),
    Delivery("raw push", push.serve_raw, push.follow_raw),
    Delivery("server-sent events", push.serve_sse, push.follow_sse),
    Delivery("short polling", short_polling.serve, short_polling.follow),
    Delivery("long polling", long_polling.serve, long_polling.follow),
    Delivery("long polling by a handler", long_polling.serve_handler, long_polling.follow),
    Delivery("long polling on aiohttp", long_polling.serve_aiohttp, long_polling.follow),
    Delivery("purgatory", purgatory.serve, purgatory.follow, watchers=1),
]


def log_of(*payloads: bytes) -> Log:
    log = Log()
    for number, payload in enumerate(payloads):
        log.append(payload, number / 8)
    return log


async def first(count: int, delivery: Delivery, address: Address, offset: int = 0, **options: Any) -> list[Event]:
    """The first events that come; then hang up."""
    got: list[Event] = []
    async with aclosing(delivery.follow(address, offset, **options)) as events:
        async for event in events:
            got.append(event)
            if len(got) == count:
                return got
    raise AssertionError("the events have an end")
