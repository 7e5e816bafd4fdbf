"""An abstract dataclass; a semaphore with one place, never given back, says who wins."""

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field


@dataclass(eq=False)
class DelayedOperation(ABC):
    completed: bool = field(default=False, init=False)
    timer_entry: object = field(default=None, init=False)

    def __post_init__(self):
        self._once = threading.Semaphore(1)

    @abstractmethod
    def try_complete(self) -> bool: ...

    @abstractmethod
    def on_complete(self): ...

    @abstractmethod
    def on_expiration(self): ...

    def force_complete(self) -> bool:
        if not self._once.acquire(blocking=False):
            return False
        self.completed = True
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        self.on_complete()
        return True

    def expire(self) -> bool:
        if won := self.force_complete():
            self.on_expiration()
        return won
