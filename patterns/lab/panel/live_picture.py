"""A picture that is replaced ten times a second, and its table, which is not.

The problem: whatever is open, focused or scrolled inside HTML that is replaced is closed by the next frame.
The assumption: who opens the table wants to read it, and nobody reads what changes ten times a second.
The bargain: the table stands beside the picture, behind a button that keeps its state. It shows the messages
of the moment at which it was opened; opened again, newer ones.
"""

from typing import Any

import ipywidgets

from patterns.lab.style import Drawing


class LivePicture:
    """`widget` holds the picture, the button and the table; `show` replaces the picture."""

    def __init__(self) -> None:
        self.picture = ipywidgets.HTML()
        self.picture.add_class("bcp-picture")
        self.button = ipywidgets.ToggleButton(value=False)
        self.table = ipywidgets.HTML()
        for hidden in (self.button, self.table):
            hidden.layout.display = "none"
        self.button.observe(self._pressed, "value")
        self.widget = ipywidgets.VBox([self.picture, self.button, self.table])
        self._drawn: Drawing | str = ""

    def show(self, drawn: Drawing | str) -> None:
        """Replace the picture; the table stays as it is while it is open."""
        self._drawn = drawn
        html = drawn.picture if isinstance(drawn, Drawing) else drawn
        if self.picture.value != html:
            self.picture.value = html
        has_table = isinstance(drawn, Drawing) and bool(drawn.table)
        if has_table and not self.button.value:
            self._name("Show", drawn)
        self._appear(self.button, has_table or self.button.value)

    def _pressed(self, change: dict[str, Any]) -> None:
        is_open, drawn = bool(change["new"]), self._drawn
        if is_open and isinstance(drawn, Drawing):
            self.table.value = drawn.table
        self._name("Hide" if is_open else "Show", drawn)
        self._appear(self.table, is_open)

    def _name(self, verb: str, drawn: Drawing | str) -> None:
        """The button says what pressing it does; set only when it changes, or it would be read out each time."""
        summary = drawn.summary if isinstance(drawn, Drawing) else "the table"
        description = f"{verb} {summary}"
        if self.button.description != description:
            self.button.description = description
            self.button.tooltip = "The table stays as it is while it is open; open it again for newer messages"

    def _appear(self, widget: Any, visible: bool) -> None:
        display = None if visible else "none"
        if widget.layout.display != display:
            widget.layout.display = display
