"""Who is completed under a key, in which order, and what is left on the lists."""

from patterns.grading.checks import Answer, expect
from patterns.grading.checks.purgatory.place import KEYS, Place, exercise


@exercise.check("counts", points=3, idea="one-event-ends-one-wait")
def counts(answer: Answer) -> None:
    """An event tries all who wait under its key, and tells how many it completed."""
    place, key = Place(answer), answer.random.choice(KEYS)
    expect(place.event(key), 0, "Nobody waits under this key.")
    operations = place.watched("abcdef", key)
    for operation in operations[1::2]:
        operation.ready = True
    why = "Six waited; b, d and f had become ready."
    expect((place.event(key), sorted(place.log)), (3, ["b", "d", "f"]), why)
    expect(place.event(key), 0, "What was completed is completed; the rest is not ready.")
    expect(place.entries, 3, "Three are still waiting.", idea="the-finished-leave-by-themselves")

    place, count = Place(answer), answer.random.randint(4, 6)
    operations = place.watched("abcdef"[:count], key)
    for operation in operations:
        operation.ready = True
    why = f"All {count} who waited had become ready, one beside the other."
    expect((place.event(key), place.entries), (count, 0), why, idea="a-list-may-change-while-it-is-walked")

    place = Place(answer)
    a, b, c, d = place.watched("abcd", key)
    a.completed = c.completed = d.ready = True
    why = "a and c had been completed by others before; this call completed d, and only d."
    expect(place.event(key), 1, why, idea="completed-means-i-completed-it")
    why = "a, c and d have finished, and are dropped under this key; b waits."
    expect(place.entries, 1, why, idea="the-finished-leave-by-themselves")
    b.ready = True
    expect(place.event(key), 1, "b had become ready.")


@exercise.check("arrival", points=1, idea="any-order-will-do")
def arrival(answer: Answer) -> None:
    """They are completed in the order in which they came."""
    place = Place(answer)
    operations = place.watched("abcdefghij", "events-0")
    for operation in operations:
        operation.ready = answer.random.random() < 0.8
    place.event("events-0")
    wanted = [operation.name for operation in operations if operation.ready]
    expect(place.log, wanted, "The order in which you completed them; they came in order of the alphabet.")


@exercise.check("entries", points=2, idea="watched-counts-operations")
def entries(answer: Answer) -> None:
    """`watched` counts entries, operations times keys; the finished leave with a look under that key only."""
    x, y, z = answer.random.sample(KEYS, 3)
    place = Place(answer)
    a, b, c = place.waiting("a"), place.waiting("b"), place.waiting("c")
    place.watch(a, x, y, z)
    place.watch(b, x, y)
    place.watch(c, x)
    expect(place.entries, 6, "a waits under three keys, b under two, c under one.")
    a.ready = True
    expect(place.event(z), 1, "a had become ready, and waits under this key.")
    why = "Entries that have finished stay under their other keys, and count, until these are looked at or purged."
    expect(place.entries, 5, why, idea="the-finished-leave-by-themselves")
    b.completed = True
    expect(place.entries, 5, why, idea="the-finished-leave-by-themselves")
    expect(place.event(x), 0, "Nothing was completed by this call.", idea="completed-means-i-completed-it")
    why = "a and b have finished, and left this key; they are left under one more each; c waits."
    expect(place.entries, 3, why, idea="the-finished-leave-by-themselves")
    why = "a and b have left their last key; c waits."
    expect((place.event(y), place.entries), (0, 1), why, idea="the-finished-leave-by-themselves")


@exercise.check("purge", points=2, idea="the-finished-leave-by-themselves")
def purge(answer: Answer) -> None:
    """A purge drops all finished entries, tells how many, and leaves alone what waits."""
    x, y, z = answer.random.sample(KEYS, 3)
    place = Place(answer)
    expect(place.purge(), 0, "Nothing is there.")
    a, b, c = place.waiting("a"), place.waiting("b"), place.waiting("c")
    place.watch(a, x, y)
    place.watch(b, x, z)
    place.watch(c, z, y)
    expect(place.purge(), 0, "Everybody waits: nothing is to be dropped.", idea="purge-means-empty")
    expect(place.entries, 6, "Everybody waits: nothing is to be dropped.", idea="purge-means-empty")
    a.completed = b.completed = True
    dropped, left = place.purge(), place.entries
    why = "c waits under two keys, and must go on waiting: nothing else would ever find it."
    expect.true(left >= 2, why, expected="2 entries", got=f"{left}", idea="purge-means-empty")
    expect(left, 2, "a and b have finished, under two keys each; c waits under two.")
    why = "It tells how many entries were dropped: two operations, under two keys each."
    expect(dropped, 4, why, idea="watched-counts-operations")
    c.ready = True
    expect(place.event(z), 1, "c was waiting, and a purge leaves alone what waits.", idea="purge-means-empty")
    expect((place.purge(), place.entries, place.purge()), (1, 0, 0), "c has finished, and lies under one more key.")
