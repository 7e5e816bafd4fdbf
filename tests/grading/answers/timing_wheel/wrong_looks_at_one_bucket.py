"""Looks into the bucket of the time that it is told, and into none on the way.

Fails: due (the-clock-comes-tick-by-tick)
"""


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
        self.buckets = [{} for _ in range(wheel_size)]

    def __len__(self):
        return sum(len(bucket) for bucket in self.buckets)

    def add(self, task, expiration_ms):
        timer = Timer(task, expiration_ms)
        wanted = expiration_ms // self.tick_ms
        if wanted <= self.tick:
            return None
        timer.bucket = self.buckets[wanted % self.wheel_size]
        timer.bucket[timer] = None
        return timer

    def cancel(self, timer):
        if timer.bucket is None:
            return False
        del timer.bucket[timer]
        timer.bucket = None
        return True

    def advance_clock(self, now_ms):
        due = []
        if now_ms // self.tick_ms <= self.tick:
            return due
        self.tick = now_ms // self.tick_ms
        for timer in list(self.buckets[self.tick % self.wheel_size]):
            if timer.expiration_ms // self.tick_ms <= self.tick:
                self.cancel(timer)
                due.append(timer.task)
        return due
