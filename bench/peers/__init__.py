"""Servers that hold the same question, each written as one would write it there.

    GET /events?from=N&wait=S   held until event N is there, or for S seconds
    200, what happened from N on; or 204, nothing

`bench/held.py` prices those beside lesson 5's, `bench/fetches.py` some of them beside lesson 6's broker, which is asked
the same in Kafka's words: Fetch, topic `events`, from offset N on.

The assumption that makes them equal: an event is a signal, SIGUSR2. It reaches each of them without a connection,
costs the same whatever the number of clients, and all the server has to do for it is to wake those who wait.
The bargain: each server is a single process with a log of its own in memory. The peers' logs are lists of
payloads, and their answers nothing but these; the lesson's answers tell each event's offset and time besides.
"""

import signal

HAPPENS = signal.SIGUSR2  # to the server: an event, now
PAYLOAD = b"." * 100  # of every event
WAIT_S = 30.0  # who does not say how long
BACKLOG = 4096
