"""Failures nobody awaits: shown where the learner looks, and kept in a list. Never lost.

The problem: an exception in a widget's callback shows only in JupyterLab's hidden log console, one in a
dropped task nowhere. A learner then watches a demonstration that stands still, and learns the wrong thing.
The assumption: whoever starts something on the learner's behalf reports its end here, and what nobody
reports reaches the loop's exception handler, which does.
The bargain: the panel appears in the output of the cell that started what failed, or else of the cell run
last. Equal failures are counted, not repeated, and tracebacks are kept as text: a kept traceback would keep
every socket and buffer in its frames alive.
"""

import asyncio
import contextvars
import re
import sys
import threading
import time
import traceback
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import ipywidgets

from patterns.lab.kernel import loop as lab_loop
from patterns.lab.kernel import run_first
from patterns.lab.output import kernel_shell, show
from patterns.lab.style import card, escape, mark

FRAMES = 3
PANELS = 50
SHOWN = 5


@dataclass
class Failure:
    """What was shown: where it happened, `Type: message`, the short traceback, and how many times."""

    where: str
    error: str
    traceback: str
    clock: str = field(default_factory=lambda: time.strftime("%H:%M:%S"), compare=False)
    times: int = field(default=1, compare=False)


@dataclass
class _Panel:
    """The failures of one cell; `widget` is made when the first of them is shown."""

    failures: list[Failure] = field(default_factory=list)
    widget: Any = None


failures: list[Failure] = []
"""Every failure since the kernel started, in the order in which they first happened."""

_lock = threading.Lock()
_panels: OrderedDict[str, _Panel] = OrderedDict()  # by the id of the request that ran the cell
_last_cell: contextvars.Context | None = None


def record(where: str, error: BaseException, *, show: bool = True) -> Failure:
    """Keep and show a failure; from any thread. `where` names what failed: 'background task “feed”'.

    `show` is False where the caller shows it in a better place, such as its own panel.
    """
    failure = Failure(where, _one_line(error), _short(error))
    with _lock:
        known = next((seen for seen in failures if seen == failure), None)
        if known is None:
            failures.append(failure)
        else:
            known.times += 1
            failure = known
    if not show:
        return failure
    context = contextvars.copy_context()
    try:
        lab_loop.call(lambda: context.copy().run(_show, failure))
    except Exception as trouble:  # the loop went away in between: the terminal is the last resort
        print(f"{failure.where}: {failure.error} (could not be shown: {trouble})", file=sys.__stderr__)
    return failure


def on_loop_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The loop's exception handler: dropped tasks, failed callbacks, whatever asyncio has to report."""
    error = context.get("exception") or RuntimeError(context.get("message", "no message"))
    if isinstance(error, (asyncio.CancelledError, KeyboardInterrupt, SystemExit)):
        return
    task = context.get("task") or context.get("future")
    if isinstance(task, asyncio.Task):
        code = getattr(task.get_coro(), "__qualname__", "")
        record(f"task {task.get_name()}{f', {code}()' if code else ''}", error)
    else:
        record(str(context.get("message", "event loop")), error)


def on_thread_exception(args: threading.ExceptHookArgs) -> None:
    """For `threading.excepthook`: a thread that died of an exception."""
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        record(f"thread {args.thread.name if args.thread else '(gone)'}", args.exc_value)


def remember_cell() -> None:
    """Called when a cell starts: what fails without a cell of its own is shown under this one."""
    global _last_cell
    _last_cell = contextvars.copy_context()


def _one_line(error: BaseException) -> str:
    error = run_first.explained(error) or error
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _short(error: BaseException) -> str:
    """The last frames only, and of each file only what helps: that it is a cell, or its path in a package."""
    lines = traceback.TracebackException.from_exception(error, limit=-FRAMES).format()
    text = "".join(lines).strip()
    text = re.sub(r'File "[^"]*ipykernel_\d+/\d+\.py"', "In a cell", text)
    return re.sub(r'File "[^"]*?((?:[^"/]+/){0,2}[^"/]+)"', r'File "\1"', text)


def _cell_id() -> str | None:
    """The id of the request that output now belongs to, if it is a cell's and not a widget's message."""
    header = getattr(getattr(kernel_shell(), "display_pub", None), "parent_header", None) or {}
    return header.get("msg_id") if header.get("msg_type") == "execute_request" else None


def _show(failure: Failure) -> None:
    if kernel_shell() is None:
        print(f"{failure.where}: {failure.error}\n{failure.traceback}", file=sys.stderr)
    elif _cell_id() is None and _last_cell is not None:
        _last_cell.copy().run(_show_here, failure)
    else:
        _show_here(failure)


def _show_here(failure: Failure) -> None:
    panel = _panels.setdefault(_cell_id() or "", _Panel())
    if failure not in panel.failures:
        panel.failures.append(failure)
    if panel.widget is None:
        panel.widget = ipywidgets.HTML()
        panel.widget.value = as_html(panel.failures)
        show(panel.widget)
    else:
        panel.widget.value = as_html(panel.failures)
    while len(_panels) > PANELS:
        _panels.popitem(last=False)


def as_html(shown: list[Failure]) -> str:
    """The failures panel; the newest last, older ones than the last five only counted."""
    parts = []
    if len(shown) > SHOWN:
        parts.append(f'<p class="bcp-soft">{len(shown) - SHOWN} earlier failures are in <code>failures</code>.</p>')
    for failure in shown[-SHOWN:]:
        times = f" · {failure.times} times" if failure.times > 1 else ""
        parts.append(
            '<div class="bcp-note bad" data-testid="failure">'
            f'<div class="bcp-soft">{escape(failure.where)} · '
            f"{failure.clock}{times}</div><div>{escape(failure.error)}</div>"
            f"{details(failure)}</div>"
        )
    return card(
        f"<h4>{mark('bad', 'Something failed in the background')}</h4>{''.join(parts)}",
        testid="failures",
        attributes='role="alert"',
    )


def details(failure: Failure) -> str:
    """The traceback, folded: an HTML `details` element."""
    return f"<details><summary>Where it happened</summary><pre>{escape(failure.traceback)}</pre></details>"
