"""Predict, then run: the learner commits to a guess, and the result is drawn beside it.

The problem: who watches a demonstration nods and forgets; who has said what will happen wants to know.
The assumption: a guess costs nothing to make and nothing to get wrong, but it has to be made before.
The bargain: once committed it stays, through re-runs of its cell, until the kernel restarts.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets

from patterns.grading.catalogue import misconception
from patterns.lab.kernel.tasks import on_click
from patterns.lab.output import show_html
from patterns.lab.panel.plot import axis, figure
from patterns.lab.style import STYLE, card, escape, mark

WIDE, WIDE_FROM_ZERO = 50.0, 500.0  # ranges of more than 1:50, or 0 to 500, are drawn logarithmically
_WIDTH, _LEFT, _RIGHT = 640, 24, 24


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a number from `low` to `high` in `unit`, or one of `choices` with the idea behind it."""

    name: str
    text: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: Mapping[str, str | None] | None = None

    def parse(self, text: str) -> float:
        """The number the learner typed; raises ValueError with a text for the learner."""
        assert self.low is not None
        assert self.high is not None
        bounds = f"a number from {figure(self.low)} to {figure(self.high)}{spaced(self.unit)}"
        try:
            number = float(re.sub(r"[\s_,](?=\d{3}(\D|$))", "", text.strip()))
        except ValueError:
            raise ValueError(f"Please give {bounds}.") from None
        if not (math.isfinite(number) and self.low <= number <= self.high):
            raise ValueError(f"Please give {bounds}; {text.strip()} lies outside.")
        return number

    def accepts(self, guess: "float | str") -> bool:
        """Whether an earlier guess still answers this question, after its cell was changed."""
        if self.choices is not None:
            return guess in self.choices
        return isinstance(guess, float) and self.low is not None and self.low <= guess <= (self.high or 0)


_questions: dict[str, Question] = {}
guesses: dict[str, float | str] = {}
"""The committed guesses by the prediction's name: a number or a choice's text."""


def predict(
    name: str,
    question: str,
    *,
    unit: str | None = None,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] | Mapping[str, str | None] | None = None,
) -> Any:
    """Ask for a guess, to be committed before the demonstration: an ipywidgets VBox.

    A number between `low` and `high` in `unit`, or one of `choices`: texts, or a mapping from text to the
    name of the misconception behind it (None for the right one), which `reveal` then answers.
    """
    if (choices is None) == (low is None or high is None):
        raise ValueError(f"expected low= and high=, or choices=, for the prediction {name!r}; give one of the two")
    options: Mapping[str, str | None] | None = None
    if choices is not None:
        options = choices if isinstance(choices, Mapping) else dict.fromkeys(choices)
        for idea in filter(None, options.values()):
            misconception(idea)  # unknown names fail here, in the author's sight
    asked = Question(name, question, unit or "", low, high, options)
    _questions[name] = asked
    if name in guesses and not asked.accepts(guesses[name]):
        del guesses[name]
    return _widget(asked)


def _widget(asked: Question) -> Any:
    head = ipywidgets.HTML(
        f'{STYLE}<div class="bcp-kicker">Predict first</div>'
        f'<h4 data-testid="predict-{escape(asked.name)}">{escape(asked.text)}</h4>'
    )
    field: Any
    if asked.choices is not None:
        field = ipywidgets.RadioButtons(options=list(asked.choices), description="Your guess", value=None)
    else:
        assert asked.low is not None
        assert asked.high is not None
        field = ipywidgets.Text(
            description=f"Your guess{f', {asked.unit}' if asked.unit else ''}",
            placeholder=f"{figure(asked.low)} to {figure(asked.high)}",
        )
    field.style.description_width = "initial"
    button = ipywidgets.Button(description="Commit", tooltip="Commit to this guess")
    button.add_class("bcp-main")
    said = ipywidgets.HTML()

    def show(guess: float | str) -> None:
        text = f"“{guess}”" if isinstance(guess, str) else f"{figure(guess)}{spaced(asked.unit, guess)}"
        field.disabled = button.disabled = True
        said.value = _status(asked, f"Committed: {escape(text)}. Now run the next cells.")

    async def commit() -> None:
        if asked.name in guesses:
            return
        try:
            if asked.choices is None:
                guess: float | str = asked.parse(field.value)
            elif field.value is None:
                raise ValueError("Please choose one first.")
            else:
                guess = field.value
        except ValueError as error:
            said.value = _status(asked, escape(str(error)))
            return
        guesses[asked.name] = guess
        show(guess)

    on_click(button, commit)
    if asked.name in guesses:
        guess = guesses[asked.name]
        field.value = guess if isinstance(guess, str) else figure(guess)
        show(guess)
    else:
        said.value = _status(asked, "")
    line = ipywidgets.VBox if asked.choices is not None else ipywidgets.HBox
    answer = line([field, ipywidgets.HBox([button, said])])
    answer.add_class("bcp-answer")
    box = ipywidgets.VBox([head, answer])
    for look in ("bcp", "bcp-card", "bcp-predict", f"bcp-predict-{asked.name}"):
        box.add_class(look)
    return box


def _status(asked: Question, html: str) -> str:
    return f'<span role="status" class="bcp-soft" data-testid="predict-{escape(asked.name)}-state">{html}</span>'


def reveal(name: str, actual: float | str, because: str = "") -> None:
    """Show the result beside the guess committed as `name`, on one scale; `because` says why, in a sentence.

    Without a guess, the result alone, and a word for guessing first. Outside a kernel it prints the text.
    """
    asked = _questions.get(name) or Question(name, "")
    guess = guesses.get(name)
    show_html(as_html(asked, guess, actual, because), sentence(asked, guess, actual, because))


def sentence(asked: Question, guess: float | str | None, actual: float | str, because: str) -> str:
    """Guess and result in words: "You said 40, it was 72 bytes: …"."""
    if isinstance(actual, str):
        was = f"“{actual}”"
        said = None if guess is None else f"“{guess}”"
    else:
        was = f"{figure(actual)}{spaced(asked.unit, actual)}"
        said = None if not isinstance(guess, (int, float)) else figure(guess)
    reason = f": {because}{'' if because.endswith(('.', '!', '?')) else '.'}" if because else "."
    if said is None:
        return f"It was {was}{reason}"
    if guess == actual:
        return f"You said {was}, and so it was{reason}"
    return f"You said {said}, it was {was}{reason}"


def as_html(asked: Question, guess: float | str | None, actual: float | str, because: str) -> str:
    """The revealed prediction as a card."""
    parts = [f'<div class="bcp-asked">{escape(asked.text) or "Result"}</div>']
    if isinstance(actual, str):
        right = guess == actual
        sign = mark("good", "Right.") + " " if right else mark("bad", "Not so.") + " " if guess is not None else ""
    else:
        right, sign = guess == actual, ""
    parts.append(f'<p class="bcp-says">{sign}{escape(sentence(asked, guess, actual, because))}</p>')
    if guess is None:
        parts.append(
            '<p class="bcp-soft">You had not committed a guess. Predicting first, even wrongly, makes it stick.</p>'
        )
    elif not right and isinstance(guess, str) and asked.choices and (idea := asked.choices.get(guess)):
        entry = misconception(idea)
        parts.append(
            f'<div class="bcp-note">{escape(entry.right)} <a href="{escape(entry.href)}">See it happen</a></div>'
        )
    if not isinstance(actual, str):
        number = guess if isinstance(guess, (int, float)) else None
        parts.append(scale(asked, number, float(actual)))
    return card("".join(parts), testid=f"reveal-{asked.name}")


def scale(asked: Question, guess: float | None, actual: float) -> str:
    """Guess and result on one scale: an SVG element, logarithmic where the range is wide."""
    bounds = [value for value in (asked.low, asked.high, guess, actual) if value is not None]
    low, high = min(bounds), max(bounds)
    marks = [actual] if guess is None else [actual, guess]
    logarithmic = low >= 0 and min(marks) > 0 and (high / low > WIDE if low > 0 else high > WIDE_FROM_ZERO)
    if logarithmic:
        floor = low or min(1.0, *marks)
        exponents = range(math.floor(math.log10(floor)), math.ceil(math.log10(high)) + 1)
        ticks = [10.0**exponent for exponent in exponents]
        first, last = float(exponents[0]), float(max(exponents[-1], exponents[0] + 1))
    else:
        ticks = list(axis("", bounds, from_zero=True).ticks)
        first, last = ticks[0], ticks[-1]

    def at(value: float) -> float:
        if logarithmic:
            value = math.log10(value) if value > 0 else first
        return _LEFT + min(1.0, max(0.0, (value - first) / (last - first))) * (_WIDTH - _LEFT - _RIGHT)

    words = f"On a {'logarithmic ' if logarithmic else ''}scale: "
    words += f"your guess {figure(guess)}, " if guess is not None else ""
    words += f"the result {figure(actual)}{spaced(asked.unit, actual)}"
    body = [f'<path d="M{_LEFT} 44H{_WIDTH - _RIGHT}" stroke="var(--bcp-soft)"/>']
    for tick in ticks:
        body.append(f'<path d="M{at(tick):.1f} 44v5" stroke="var(--bcp-soft)"/>')
        label = figure(tick)
        half = len(label) * 3.2  # about half its width; at the ends it would be cut off
        x = min(max(at(tick), half), _WIDTH - half)
        body.append(f'<text x="{x:.1f}" y="63" text-anchor="middle">{label}</text>')
    if guess is not None:
        start, end = sorted((at(guess), at(actual)))
        body.append(f'<path d="M{start:.1f} 44H{end:.1f}" stroke="var(--bcp-2)" stroke-width="4" opacity=".45"/>')
        body.append(
            f'<path d="M0 -6L6 0L0 6L-6 0z" transform="translate({at(guess):.1f} 44)" '
            'fill="var(--bcp-paper)" stroke="var(--bcp-2)" stroke-width="2"/>'
        )
    body.append(f'<circle cx="{at(actual):.1f}" cy="44" r="6" fill="var(--bcp-1)"/>')
    close = guess is not None and abs(at(guess) - at(actual)) < 110
    if guess is not None:
        side = "end" if at(guess) <= at(actual) else "start"
        body.append(_tag(at(guess), "you said", 14 if close else 30, side if close else "middle"))
        body.append(_tag(at(actual), "it was", 30, "middle", strong=True))
    else:
        body.append(_tag(at(actual), "it was", 30, "middle", strong=True))
    unit = asked.unit + (", logarithmic" if logarithmic else "")
    body.append(f'<text x="{_WIDTH / 2}" y="80" text-anchor="middle">{escape(unit.strip(", "))}</text>')
    return (
        f'<svg role="img" aria-label="{escape(words)}" viewBox="0 0 {_WIDTH} 84" '
        f'width="{_WIDTH}" height="84">{"".join(body)}</svg>'
    )


def _tag(x: float, text: str, y: int, anchor: str, *, strong: bool = False) -> str:
    x = min(max(x, 34.0), _WIDTH - 34.0) if anchor == "middle" else min(max(x, 60.0), _WIDTH - 60.0)
    look = ' class="bcp-strong"' if strong else ""
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}"{look}>{text}</text>'


def spaced(unit: str, of: float | None = None) -> str:
    """A unit to stand after its number, which may be one: 1 byte, 1 answer a second."""
    if of == 1:
        unit = re.sub(r"^([a-z]{3,})s\b", r"\1", unit)
    return f" {unit}" if unit else ""
