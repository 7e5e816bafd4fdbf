"""The tap's byte counts against the kernel's: TCP_INFO of the client's and the server's own sockets.

`struct tcp_info` (linux/tcp.h): 8 bytes of small fields, 24 of 32 bits, then two of 64 bits (pacing rates), so
`tcpi_bytes_acked` stands at byte 120 and `tcpi_bytes_received` at 128 (RFC 4898: HCThruOctetsAcked, -Received;
Linux 4.1). Both count places in the sequence space, in which SYN and FIN take one each: a client's acked has
one for its SYN (a server's SYN is acknowledged before its socket counts), and each side's FIN counts as one
where it was acknowledged and where it was received.
"""

import asyncio
import socket
import struct
import sys
from dataclasses import dataclass

import pytest

from patterns.wire.listen import listen
from patterns.wire.tap import Direction, Kind, tap

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="TCP_INFO counts bytes on Linux; macOS has no such counters in this shape"
)
UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
SYN = FIN = 1
BYTES_ACKED_AT = 120


@dataclass
class Counts:
    """What a socket's kernel has counted."""

    acked: int
    received: int


def kernel_counts(endpoint):
    info = endpoint.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return Counts(*struct.unpack_from("QQ", info, BYTES_ACKED_AT))


def own(writer):
    """A second descriptor of the same socket: it can be asked when the first is closed."""
    return writer.get_extra_info("socket").dup()


async def converse(n, size, settings):
    """`n` connections, each asking `size` bytes and more; what client, server and tap counted of each."""
    servers, found = {}, []

    async def double(reader, writer):
        peer = own(writer)
        name = None
        try:
            while data := await reader.read(65_536):
                name = name or data[:4]  # corruption comes later in the stream
                writer.write(data + data)
            writer.write_eof()  # the second descriptor keeps the socket open, so closing the first says nothing
        finally:
            servers[name] = peer

    async def ask(number, path):
        reader, writer = await asyncio.open_connection(*path.address)
        client = own(writer)
        writer.write(b"%04d" % number + bytes(size * (number + 1)))
        writer.write_eof()
        got, broke = 0, False
        try:
            while data := await reader.read(65_536):
                got += len(data)
        except ConnectionResetError:
            broke = True
        await asyncio.sleep(100)  # both sides have everything, the FINs too
        writer.close()
        return number, client, got, broke

    async with await listen(double) as server, await tap(server.address, **settings) as path:
        asked = await asyncio.gather(*(ask(number, path) for number in range(n)))
        for number, client, got, broke in asked:
            peer = servers.get(b"%04d" % number)
            found.append((number, kernel_counts(client), peer and kernel_counts(peer), got, broke))
            client.close()
        for peer in servers.values():
            peer.close()
    by_name = {path.traffic.stream(c, UP)[:4]: path.traffic.only(c) for c in path.traffic.connections}
    return [(*one, by_name[b"%04d" % one[0]]) for one in found], path.traffic


WHOLE = {
    "nothing": {},
    "delay and jitter": {"delay_s": 0.05, "jitter_s": 0.2, "seed": 3},
    "throttle": {"bytes_per_s": 50_000.0, "delay_s": 0.01},
    "corruption": {"corrupt_every": 1000, "seed": 4},
    "all of them": {"delay_s": 0.01, "jitter_s": 0.1, "bytes_per_s": 1e6, "corrupt_every": 77, "seed": 5},
}


@pytest.mark.parametrize("settings", WHOLE.values(), ids=WHOLE.keys())
@pytest.mark.parametrize("size", [0, 1, 1460, 300_000])
async def test_on_whole_connections_every_count_equals_the_kernels(settings, size):
    found, traffic = await converse(3, size, settings)
    for number, client, server, got, broke, seen in found:
        sent = 4 + size * (number + 1)
        assert (seen.bytes(UP), seen.bytes(DOWN), broke) == (sent, 2 * sent, False)
        assert got == 2 * sent
        assert client == Counts(acked=seen.bytes(UP) + SYN + FIN, received=seen.bytes(DOWN) + FIN)
        assert server == Counts(acked=seen.bytes(DOWN) + FIN, received=seen.bytes(UP) + FIN)
    assert traffic.bytes(UP) == sum(client.acked - SYN - FIN for _, client, *_ in found)


@pytest.mark.parametrize("after", [4, 5, 1460, 100_000])
@pytest.mark.parametrize("settings", [{}, {"bytes_per_s": 1e6}, {"delay_s": 0.1}], ids=str)
async def test_of_a_connection_that_is_cut_the_receivers_have_what_the_tap_handed_on(after, settings):
    found, _ = await converse(3, 200_000, {"cut_after_bytes": {UP: after}, **settings})
    for _, client, server, got, broke, seen in found:
        assert broke
        assert seen.bytes(UP) == after == server.received  # no FIN: it was a reset
        assert client.received == seen.bytes(DOWN) >= got
        assert client.acked >= after + SYN  # the tap's kernel had taken more than was handed on
        assert server.acked >= seen.bytes(DOWN)


@pytest.mark.parametrize("settings", [{}, {"bytes_per_s": 50_000.0, "delay_s": 0.01}], ids=str)
async def test_on_a_half_closed_connection_the_counts_go_on_in_the_other_direction(settings):
    async def answer_to_the_end(reader, writer):
        peers.append(own(writer))
        await reader.read()
        for _ in range(5):
            await asyncio.sleep(60)
            writer.write(bytes(10_000))
        await asyncio.sleep(60)
        writer.write_eof()

    peers = []
    async with await listen(answer_to_the_end) as server, await tap(server.address, **settings) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        client = own(writer)
        writer.write(bytes(70_000))
        writer.write_eof()
        for round in range(1, 6):
            await reader.readexactly(10_000)
            assert kernel_counts(client) == Counts(70_000 + SYN + FIN, round * 10_000)
            assert kernel_counts(peers[0]) == Counts(round * 10_000, 70_000 + FIN)
            assert (path.traffic.bytes(UP), path.traffic.bytes(DOWN)) == (70_000, round * 10_000)
        assert await reader.read() == b""
        assert kernel_counts(client).received == path.traffic.bytes(DOWN) + FIN
        writer.close()
    client.close()
    peers[0].close()


async def test_the_half_close_that_the_link_makes_is_a_fin_to_the_kernel():
    peers = []

    async def read(reader, writer):
        peers.append(own(writer))
        writer.write(b"%d" % len(await reader.read()))
        writer.write_eof()

    settings = {"half_close_after_bytes": {UP: 12_345}}
    async with await listen(read) as server, await tap(server.address, **settings) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(bytes(50_000))
        assert await reader.read() == b"12345"
        assert kernel_counts(peers[0]) == Counts(acked=5 + FIN, received=12_345 + FIN)
        writer.close()
    peers[0].close()
    data_and_ends = [record.kind for record in path.traffic if record.kind is not Kind.DATA]
    assert data_and_ends == [Kind.OPEN, Kind.EOF, Kind.EOF, Kind.CLOSE]
    assert path.traffic.bytes(UP) == 12_345
