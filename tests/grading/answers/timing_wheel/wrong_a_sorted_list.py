"""A list kept in order of time.

Fails: add-and-cancel (a-sorted-list-is-quick-enough)
"""

import bisect


class Timer:
    def __init__(self, task, tick):
        self.task = task
        self.tick = tick


class TimingWheel:
    def __init__(self, tick_ms, wheel_size, start_ms):
        self.tick_ms = tick_ms
        self.tick = start_ms // tick_ms
        self.timers = []

    def __len__(self):
        return len(self.timers)

    def add(self, task, expiration_ms):
        timer = Timer(task, expiration_ms // self.tick_ms)
        if timer.tick <= self.tick:
            return None
        bisect.insort(self.timers, timer, key=lambda each: each.tick)
        return timer

    def cancel(self, timer):
        if timer not in self.timers:
            return False
        self.timers.remove(timer)
        return True

    def advance_clock(self, now_ms):
        self.tick = max(self.tick, now_ms // self.tick_ms)
        count = bisect.bisect_right(self.timers, self.tick, key=lambda each: each.tick)
        due, self.timers = self.timers[:count], self.timers[count:]
        return [timer.task for timer in due]
