"""Traffic made by hand: records at exact times, for what is drawn from a tap."""

from __future__ import annotations

from patterns.wire.framing import Request, Response, encode
from patterns.wire.tap import HTTP, Direction, Framing, Kind, Record, Traffic

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
OK = encode(Response(200, body=b"hello"))


def get(target: str) -> bytes:
    return encode(Request("GET", target, (("Host", "x"),)))


def traffic(*records: Record, framing: Framing = HTTP) -> Traffic:
    seen = Traffic(framing=framing)
    for record in sorted(records, key=lambda record: record.time_s):
        seen.append(record)
    return seen


def up(sent_s: float, data: bytes, *, takes_s: float = 0.05, connection: int = 1) -> Record:
    return Record(sent_s + takes_s, connection, UP, Kind.DATA, data, sent_s)


def down(sent_s: float, data: bytes, *, takes_s: float = 0.05, connection: int = 1) -> Record:
    return Record(sent_s + takes_s, connection, DOWN, Kind.DATA, data, sent_s)


def mark(kind: Kind, sent_s: float, time_s: float, way: Direction = UP, connection: int = 1) -> Record:
    return Record(time_s, connection, way, kind, b"", sent_s)


def exchange(n: int, sent_s: float, connection: int = 1) -> tuple[Record, Record]:
    return up(sent_s, get(f"/{n}"), connection=connection), down(sent_s + 0.05, OK, connection=connection)


def exchanges(count: int, every_s: float = 0.11, connections: int = 1) -> Traffic:
    """So many questions and answers, one after the other, each on the next connection in turn."""
    return traffic(*(r for n in range(count) for r in exchange(n, n * every_s, 1 + n % connections)))
