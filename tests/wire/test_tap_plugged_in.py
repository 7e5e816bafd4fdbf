from patterns.wire.framing import Truncated
from patterns.wire.tap import Direction, Framing, Kind, Message, Readers, Record, Traffic

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT


class Netstrings:
    """A framing plugged in: `3:abc,` (D. J. Bernstein, 1997)."""

    within = "netstring"
    fed_bytes = 0

    def __init__(self, other=None):
        self.rest, self.at, self.other, self.count = b"", 0, other, 0

    def feed(self, data):
        Netstrings.fed_bytes += len(data)
        self.rest += data
        found = []
        while b":" in self.rest:
            head = self.rest.index(b":") + 1
            end = head + int(self.rest[: head - 1])
            if len(self.rest) <= end:
                break
            text, self.rest = self.rest[head:end].decode(), self.rest[end + 1 :]
            answers = f" after {self.other.count} questions" if self.other else ""
            found.append(Message(text, self.at, self.at + end + 1, text + answers))
            self.at += end + 1
            self.count += 1
        return found

    def eof(self):
        if self.rest:
            raise Truncated("a comma", "the end", "send it")
        return []


def netstrings():
    asked = Netstrings()
    return Readers(asked, Netstrings(asked))


NETSTRINGS = Framing("netstrings", netstrings)


def test_another_framing_plugs_in_and_its_readers_may_know_of_each_other():
    made = Traffic(framing=NETSTRINGS)
    for number, (way, data) in enumerate([(UP, b"3:abc,2:"), (DOWN, b"1:x,"), (UP, b"de,"), (DOWN, b"1:y,9")]):
        made.append(Record(number, 1, way, Kind.DATA, data, number))
    made.append(Record(5, 1, DOWN, Kind.EOF, b"", 5))
    assert [(seen.direction, seen.label or seen.error, seen.data) for seen in made.messages()] == [
        (UP, "abc", b"3:abc,"),
        (DOWN, "x after 1 questions", b"1:x,"),
        (UP, "de", b"2:de,"),
        (DOWN, "y after 2 questions", b"1:y,"),
        (DOWN, "incomplete: expected a comma, got the end; send it", b"9"),
    ]


def test_what_was_read_is_not_read_again():
    made = Traffic(framing=NETSTRINGS)
    Netstrings.fed_bytes = 0
    for number in range(300):
        made.append(Record(number, 1, UP, Kind.DATA, b"3:abc,", number))
        assert len(made.messages()) == number + 1
    assert Netstrings.fed_bytes == made.bytes(UP) == 1800
