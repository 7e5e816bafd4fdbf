"""Operations that tell what happens to them."""

from __future__ import annotations

from collections.abc import Callable

from patterns.wait.delayed_operation import DelayedOperation

Hook = Callable[[], object]


class Told(DelayedOperation):
    """Completes when `ready`. Writes `(hook, name)` into `story`, and does in a hook what the test puts there.

    `in_try` is done before it looks whether it is ready, `after_look` when it has seen that it is not.
    """

    def __init__(
        self,
        name: str = "it",
        delay_ms: int | None = None,
        *,
        ready: bool = False,
        story: list[tuple[str, str]] | None = None,
        in_try: Hook | None = None,
        after_look: Hook | None = None,
        in_complete: Hook | None = None,
        in_expiration: Hook | None = None,
    ) -> None:
        super().__init__(delay_ms)
        self.name = name
        self.ready = ready
        self.story = story if story is not None else []
        self.in_try, self.after_look = in_try, after_look
        self.in_complete, self.in_expiration = in_complete, in_expiration

    def try_complete(self) -> bool:
        self.story.append(("try_complete", self.name))
        if self.in_try is not None:
            self.in_try()
        if self.ready:
            return self.force_complete()
        if self.after_look is not None:
            self.after_look()
        return False

    def on_complete(self) -> None:
        self.story.append(("on_complete", self.name))
        if self.in_complete is not None:
            self.in_complete()

    def on_expiration(self) -> None:
        self.story.append(("on_expiration", self.name))
        if self.in_expiration is not None:
            self.in_expiration()

    def hooks(self) -> list[str]:
        """Which hooks were called, in order."""
        return [hook for hook, name in self.story if name == self.name]

    def __repr__(self) -> str:
        return f"<{self.name}>"


class CountedLock:
    """Not a lock: how deep it is held, how often it was taken."""

    def __init__(self) -> None:
        self.depth = self.taken = 0

    def __enter__(self) -> None:
        self.depth += 1
        self.taken += 1

    def __exit__(self, *_error: object) -> None:
        self.depth -= 1
