"""Fetches that wait: for enough, for their time to be over; alone, and in a broker with a real Kafka client."""

from patterns.grading.checks.fetch import asking, ending, kafka, load
from patterns.grading.checks.fetch.place import exercise

__all__ = ["asking", "ending", "exercise", "kafka", "load"]

ORDER = (
    "at-once",
    "all-partitions",
    "unknown",
    "enough",
    "sum",
    "wakes-all",
    "lost-wake-up",
    "read-again",
    "timed-out",
    "leaves-nothing",
    "load",
    "kafka",
)
exercise.checks.sort(key=lambda check: ORDER.index(check.name))
