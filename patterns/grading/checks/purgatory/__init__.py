"""A purgatory: try, watch, try again; who is completed under a key; what is left; and callbacks that come back."""

from patterns.grading.checks.purgatory import callbacks, histories, lists, tries
from patterns.grading.checks.purgatory.place import exercise

__all__ = ["callbacks", "exercise", "histories", "lists", "tries"]

ORDER = (
    "no-keys",
    "own-try",
    "two-tries",
    "every-key",
    "lost-wake-up",
    "counts",
    "arrival",
    "entries",
    "purge",
    "call-back",
    "histories",
)
exercise.checks.sort(key=lambda check: ORDER.index(check.name))
