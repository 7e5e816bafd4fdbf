"""The bargains for a full outbox: what is kept, what is dropped, who waits, and what each count says."""

from __future__ import annotations

import asyncio

import pytest

from patterns.push.outbox import Outbox, Overload
from patterns.wait.log import Event


def events(count: int) -> list[Event]:
    return [Event(offset, 0.0, b"") for offset in range(count)]


@pytest.mark.parametrize(
    ("overload", "kept", "dropped", "most"),
    [
        ("unbounded", [0, 1, 2, 3, 4], 0, 5),
        ("drop newest", [0, 1, 2], 2, 3),
        ("drop oldest", [2, 3, 4], 2, 3),
        ("wait", [0, 1, 2, 3, 4], 0, 5),  # it keeps what it was given: that publishers wait is publish()'s affair
    ],
)
async def test_five_events_into_an_outbox_for_three(overload: str, kept: list[int], dropped: int, most: int) -> None:
    outbox = Outbox(Overload(overload), 3)
    for event in events(5):
        outbox.put(event)
    assert len(outbox) == len(kept)
    assert [event.offset for event in await outbox.take(10)] == kept
    assert (outbox.dropped, outbox.most, len(outbox)) == (dropped, most, 0)


async def test_to_be_cut_off_ends_the_connection_once_and_keeps_nothing() -> None:
    cut = []
    outbox = Outbox(Overload.DISCONNECT, 3, cut=lambda: cut.append(len(outbox)))
    for event in events(3):
        outbox.put(event)
    assert (len(outbox), outbox.is_cut_off, cut) == (3, False, [])
    for event in events(2):
        outbox.put(event)
    assert (len(outbox), outbox.is_cut_off, cut) == (0, True, [0])


async def test_who_takes_waits_for_the_first_event_and_gets_no_more_than_wanted() -> None:
    outbox = Outbox(Overload.UNBOUNDED, 1)
    taking = asyncio.ensure_future(outbox.take(2))
    await asyncio.sleep(1)
    assert not taking.done()
    for event in events(3):
        outbox.put(event)
    assert [event.offset for event in await taking] == [0, 1]
    assert [event.offset for event in await outbox.take(2)] == [2]
