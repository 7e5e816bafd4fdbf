"""A short quiz whose wrong answers are worth giving: each is a misconception with its own feedback.

The problem: "wrong, try again" teaches guessing.
The assumption: a wrong option is a wrong idea that people hold, and the idea is in the catalogue.
The bargain: the author of a question may not invent filler; in return every wrong answer gets the right idea
and the cell that shows it.

The questions are in `quizzes/<lesson>.toml`:

    [[question]]
    id = "where-it-ends"                    # kebab-case, unique
    text = "How does a client know that a response is complete?"
    right = "By its Content-Length, or by the last chunk."
    why = "The end is written in the message: …"

    [[question.wrong]]                      # one or more
    option = "When no more bytes come for a while."
    misconception = "response-ends-when-bytes-pause"
    feedback = "A pause may just be a slow network."
"""

import random
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets

from patterns.grading.catalogue import Misconception, UnknownMisconception, misconception
from patterns.lab.kernel.tasks import on_click
from patterns.lab.style import STYLE, escape, mark

QUIZZES = Path(__file__).with_name("quizzes")


class QuizError(ValueError):
    """The data file is not a quiz; the text says which question, what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong option: its text, its own line of feedback, and the idea behind it."""

    option: str
    feedback: str
    idea: Misconception


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its one right option, why it is right, and the wrong ones."""

    id: str
    text: str
    right: str
    why: str
    wrong: tuple[Wrong, ...]

    def options(self) -> list[str]:
        """All options, shuffled; in the same order every time."""
        options = [self.right, *(wrong.option for wrong in self.wrong)]
        random.Random(self.id).shuffle(options)
        return options


def load(path: Path) -> tuple[Question, ...]:
    """Read and check a quiz file; raises QuizError. Every wrong option names a catalogued misconception."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(quiz.stem for quiz in path.parent.glob("*.toml"))) or "none"
        raise QuizError(f"expected the quiz {path.name}, got no such file; there are: {there}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise QuizError(f"{path.name}: expected TOML in UTF-8, got: {error}") from error
    tables = data.get("question")
    if set(data) != {"question"} or not isinstance(tables, list):
        keys = ", ".join(map(repr, data)) or "none"
        raise QuizError(f"{path.name}: expected [[question]] tables and nothing else, got the keys {keys}")
    questions = [_question(table, f"{path.name}: question {number}") for number, table in enumerate(tables, start=1)]
    ids = [question.id for question in questions]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise QuizError(f"{path.name}: expected every id once, got {', '.join(twice)} more than once; rename one")
    return tuple(questions)


def _question(table: Any, where: str) -> Question:
    texts = _texts(table, ("id", "text", "right", "why"), where, also=("wrong",))
    where += f" ({texts['id']})"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", texts["id"]):
        raise QuizError(f"{where}: expected an id in kebab-case such as where-it-ends, got {texts['id']!r}")
    options = table.get("wrong")
    if not isinstance(options, list) or not options:
        raise QuizError(f"{where}: expected at least one [[question.wrong]], got none; add one")
    wrong = tuple(_wrong(option, f"{where}, wrong option {number}") for number, option in enumerate(options, start=1))
    every = [texts["right"], *(one.option for one in wrong)]
    if twice := sorted({one for one in every if every.count(one) > 1}):
        raise QuizError(f"{where}: expected exactly one right and different options, got {twice[0]!r} twice")
    return Question(texts["id"], texts["text"], texts["right"], texts["why"], wrong)


def _wrong(table: Any, where: str) -> Wrong:
    texts = _texts(table, ("option", "misconception", "feedback"), where)
    try:
        idea = misconception(texts["misconception"])
    except UnknownMisconception as error:
        raise QuizError(f"{where}: {error}") from None
    return Wrong(texts["option"], texts["feedback"], idea)


def _texts(table: Any, keys: tuple[str, ...], where: str, also: tuple[str, ...] = ()) -> dict[str, str]:
    if not isinstance(table, dict):
        raise QuizError(f"{where}: expected a table with {', '.join(keys)}, got {table!r}")
    if unknown := sorted(set(table) - set(keys) - set(also)):
        raise QuizError(f"{where}: expected {', '.join(keys + also)}; take out {', '.join(unknown)}")
    for key in keys:
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise QuizError(f"{where}: expected a text for {key}, got {table.get(key)!r}")
    return {key: table[key].strip() for key in keys}


def quiz(lesson: str) -> Any:
    """The quiz of `lesson`, such as "01_request_response": an ipywidgets VBox. Wrong answers may try again."""
    return Quiz(load(QUIZZES / f"{lesson}.toml")).widget


class Quiz:
    """The questions as widgets; `firsts` and `rights` are the ids answered right at once, and at all."""

    def __init__(self, questions: tuple[Question, ...]) -> None:
        self.questions = questions
        self.tried: set[str] = set()
        self.firsts: set[str] = set()
        self.rights: set[str] = set()
        self._score = ipywidgets.HTML()
        self.widget = ipywidgets.VBox(
            [
                ipywidgets.HTML(
                    f'{STYLE}<div class="bcp-kicker" data-testid="quiz">Quiz · {len(questions)} questions</div>'
                ),
                *(self._ask(number, question) for number, question in enumerate(questions, start=1)),
                self._score,
            ]
        )
        for look in ("bcp", "bcp-card", "bcp-quiz"):
            self.widget.add_class(look)
        self._show_score()

    def answer(self, question: Question, option: str | None) -> str:
        """Take an answer, and return the feedback as HTML; None is no answer yet."""
        if option is None:
            return '<span class="bcp-soft">Please choose an answer first.</span>'
        if option == question.right:
            if question.id not in self.tried:
                self.firsts.add(question.id)
            self.rights.add(question.id)
            feedback = f'<div class="bcp-note good">{mark("good", "Right.")} {escape(question.why)}</div>'
        else:
            wrong = next(wrong for wrong in question.wrong if wrong.option == option)
            feedback = (
                f'<div class="bcp-note bad">{mark("bad", "Not so.")} {escape(wrong.feedback)}'
                f'<p class="bcp-right">{escape(wrong.idea.right)} '
                f'<a href="{escape(wrong.idea.href)}">See it happen</a></p></div>'
            )
        self.tried.add(question.id)
        self._show_score()
        return feedback

    def _ask(self, number: int, question: Question) -> Any:
        head = ipywidgets.HTML(f'<h4 data-testid="quiz-{question.id}">{number}. {escape(question.text)}</h4>')
        options = ipywidgets.RadioButtons(
            options=question.options(), value=None, description=f"Answers to question {number}"
        )
        button = ipywidgets.Button(description="Check", tooltip=f"Check the answer to question {number}")
        feedback = ipywidgets.HTML(_feedback(question, ""))

        async def check() -> None:
            feedback.value = _feedback(question, self.answer(question, options.value))
            if question.id in self.rights:
                options.disabled = button.disabled = True

        on_click(button, check)
        box = ipywidgets.VBox([head, options, button, feedback])
        for look in ("bcp-question", f"bcp-quiz-{question.id}"):
            box.add_class(look)
        return box

    def _show_score(self) -> None:
        text = f"{len(self.rights)} of {len(self.questions)} right"
        if self.rights:
            text += f", {len(self.firsts)} at the first try"
        self._score.value = f'<div class="bcp-score" role="status" data-testid="quiz-score">{text}</div>'


def _feedback(question: Question, html: str) -> str:
    return f'<div role="status" data-testid="quiz-{question.id}-feedback">{html}</div>'
