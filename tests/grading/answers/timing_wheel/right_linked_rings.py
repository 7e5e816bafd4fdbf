"""The textbook: arrays of doubly linked rings, and for each wheel a bit a bucket that says where something lies."""


class Link:
    def __init__(self, task=None, expiration_ms=None):
        self.task, self.expiration_ms = task, expiration_ms
        self.before = self.after = self

    def put_before(self, ring):
        self.before, self.after = ring.before, ring
        ring.before.after = ring.before = self

    def unlink(self):
        self.before.after, self.after.before = self.after, self.before
        self.before = self.after = self


class Level:
    def __init__(self, tick_ms, size):
        self.tick_ms, self.size = tick_ms, size
        self.rings = [Link() for _ in range(size)]
        self.occupied = 0

    def put(self, link):
        slot = link.expiration_ms // self.tick_ms % self.size
        link.put_before(self.rings[slot])
        self.occupied |= 1 << slot

    def next_start(self, now_ms):
        """When the first bucket after now begins in which something may lie; None when there is none."""
        here = now_ms // self.tick_ms
        shift = (here + 1) % self.size
        bits = self.occupied >> shift | (self.occupied & ((1 << shift) - 1)) << (self.size - shift)
        if not bits:
            return None
        return (here + (bits & -bits).bit_length()) * self.tick_ms

    def take(self, now_ms):
        slot = now_ms // self.tick_ms % self.size
        ring, taken = self.rings[slot], []
        while ring.after is not ring:
            taken.append(ring.after)
            ring.after.unlink()
        self.occupied &= ~(1 << slot)
        return taken


class TimingWheel:
    def __init__(self, tick_ms, wheel_size, start_ms):
        self.tick_ms, self.size, self.now_ms = tick_ms, wheel_size, start_ms
        self.levels = []
        self.count = 0

    def __len__(self):
        return self.count

    def _file(self, link):
        if link.expiration_ms // self.tick_ms <= self.now_ms // self.tick_ms:
            return False
        number = 0
        while True:
            if number == len(self.levels):
                self.levels.append(Level(self.tick_ms * self.size**number, self.size))
            level = self.levels[number]
            if link.expiration_ms // level.tick_ms - self.now_ms // level.tick_ms < self.size:
                level.put(link)
                return True
            number += 1

    def add(self, task, expiration_ms):
        link = Link(task, expiration_ms)
        if not self._file(link):
            return None
        self.count += 1
        return link

    def cancel(self, link):
        if link.after is link:
            return False
        link.unlink()
        self.count -= 1
        return True

    def advance_clock(self, now_ms):
        due = []
        while True:
            starts = [start for level in self.levels if (start := level.next_start(self.now_ms)) is not None]
            if not starts or min(starts) > now_ms:
                break
            self.now_ms = min(starts)
            for level in reversed(self.levels):
                if self.now_ms % level.tick_ms == 0:
                    due += [link.task for link in level.take(self.now_ms) if not self._file(link)]
        self.now_ms = max(self.now_ms, now_ms)
        self.count -= len(due)
        return due
