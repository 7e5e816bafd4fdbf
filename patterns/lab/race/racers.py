"""The racers: each lesson that delivers events, with the formula that knows beforehand what it will cost.

Here lessons and prices meet: `cost.race` takes any pattern, a lesson knows no price, so what joins the two stands
above both. A model is given the events that will happen, follows one client at a time from its arrival on, and
adds the clients up.

A client arrives, its connection takes a round trip, and only then its first request sets out; a message's size is
the lesson's own arithmetic (`question_bytes`, `answer_bytes`, `message_bytes`), at the offset in the middle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from patterns import long_polling, purgatory, push, short_polling
from patterns.cost.model import given
from patterns.cost.model.given import Hour, Sizes
from patterns.cost.race import Conditions, Expected, Racer
from patterns.push import message_bytes, registration_bytes
from patterns.push.events import event_bytes
from patterns.push.websocket import PING_BYTES, PONG_BYTES
from patterns.short_polling.exchange import Question, answer_bytes, question_bytes
from patterns.wire.framing import Response
from patterns.wire.listen import Address
from patterns.wire.tap import Seen
from patterns.wire.tap.kafka import KAFKA

SOMEWHERE = Address("127.0.0.1", 50_000)  # as long as the addresses that the system chooses


def racers(
    *, interval_s: float = 5.0, wait_s: float = 30.0, heartbeat_s: float | None = None, broker: bool = True
) -> dict[str, Racer]:
    """The patterns of lessons 3 to 6 on the starting line, by name.

    interval_s: between two polls of short polling. wait_s: how long long polling's server, or the broker, holds a
    question.
    heartbeat_s: of push; `wait_s` unless given, so that both hear from a living client equally often.
    broker: whether lesson 6's takes part, which to its clients is long polling once more.
    """
    beat_s = wait_s if heartbeat_s is None else heartbeat_s
    found = {
        "push": Racer(push, {"heartbeat_s": beat_s, "silence_s": 2 * beat_s + 10}, model=partial(_push, beat_s)),
        "short polling": Racer(
            short_polling,
            {"interval_s": interval_s, "idle_timeout_s": 2 * interval_s + 10},
            brings_nothing,
            partial(_short_polling, interval_s),
        ),
        "long polling": Racer(long_polling, {"wait_s": wait_s}, brings_nothing, partial(_long_polling, wait_s)),
    }
    if broker:
        model = partial(_purgatory, wait_s)
        found["purgatory"] = Racer(purgatory, {"wait_s": wait_s}, brings_no_records, model, KAFKA)
    return found


def brings_nothing(seen: Seen) -> bool:
    """Whether an answer says "not yet": 204, 304, or 200 with an empty body."""
    response = getattr(seen.message, "what", None)
    return isinstance(response, Response) and (response.status in {204, 304} or not response.body)


def brings_no_records(seen: Seen) -> bool:
    """Whether an answer to a fetch says "not yet": no error, and no record."""
    response = getattr(seen.message, "what", None)
    parts = [part for topic in response.body.responses for part in topic.partitions] if response is not None else []
    return bool(parts) and not any(part.records or part.error_code for part in parts)


def _push(heartbeat_s: float, conditions: Conditions) -> Expected:
    """One registration, then one message an event, and the heartbeat: a ping there, a pong back."""
    sizes = Sizes(*registration_bytes(SOMEWHERE, 0), message_bytes(conditions.payload_bytes))
    expected = _together("push", conditions, given.push_hour, sizes)
    beats = sum(int((conditions.duration_s - start_s) // heartbeat_s) for start_s in _starts(conditions))
    row = expected.cost
    return replace(
        expected,
        cost=replace(
            row,
            messages_to_server=row.messages_to_server + beats,
            messages_to_client=row.messages_to_client + beats,
            bytes_to_server=row.bytes_to_server + beats * PONG_BYTES,
            bytes_to_client=row.bytes_to_client + beats * PING_BYTES,
        ),
    )


def _short_polling(interval_s: float, conditions: Conditions) -> Expected:

    def hour(times_s: Sequence[float], duration_s: float, *, rtt_s: float, start_s: float) -> Hour:
        """Its turns come from its arrival on; only the first has to wait for the connection."""
        return given.short_polling_hour(
            times_s, duration_s, interval_s=interval_s, rtt_s=rtt_s, start_s=start_s - rtt_s, connect_s=rtt_s
        )

    return _together("short polling", conditions, hour, _sizes(conditions, None))


def _long_polling(wait_s: float, conditions: Conditions) -> Expected:
    hour = partial(given.long_polling_hour, wait_s=wait_s)
    return _together("long polling", conditions, hour, _sizes(conditions, wait_s))


def _purgatory(wait_s: float, conditions: Conditions) -> Expected:
    """Long polling once more: other bytes, and a clock that counts milliseconds."""
    hour = partial(given.long_polling_hour, wait_s=wait_s, ticks_a_s=1000)
    event = purgatory.event_bytes(conditions.payload_bytes)
    return _together("purgatory", conditions, hour, Sizes(purgatory.fetch_bytes(), purgatory.answer_bytes(), event))


def _together(pattern: str, conditions: Conditions, hour: Callable[..., Hour], sizes: Sizes) -> Expected:
    """Follow each client from its first request on, and add them up.

    As in the race: counted is what happens in the duration; what is under way at its end is still delivered.
    """

    def hours(duration_s: float) -> list[Hour]:
        path = {"rtt_s": 2 * conditions.delay_s}
        return [hour(conditions.events, duration_s, start_s=start_s, **path) for start_s in _starts(conditions)]

    row = given.row(pattern, hours(conditions.duration_s), len(conditions.events), sizes)
    delivered = given.row(pattern, afterwards := hours(2 * conditions.duration_s), len(conditions.events))
    held_s = sum(conditions.duration_s - arrival_s - 2 * conditions.delay_s for arrival_s in conditions.arrivals)
    return Expected(
        replace(
            row,
            connections_held_s=held_s,
            staleness_p50_s=delivered.staleness_p50_s,
            staleness_p99_s=delivered.staleness_p99_s,
            staleness_max_s=delivered.staleness_max_s,
            events_missed=delivered.events_missed,
        ),
        tuple(age_s for client in afterwards for age_s in client.staleness_s),
    )


def _starts(conditions: Conditions) -> list[float]:
    """When each client's first request sets out: its connection has taken a round trip."""
    return [arrival_s + 2 * conditions.delay_s for arrival_s in conditions.arrivals]


def _sizes(conditions: Conditions, wait_s: float | None) -> Sizes:
    """Of polls and their answers, at the offset in the middle."""
    middle = len(conditions.events) // 2
    nothing = answer_bytes(middle)
    event = event_bytes(conditions.payload_bytes)
    news = answer_bytes(middle, [conditions.payload_bytes]) - nothing - event
    return Sizes(question_bytes(SOMEWHERE, Question(middle, wait_s)), nothing, event, news)
