"""A running broker is looked at, and every step of a request is kept."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

from patterns import purgatory
from patterns.lab.broker_picture import Connection, Operation, filmed, look
from patterns.purgatory import Broker
from patterns.wait.log import Log


async def fetches(broker: Broker, wait_s: float) -> None:
    async with aclosing(purgatory.follow(broker.address, wait_s=wait_s)) as events:
        async for _ in events:
            pass


async def test_a_request_is_seen_in_each_room_it_goes_through() -> None:
    loop, log = asyncio.get_running_loop(), Log()
    async with await purgatory.serve(log, handlers=2) as broker:
        with filmed(broker) as frames:
            client = asyncio.create_task(fetches(broker, 0.5))
            await asyncio.sleep(0.3)
            log.append(b"x", loop.time())
            await asyncio.sleep(0.1)
            client.cancel()
            await asyncio.wait([client])
        first = [frame for frame in frames if " 1" in frame.what][:7]
    assert [frame.what for frame in first] == [
        "Fetch 1 is read off connection 1, which is muted from now on.",
        "Fetch 1 is put into the request queue.",
        "A handler takes Fetch 1.",
        "Fetch 1 cannot be answered yet. It is parked, with a time-out on the wheel; its handler is free.",
        "Fetch 1 is completed: nobody can complete it again, and a time-out that still runs is cancelled.",
        "Fetch 1's answer is put into the response queue.",
        "Fetch 1's answer is sent, and connection 1 may ask again.",
    ]
    one = Operation(1, 1, "fetch")
    assert [list(frame.view.places()) for frame in first] == [
        [],
        [("request queue", one)],
        [("handler", one)],
        [("handler", one), ("purgatory, events-0", one)],
        [],
        [("response queue", one)],
        [],
    ]
    assert [frame.view.time_s for frame in first] == [0.0] * 4 + [0.3] * 3
    assert [frame.view.timers for frame in first] == [0, 0, 0, 1, 0, 0, 0]
    assert [frame.view.connections for frame in first] == [(Connection(1, True),)] * 6 + [(Connection(1, False),)]


async def test_of_many_that_are_parked_the_first_are_kept_and_all_are_counted() -> None:
    log = Log()
    async with await purgatory.serve(log) as broker:
        clients = [asyncio.create_task(fetches(broker, 30)) for _ in range(100)]
        await asyncio.sleep(1)
        view = look(broker)
        assert (view.connected, view.muted, view.waiting, view.timers) == (100, 100, 100, 100)
        assert view.under == {"events-0": 100}
        assert [len(operations) for operations in view.parked.values()] == [60]
        for client in clients:
            client.cancel()
        await asyncio.wait(clients)


async def test_a_fetch_that_expires_says_so_and_who_looked_before_still_looks() -> None:
    seen: list[str] = []
    async with await purgatory.serve(Log(), on_step=lambda what, *_: seen.append(what)) as broker:
        with filmed(broker, told=lambda what, reply: f"{what} {reply.number}") as frames:
            client = asyncio.create_task(fetches(broker, 0.2))
            await asyncio.sleep(0.3)
            client.cancel()
            await asyncio.wait([client])
        assert [frame.what for frame in frames][:8] == [
            *("read 1", "queued 1", "taken 1", "parked 1", "completed 1", "answered 1", "expired 1", "sent 1")
        ]
        assert seen == [frame.what.split()[0] for frame in frames]
        kept = len(frames)
        client = asyncio.create_task(fetches(broker, 0.2))
        await asyncio.sleep(0.1)
        assert len(frames) == kept
        assert len(seen) > kept
        client.cancel()
        await asyncio.wait([client])


async def test_what_is_refused_is_told_with_its_reason() -> None:
    async with await purgatory.serve(Log()) as broker:
        with filmed(broker) as frames:
            reader, writer = await asyncio.open_connection(*broker.address)
            writer.write(b"\xff\xff\xff\xff")
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
    assert len(frames) == 1
    assert frames[0].what.startswith("What connection 1 sent is refused, and it is closed: expected ")


async def test_to_look_changes_nothing() -> None:
    async with await purgatory.serve(Log()) as broker:
        client = asyncio.create_task(fetches(broker, 30))
        await asyncio.sleep(0.1)
        first, second = look(broker), look(broker)
        assert replace(first, time_s=0) == replace(second, time_s=0)
        client.cancel()
        await asyncio.wait([client])
