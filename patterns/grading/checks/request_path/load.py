"""Many connections for a while, each with one request after the other, and no promise broken at any moment."""

from collections import Counter

from patterns.grading.checks import After, Answer, Call, Error, expect
from patterns.grading.checks.request_path.handling import raised
from patterns.grading.checks.request_path.path import Path, Submitted, exercise, request_of

CONNECTIONS = "abcdefg"
REQUESTS = 5  # of each connection


@exercise.check("load", points=2, idea="more-handlers-do-no-harm", leftovers=False)
def load(answer: Answer) -> None:
    """Seven connections send requests that take a while, and at every moment all promises hold."""
    random = answer.random
    handlers, size = random.choice(((2, 2), (3, 1), (3, 2)))

    def serve(call: Call) -> After:
        takes = random.randrange(1, 64) / 64
        fails = random.random() < 0.15
        request = request_of(call)
        return After(takes, Error("ValueError", request) if fails else f"answer to {request}")

    path = Path(answer, handlers=handlers, queue_size=size, serve=serve)
    newest: dict[str, Submitted] = {connection: path.submit(connection) for connection in CONNECTIONS}
    sent = Counter(CONNECTIONS)
    while any(not request.is_answered for request in newest.values()):
        promises(path, handlers, size)
        answer.advance(1 / 64)
        for connection, request in list(newest.items()):
            if request.is_answered:
                error = raised(request)
                told = error.text if error is not None else str(request.result()).removeprefix("answer to ")
                expect(told, request.request, "Each future has the answer to its own request.")
                if sent[connection] < REQUESTS:
                    sent[connection] += 1
                    newest[connection] = path.submit(connection)
        limit = len(CONNECTIONS) * REQUESTS + 1.0
        got = f"{len(path.at_work)} at work, {len(path.queued)} in the queue"
        expect.true(answer.now < limit, f"{path.what}: it came to a standstill.", expected="all answered", got=got)
    wanted = sorted(f"{connection}{number}" for connection in CONNECTIONS for number in range(REQUESTS))
    expect(sorted(map(request_of, path.handle.calls)), wanted, "Each request was handled, once.")


def promises(path: Path, handlers: int, size: int) -> None:
    """See that everything holds at this moment."""
    at_work, queued = path.at_work, path.queued
    told = f"{path.what}, at {path.answer.now:g} s: at work {at_work}, in the queue {queued}."
    expect.true(len(at_work) <= handlers, f"{told} That is more at work than there are handlers.")
    why = f"{told} That is more in the queue than it may hold."
    expect.true(len(queued) <= size, why, idea="a-queue-without-a-limit-is-kinder")
    why = f"{told} A handler is free, and requests are waiting."
    expect.true(len(at_work) == handlers or not queued, why, idea="a-batch-fills-free-places")
    in_flight = Counter(request[0] for request in at_work + queued)
    why = f"{told} Two of them came on one connection."
    expect.true(max(in_flight.values(), default=0) <= 1, why, idea="answers-find-their-order-by-themselves")
