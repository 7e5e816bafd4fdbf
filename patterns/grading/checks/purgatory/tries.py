"""Try, watch, try again: no event is lost, and who says that it completed the operation has done so."""

from patterns.grading.checks import Answer, expect
from patterns.grading.checks.purgatory.place import KEYS, Place, exercise


@exercise.check("no-keys", points=1, idea="no-keys-is-nothing-to-do")
def no_keys(answer: Answer) -> None:
    """An operation without a key is refused: nothing could ever complete it."""
    for ready in (False, True):
        place = Place(answer)
        with answer.must_raise("ValueError", "There was no key: no event would ever find the operation."):
            place.watch(place.waiting("a", ready=ready))
        expect(place.entries, 0, "What was refused is not watched.")


@exercise.check("own-try", points=2, idea="completed-means-i-completed-it")
def own_try(answer: Answer) -> None:
    """It says True only if one of its own tries completed the operation."""
    keys = answer.random.sample(KEYS, 3)
    place = Place(answer)
    why = "It was ready: the first try completed it."
    expect(place.watch(place.waiting("a", ready=True), *keys), True, why)
    why = "It was completed at the first try, and need not wait on any list."
    expect(place.entries, 0, why, idea="the-finished-leave-by-themselves")
    expect(place.watch(place.waiting("b"), *keys), False, "It was not ready: it waits.")
    expect(place.entries, 3, "It waits under three keys: three entries.", idea="one-key-is-enough")

    late = place.waiting("c")
    late.after_look = lambda number: setattr(late, "ready", True)
    why = "It became ready after the first try had looked: the second try completed it."
    expect(place.watch(late, *keys), True, why, idea="an-event-cannot-fall-between")

    other = place.waiting("d")
    other.after_look = lambda number: setattr(other, "completed", True)
    why = "Somebody else, on another thread say, completed it between the two tries. You said that it was you."
    expect(place.watch(other, *keys), False, why)


@exercise.check("two-tries", points=1, idea="to-try-is-free")
def two_tries(answer: Answer) -> None:
    """It is tried twice at most, however many keys there are."""
    place = Place(answer)
    for count in (1, answer.random.randint(2, 4), len(KEYS)):
        operation = place.waiting("a")
        place.watch(operation, *answer.random.sample(KEYS, count))
        tries = operation.tries
        expect.true(tries <= 2, f"The operation has {count} keys.", expected="2 tries at most", got=f"{tries} tries")


@exercise.check("every-key", points=1, idea="one-key-is-enough")
def every_key(answer: Answer) -> None:
    """An event under any of its keys finds it, and one under another does not."""
    for number in range(3):
        place, keys = Place(answer), answer.random.sample(KEYS, 4)
        operation = place.waiting("a")
        place.watch(operation, *keys[:3])
        operation.ready = True
        expect(place.event(keys[3]), 0, f"It does not wait under {keys[3]}.")
        why = f"It waits under {', '.join(keys[:3])}; it has become ready, and {keys[number]} had an event."
        expect(place.event(keys[number]), 1, why)
        expect(place.log, ["a"], why)


@exercise.check("lost-wake-up", points=3, idea="an-event-cannot-fall-between")
def lost_wake_up(answer: Answer) -> None:
    """No event is lost, whenever it comes: also between a look and what is done then."""
    for when in (1, 2):
        for number in (0, 1):
            event_after_look(answer, when, answer.random.sample(KEYS, 2), number)


def event_after_look(answer: Answer, when: int, keys: list[str], number: int) -> None:
    """The event comes under one of the keys, just when try `when` has looked and not seen it."""
    place = Place(answer)
    operation = place.waiting("a")

    def comes(tries: int) -> None:
        if tries == when and not operation.ready:
            operation.ready = True
            place.event(keys[number])

    operation.after_look = comes
    said = place.watch(operation, *keys)
    look = ("first", "second")[when - 1]
    why = f"The event came, under {keys[number]}, just when the {look} try had looked and seen nothing."
    tries = f"{operation.tries} tries" if operation.tries > 1 else "one try"
    got = f"waiting after {tries}, and nobody will ever wake it"
    expect.true(operation.completed, why, expected="completed", got=got)
    by = "by the second try" if when == 1 else "by the event, and not by one of the two tries"
    expect(said, when == 1, f"It was completed {by}.", idea="completed-means-i-completed-it")
