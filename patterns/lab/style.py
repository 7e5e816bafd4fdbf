"""The look of everything the lab draws: one style sheet on JupyterLab's own colours, and the palette.

Text and surfaces take JupyterLab's CSS variables, so they follow its theme; each has a fallback for pages
without JupyterLab. Colours with a meaning are Okabe and Ito's, safe for colour-blind readers, with the
shade chosen per theme for contrast; none of them ever stands alone: lines have dashes and markers, verdicts
have a sign and a word.
"""

from html import escape
from pathlib import Path

__all__ = ["STYLE", "card", "escape", "mark"]


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
