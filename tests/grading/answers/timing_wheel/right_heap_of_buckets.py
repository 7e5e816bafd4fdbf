"""Ordered dicts as buckets, and a heap of the buckets, not of the timers, for idle time."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class Timer:
    task: object
    due: int
    bucket: dict | None = None


class Level:
    def __init__(self, span: int, size: int):
        self.span, self.size = span, size
        self.buckets: dict[int, dict[Timer, None]] = {}


class TimingWheel:
    def __init__(self, tick_ms: int, wheel_size: int, start_ms: int):
        self.tick_ms, self.size = tick_ms, wheel_size
        self.now = start_ms // tick_ms
        self.levels = [Level(1, wheel_size)]
        self.heap: list[tuple[int, int]] = []
        self.live = 0

    def __len__(self):
        return self.live

    def _file(self, timer: Timer) -> bool:
        if timer.due <= self.now:
            return False
        number = 0
        while True:
            if number == len(self.levels):
                self.levels.append(Level(self.levels[-1].span * self.size, self.size))
            level = self.levels[number]
            at = timer.due // level.span
            if at - self.now // level.span < self.size:
                break
            number += 1
        bucket = level.buckets.get(at)
        if bucket is None:
            bucket = level.buckets[at] = OrderedDict()
            heapq.heappush(self.heap, (at * level.span, -number))
        bucket[timer] = None
        timer.bucket = bucket
        return True

    def add(self, task, expiration_ms: int):
        timer = Timer(task, expiration_ms // self.tick_ms)
        if not self._file(timer):
            return None
        self.live += 1
        return timer

    def cancel(self, entry: Timer) -> bool:
        if entry.bucket is None:
            return False
        del entry.bucket[entry]
        entry.bucket = None
        self.live -= 1
        return True

    def advance_clock(self, now_ms: int) -> list:
        target = now_ms // self.tick_ms
        due = []
        while self.heap and self.heap[0][0] <= target:
            begin, number = heapq.heappop(self.heap)
            level = self.levels[-number]
            bucket = level.buckets.pop(begin // level.span)
            self.now = max(self.now, begin)
            for timer in list(bucket):
                timer.bucket = None
                if not self._file(timer):
                    self.live -= 1
                    due.append(timer.task)
        self.now = max(self.now, target)
        return due
