"""Fan-out: one publisher, an outbox for each subscriber, and what happens when one of them is full."""

from patterns.grading.checks import Answer, Exercise, Raised, Running, Thing, expect, fail
from patterns.grading.checks.story import begin

exercise = Exercise("fan_out", lesson="03_push", title="One publisher, many subscribers")

END = "(its end)"  # stands in what a reader was given for the end of the iteration


class Reader:
    """Who iterates over a subscription; it never asks for more than it is told to, and so waits only if told to."""

    def __init__(self, answer: Answer, subscription: Thing) -> None:
        self._answer = answer
        self._events = answer.iterate(subscription)
        self._coming: Running | None = None

    def take(self, most: int) -> list[object]:
        """Up to so many events, as long as there is one without waiting; END behind the last one."""
        taken: list[object] = []
        while len(taken) < most and END not in taken:
            coming = self._coming or self._answer.next_of(self._events)
            if not coming.done:
                self._coming = coming
                break
            self._coming = None
            try:
                taken.append(coming.result())
            except Raised as error:
                if not error.is_a("StopAsyncIteration"):
                    raise
                taken.append(END)
        return taken

    def leave(self) -> None:
        """Wait no longer."""
        if self._coming is not None:
            self._coming.cancel()


def publish(hub: Thing, event: object) -> None:
    """Publish, which gives nothing back, and nothing to await."""
    why = "publish is an ordinary function, without await: it never waits for anybody, and returns None."
    expect(hub.publish(event), None, why, idea="waiting-harms-only-the-slow")


def differs(got: list[object], due: list[object]) -> str | None:
    """Which idea makes an event that is false, or None, something else than an event."""
    for had, wanted in zip([*got, "(nothing)"], due, strict=False):
        if type(had) is not type(wanted) or had != wanted:
            if wanted:
                return None
            return "end-signal-in-the-data" if had == END else "nothing-is-not-a-message"
    return None


@exercise.check("delivered", points=2, idea="a-queue-is-a-broadcast")
def delivered(answer: Answer) -> None:
    """Each subscription gets every event from its beginning on, in order, whatever the event is."""
    hub = answer.Hub()
    early = [hub.subscribe.kept(20) for _ in range(3)]
    events: list[object] = ["a", 0, "b", None, "", False, [], "c"]
    for event in events:
        publish(hub, event)
    for number, subscription in enumerate(early, 1):
        got = Reader(answer, subscription).take(len(events))
        expect(
            got,
            events,
            f"Eight events were published; this is what subscription {number} of 3 got.",
            idea=differs(got, events),
        )
    reader = Reader(answer, hub.subscribe.kept(20))
    publish(hub, "d")
    why = "It subscribed after the eight events and before the ninth; this is what it got."
    expect(reader.take(9), ["d"], why, idea="back-means-caught-up")
    reader.leave()


@exercise.check("at-once", points=1, idea="sleep-and-look-is-waiting")
def at_once(answer: Answer) -> None:
    """Publish returns at once, and who waits has the event in the same moment."""
    hub = answer.Hub()
    reader = Reader(answer, hub.subscribe.kept(5))
    for number in range(1, 5):
        nothing = reader.take(1)
        expect(nothing, [], "There is no event yet, so who asks for one waits.", idea="nothing-is-not-a-message")
        answer.advance(answer.random.randrange(1, 4000) / 1024)
        publish(hub, number)
        if not (got := reader.take(1)):
            answer.advance(1.0)
            late = bool(reader.take(1))
            idea = "sleep-and-look-is-waiting" if late else "look-then-wait-is-safe"
            fail(
                "It was waiting when the event came.",
                expected="it has it at once",
                got="later" if late else "never",
                idea=idea,
            )
        expect(got, [number], "It was waiting when the event came.")


@exercise.check("capacity", points=3, idea="about-right-is-right")
def capacity(answer: Answer) -> None:
    """So many events may wait, not more and not fewer; the one that finds no room is dropped and closes, at once."""
    for room in (3, 1, answer.random.randrange(4, 9)):
        begin(answer)
        hub = answer.Hub()
        subscription = hub.subscribe.kept(room)
        reader = Reader(answer, subscription)
        for number in range(1, room + 1):
            publish(hub, number)
        why = f"capacity is {room}, and {room} events wait: all of them have found room."
        expect(subscription.get("closed"), False, why)
        expect(reader.take(1), [1], "The first event is taken.")
        publish(hub, room + 1)
        why = f"capacity is {room}; one of {room} events was taken, and the next one came into its place."
        expect(subscription.get("closed"), False, why, idea="a-buffer-is-used-up")
        publish(hub, "one too many")
        closed = subscription.get("closed")
        if closed is not True:
            why = f"capacity is {room}, and {room} events were waiting when the next one came."
            idea = kept_open(hub, subscription, reader, room)
            fail(why, expected="closed is True at once", got=f"closed is {closed!r}", idea=idea)


def kept_open(hub: Thing, subscription: Thing, reader: Reader, room: int) -> str:
    """What somebody believes who has not closed: seen from what becomes of one more, and of all of them."""
    publish(hub, "two too many")
    if subscription.get("closed") is True:
        return "about-right-is-right"
    got = reader.take(room + 3)
    reader.leave()
    if got[: room + 2] == [*range(2, room + 2), "one too many", "two too many"]:
        return "back-pressure-comes-by-itself"
    return "closing-waits-for-the-reader" if subscription.get("closed") is True else "a-dropped-event-is-noticed"


@exercise.check("ends", points=2, idea="cut-off-means-lost")
def ends(answer: Answer) -> None:
    """A closed subscription still gives what it had, nothing that came later, and then ends."""
    hub = answer.Hub()
    reader = Reader(answer, hub.subscribe.kept(3))
    for event in ("a", "b", "c", "dropped"):
        publish(hub, event)
    why = "capacity is 3 and the fourth event closed it: the first three were there in time, and are still to be had."
    expect(reader.take(1), ["a"], why)
    publish(hub, "later")
    got = reader.take(4)
    if "later" in got or "dropped" in got:
        why = "It was closed, then there was room again, and another event came: there is a gap, so nothing may follow."
        fail(why, expected="'b', 'c', its end", got=repr(got), idea="a-dropped-event-is-noticed")
    idea = "response-ends-when-bytes-pause" if got == ["b", "c"] else None
    expect(got, ["b", "c", END], f"{why} Then the iteration ends.", idea=idea)
    expect(
        reader.take(1), [END], "Who asks again after the end is told so again.", idea="response-ends-when-bytes-pause"
    )


@exercise.check("others", points=2, idea="a-slow-subscriber-slows-all")
def others(answer: Answer) -> None:
    """When one subscription runs over, no other notices, nor does the publisher."""
    hub = answer.Hub()
    rooms = [2, 30, 1, 1, 30]
    answer.random.shuffle(rooms)
    rooms = [1, 30, *rooms]  # one that runs over, and right behind it one that does not
    subscriptions = [hub.subscribe.kept(room) for room in rooms]
    for number in range(1, 6):
        try:
            publish(hub, number)
        except Raised as error:
            why = "A subscription had no room, and the publisher got an error: whoever stands behind it got nothing."
            fail(why, expected="publish returns", got=str(error))
    for room, subscription in zip(rooms, subscriptions, strict=True):
        if room == 30:
            why = f"The capacities were {rooms}, and five events came. This one had room for 30."
            expect(subscription.get("closed"), False, why)
            got = Reader(answer, subscription).take(5)
            idea = "a-list-may-change-while-it-is-walked" if 0 < len(got) < 5 and END not in got else None
            expect(got, [1, 2, 3, 4, 5], why, idea=idea)
