"""A panel to play with: controls, Start and Stop, numbers, a live plot and a picture.

The problem: a demonstration has to go on while the learner moves a slider, in the same loop as the server it
shows, without slowing that server down.
The assumption: what it shows comes from one coroutine, `drive`, which reads the controls from `panel.values`
and reports through `point`, `number` and `picture`.
The bargain: at most ten frames a second, drawn only if something changed; old points are forgotten, and a
picture that is given as a function is made only when a frame shows it. The panel measures how long the loop
was blocked while it ran, and shows it among its numbers; over 50 ms it says so, and names what blocked it.
"""

import asyncio
import gc
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import ipywidgets

from patterns.lab.kernel import loop as lab_loop
from patterns.lab.kernel.failures import details, record
from patterns.lab.kernel.tasks import background, on_click
from patterns.lab.output import discard
from patterns.lab.panel.live_picture import LivePicture
from patterns.lab.panel.plot import MOST_SERIES, Point, line_plot
from patterns.lab.panel.pulse import Pulse, warning
from patterns.lab.style import STYLE, Drawing, escape

FRAME_S = 0.1
SHARE = 0.2
"""How much of the loop's time drawing may take: what takes longer to draw is drawn less often."""
MOST_POINTS = 2000
STOP_LIMIT_S = 3.0
BLOCKED, LATELY = "loop blocked at most", "in the last 10 s"

Shown = Drawing | str

_panels: dict[str, "Panel"] = {}


class Panel:
    """Shown as a cell's last expression; `drive` runs between Start and Stop, or until it returns.

    controls: ipywidgets by the name under which `panel.values` has their value, each with a description.
    drive: `async (panel) -> None`, cancelled by Stop; a failure is shown in the panel.
    x_label, y_label: with units, as in "time (s)". series, numbers: the lines and the figures there will be.
    started: start at once instead of waiting for the button.
    A panel replaces the one of the same title, so a cell can run again.
    """

    def __init__(
        self,
        title: str,
        controls: Mapping[str, Any],
        drive: Callable[["Panel"], Awaitable[None]],
        *,
        x_label: str,
        y_label: str,
        series: Sequence[str] = (),
        numbers: Sequence[str] = (),
        started: bool = False,
    ) -> None:
        if len(series) > MOST_SERIES:
            raise ValueError(f"expected at most {MOST_SERIES} series, got {len(series)}; show fewer at once")
        if nameless := [name for name, control in controls.items() if not getattr(control, "description", "")]:
            raise ValueError(f"expected a description on every control, got none on {', '.join(nameless)}")
        self.title = title
        self.values = SimpleNamespace()
        self.pulse = Pulse()
        self._drive = drive
        self._labels = x_label, y_label
        self._series: dict[str, deque[Point]] = {name: deque(maxlen=MOST_POINTS) for name in series}
        self._numbers = dict.fromkeys([*numbers, BLOCKED, LATELY], "–")
        self._task: asyncio.Task[None] | None = None
        self._frame_due = False
        self._began_s = self._next_s = float("-inf")
        self._cost_s = 0.0
        self._plot_changed = bool(series)
        self._follow(controls)
        self._build(controls)
        self._state("ready", "ready")
        self._draw()
        self._before = _panels.get(title)
        _panels[title] = self
        if self._before is not None:
            self._before._replaced()
        if started:
            self.start()

    # What `drive` calls

    def point(self, series: str, x: float, y: float) -> None:
        """Add a point to a line; from any thread. Only the last 2000 points of a line are kept."""
        if series not in self._series:
            known = ", ".join(self._series) or "none"
            raise KeyError(f"expected one of the panel's series ({known}), got {series!r}; name it in series=[…]")
        self._series[series].append((float(x), float(y)))
        self._plot_changed = True
        self._dirty()

    def number(self, label: str, text: object) -> None:
        """Show `text` under `label`; from any thread."""
        if self._numbers.get(label) != str(text):
            self._numbers[label] = str(text)
            self._dirty()

    def picture(self, drawn: Shown | Callable[[], Shown]) -> None:
        """Show a drawing, such as a sequence diagram, or HTML below the plot; "" takes it away.

        Given a function, it is called for each frame that is drawn, at most ten times a second, however often
        the picture changes. A drawing's table stands behind a button of its own, which stays as it is.
        """
        self._pending_picture = drawn
        self._dirty()

    def clear(self) -> None:
        """Forget all points and numbers."""
        for points in self._series.values():
            points.clear()
        for label in self._numbers:
            self._numbers[label] = "–"
        self._plot_changed = bool(self._series)
        self._dirty()

    # What the buttons call

    def start(self) -> "asyncio.Task[None]":
        """Run `drive`, from the beginning; what was drawn is cleared."""
        if self._task is not None and not self._task.done():
            return self._task
        self.clear()
        self.failure.value = ""
        self._state("running", "running")
        self._task = background(self._run(), name=f"panel “{self.title}”")
        return self._task

    async def stop(self, why: str = "stopped") -> None:
        """Cancel `drive` and wait for its clean-up, up to 3 s."""
        task = self._task
        if task is not None and not task.done():
            self._state("stopping …", "stopping")
            task.cancel()
            await asyncio.wait([task], timeout=STOP_LIMIT_S)
            if not task.done():
                why = f"still stopping after {STOP_LIMIT_S:g} s"
        if _panels.get(self.title) is self:
            self._state(why, "stopped")

    async def _run(self) -> None:
        gc.collect()  # what was made since the last collection would be looked through while it is measured
        self.pulse.start()
        try:
            await self._drive(self)
        except asyncio.CancelledError:
            self._ended("stopped")
            raise
        except Exception as error:
            self._failed(error)
        else:
            self._ended("finished")
        finally:
            self.pulse.stop()
            self._dirty()

    def _ended(self, how: str) -> None:
        if _panels.get(self.title) is self:
            self._state(how, "stopped")

    def _failed(self, error: Exception) -> None:
        failure = record(f"panel “{self.title}”", error, show=False)
        self.failure.value = (
            f'<div class="bcp-note bad" role="alert" data-testid="panel-failure"><div>This panel stopped: '
            f"{escape(failure.error)}</div>{details(failure)}</div>"
        )
        self._ended("failed")

    def _replaced(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
        self._state("replaced: its cell was run again", "replaced")
        if self._before is not None:  # this one may still be seen, the one before it not
            discard(self._before.widget)
            self._before = None

    # How it looks

    def _follow(self, controls: Mapping[str, Any]) -> None:
        for name, control in controls.items():
            if control.has_trait("value"):
                setattr(self.values, name, control.value)
                control.observe(lambda change, name=name: setattr(self.values, name, change["new"]), "value")

    def _build(self, controls: Mapping[str, Any]) -> None:
        self.start_button = ipywidgets.Button(description="Start", icon="play", tooltip=f"Start: {self.title}")
        self.stop_button = ipywidgets.Button(description="Stop", icon="stop", tooltip=f"Stop: {self.title}")
        self.start_button.add_class("bcp-main")

        async def pressed_start() -> None:
            self.start()
            self.stop_button.focus()  # the button under the focus was just disabled

        async def pressed_stop() -> None:
            await self.stop()
            self.start_button.focus()

        on_click(self.start_button, pressed_start)
        on_click(self.stop_button, pressed_stop)
        self.status, self.figures, self.held, self.plot, self.failure = (ipywidgets.HTML() for _ in range(5))
        self.live = LivePicture()
        self.diagram = self.live.picture.html
        self._pending_picture = ""
        head = ipywidgets.HTML(f'{STYLE}<h4 data-testid="panel-{slug(self.title)}">{escape(self.title)}</h4>')
        for control in controls.values():
            control.style.description_width = "initial"
        dials = ipywidgets.Box(list(controls.values()))
        dials.add_class("bcp-dials")
        buttons = ipywidgets.HBox([self.start_button, self.stop_button, self.status])
        buttons.add_class("bcp-buttons")
        parts = [head, dials, buttons, self.failure, self.figures, self.held, self.plot, self.live.widget]
        self.widget = ipywidgets.VBox(parts)
        for name in ("bcp", "bcp-card", "bcp-panel"):
            self.widget.add_class(name)

    def _state(self, text: str, state: str) -> None:
        self.start_button.disabled = state in ("running", "stopping", "replaced")
        self.stop_button.disabled = state != "running"
        self.status.value = f'<span class="bcp-soft" role="status" data-testid="panel-state">{escape(text)}</span>'

    def _dirty(self) -> None:
        """A frame is due: now, or when its turn comes. One at a time is under way."""
        if self._frame_due:
            return
        self._frame_due = True
        lab_loop.call(self._arrange)

    def _arrange(self) -> None:
        loop = lab_loop.running()
        wait_s = self._next_s - time.perf_counter()
        if loop is None or wait_s <= 0:
            self._draw()
        else:
            loop.call_later(wait_s, self._draw)

    def _draw(self) -> None:
        """A frame, in two steps: between the plot and the picture the loop serves whoever waits."""
        self._frame_due = False
        self._began_s, self._cost_s = time.perf_counter(), 0.0
        self._numbers[BLOCKED] = f"{self.pulse.blocked_s * 1000:.0f} ms"
        self._numbers[LATELY] = f"{self.pulse.lately_s * 1000:.0f} ms"
        tiles = "".join(
            f'<div><span>{escape(label)}</span><b data-testid="number-{slug(label)}">{escape(text)}</b></div>'
            for label, text in self._numbers.items()
        )
        self.figures.value = f'<div class="bcp-tiles">{tiles}</div>'
        self.held.value = warning(self.pulse.longest)
        if self._plot_changed:
            self._plot_changed = False
            points = {name: list(line) for name, line in self._series.items()}  # one step: other threads add
            self.plot.value = line_plot(*self._labels, points)
        self._took(time.perf_counter() - self._began_s)
        if (loop := lab_loop.running()) is None:
            self._draw_picture()
        else:
            loop.call_soon(self._draw_picture)

    def _draw_picture(self) -> None:
        began_s = time.perf_counter()
        try:
            pending = self._pending_picture
            self.live.show(pending() if callable(pending) else pending)
        except Exception as error:
            self._pending_picture = ""  # or it would fail ten times a second
            record(f"the picture of panel “{self.title}”", error)
        self._took(time.perf_counter() - began_s)

    def _took(self, seconds: float) -> None:
        """The next frame comes 100 ms after this one, or later, so that drawing keeps to its share of the time."""
        self._cost_s += seconds
        self._next_s = self._began_s + max(FRAME_S, self._cost_s / SHARE)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)


def slug(label: str) -> str:
    """A label as it stands in a data-testid: "answers a second" is answers-a-second."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
