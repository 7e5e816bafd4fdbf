"""The path of a request: a bounded queue, so many handlers, one request of a connection at a time."""

from patterns.grading.checks.request_path import handling, load, queueing
from patterns.grading.checks.request_path.path import exercise

__all__ = ["exercise", "handling", "load", "queueing"]

ORDER = ("queued", "muted", "side-by-side", "bounded", "handlers", "arrival", "errors", "leaving", "load")
exercise.checks.sort(key=lambda check: ORDER.index(check.name))
