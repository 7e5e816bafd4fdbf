"""Who has to wait before a request is queued: who is muted, and who finds the queue full."""

from patterns.grading.checks import Answer, Thing, expect, fail
from patterns.grading.checks.request_path.path import Path, exercise


@exercise.check("queued", points=1, idea="submitted-means-answered", leftovers=False)
def queued(answer: Answer) -> None:
    """A request that nothing stands in the way of is queued at once; its future becomes what handle returns."""
    for value in (answer.random.randrange(10**6), None, b"\x00bytes", ["a", "list"]):
        path = Path(answer, handlers=2, queue_size=2)
        why = f"async with {path.what} as path: path is what __aenter__ returns."
        is_path = isinstance(path.entered, Thing)
        expect.true(is_path, why, expected="the path", got=path.entered, idea="with-as-names-the-manager")
        request = path.submit("a")
        why = (
            "The queue was empty and the connection free: submit queues the request and returns, with the answer open."
        )
        expect.true(request.is_queued, why, expected="a future at once", got="submit is still waiting")
        expect(path.at_work, ["a0"], "A handler is free: it takes the request at once, whether or not anybody awaits.")
        expect.true(
            not request.is_answered, "handle has not returned yet.", expected="an open future", got="a done one"
        )
        answer.advance(answer.random.random())
        request.answer(value)
        expect(request.result(), value, "The future becomes what handle returned.")


@exercise.check("muted", points=3, idea="answers-find-their-order-by-themselves", leftovers=False)
def muted(answer: Answer) -> None:
    """While a request of a connection is in flight, in the queue or at work, its next one waits outside."""
    path = Path(answer, handlers=3, queue_size=5)
    first = path.submit("a")
    second, third = path.submit("a"), path.submit("a")
    why = "a0 of connection a is at work, two handlers are free, and a1 and a2 came on the same connection."
    outside = not second.is_queued and not third.is_queued
    expect.true(outside, why, expected="submit of a1 and of a2 waits", got="it returned at once")
    answer.advance(1.0)
    expect(path.at_work, ["a0"], f"{why} If a1 is through first, the client takes its answer for that to a0.")
    first.answer("one")
    expect(first.result(), "one", "handle returned it.", idea="a-caught-error-is-handled")
    why = "a0 has been answered: connection a is free, and one of those who waited for it is queued at once, only one."
    queued = sum(request.is_queued for request in (second, third))
    expect(queued, 1, f"{why} So many calls of submit returned.")
    expect(len(path.at_work), 1, f"{why} So many were at work.")

    path = Path(answer, handlers=1, queue_size=5)
    work, waits = path.submit("b"), path.submit("a")
    behind = path.submit("a")
    why = "a0 waits in the queue, and a1 came on the same connection."
    expect.true(not behind.is_queued, why, expected="submit of a1 waits", got="it returned at once")
    work.answer()
    expect(path.at_work, ["a0"], "b0 is answered: the one handler takes a0 out of the queue.")
    why = "A handler has taken a0, but has not answered it: a1 has to wait."
    expect.true(not behind.is_queued, why, expected="submit of a1 waits", got="it returned")
    waits.answer()
    expect.true(behind.is_queued, "a0 has been answered.", expected="a future for a1", got="submit is still waiting")


@exercise.check("side-by-side", points=2, idea="one-muted-connection-mutes-all", leftovers=False)
def side_by_side(answer: Answer) -> None:
    """A muted connection keeps back itself, and no handler and no place in the queue from the others."""
    path = Path(answer, handlers=2, queue_size=1)
    path.submit("a")
    other = path.submit("b")
    why = "Two handlers, two connections: a0 and b0 are at work side by side."
    expect(path.at_work, ["a0", "b0"], why)
    other.answer()
    waits = path.submit("a")
    third = path.submit("c")
    why = (
        "a0 is at work, so a1 has to wait; a handler is free, and c0 came on a third connection. "
        "What waits for its own connection takes no place and no handler from others."
    )
    got = f"at work: {', '.join(path.at_work)}"
    expect.true(third.is_at_work, why, expected="c0 is at work", got=got, idea="a-handler-may-wait")
    last = path.submit("d")
    why = "a0 and c0 are at work, a1 is muted, and the queue has one place, which is free."
    expect.true(last.is_queued, why, expected="d0 is queued", got="submit of d0 waits", idea="a-handler-may-wait")
    third.answer()
    expect(path.at_work, ["a0", "d0"], "c0 has been answered.", idea="a-handler-may-wait")
    expect.true(not waits.is_queued, "a0 is still at work.", expected="submit of a1 waits", got="it returned")


@exercise.check("bounded", points=2, idea="a-queue-without-a-limit-is-kinder", leftovers=False)
def bounded(answer: Answer) -> None:
    """When queue_size requests are waiting, submit waits until a handler takes one."""
    handlers, size = answer.random.choice(((1, 3), (2, 3), (3, 1)))
    path = Path(answer, handlers=handlers, queue_size=size)
    requests = [path.submit(f"c{number}-") for number in range(handlers + size + 2)]
    for request in requests:
        if error := path.raised(request):
            fail(
                "The queue was full. The request has to wait.",
                expected="submit waits",
                got=error,
                idea="a-full-queue-refuses",
            )
    queued = sum(request.is_queued for request in requests)
    why = (
        f"{path.what}, and {len(requests)} connections sent a request each. {handlers} are at work and have left the "
        f"queue, {size} wait in it, and the rest has to wait outside."
    )
    idea = "what-is-at-work-waits-too" if queued < handlers + size else None
    expect(queued, handlers + size, f"{why} So many calls of submit returned.", idea=idea)
    for request in requests[:2]:
        request.answer()
        answer.settle()
        queued += 1
        now = sum(each.is_queued for each in requests)
        expect(now, queued, f"{why} A request was answered, a handler took the next one: a place is free.")

    path = Path(answer, handlers=2, queue_size=1)
    requests = path.burst("abcd")
    why = f"{path.what}, and four connections sent a request each in the same moment: two are at work, one waits."
    queued = sum(request.is_queued for request in requests)
    expect(len(path.at_work), 2, f"{why} So many were at work.", idea="what-is-at-work-waits-too")
    expect(queued, 3, f"{why} So many calls of submit returned.")
