"""A purgatory: questions that wait for their answer or for their time-out, and end exactly once.

The problem: a question cannot be answered yet. What would answer it may happen under any of several keys (a
partition that gets data, say), on any thread, or never; and it must not be answered twice, nor be forgotten
because the event came just while it was being put aside.
The assumption: nearly every question ends by an event or by its time-out, and to look again whether one is
ready is cheap.
The bargain: `try_complete` is called more often than needed, for each event under each key, so that nobody has to
keep a record of who waits for precisely what. What has ended may lie under its other keys for a while, until
these are touched or a purge comes by: memory for `purge_interval` ended operations, in exchange for no search
at the moment of answering.

After Kafka's `DelayedOperation` and `DelayedOperationPurgatory`. Time is an argument and locks come from outside,
so the same code serves one event loop and many threads:

    exactly once        `force_complete` is decided by one bytecode, which deletes a slot: of all callers one finds it
                        there. That holds with no lock at all, between threads under the interpreter's lock (GIL).
                        An interpreter without one (3.13t) decides it only under the operation's lock: there, call
                        `expire` and `safe_try_complete`, never `force_complete` from outside.
    the rest            lost wake-ups, counts, the lists and the wheel: one thread needs no lock; several need
                        `Purgatory(lock=threading.RLock)`. It must be re-entrant: an operation's callbacks may come
                        back to the operation.

The purgatory's own locks are leaves: no callback runs under them. An operation's lock is held while its callbacks
run, and these may check and expire others. Still nobody waits in a circle: who waits for an operation's lock has seen
it uncompleted, and does so from a callback only of operations that are completed. So in a circle each would have been
completed before the next. Locks of your own are yours to order: check no key under one that a `try_complete` takes.
"""

from __future__ import annotations

from patterns.wait.delayed_operation.operation import DelayedOperation, Lock
from patterns.wait.delayed_operation.purgatory import AlreadyWatched, NoKeys, Purgatory, PurgatoryError

__all__ = ["AlreadyWatched", "DelayedOperation", "Lock", "NoKeys", "Purgatory", "PurgatoryError"]
