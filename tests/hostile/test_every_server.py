"""Every hostile client against every server of lesson 1: what becomes of it, and what the others notice: nothing."""

import asyncio
import os

import pytest

from patterns.request_response import ask, connect
from patterns.wire.listen import LINGER_S
from tests.hostile.clients import KINDS, Ending
from tests.hostile.servers import SERVERS, meeting

SMALL = 2  # where a table says so, the status is that of the small question: any 2xx
HELD_BYTES = 640 * 1024  # at most for one client: 128 KiB and one read of 256 KiB in, 128 KiB out

# What the client saw, how it ended, when. Times are virtual and exact.
OURS = {
    "one byte a second": ((408,), "closed", 10.0),
    "empty lines for ever": ((), "closed", 75.0),
    "half a request, then silence": ((408,), "closed", 10.0),
    "half a body, then silence": ((408,), "closed", 10.0),
    "half-closes behind its request": ((SMALL,), "closed", 0.0),
    "resets in the middle of its request": ((), "left", 0.01),
    "resets in the middle of the response": ((SMALL,), "left", 0.0),
    "resets while its request is worked on": ((), "left", 0.0),
    "never reads the big answers it asks for": ((), "reset", 31.0),  # after 30 s; it looks every second
    "floods with requests in advance": ((SMALL,) * 500, "left", 0.0),
    "a start line without an end": ((414,), "closed", 0.0),
    "a header without an end": ((431,), "closed", 0.0),
    "ten thousand headers": ((431,), "closed", 0.0),
    "a body said to be too large": ((413,), "closed", 0.0),
    "chunks without an end": ((413,), "closed", 0.0),
    "a body in chunks of one byte": ((SMALL,), "closed", 0.0),
    "opens and says nothing": ((), "closed", 75.0),
    "greets like TLS": ((400,), "closed", 0.0),
    "random bytes": ((400,), "closed", 0.0),
    "will not hang up behind the last response": ((SMALL,), "left", 60.0),
    "a storm of connections": ((), "left", 0.0),
}
# aiohttp has no time-out for a request that has begun, nor for a client that does not read; it takes a half-close
# for a hang-up; an hour of silence it allows, in steps of its own.
AIOHTTP = OURS | {
    "one byte a second": ((SMALL,), "closed", None),
    "empty lines for ever": ((), "closed", 3630.0),
    "half a request, then silence": ((), "closed", 3630.0),
    "half a body, then silence": ((), "held", 7200.0),
    "half-closes behind its request": ((), "closed", 0.0),
    "never reads the big answers it asks for": ((), "held", 7201.0),
    "a start line without an end": ((400,), "closed", 0.0),
    "a header without an end": ((400,), "closed", 0.0),
    "ten thousand headers": ((400,), "closed", 0.0),
    "a body said to be too large": ((), "held", 7200.0),
    "chunks without an end": ((413,), "closed", 10.0),
    "opens and says nothing": ((), "closed", 3630.0),
}
EXPECTED = {(name, kind): (AIOHTTP if name == "aiohttp" else OURS)[kind] for name in SERVERS for kind in KINDS}
EXPECTED["library", "a body in chunks of one byte"] = ((413,), "closed", 0.0)  # a question has 16,384 bytes at most


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


class Polite:
    """Asks the small question, on a kept connection and on new ones: are the answers whole and at once?"""

    def __init__(self, met) -> None:
        self.met, self.asked, self.held_bytes = met, 0, 0

    async def until(self, finished: asyncio.Future) -> None:
        """Ask ever more rarely, from every millisecond to once a minute, until `finished`, and once more."""
        met, pause_s = self.met, 0.001
        async with connect(met.server.address) as kept:
            while not finished.done():
                self._look()
                await asyncio.wait({finished}, timeout=pause_s)
                await self._ask(kept.ask(met.small))
                await self._ask(ask(met.server.address, met.small))
                pause_s = min(pause_s * 1.5, 60.0)

    async def _ask(self, asking) -> None:
        began = asyncio.get_running_loop().time()
        response = await asking
        assert asyncio.get_running_loop().time() == began  # not even a virtual millisecond
        assert (response.status // 100, response.body) == (2, self.met.answer)
        self.asked += 1
        self._look()

    def _look(self) -> None:
        self.held_bytes = max(self.held_bytes, getattr(self.met.server, "buffered_bytes", 0))


def seen(ending: Ending, after_s: float | None) -> tuple:
    statuses = tuple(SMALL if 200 <= status < 300 else status for status in ending.statuses)
    return statuses, ending.how, None if after_s is None else ending.after_s


async def empty(server) -> None:
    """Wait until the server has closed every connection; what it may wait for is its linger time."""
    until = asyncio.get_running_loop().time() + LINGER_S + 0.1
    while getattr(server, "connections", 0):  # the clock jumps, so looking often costs nothing
        assert asyncio.get_running_loop().time() < until
        await asyncio.sleep(0.01)


def test_the_table_says_what_becomes_of_every_kind():
    assert set(OURS) == set(AIOHTTP) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SERVERS)
async def test_a_hostile_client_is_ended_in_its_time_and_no_other_waits(name, kind):
    before = descriptors()
    async with meeting(name) as met:
        attack = asyncio.ensure_future(KINDS[kind](met.target))
        polite = Polite(met)
        await polite.until(attack)
        expected = EXPECTED[name, kind]
        assert seen(attack.result(), expected[2]) == expected
        assert polite.asked >= 2
        assert polite.held_bytes <= HELD_BYTES
        await empty(met.server)
    assert descriptors() == before


@pytest.mark.parametrize("name", SERVERS)
async def test_all_hostile_clients_together_change_nothing(name):
    before = descriptors()
    async with meeting(name) as met:
        acts = [kind for kind in KINDS for _ in range(3)]
        attack = asyncio.gather(*(KINDS[kind](met.target) for kind in acts))
        polite = Polite(met)
        await polite.until(attack)
        for kind, ending in zip(acts, attack.result(), strict=True):
            expected = EXPECTED[name, kind]
            assert seen(ending, expected[2]) == expected, kind
        assert polite.asked > 20
        assert polite.held_bytes <= HELD_BYTES * len(KINDS) * 3
        await empty(met.server)
    assert descriptors() == before


@pytest.mark.parametrize("name", [name for name in SERVERS if name != "aiohttp"])
async def test_a_connection_too_many_is_closed_at_once_and_those_before_it_are_served(name):
    async with meeting(name, max_connections=10) as met, connect(met.server.address) as kept:
        await kept.ask(met.small)
        silent = [asyncio.ensure_future(KINDS["opens and says nothing"](met.target)) for _ in range(30)]
        await asyncio.sleep(1)
        assert (await kept.ask(met.small)).body == met.answer
        assert met.server.connections == 10
        endings = await asyncio.gather(*silent)
        assert sorted(ending.after_s for ending in endings) == [0.0] * 21 + [75.0] * 9
