"""A straight line on the page, and what is drawn along it."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """From (x0, y0), the tail, to (x1, y1), the head; px, y down the page."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def slope(self) -> float:
        """Degrees by which a label leans to lie along the line, read from left to right."""
        return math.degrees(math.atan2((self.y1 - self.y0) * (1 if self.x1 > self.x0 else -1), abs(self.x1 - self.x0)))

    def moved(self, down: float) -> "Line":
        """The same line, further down."""
        return Line(self.x0, self.y0 + down, self.x1, self.y1 + down)

    def path(self, off_start: float, off_end: float) -> str:
        """As a path, shortened by so many px at its ends."""
        length = math.hypot(self.x1 - self.x0, self.y1 - self.y0) or 1.0
        ux, uy = (self.x1 - self.x0) / length, (self.y1 - self.y0) / length
        return (
            f"M{self.x0 + ux * off_start:.1f} {self.y0 + uy * off_start:.1f}"
            f"L{self.x1 - ux * off_end:.1f} {self.y1 - uy * off_end:.1f}"
        )

    @property
    def turn(self) -> str:
        """The transform that puts a drawing made at the origin, looking right, at the line's head."""
        degrees = math.degrees(math.atan2(self.y1 - self.y0, self.x1 - self.x0))
        return f"translate({self.x1:.1f} {self.y1:.1f}) rotate({degrees:.1f})"
