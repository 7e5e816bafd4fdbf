"""A film of the broker: its views one after the other, at the learner's own pace.

The problem: a request is through the broker in a fraction of a millisecond, and what can be looked at live is only
what waits. The assumption: under a clock that jumps, every step of the broker can be kept with its time.
The bargain: the film shows what has been, not what is; in return it can be stopped, stepped and turned back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets

from patterns.lab.broker_picture.drawing import broker_picture
from patterns.lab.broker_picture.view import View
from patterns.lab.panel.live_picture import Redrawn
from patterns.lab.style import STYLE, escape

STEP_MS = 900


@dataclass(frozen=True, slots=True)
class Frame:
    """One step: what happened, in a sentence, and the broker just after it."""

    what: str
    view: View


class Film:
    """Shown as a cell's last expression: Play, a slider that goes by step, and the picture."""

    def __init__(self, frames: Sequence[Frame], title: str) -> None:
        if not frames:
            raise ValueError("expected at least one frame, got none; let the broker do something while it is recorded")
        self.frames = tuple(frames)
        self.title = title
        last = len(self.frames) - 1
        self.play = ipywidgets.Play(min=0, max=last, interval=STEP_MS, description="Play", tooltip=f"Play: {title}")
        self.slider = ipywidgets.IntSlider(min=0, max=last, description="step", continuous_update=True)
        ipywidgets.jslink((self.play, "value"), (self.slider, "value"))
        self.said, self.picture = ipywidgets.HTML(), Redrawn()
        head = ipywidgets.HTML(f'{STYLE}<h4 data-testid="film">{escape(title)}</h4>')
        shown = [head, ipywidgets.HBox([self.play, self.slider]), self.said, *self.picture.widgets]
        self.widget = ipywidgets.VBox(shown)
        for name in ("bcp", "bcp-card", "bcp-film"):
            self.widget.add_class(name)
        self._shown: int | None = None
        self.slider.observe(lambda change: self.show(change["new"]), "value")
        self.show(0)

    def show(self, step: int) -> None:
        """Show one frame; what has moved since the frame shown before it glides."""
        before = self.frames[self._shown].view if self._shown is not None else None
        frame = self.frames[step]
        self._shown = step
        self.said.value = (
            f'<p role="status" data-testid="film-step"><span class="bcp-soft">{step + 1} of {len(self.frames)}, '
            f"at {frame.view.time_s:.3f} s:</span> {escape(frame.what)}</p>"
        )
        self.picture.show(broker_picture(frame.view, before).picture)

    def __repr__(self) -> str:
        return "\n".join(
            [
                self.title,
                *(f"{n:>3}  {frame.view.time_s:8.3f} s  {frame.what}" for n, frame in enumerate(self.frames, 1)),
            ]
        )

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)
