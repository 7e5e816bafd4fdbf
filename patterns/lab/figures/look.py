"""How figures look: the palette, its stand-ins while matplotlib draws, the house style.

matplotlib's settings belong to the whole process, so they are changed under a lock and put back.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib

INK, SOFT, LINE = "#010203", "#040506", "#070809"  # stand-ins: no figure has these colours by chance
SERIES = tuple(f"#0a0b0{n}" for n in range(1, 7))
OKABE_ITO = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
VARIABLES = {
    INK: "var(--bcp-ink,#212121)",
    SOFT: "var(--bcp-soft,#5f6368)",
    LINE: "var(--bcp-line,#e0e0e0)",
    "#000000": "var(--bcp-ink,#212121)",  # the ink of figures drawn elsewhere
    **{
        stand_in: f"var(--bcp-{n},{colour})"
        for n, (stand_in, colour) in enumerate(zip(SERIES, OKABE_ITO, strict=True), 1)
    },
}
MARKERS, DASHES = "os^DvP", ("-", (0, (6, 2)), (0, (2, 2)), (0, (6, 2, 1, 2)), (0, (1, 1)), (0, (9, 3)))
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++")
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "patterns",
    "text.parse_math": False,
    "font.family": ["sans-serif"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.axisbelow": True,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
_lock = threading.RLock()


@contextmanager
def settings() -> Iterator[None]:
    """The house style, for one thread at a time."""
    with _lock, matplotlib.rc_context(_STYLE):
        yield
