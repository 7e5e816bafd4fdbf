"""The look of everything the lab draws: one style sheet on JupyterLab's own colours, and the palette.

Text and surfaces take JupyterLab's CSS variables, so they follow its theme; each has a fallback for pages
without JupyterLab. Colours with a meaning are Okabe and Ito's, safe for colour-blind readers, with the
shade chosen per theme for contrast; none of them ever stands alone: lines have dashes and markers, verdicts
have a sign and a word.
"""

from html import escape
from pathlib import Path

__all__ = ["STYLE", "Drawing", "card", "escape", "folded", "mark", "svg"]


STYLE = f"<style>{' '.join(Path(__file__).with_name('style.css').read_text(encoding='utf-8').split())}</style>"
"""`style.css` as an element; every piece the lab shows brings it along, so each can stand alone."""

_SIGNS = {"good": "✓", "bad": "✗", "part": "◐", "warn": "!"}


def card(body: str, *, testid: str, attributes: str = "", quiet: bool = False) -> str:
    """`body` (HTML) on a card, with the style sheet; `attributes` are further ones for the outer element."""
    looks = "bcp bcp-card bcp-quiet" if quiet else "bcp bcp-card"
    return f'{STYLE}<div class="{looks}" data-testid="{escape(testid)}" {attributes}>{body}</div>'


def mark(kind: str, word: str) -> str:
    """A verdict that does not lean on colour: a sign and a word; `kind` is good, part, bad or warn."""
    return f'<span class="bcp-{kind}"><span aria-hidden="true">{_SIGNS[kind]}</span> {escape(word)}</span>'


def svg(width: float, height: float, words: str, body: str) -> str:
    """The SVG element of a drawing, in px; `words` is what those hear who do not see it."""
    return (
        f'<svg role="img" aria-label="{escape(words, quote=True)}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    )


def folded(summary: str, body: str, *, testid: str) -> str:
    """`body` (HTML) behind a line to open it by, with a roll of its own if it is long."""
    return (
        f'<details class="bcp-folded" data-testid="{escape(testid)}"><summary>{escape(summary)}</summary>'
        f"{_roll(summary, body)}</details>"
    )


def _roll(label: str, body: str) -> str:
    return f'<div class="roll" tabindex="0" role="region" aria-label="{escape(label, quote=True)}">{body}</div>'


class Drawing:
    """A drawing and its table: `html` has both, for a notebook; `svg` alone; `text` for a terminal.

    `picture` and `table` are the two halves as HTML, for where the picture is replaced again and again and the
    table is not to close under the reader; `summary` names the table.
    """

    def __init__(
        self,
        name: str,
        svg: str,
        text: str,
        *,
        css: str = "",
        title: str = "",
        note: str = "",
        summary: str = "",
        table: str = "",
        quiet: bool = False,
    ) -> None:
        heading = f"<h4>{escape(title)}</h4>" if title else ""
        said = f'<p class="bcp-soft">{escape(note)}</p>' if note else ""

        def framed(body: str) -> str:
            return card(f'{css}<div class="bcp bcp-{name}">{body}</div>', testid=name, quiet=quiet)

        self.svg = svg
        self.text = text
        self.summary = summary
        self.picture = framed(heading + said + svg)
        self.table = framed(_roll(summary, table)) if table else ""
        self.html = (
            framed(heading + said + svg + folded(summary, table, testid=f"{name}-table")) if table else self.picture
        )

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text
