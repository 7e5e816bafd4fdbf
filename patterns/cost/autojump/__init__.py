"""A clock that jumps: an hour of real sockets in seconds, and the same counts every run.

The problem: what a pattern costs shows in an hour, and a test that sleeps is slow and still guesses.
The assumption: everything that matters happens in this process. When no callback is due and nothing is
on its way through the loopback, only a timer can change the world; so the clock may leap to that timer.
The bargain: sockets, framing and libraries are the real ones, and time is exact and repeatable; but
computing takes no virtual time, so this clock prices messages, bytes and waiting, never speed.

What follows from the assumption:

- Time stands still while an executor works (`run_in_executor`, `to_thread`, name resolution).
- Other threads and other processes are invisible. A thread may call in (`call_soon_threadsafe`), but
  time leaps while it computes. Child processes are refused; `to_thread(subprocess.run, …)` works.
  Signals arrive in real time, whatever the clock says.
- Nothing ready, no timer, no executor at work: the program can never go on. That is an error, `Stuck`,
  and it names who waits where.

`run` is `asyncio.run` under this clock; `elsewhere` is the same for code that already runs in a loop,
such as a notebook's cell.
"""

from __future__ import annotations

from patterns.cost.autojump.loop import AutojumpEventLoop, run
from patterns.cost.autojump.selector import AutojumpSelector
from patterns.cost.autojump.stuck import Stuck, account
from patterns.cost.autojump.thread import elsewhere

__all__ = ["AutojumpEventLoop", "AutojumpSelector", "Stuck", "account", "elsewhere", "run"]
