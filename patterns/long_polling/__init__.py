"""Lesson 5, long polling: the server holds the question until it has an answer.

held    the server: a question that costs a timer and an entry, not a task
asking  the client
"""

from patterns.long_polling.asking import follow
from patterns.long_polling.held import serve

__all__ = ["follow", "serve"]
