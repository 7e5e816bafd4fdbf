"""A delayed operation: of all who want to end it one wins, in which order, and with which threads in between."""

from collections.abc import Callable

from patterns.grading.checks import Answer, Exercise, Raised, Run, Thing, expect, fail

exercise = Exercise("delayed_operation", lesson="06_purgatory", title="One winner")


class Watched:
    """The hooks of operations, and what they saw: (hook, was it completed then), in order.

    `inside` is called in each hook as well, with the hook's name and its operation.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[tuple[str, object]] = []
        self.inside: Callable[[str, Thing], object] = lambda hook, operation: None
        self.new = answer.subclass(
            "DelayedOperation",
            try_complete=lambda operation: self.called("try_complete", operation),
            on_complete=lambda operation: self.called("on_complete", operation),
            on_expiration=lambda operation: self.called("on_expiration", operation),
        )

    def called(self, hook: str, operation: Thing) -> None:
        """A hook is called."""
        self.seen.append((hook, operation.get("completed")))
        self.inside(hook, operation)

    def operation(self, *, timed: bool = False) -> Thing:
        """A new operation; timed: with a timer entry that notes when it is cancelled."""
        operation: Thing = self.new()

        def cancel() -> bool:
            self.seen.append(("cancel", operation.get("completed")))
            return True

        if timed:
            operation.set("timer_entry", self.answer.object("timer_entry", cancel=cancel))
        return operation

    @property
    def hooks(self) -> list[str]:
        """The hooks that were called, in order."""
        return [hook for hook, _ in self.seen]


@exercise.check("one-winner", points=2, idea="completed-means-i-completed-it")
def one_winner(answer: Answer) -> None:
    """The first call that ends it is told True and runs the hook; every later one is told False and does nothing."""
    watched = Watched(answer)
    operation = watched.operation(timed=True)
    expect(operation.get("completed"), False, "A new operation is not completed.")
    expect(operation.force_complete(), True, "The first call ended it.")
    expect(operation.get("completed"), True, "It has been ended.")
    first, watched.seen = watched.hooks, []
    expect(first.count("on_complete"), 1, "The call that wins runs on_complete, once.", idea="an-answer-may-go-twice")
    for number in range(answer.random.randint(2, 4)):
        why = f"It was ended before: call {number + 2} has not ended it. You told it that it had."
        expect(operation.force_complete(), False, why)
        why = "Who comes second does nothing: the answer is on its way already."
        expect(watched.hooks, [], why, idea="an-answer-may-go-twice")


@exercise.check("order", points=2)
def order(answer: Answer) -> None:
    """The winner sets the flag, then cancels the time-out if there is one, then calls on_complete."""
    watched = Watched(answer)
    watched.operation(timed=True).force_complete()
    hooks = watched.hooks
    if "cancel" not in hooks:
        why = "The operation had a time-out, which you left running."
        fail(why, expected="timer_entry.cancel()", got=hooks, idea="a-time-out-that-loses-costs-nothing")
    why = "The time-out is cancelled before on_complete is called."
    expect(hooks, ["cancel", "on_complete"], why, idea="a-time-out-is-cancelled-afterwards")
    why = "Whoever looks while the time-out is cancelled, or while the hook runs, has to see that it is completed."
    expect([flag for _, flag in watched.seen], [True, True], why, idea="completed-means-the-hook-is-through")
    without = watched.operation()
    expect(without.get("timer_entry"), None, "A new operation has no time-out.")
    watched.seen = []
    why = "This operation was completed before it had a time-out: there is nothing to cancel."
    try:
        without.force_complete()
    except Raised as error:
        fail(why, expected=["on_complete"], got=error, idea="every-operation-has-a-time-out")
    expect(watched.hooks, ["on_complete"], why, idea="every-operation-has-a-time-out")


@exercise.check("expiry", points=2)
def expiry(answer: Answer) -> None:
    """A time-out completes it as anything else does, and only if it wins calls on_expiration, afterwards."""
    watched = Watched(answer)
    operation = watched.operation()
    expect(
        operation.expire(), True, "Nothing had completed it: the time-out wins.", idea="when-time-is-over-it-expired"
    )
    why = "A time-out answers as well, with what is there: on_complete is called for it too."
    expect.true("on_complete" in watched.hooks, why, got=watched.hooks, idea="a-timed-out-operation-is-not-completed")
    why = "First it is completed, then it is told that it was the time-out."
    expect(watched.hooks, ["on_complete", "on_expiration"], why, idea="on-expiration-comes-first")
    flags = [flag for _, flag in watched.seen]
    expect(flags, [True, True], "Both hooks see it completed.", idea="completed-means-the-hook-is-through")
    watched.seen = []
    lost = [operation.expire(), operation.force_complete()]
    expect(lost, [False, False], "It had expired before.", idea="completed-means-i-completed-it")
    expect(watched.hooks, [], "It had expired before: nothing more is to be told.", idea="when-time-is-over-it-expired")
    late = watched.operation()
    late.force_complete()
    watched.seen = []
    expect(late.expire(), False, "It was completed before its time was over.", idea="when-time-is-over-it-expired")
    why = "It was completed before its time was over, so it has not expired: no hook is called."
    expect(watched.hooks, [], why, idea="when-time-is-over-it-expired")


@exercise.check("apart", points=1, idea="one-end-serves-all")
def apart(answer: Answer) -> None:
    """Each operation has an end of its own."""
    watched = Watched(answer)
    operations = [watched.operation() for _ in range(4)]
    answer.random.shuffle(operations)
    for number, operation in enumerate(operations):
        flags = [each.get("completed") for each in operations]
        expect(flags, [each < number for each in range(4)], f"Of four operations {number} have been ended.")
        expect(operation.force_complete(), True, "Another operation was ended before, not this one.")
    expect(watched.hooks, ["on_complete"] * 4, "Four operations were ended: four hooks.")


@exercise.check("threads", points=3, threads=True, idea="look-and-set-is-one-step")
def threads(answer: Answer) -> None:
    """Called from several threads at once, one wins, whichever is stopped wherever."""
    for who in (("force_complete", "force_complete"), ("force_complete", "expire"), ("expire", "expire")):
        meeting(answer, who)


def meeting(answer: Answer, who: tuple[str, ...]) -> None:
    """These are called by a thread each, in every order with one switch in between."""
    watched = Watched(answer)

    def story(run: Run) -> None:
        watched.seen = []
        operation = watched.operation(timed=True)
        won = run.together([getattr(operation, name) for name in who])
        what = f"{' and '.join(who)} were called by two threads at once"
        expect(sorted(won, key=repr), [False] * (len(who) - 1) + [True], f"{what}: one of them wins.")
        winner = who[won.index(True)]
        wanted = ["on_complete"] + ["on_expiration"] * (winner == "expire")
        expect([hook for hook in watched.hooks if hook != "cancel"], wanted, f"{what}, and {winner} won.")

    answer.every_order(story, switches=1, at_most=400, opcodes=True)


@exercise.check("hooks-without-a-lock", points=2, threads=True, idea="hooks-under-the-lock-are-safe")
def hooks_without_a_lock(answer: Answer) -> None:
    """No lock is held while a hook runs: another thread, or the hook itself, may want it."""
    for ends in ("force_complete", "expire"):
        watched = Watched(answer)
        held: dict[str, int] = {}

        def looks(hook: str, _: Thing, held: dict[str, int] = held) -> None:
            held[hook] = answer.locks_held

        watched.inside = looks
        operation = watched.operation()
        getattr(operation, ends)()
        operation.try_complete()  # asks how many locks are held between two calls: one that is never given back may be
        for hook, locks in held.items():
            why = f"{ends} was called. While {hook} ran, you held a lock, and gave it back afterwards."
            more = locks - held["try_complete"]
            expect.true(more <= 0, why, expected="no lock held during a hook", got=f"{more} held")

        def comes_back(hook: str, operation: Thing) -> None:
            why = f"{hook} itself asked to end the operation once more: that was decided before."
            expect(operation.force_complete(), False, why, idea="completed-means-i-completed-it")

        watched.inside = comes_back
        getattr(watched.operation(), ends)()
