"""A wheel of buckets, and a coarser one behind it for what is further away; a heap says which bucket is next."""

import heapq


class Entry:
    bucket = None

    def __init__(self, task, expiration_ms):
        self.task, self.expiration_ms = task, expiration_ms


class Wheel:
    """`size` buckets of `tick_ms`, from the tick in which `now_ms` lies."""

    def __init__(self, tick_ms, size, now_ms, starts):
        self.tick_ms, self.size, self.starts = tick_ms, size, starts
        self.buckets = {}  # by the time at which they start: at most `size` of them
        self.overflow_wheel = None
        self.turn(now_ms)

    def turn(self, now_ms):
        self.now_ms = now_ms - now_ms % self.tick_ms
        if self.overflow_wheel is not None:
            self.overflow_wheel.turn(now_ms)

    def file(self, entry):
        """Put it into its bucket; False when it is due."""
        if entry.expiration_ms < self.now_ms + self.tick_ms:
            return False
        if entry.expiration_ms >= self.now_ms + self.tick_ms * self.size:
            if self.overflow_wheel is None:
                self.overflow_wheel = Wheel(self.tick_ms * self.size, self.size, self.now_ms, self.starts)
            return self.overflow_wheel.file(entry)
        start_ms = entry.expiration_ms - entry.expiration_ms % self.tick_ms
        if start_ms not in self.buckets:
            self.buckets[start_ms] = {}
            heapq.heappush(self.starts, (start_ms, self.tick_ms, self))
        entry.bucket = self.buckets[start_ms]
        entry.bucket[entry] = None
        return True


class TimingWheel:
    def __init__(self, tick_ms, wheel_size, start_ms):
        self.starts = []
        self.wheel = Wheel(tick_ms, wheel_size, start_ms, self.starts)
        self.live = 0

    def __len__(self):
        return self.live

    def add(self, task, expiration_ms):
        entry = Entry(task, expiration_ms)
        if not self.wheel.file(entry):
            return None
        self.live += 1
        return entry

    def cancel(self, entry):
        if entry.bucket is None:
            return False
        del entry.bucket[entry]
        entry.bucket = None
        self.live -= 1
        return True

    def advance_clock(self, now_ms):
        due = []
        while self.starts and self.starts[0][0] <= now_ms:
            start_ms, _, wheel = heapq.heappop(self.starts)
            self.wheel.turn(start_ms)
            for entry in wheel.buckets.pop(start_ms):
                if not self.wheel.file(entry):
                    entry.bucket = None
                    due.append(entry.task)
        self.live -= len(due)
        if now_ms > self.wheel.now_ms:
            self.wheel.turn(now_ms)
        return due
