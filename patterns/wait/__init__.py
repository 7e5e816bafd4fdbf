"""Waiting: the log of what happened, and what waits for it."""
