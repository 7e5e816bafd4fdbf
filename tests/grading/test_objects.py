"""The answer's objects, called from outside, and ours, called by the answer: plain data passes, nothing else."""

from __future__ import annotations

from patterns.grading.checks import Attribute, Error, Raised, expect
from patterns.grading.probe import Answer, Thing

SOURCE = """
    class Shelf:
        def __init__(self, size=3):
            self.size = size
            self.books = []
            self.closed = False

        def put(self, book):
            if len(self.books) == self.size:
                raise ValueError(f"no room for {book}")
            self.books.append(book)
            return len(self.books)

        def __len__(self):
            return len(self.books)

        def itself(self):
            return self

        def walk(self, visitor):
            return [visitor.visit(book) for book in self.books] + [visitor.name]

    class Task:
        def __init__(self):
            self.done = 0

        def run(self):
            self.done += 1
            return self.work(self.done)

    def call(function, *args):
        try:
            return function(*args)
        except LookupError as error:
            return f"caught {error!r}"
"""


def test_objects_are_made_called_looked_at_and_set(trial) -> None:
    def drive(answer: Answer) -> None:
        shelf = answer.Shelf(size=2)
        expect([shelf.put(b"a"), shelf.put(("b",))], [1, 2], "two books")
        expect((shelf.get("books"), len(shelf)), ([b"a", ("b",)], 2), "what is there")
        shelf.set("closed", True)
        expect((shelf.get("closed"), shelf.get("size")), (True, 2), "attributes")
        expect((shelf.itself() == shelf, answer.Shelf() == shelf), (True, False), "identity")
        with answer.must_raise("ValueError", "There is room for two."):
            shelf.put("c")

    assert trial(SOURCE, drive).told == ""


def test_another_outcome_than_the_error_fails(trial) -> None:
    def drive(answer: Answer) -> None:
        with answer.must_raise("ValueError", "There is room for three.", idea="retry-is-safe"):
            answer.Shelf().put(1)

    assert trial(SOURCE, drive).told == "There is room for three. Expected ValueError, got 1."

    def other(answer: Answer) -> None:
        with answer.must_raise("ValueError", "It is no shelf."):
            answer.Shelf().put()

    assert trial(SOURCE, other).got.startswith("TypeError: Shelf.put() missing 1 required positional argument")


def test_many_calls_in_one_message_give_as_many_outcomes(trial) -> None:
    def drive(answer: Answer) -> None:
        shelf = answer.Shelf(size=2)
        *given, last = answer.batch([shelf.put.with_(number) for number in range(3)])
        expect(given, [1, 2], "two were put")
        assert isinstance(last, Raised)
        expect((last.kind, last.text), ("ValueError", "no room for 2"), "the third was not")

    assert trial(SOURCE, drive).told == ""


def test_an_answer_without_the_name_is_told_so(trial) -> None:
    found = trial("x = 1", lambda answer: answer.Shelf())
    assert found.told == "your cell does not define Shelf. Expected a class or function Shelf, got none."


def test_our_objects_are_served_here_and_may_call_back(trial) -> None:
    def drive(answer: Answer) -> None:
        shelf = answer.Shelf()
        shelf.put("a")
        seen = []

        def visit(book: str) -> str:
            seen.append((book, len(shelf)))  # a call from within the answer's own call
            return book.upper()

        visitor = answer.object("visitor", visit=visit, name=Attribute(lambda: f"seen {len(seen)}"))
        expect(shelf.walk(visitor), ["A", "seen 1"], "the walk")
        expect(seen, [("a", 1)], "the visits")

    assert trial(SOURCE, drive).told == ""


def test_our_functions_raise_what_they_give_as_an_error(trial) -> None:
    def drive(answer: Answer) -> None:
        def find(key: str) -> object:
            if key == "raise":
                raise Error("IndexError", key)
            return Error("KeyError", key)

        found = answer.function("find", find)
        expect(answer.call(found, "b"), "caught KeyError('b')", "returned")
        expect(answer.call(found, "raise"), "caught IndexError('raise')", "raised")
        with answer.must_raise("TypeError", "It takes one argument."):
            answer.call(found)

    assert trial(SOURCE, drive).told == ""


def test_a_subclass_has_hooks_here_and_each_gets_its_object(trial) -> None:
    def drive(answer: Answer) -> None:
        worked: list[tuple[Thing, int]] = []
        made = answer.subclass("Task", work=lambda task, number: worked.append((task, number)) or number * 10)
        one, other = made(), made()
        expect([one.run(), other.run(), one.run()], [10, 10, 20], "the results")
        expect(worked == [(one, 1), (other, 1), (one, 2)], True, "which object")

    assert trial(SOURCE, drive).told == ""


def test_what_a_class_makes_stays_there_also_if_it_is_a_dict(trial) -> None:
    source = "class Shelf(dict):\n    def put(self, key):\n        self[key] = 1\n        return len(self)"

    def drive(answer: Answer) -> None:
        for shelf in (answer.Shelf(), answer.subclass("Shelf")()):
            expect([shelf.put("a"), shelf.put("b"), len(shelf)], [1, 2, 2], "how many")

    assert trial(source, drive).told == ""


def test_what_no_check_expected_fails_it_and_nothing_else(trial) -> None:
    found = trial("def shelf():\n    return 5", lambda answer: answer.shelf().put(1))
    assert found.told == (
        "What your code gave cannot be used here. Expected what the task says, got AttributeError: 'int' object has no "
        "attribute 'put'."
    )
