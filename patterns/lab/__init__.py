"""The notebook's side: everything a cell of the course calls.

kernel     open_lesson, keep, servers, background, on_click, run: a lesson's loop, servers and failures
predict    predict and reveal: the guess before the demonstration, and the result beside it
panel      Panel: controls, Start and Stop, a live plot
diff       changes: a step as a diff on the one before; listing
sequence   sequence diagrams from the tap; anatomy: what each byte is for; state_picture: the parser's table
wheel_picture, request_path   the timing wheel, and a request's way through the broker
figures    the model as a line, the measurement as points; table
claims     claim and claims; quiz
answer     %%answer, check and progress: exercises, graded
contents   the table of contents; environment: check_environment, for the first page
"""

from typing import TYPE_CHECKING, Any

from patterns.lab.anatomy import anatomy, hexdump, side_by_side
from patterns.lab.answer import check, progress
from patterns.lab.claims import claim, claims
from patterns.lab.contents import contents
from patterns.lab.diff import changes, listing
from patterns.lab.environment import check_environment
from patterns.lab.kernel import (
    Failure,
    RunFirst,
    background,
    failures,
    keep,
    on_click,
    open_lesson,
    run,
    servers,
    stop_all,
)
from patterns.lab.panel import Panel
from patterns.lab.predict import predict, reveal
from patterns.lab.quiz import quiz
from patterns.lab.request_path import request_path
from patterns.lab.sequence import sequence
from patterns.lab.state_picture import state_picture
from patterns.lab.table import table
from patterns.lab.wheel_picture import place_of, way_down, wheel_picture

if TYPE_CHECKING:
    from patterns.lab.figures import model_and_measurement, show, stacked

__all__ = [
    "Failure",
    "Panel",
    "RunFirst",
    "anatomy",
    "background",
    "changes",
    "check",
    "check_environment",
    "claim",
    "claims",
    "contents",
    "failures",
    "hexdump",
    "keep",
    "listing",
    "model_and_measurement",
    "on_click",
    "open_lesson",
    "place_of",
    "predict",
    "progress",
    "quiz",
    "request_path",
    "reveal",
    "run",
    "sequence",
    "servers",
    "show",
    "side_by_side",
    "stacked",
    "state_picture",
    "stop_all",
    "table",
    "way_down",
    "wheel_picture",
]


def __getattr__(name: str) -> Any:
    """The figures' words, imported when first asked for: matplotlib takes longer to import than all the rest."""
    if name in ("model_and_measurement", "show", "stacked"):
        from patterns.lab import figures

        return getattr(figures, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
