"""A timing wheel: what is due when, what was cancelled, a long way down from a coarse wheel, and what it all costs."""

from patterns.grading.checks.timing_wheel import costs, histories, ticks, wheels
from patterns.grading.checks.timing_wheel.beside import exercise

__all__ = ["costs", "exercise", "histories", "ticks", "wheels"]

ORDER = ("due", "cancel", "backwards", "same-task", "cascade", "far", "histories", "idle", "add-and-cancel")
exercise.checks.sort(key=lambda check: ORDER.index(check.name))
