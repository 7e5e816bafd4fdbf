"""So many handlers, in which order, what becomes of an error, and how it all ends."""

from patterns.grading.checks import Answer, Raised, expect, fail
from patterns.grading.checks.request_path.path import Path, Submitted, exercise

KINDS = ("ValueError", "KeyError", "TimeoutError", "ConnectionResetError")


@exercise.check("handlers", points=2, idea="more-handlers-do-no-harm", leftovers=False)
def handlers(answer: Answer) -> None:
    """As many requests are at work as there are handlers, never more; a handler that is free takes the next at once."""
    count = answer.random.randint(2, 4)
    path = Path(answer, handlers=count, queue_size=10)
    requests = [path.submit(letter) for letter in "abcdefgh"]
    at_work, idea = len(path.at_work), None
    if at_work < count:  # what does it do next: as little, or as much as has come meanwhile?
        requests[0].answer()
        idea = "a-batch-fills-free-places" if len(path.at_work) > 1 else "one-task-is-enough"
    why = f"{path.what}, and eight connections sent a request each. So many were at work at once."
    expect(at_work, count, why, idea=idea)
    while any(not request.is_answered for request in requests):
        done = answer.random.choice([request for request in requests if request.is_at_work])
        answer.advance(0.5)
        done.answer()
        left = sum(not request.is_answered for request in requests)
        why = f"{path.what}: {done.request} was answered, and {left} were left."
        idea = "a-batch-fills-free-places" if len(path.at_work) < min(count, left) else None
        expect(len(path.at_work), min(count, left), f"{why} So many were at work.", idea=idea)


@exercise.check("arrival", points=1, idea="any-order-will-do", leftovers=False)
def arrival(answer: Answer) -> None:
    """Requests are taken out of the queue in the order in which they were put in."""
    path = Path(answer, handlers=1, queue_size=10)
    letters = answer.random.sample("abcdefgh", 8)
    requests = [path.submit(letter) for letter in letters]
    for request in requests:
        expect(path.at_work, [request.request], f"The requests came in this order: {', '.join(letters)}.")
        request.answer()


@exercise.check("errors", points=3, idea="a-caught-error-is-handled", leftovers=False)
def errors(answer: Answer) -> None:
    """What handle raises is raised by that request's future, and nothing else changes by it."""
    path = Path(answer, handlers=2, queue_size=3)
    for kind in answer.random.sample(KINDS, len(KINDS)):
        fails, other = path.submit("a"), path.submit("b")
        if not fails.is_queued:
            why = "The last request of connection a has failed. That is an answer too: the connection is free again."
            fail(why, expected="a future", got="submit is still waiting", idea="cleaning-up-comes-after-success")
        why = f"{path.what}, and some requests before have failed. Their handlers are needed for the next ones."
        expect(
            sorted(path.at_work), sorted([fails.request, other.request]), why, idea="a-failed-request-ends-its-worker"
        )
        fails.taken().fail(kind, "from handle")
        error = raised(fails)
        if error is None:
            fail(f"handle raised {kind}. Whoever asked has to be told.", expected=kind, got="a result")
        expect((error.kind, error.text.strip("'")), (kind, "from handle"), "handle raised this error.")
        expect.true(not other.is_answered, "Another request failed.", expected="it goes on", got="its future is done")
        other.answer("well")
        expect(other.result(), "well", "Another request had failed, this one went well.")


def raised(request: Submitted) -> Raised | None:
    """What its future raised."""
    try:
        request.result()
    except Raised as error:
        return error
    return None


@exercise.check("leaving", points=2, idea="tasks-end-with-their-context")
def leaving(answer: Answer) -> None:
    """When the context has been left, every task has ended."""
    for letters in ("", "abcde"):
        path = Path(answer, handlers=3, queue_size=5)
        requests = [path.submit(letter) for letter in letters]
        for request in requests:
            request.answer()
            request.result()
        left = answer.leave(path.manager)
        why = f"{path.what}: all requests have been answered, and the context is left."
        expect.true(left.done, why, expected="it is left at once", got="it waits for ever")
        left.result()
        tasks = answer.leftovers()
        expect.true(not tasks, f"{why} Nobody needs your tasks any more.", expected="no task", got="; ".join(tasks))

    path = Path(answer, handlers=2, queue_size=5)
    for letter in "abc":
        path.submit(letter).is_queued  # noqa: B018 - to look is to await its future
    for call in path.handle.open:
        call.hold_cancel(0.5)
    left = answer.leave(path.manager)
    while not left.done and answer.now < 100.0:  # it may wait for what is at work, or cancel it
        for call in path.handle.open:
            if not call.cancelling:
                call.reply("done")
        answer.advance(0.25)
    why = (
        f"{path.what}: the context is left while requests are at work; if they are cancelled, they take half a second."
    )
    expect.true(left.done, why, expected="it is left when they have ended", got="it waits for ever")
    still = [call for call in path.handle.calls if not call.done]
    got = f"{still[0]} is still running" if still else ""
    expect.true(not still, why, expected="every task has ended", got=got, idea="cancelled-means-ended")
