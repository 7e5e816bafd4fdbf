"""Lesson 5, long polling: the server holds the question until it has an answer.

The problem: most of short polling's answers are "not yet". The assumption: a question may stay open, for nothing
in request-response says how long an answer may take. The bargain: no more "no", and news arrives in the moment
in which it happens, through ordinary requests. In exchange the server keeps a connection and a memory of everyone
who waits; both sides need a time-out, the server's the shorter one; and right after an answer the client is not
listening until it has asked again. To the client it is short polling with `&wait=` and without the nap.

    held     the server: a question costs a timer and an entry, and no task
    asking   the client
    wakeup   look and wait, or wait and look: the race that loses a wake-up, and its mending
    handler  the same as a handler, for lesson 1's server and for aiohttp; ghosts
    held_by_threads, held_by_processes   the same with somebody standing beside each question; to be priced
    find_the_bugs   a server of the popular kind, with three of them
"""

from patterns.long_polling.asking import follow
from patterns.long_polling.find_the_bugs import Darkroom, counter, counter_with_bugs
from patterns.long_polling.handler import holding, serve_aiohttp, serve_handler
from patterns.long_polling.held import serve
from patterns.long_polling.wakeup import hold, hold_after_a_look

__all__ = [
    "Darkroom",
    "counter",
    "counter_with_bugs",
    "follow",
    "hold",
    "hold_after_a_look",
    "holding",
    "serve",
    "serve_aiohttp",
    "serve_handler",
]
