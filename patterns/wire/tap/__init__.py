"""The tap: a relay between client and server that records what goes by, and can make the path worse.

The problem: counters in handlers count what the code believes; diagrams drawn by hand show what the author
believes; and on the loopback nothing ever breaks.
The assumption: whatever client and server are, between them are TCP connections that can lead through here.
The bargain: it sees chunks, not packets (no headers of TCP/IP, no retransmissions), and is itself a hop of
some 50 µs. In exchange it works for any pattern and any client, and one count serves all.

record      one thing that was handed on
framings    how messages are found in bytes, and where other ways plug in
http1       HTTP/1.1, with what the two directions tell about each other
seen        the messages in what was recorded, with their times
traffic     everything that was handed on, within limited memory
link        how the path behaves: delay, jitter, throttle, cuts, half-close, corruption, blackhole
end         one socket: its bytes, its end, its reset
broken      a reset that comes when nobody reads any more
pair        a client's connection and its continuation to the server
relay       the tap itself
"""

from patterns.wire.tap.framings import FRAMES, LINES, WEBSOCKET, Framing, Message, Reader, Readers, Switch
from patterns.wire.tap.http1 import HTTP, Part
from patterns.wire.tap.link import Lane, Link, Parcel
from patterns.wire.tap.record import Direction, Kind, Record
from patterns.wire.tap.relay import Tap, tap
from patterns.wire.tap.seen import Seen
from patterns.wire.tap.traffic import Traffic

__all__ = [
    "FRAMES",
    "HTTP",
    "LINES",
    "WEBSOCKET",
    "Direction",
    "Framing",
    "Kind",
    "Lane",
    "Link",
    "Message",
    "Parcel",
    "Part",
    "Reader",
    "Readers",
    "Record",
    "Seen",
    "Switch",
    "Tap",
    "Traffic",
    "tap",
]
