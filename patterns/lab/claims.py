"""Claims are cells: what people say of the pattern, measured, with a verdict and the number.

The problem: folklore is repeated because nobody measures it, and numbers in prose are never run again.
The assumption: a claim worth repeating can be measured in a cell.
The bargain: the verdict is the author's, the measurement the reader's own machine's. Where the two disagree
the row says so, and it counts as a failure.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from patterns.grading.catalogue import Misconception, misconception
from patterns.lab.kernel.failures import record
from patterns.lab.output import show_html
from patterns.lab.style import card, escape, mark

Verdict = Literal["holds", "holds with a limit", "false"]

_KINDS = {"holds": "good", "holds with a limit": "part", "false": "bad"}


class NotConfirmed(AssertionError):
    """A claim's measurement here does not bear out the verdict."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim with its verdict, what was measured here, and whether that bears the verdict out."""

    text: str
    verdict: Verdict
    measured: str
    confirmed: bool
    idea: Misconception | None = None


_claims: dict[str, Claim] = {}


def claim(text: str, verdict: Verdict, *, measured: str, confirmed: bool, idea: str | None = None) -> None:
    """Show a claim with its verdict and what was measured here, and remember it for the table `claims()`.

    `confirmed` says whether the measurement bears the verdict out; if not, that is shown, and recorded as a
    failure. `idea` names the catalogued misconception behind a false claim. Outside a kernel it prints.
    """
    if verdict not in get_args(Verdict):
        raise ValueError(f"expected a verdict of {', '.join(get_args(Verdict))}; got {verdict!r}")
    made = Claim(text, verdict, measured, bool(confirmed), misconception(idea) if idea else None)
    _claims[text] = made
    show_html(as_row(made), f"{text} — {_words(made)}: {measured}")
    if not made.confirmed:
        record(f"claim “{text}”", NotConfirmed(f"expected “{verdict}”, measured {measured}"), show=False)


def claims() -> "Claims":
    """The table of all claims so far, in the order of their cells' first run."""
    return Claims(tuple(_claims.values()))


@dataclass(frozen=True, slots=True)
class Claims:
    """A table of claims; shows itself in a notebook."""

    rows: tuple[Claim, ...]

    def _repr_html_(self) -> str:
        if not self.rows:
            return card('<span class="bcp-soft">No claims measured yet.</span>', testid="claims")
        held = sum(row.confirmed for row in self.rows)
        rows = "".join(
            f"<tr><td>{escape(row.text)}</td><td>{_verdict(row)}</td><td>{escape(row.measured)}</td></tr>"
            for row in self.rows
        )
        return card(
            f'<table class="bcp-table"><caption class="bcp-kicker">Claims, measured here · '
            f"{held} of {len(self.rows)} confirmed</caption><thead><tr><th scope=col>Claim</th>"
            f"<th scope=col>Verdict</th>"
            f"<th scope=col>Measured</th></tr></thead><tbody>{rows}</tbody></table>",
            testid="claims",
        )

    def __repr__(self) -> str:
        return "\n".join(f"{row.text} — {_words(row)}: {row.measured}" for row in self.rows) or "no claims yet"


def as_row(made: Claim) -> str:
    """One claim as a card."""
    idea = ""
    if made.idea is not None:
        link = f'<a href="{escape(made.idea.href)}">See it happen</a>'
        idea = f'<p class="bcp-soft">{escape(made.idea.right)} {link}</p>'
    return card(
        f'<div class="bcp-kicker">Claim</div><p class="bcp-says">“{escape(made.text)}”</p>'
        f"<p>{_verdict(made)} <span class=bcp-soft>·</span> {escape(made.measured)}</p>{idea}",
        testid="claim",
        attributes=f'data-confirmed="{str(made.confirmed).lower()}"',
    )


def _verdict(made: Claim) -> Any:
    word = mark(_KINDS[made.verdict], made.verdict)
    return word if made.confirmed else f"{word} {mark('warn', 'not confirmed here')}"


def _words(made: Claim) -> str:
    return made.verdict if made.confirmed else f"{made.verdict} (not confirmed here)"
