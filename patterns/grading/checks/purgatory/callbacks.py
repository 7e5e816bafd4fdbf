"""Callbacks that come back into the purgatory while a list is being walked over."""

from patterns.grading.checks import Answer, Raised, expect, fail
from patterns.grading.checks.purgatory.place import KEYS, Place, Waiting, exercise

BACK = "callbacks-do-not-come-back"


def event(place: Place, key: str, what: str) -> object:
    """What an event under the key completed; an error that comes out of it is the callback's doing."""
    try:
        return place.event(key)
    except Raised as error:
        return fail(f"{what} Your purgatory broke down.", expected="nothing raised", got=error, idea=BACK)


@exercise.check("call-back", points=3, idea=BACK)
def call_back(answer: Answer) -> None:
    """A callback may watch, look and purge itself: nothing is lost, and nothing counted twice."""
    watches_another(answer)
    looks_itself(answer)
    purges(answer)
    one_after_the_other(answer)


def watches_another(answer: Answer) -> None:
    """What is completed puts something new under the key that is being walked over."""
    for others in ("", "c"):
        place, key = Place(answer), answer.random.choice(KEYS)
        b, *_ = place.watched("b" + others, key)
        new = place.waiting("n")

        def watches(place: Place = place, new: Waiting = new, key: str = key) -> None:
            place.log.append("b")
            place.watch(new, key)

        b.on_complete, b.ready = watches, True
        what = "The callback of b put a new operation under the same key, while you were walking over its list."
        expect(event(place, key, what), 1, f"{what} Only b was ready.")
        new.ready = True
        expect((event(place, key, what), place.log), (1, ["b", "n"]), f"{what} Then the new one became ready.")


def looks_itself(answer: Answer) -> None:
    """What is completed makes others ready and looks under the same key, before and behind itself."""
    place, key = Place(answer), answer.random.choice(KEYS)
    a, b, c, _ = place.watched("abcd", key)
    inside: list[object] = []

    def looks() -> None:
        place.log.append("b")
        a.ready = c.ready = True
        inside.append(event(place, key, what))

    b.on_complete, b.ready = looks, True
    what = "The callback of b made a and c ready, and looked under the same key, while you were walking over its list."
    outside = event(place, key, what)
    expect(sorted(place.log), ["a", "b", "c"], f"{what} Each of the three is to be completed, once.")
    total = sum(int(each) for each in (*inside, outside) if isinstance(each, int))
    why = f"{what} The inner look said {inside[0]}, the outer one {outside}: together they completed three."
    expect(total, 3, why, idea="completed-means-i-completed-it")
    event(place, key, what)
    expect(place.entries, 1, f"{what} d is still waiting.")


def purges(answer: Answer) -> None:
    """What is completed purges the lists."""
    place, key = Place(answer), answer.random.choice(KEYS)
    a, b, c = place.watched("abc", key)
    a.completed = b.ready = c.ready = True

    def purges_itself() -> None:
        place.log.append("b")
        place.purge()

    b.on_complete = purges_itself
    what = "The callback of b purged, while you were walking over the list."
    expect(event(place, key, what), 2, f"{what} b and c were ready.")
    expect(place.log, ["b", "c"], f"{what} b and c were ready.")
    event(place, key, what)
    expect(place.entries, 0, f"{what} All have finished.")


def one_after_the_other(answer: Answer) -> None:
    """Each that is completed makes the next one ready and looks under its key."""
    place = Place(answer)
    operations = [place.waiting(name) for name in "abcde"]
    for operation, key in zip(operations, KEYS, strict=True):
        place.watch(operation, key, KEYS[0]) if key != KEYS[0] else place.watch(operation, key)
    what = "The callback of each made the next one ready, and looked under that one's key."
    for number, operation in enumerate(operations[:-1]):

        def goes_on(number: int = number, name: str = operation.name) -> None:
            place.log.append(name)
            operations[number + 1].ready = True
            event(place, KEYS[number + 1], what)

        operation.on_complete = goes_on
    operations[0].ready = True
    expect(event(place, KEYS[0], what), 1, f"{what} The outermost look completed the first.")
    expect(place.log, list("abcde"), f"{what} So one completed the other, to the end.")
