"""A verdict on a card: points, then each check; a failed one lies open with what was done, expected and got."""

from __future__ import annotations

from patterns.grading.catalogue import Misconception
from patterns.grading.verdict import Found, Verdict
from patterns.lab.answer.diagram import diagram
from patterns.lab.style import card, escape, mark

_KINDS = {"passed": "good", "partial": "part", "failed": "bad", "broken": "bad", "missing": "bad"}
_STYLE = (
    "<style>.bcp .bcp-check{border-top:1px solid var(--bcp-line);padding:10px 0}"
    ".bcp .bcp-line{display:grid;grid-template-columns:5.5em 1fr auto;column-gap:14px;list-style:none}"
    ".bcp summary.bcp-line{cursor:pointer}.bcp summary.bcp-line::-webkit-details-marker{display:none}"
    ".bcp summary.bcp-line b::after{content:' ▸';color:var(--bcp-soft)}"
    ".bcp details[open]>summary.bcp-line b::after{content:' ▾'}"
    ".bcp summary.bcp-line:focus-visible{outline:2px solid var(--jp-brand-color1,#1976d2);outline-offset:2px}"
    ".bcp .bcp-check dl{display:grid;grid-template-columns:5.5em 1fr;gap:4px 14px;margin:8px 0 0}"
    ".bcp .bcp-check dt{color:var(--bcp-soft);font-weight:400;width:auto;float:none}"
    ".bcp .bcp-check dd{margin:0;width:auto;min-width:0;overflow-wrap:anywhere}"
    ".bcp .bcp-check svg text.bcp-code{font-family:var(--jp-code-font-family,monospace);fill:var(--bcp-ink)}"
    ".bcp .bcp-check pre{margin:2px 0 4px}.bcp .bcp-points{display:flex;gap:3px;margin:10px 0 12px}"
    ".bcp .bcp-points i{height:6px;border-radius:3px;background:var(--bcp-line)}"
    ".bcp .bcp-points i.got{background:var(--bcp-good)}</style>"
)


def as_html(verdict: Verdict, title: str, note: str = "") -> str:
    """The whole verdict; `note` is a further line at its end."""
    points = f"{verdict.points} of {verdict.max_points} points"
    bar = "".join(
        f'<i class="{"got" if found.passed else ""}" style="flex:{found.points}"></i>' for found in verdict.checks
    )
    head = (
        f'<div class="bcp-kicker">Exercise {escape(verdict.exercise)}</div><h4>{escape(title)}</h4>'
        f'<p data-testid="verdict-points">{mark(_KINDS[verdict.word], verdict.word)} '
        f'<span class="bcp-soft">·</span> {escape(points)}</p>'
        f'<div class="bcp-points" role="img" aria-label="{escape(points)}">{bar}</div>'
    )
    first = next((found.name for found in verdict.checks if not found.passed), None)
    checks = "".join(_check(found, is_open=found.name == first) for found in verdict.checks)
    foot = f'<p class="bcp-soft">Seed {verdict.seed} · box: {escape(verdict.box)}</p>'
    last = f"<p>{mark('warn', note)}</p>" if note else ""
    return card(
        f"{_STYLE}{head}{checks}{foot}{last}",
        testid=f"verdict-{verdict.exercise}",
        attributes=f'data-verdict="{verdict.word}"',
    )


def _check(found: Found, *, is_open: bool) -> str:
    sign = mark("good" if found.passed else "bad", "passed" if found.passed else "failed")
    points = f"{found.points if found.passed else 0} of {found.points}"
    says = found.says if found.passed else found.message
    line = f'{sign}<span><b>{escape(found.name)}</b><br>{escape(says)}</span><span class="bcp-num">{points}</span>'
    attributes = f'class="bcp-check" data-testid="check-{escape(found.name)}"'
    if found.passed:
        return f'<div {attributes}><div class="bcp-line">{line}</div></div>'
    return (
        f'<details {attributes} {"open" if is_open else ""}><summary class="bcp-line">{line}</summary>'
        f"{_failure(found)}</details>"
    )


def _failure(found: Found) -> str:
    rows = [("checked", escape(found.says))]
    rows += [(name, f"<code>{escape(text)}</code>") for name, text in _values(found) if text]
    if found.steps:
        rows.append(("done", f'{diagram(found.drawn)}<pre tabindex="0">{escape(chr(10).join(found.steps))}</pre>'))
    if found.prints.strip():
        rows.append(("printed", f'<pre tabindex="0">{escape(found.prints[-1000:])}</pre>'))
    table = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows)
    return f'<div class="bcp-note bad"><dl>{table}</dl>{_idea(found.idea)}</div>'


def _values(found: Found) -> tuple[tuple[str, str], ...]:
    return ("expected", found.expected), ("got", found.got)


def _idea(idea: Misconception | None) -> str:
    if idea is None:
        return ""
    link = f'<a href="../notebooks/{escape(idea.href)}">See it happen</a>'
    return f'<p class="bcp-right" data-testid="idea-{escape(idea.name)}">{escape(idea.right)} {link}</p>'
