"""Lesson 6, the purgatory: a million held questions, as Kafka's broker holds them.

The problem: long polling holds one question a client; a broker holds those of everyone, each of them about many
things at once, with a time-out of its own, and has to end each exactly once. A thread for each is too much, a list
that is scanned too slow, a timer for each too dear. The assumption: almost every question ends by an event or by its
time-out, and nobody needs it to be remembered precisely who waits for what.
The bargain: a request that cannot be answered is put aside under keys, with a time-out on a timing wheel, and whoever
handled it goes on to the next. In exchange an event has to look at all that is parked under its key, and what has
ended lies about for a while. To a client it is long polling (`follow`), and real Kafka clients do it.

    connections ─▶ request queue ─▶ handlers ─▶ answer ─────────────▶ response queue ─▶ connections
     (muted)        (bounded)           └─▶ purgatory ─ data, time ─▶

    connection  the network: a connection is muted while its request is inside
    requests    the bounded queue, and the handlers: tasks or threads
    fetches     the long poll;  produces  acks=all;  plugged  somebody else's fetches in place of ours
    reaper      the time of a purgatory
    replies     the response queue
    topics, sequences, events, cluster   partitions; repetitions; the course's log as a topic; what clients ask first
    groups      consumer groups: who reads which partition, and how far they have read
    disk        the partitions in a folder, beyond the end of the process
    broker, serving, listener            the parts together
    client      `follow`
"""

from patterns.purgatory.broker import Broker
from patterns.purgatory.client import answer_bytes, fetch_bytes, follow
from patterns.purgatory.events import event_bytes
from patterns.purgatory.serving import serve

__all__ = ["Broker", "answer_bytes", "event_bytes", "fetch_bytes", "follow", "serve"]
