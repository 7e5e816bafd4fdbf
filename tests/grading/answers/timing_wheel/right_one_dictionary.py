"""All wheels in one dictionary, by (level, tick number); a cancelled timer takes itself out of its set."""

from heapq import heappop, heappush


class Timer:
    __slots__ = ("at", "expiration_ms", "task")

    def __init__(self, task, expiration_ms):
        self.task = task
        self.expiration_ms = expiration_ms
        self.at = None


class TimingWheel:
    def __init__(self, tick_ms: int, wheel_size: int, start_ms: int):
        self.tick_ms = tick_ms
        self.wheel_size = wheel_size
        self.tick = start_ms // tick_ms
        self.buckets: dict[tuple[int, int], set[Timer]] = {}
        self.queue: list[tuple[int, int, int]] = []  # (its first tick, level, number)
        self.live = 0

    def __len__(self) -> int:
        return self.live

    def add(self, task, expiration_ms: int):
        timer = Timer(task, expiration_ms)
        if not self.place(timer):
            return None
        self.live += 1
        return timer

    def place(self, timer) -> bool:
        wanted = timer.expiration_ms // self.tick_ms
        if wanted <= self.tick:
            return False
        level, span = 0, 1
        while wanted // span - self.tick // span >= self.wheel_size:
            level, span = level + 1, span * self.wheel_size
        at = (level, wanted // span)
        if at not in self.buckets:
            self.buckets[at] = set()
            heappush(self.queue, (wanted // span * span, *at))
        self.buckets[at].add(timer)
        timer.at = at
        return True

    def cancel(self, entry) -> bool:
        if entry.at is None:
            return False
        self.buckets[entry.at].remove(entry)
        entry.at = None
        self.live -= 1
        return True

    def advance_clock(self, now_ms: int) -> list:
        tick = now_ms // self.tick_ms
        fired = []
        while self.queue and self.queue[0][0] <= tick:
            self.tick, *at = heappop(self.queue)
            for timer in self.buckets.pop(tuple(at)):
                if not self.place(timer):
                    timer.at = None
                    fired.append(timer.task)
        if tick > self.tick:
            self.tick = tick
        self.live -= len(fired)
        return fired
