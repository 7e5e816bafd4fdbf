"""A bucket for every tick, however far away, and a heap of all these ticks: no wheels.

Fails: add-and-cancel (a-heap-is-as-good-as-a-wheel)
"""

import heapq


class Timer:
    def __init__(self, task):
        self.task = task
        self.bucket = None


class TimingWheel:
    def __init__(self, tick_ms, wheel_size, start_ms):
        self.tick_ms = tick_ms
        self.tick = start_ms // tick_ms
        self.buckets = {}
        self.ticks = []
        self.live = 0

    def __len__(self):
        return self.live

    def add(self, task, expiration_ms):
        tick = expiration_ms // self.tick_ms
        if tick <= self.tick:
            return None
        if tick not in self.buckets:
            self.buckets[tick] = {}
            heapq.heappush(self.ticks, tick)
        timer = Timer(task)
        timer.bucket = self.buckets[tick]
        timer.bucket[timer] = None
        self.live += 1
        return timer

    def cancel(self, timer):
        if timer.bucket is None:
            return False
        del timer.bucket[timer]
        timer.bucket = None
        self.live -= 1
        return True

    def advance_clock(self, now_ms):
        self.tick = max(self.tick, now_ms // self.tick_ms)
        due = []
        while self.ticks and self.ticks[0] <= self.tick:
            for timer in self.buckets.pop(heapq.heappop(self.ticks)):
                timer.bucket = None
                self.live -= 1
                due.append(timer.task)
        return due
