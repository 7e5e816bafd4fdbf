"""Where output goes: rich in a kernel, plain text in a terminal or a test."""

from typing import Any

import IPython
from IPython import display as _display

_show: Any = _display.display


def kernel_shell() -> Any:
    """The IPython shell of the Jupyter kernel this runs in, or None outside a kernel."""
    shell: Any = IPython.get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None


def show(widget: Any) -> None:
    """Show a widget under the cell that runs, or that started what runs."""
    _show(widget)


def show_html(html: str, text: str) -> None:
    """Show `html` in a kernel, with `text` for who cannot see it; print `text` anywhere else."""
    if kernel_shell() is None:
        print(text)
    else:
        _show({"text/html": html, "text/plain": text}, raw=True)


def discard(widget: Any) -> None:
    """Close a widget and all that belongs to it: an open one lives in kernel and browser until both end."""
    for child in getattr(widget, "children", ()):
        discard(child)
    for part in (getattr(widget, "style", None), getattr(widget, "layout", None), widget):
        close: Any = getattr(part, "close", None)
        if close is not None:
            close()
