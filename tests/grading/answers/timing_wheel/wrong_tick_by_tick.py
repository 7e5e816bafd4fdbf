"""Walks through every tick, also when nothing lies there.

Fails: idle (idle-time-has-to-be-walked-through)
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
        self.buckets = {}  # by (level, tick of that level)
        self.levels = 0
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
        self.levels = max(self.levels, level)
        timer.bucket = self.buckets.setdefault(at, {})
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
        while self.tick < now_ms // self.tick_ms:
            self.tick += 1
            level, span = 0, 1
            while self.tick % span == 0 and level <= self.levels:
                for timer in self.buckets.pop((level, self.tick // span), ()):
                    if not self.file(timer):
                        timer.bucket = None
                        self.live -= 1
                        due.append(timer.task)
                level, span = level + 1, span * self.wheel_size
        return due
