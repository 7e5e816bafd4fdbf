"""A finished figure: inline SVG in the page's colours with a text and a table beside it, or a file."""

import hashlib
import io
import re
import sys
from html import escape
from pathlib import Path
from weakref import WeakKeyDictionary

from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from patterns.lab.figures.look import INK, LINE, OKABE_ITO, SERIES, SOFT, VARIABLES, settings
from patterns.lab.style import STYLE, Drawing
from patterns.lab.table import Table

TABLES: "WeakKeyDictionary[Figure, Table]" = WeakKeyDictionary()
"""The numbers of a figure drawn here, for who would rather read them."""


class Picture(Drawing):
    """A figure as inline SVG; `alt` is its text alternative, and all there is outside a notebook."""

    def __init__(self, svg: str, alt: str, numbers: Table | None = None) -> None:
        table = numbers._repr_html_().removeprefix(STYLE) if numbers else ""
        super().__init__("figure", svg, f"[figure: {alt}]", summary="The numbers as a table", table=table, quiet=True)
        self.alt = alt


def show(figure: Figure, *, alt: str) -> Picture:
    """`figure` as inline SVG in the page's colours, with `alt` for who cannot see it (`ValueError` if empty).

    The same figure gives the same text. A figure of pyplot's is closed.
    """
    if not alt.strip():
        raise ValueError("expected a text alternative, got none; say what the figure shows, with its numbers")
    drawn = io.StringIO()
    with settings():
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close(figure)
    svg = drawn.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    prefix = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8]  # two figures on a page share no id
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r"font-family: [^;\"]*", "font-family: var(--jp-ui-font-family,system-ui,sans-serif)", svg)
    for stand_in, variable in VARIABLES.items():
        svg = svg.replace(stand_in, variable)
    ink = VARIABLES[INK]  # what has no fill of its own is black, so inherits it here
    lines = "stroke-linejoin:round;stroke-linecap:butt"  # matplotlib's style sheet, which would hold for the page
    named = f'<svg role="img" aria-label="{escape(alt, quote=True)}" class="bcp-figure" fill="{ink}" style="{lines}"'
    return Picture(svg.replace("<svg", named, 1), alt, TABLES.get(figure))


def save(figure: Figure, path: Path) -> None:
    """`figure` as a file, in the palette's own colours on white; the suffix says which kind."""
    palette = {LINE: "#e0e0e0", SOFT: "#5f6368", **dict(zip(SERIES, OKABE_ITO, strict=True))}
    with settings():
        for artist in figure.findobj():
            for name in ("color", "facecolor", "edgecolor", "markeredgecolor"):
                colour = getattr(artist, f"get_{name}", lambda: None)()
                if isinstance(colour, str | tuple) and to_hex(colour) in palette:
                    getattr(artist, f"set_{name}")(palette[to_hex(colour)])
        figure.savefig(path, facecolor="white")
