"""Makes a new entry for what comes down: the one that the caller has is dead.

Fails: cancel (an-entry-belongs-to-one-bucket)
"""

import heapq


class Timer:
    def __init__(self, task, expiration_ms):
        self.task = task
        self.expiration_ms = expiration_ms
        self.bucket = None


class TimingWheel:
    def __init__(self, tick_ms, wheel_size, start_ms):
        self.tick_ms = tick_ms
        self.wheel_size = wheel_size
        self.tick = start_ms // tick_ms
        self.buckets = {}  # by (level, tick of that level)
        self.starts = []
        self.live = 0

    def __len__(self):
        return self.live

    def add(self, task, expiration_ms):
        timer = Timer(task, expiration_ms)
        if not self.file(timer):
            return None
        self.live += 1
        return timer

    def file(self, timer):
        wanted = timer.expiration_ms // self.tick_ms
        if wanted <= self.tick:
            return False
        level, span = 0, 1
        while wanted // span - self.tick // span >= self.wheel_size:
            level, span = level + 1, span * self.wheel_size
        at = level, wanted // span
        if at not in self.buckets:
            self.buckets[at] = {}
            heapq.heappush(self.starts, (wanted // span * span, at))
        timer.bucket = self.buckets[at]
        timer.bucket[timer] = None
        return True

    def cancel(self, timer):
        if timer.bucket is None:
            return False
        del timer.bucket[timer]
        timer.bucket = None
        self.live -= 1
        return True

    def advance_clock(self, now_ms):
        due = []
        while self.starts and self.starts[0][0] <= now_ms // self.tick_ms:
            self.tick, at = heapq.heappop(self.starts)
            for timer in self.buckets.pop(at):
                timer.bucket = None
                self.live -= 1
                if self.add(timer.task, timer.expiration_ms) is None:
                    due.append(timer.task)
        self.tick = max(self.tick, now_ms // self.tick_ms)
        return due
