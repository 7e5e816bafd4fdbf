"""The kernel's side of a lesson: its loop, its servers, its background tasks, and their failures.

lesson     open_lesson: what a notebook needs before its first server
loop       the kernel's event loop, reached safely from any thread
servers    servers by name: replaced, listed, stopped
tasks      background tasks and buttons, and `run` for plain synchronous callers
failures   what nobody awaits is shown where the learner looks
run_first  a cell run too early says which cell it needs
"""

from patterns.lab.kernel.failures import Failure, failures
from patterns.lab.kernel.lesson import open_lesson
from patterns.lab.kernel.run_first import RunFirst
from patterns.lab.kernel.servers import keep, servers, stop_all
from patterns.lab.kernel.tasks import background, on_click, run

__all__ = [
    "Failure",
    "RunFirst",
    "background",
    "failures",
    "keep",
    "on_click",
    "open_lesson",
    "run",
    "servers",
    "stop_all",
]
