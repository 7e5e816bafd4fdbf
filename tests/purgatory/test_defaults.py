"""Without any option the broker has Kafka's own numbers (section J of its behaviours)."""

from __future__ import annotations

import asyncio
import inspect

from kafka_client import connected, fetch, running

from patterns.purgatory import serve
from patterns.purgatory.fetches import MOST_BYTES
from patterns.purgatory.reaper import LOOK_MS


def test_what_serve_takes_has_kafkas_defaults_j() -> None:
    defaults = {name: each.default for name, each in inspect.signature(serve).parameters.items()}
    assert {name: defaults[name] for name in ("handlers", "queue_size", "idle_s", "max_request_bytes")} == {
        "handlers": 8,  # num.io.threads
        "queue_size": 500,  # queued.max.requests
        "idle_s": 600.0,  # connections.max.idle.ms
        "max_request_bytes": 104_857_600,  # socket.request.max.bytes
    }
    assert (MOST_BYTES, LOOK_MS) == (55 << 20, 200)  # fetch.max.bytes of the broker; the reaper's wait


async def test_its_purgatories_have_kafkas_wheel_and_purge_interval_j() -> None:
    async with running() as broker, connected(broker) as client:
        client.send(fetch(0, wait_ms=500))
        await asyncio.sleep(0.001)
        for purgatory in (broker.fetches.purgatory, broker.produces.purgatory):
            finest = purgatory.wheels[0]
            assert (purgatory.purge_interval, finest.tick_ms, finest.size) == (1000, 1, 20)
        assert [wheel.span_ms for wheel in broker.fetches.purgatory.wheels] == [20, 400, 8000]
        await client.answer()
