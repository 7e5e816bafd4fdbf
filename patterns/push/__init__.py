"""Lesson 3, push: the server speaks first.

The problem: lesson 1's server learns of a client when it asks, and has no way to tell it anything in between.
The assumption: a connection can be kept open, and whoever is at its other end is awake and reads.
The bargain: the client registers once, and from then on the server sends whatever it wants, whenever and as
often as it wants, in the moment in which it happens. In exchange the server keeps a connection and a place
in memory for everyone; who is not there misses it, unless there is a log to come back to with an offset;
and who cannot keep up has to be dealt with.

    contract    `serve` a log, `follow` it: the two names of every lesson that delivers events
    events      an event as bytes
    outbox      what waits for a slow subscriber, and the bargains when it is too much
    subscribers everyone who is to be told
    raw         the pattern alone, on TCP
    websocket   the same through HTTP, both ways
    sse         the same through HTTP, one way: server-sent events (event_stream: their lines)
"""

from patterns.push.contract import Follow, Serve, resume
from patterns.push.outbox import Outbox, Overload
from patterns.push.raw import follow_raw, serve_raw
from patterns.push.sse import follow_sse, serve_sse, sse_bytes
from patterns.push.subscribers import PushServer, Subscribers
from patterns.push.websocket import follow, message_bytes, registration_bytes, serve

__all__ = [
    "Follow",
    "Outbox",
    "Overload",
    "PushServer",
    "Serve",
    "Subscribers",
    "follow",
    "follow_raw",
    "follow_sse",
    "message_bytes",
    "registration_bytes",
    "resume",
    "serve",
    "serve_raw",
    "serve_sse",
    "sse_bytes",
]
