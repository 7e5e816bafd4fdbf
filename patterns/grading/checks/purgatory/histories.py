"""Random histories, beside plain lists."""

from patterns.grading.checks import Answer, expect
from patterns.grading.checks.purgatory.place import KEYS, Place, Waiting, exercise

STEPS = 60


class Lists:
    """What has to be on the lists: the simplest thing that can be right."""

    def __init__(self) -> None:
        self.of: dict[str, list[Waiting]] = {key: [] for key in KEYS}

    @property
    def entries(self) -> int:
        """How many there are."""
        return sum(map(len, self.of.values()))

    def ready(self, key: str) -> list[str]:
        """Whom an event under this key completes."""
        return [each.name for each in self.of[key] if each.ready and not each.completed]

    def drop(self, *keys: str) -> int:
        """Drop what has finished under these keys; how many entries."""
        before = self.entries
        for key in keys:
            self.of[key] = [each for each in self.of[key] if not each.completed]
        return before - self.entries


@exercise.check("histories", points=2, idea="the-finished-leave-by-themselves")
def histories(answer: Answer) -> None:
    """Over a long random history it says what plain lists say."""
    random, place, lists = answer.random, Place(answer), Lists()
    everybody: list[Waiting] = []
    for number in range(STEPS):
        key = random.choice(KEYS)
        match random.choices(("watch", "event", "other", "ready", "purge"), (8, 6, 2, 6, 1))[0]:
            case "watch":
                operation = place.waiting(f"o{number}", ready=random.random() < 0.1)
                keys = random.sample(KEYS, random.randint(1, 3))
                said = place.watch(operation, *keys)
                expect(said, operation.ready, "It completes at once what is ready, and puts aside what is not.")
                everybody.append(operation)
                for each in keys if not operation.ready else ():
                    lists.of[each].append(operation)
            case "event":
                place.log, wanted = [], lists.ready(key)
                why = f"{len(wanted)} of those who wait under {key} were ready, and are completed in order of arrival."
                expect(place.event(key), len(wanted), why, idea="completed-means-i-completed-it")
                expect(place.log, wanted, why, idea="any-order-will-do")
                lists.drop(key)
            case "purge":
                why = "As many entries had finished."
                expect(place.purge(), lists.drop(*KEYS), why, idea="watched-counts-operations")
            case what:  # somebody becomes ready, or is completed by somebody else
                for operation in random.sample(everybody, min(2, len(everybody))):
                    setattr(operation, "ready" if what == "ready" else "completed", True)
        expect(place.entries, lists.entries, f"The entries on all lists, after step {number + 1} of a random history.")
