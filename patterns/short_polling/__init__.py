"""Lesson 4, short polling: take a handle, ask again, nap in between.

The problem: an answer takes its time, or is not there yet, and lesson 3's open connection cannot be kept: the client
sleeps, moves, or cannot take what a server would push. The assumption: to ask again is cheap, and the client
knows best when it can take an answer. The bargain: it is never overwhelmed and may be away for as long
as it likes; in exchange most answers are "not yet", and news is as old as the nap was long.

    exchange  one poll and its answers, to the byte
    pace      how long to nap: fixed, growing, at random
    stream    lesson 3's events, polled
    jobs      the job and its handle: the server
    handle    the same: the client, and an upload that goes on where it was
"""

from patterns.short_polling.exchange import Answer, Question, answer, answer_bytes, question_bytes, read_answer
from patterns.short_polling.handle import (
    ExpiredHandle,
    JobError,
    JobFailed,
    Standing,
    UnknownHandle,
    look,
    start,
    upload,
    watch,
)
from patterns.short_polling.jobs import Jobs
from patterns.short_polling.pace import Pace, exponential, fixed, jittered
from patterns.short_polling.stream import follow, serve

__all__ = [
    "Answer",
    "ExpiredHandle",
    "JobError",
    "JobFailed",
    "Jobs",
    "Pace",
    "Question",
    "Standing",
    "UnknownHandle",
    "answer",
    "answer_bytes",
    "exponential",
    "fixed",
    "follow",
    "jittered",
    "look",
    "question_bytes",
    "read_answer",
    "serve",
    "start",
    "upload",
    "watch",
]
