"""The quiz: its file's checks, its feedback, its score."""

import asyncio
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from patterns.grading.catalogue import misconception
from patterns.lab.quiz import Quiz, QuizError, load, quiz

QUIZ = """
[[question]]
id = "where-it-ends"
text = "How does a client know that a response is complete?"
right = "By its length."
why = "The end is written in the message."
[[question.wrong]]
option = "When bytes <pause>."
misconception = "response-ends-when-bytes-pause"
feedback = "A slow network pauses, too."
[[question.wrong]]
option = "When the packet ends."
misconception = "one-packet-is-one-request"
feedback = "Forty pieces, one request."

[[question]]
id = "who-speaks"
text = "Who speaks first?"
right = "The client."
why = "Without a request there is nothing to answer."
[[question.wrong]]
option = "The server."
misconception = "server-can-speak-first"
feedback = "It does not know the client yet."
"""


def written(tmp_path: Path, text: str = QUIZ) -> Path:
    path = tmp_path / "99_lesson.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_quiz_is_read_whole(tmp_path: Path) -> None:
    first, second = load(written(tmp_path))
    assert (first.id, first.right, second.why) == (
        "where-it-ends",
        "By its length.",
        "Without a request there is nothing to answer.",
    )
    assert [wrong.idea.name for wrong in first.wrong] == [
        "response-ends-when-bytes-pause",
        "one-packet-is-one-request",
    ]


def test_options_are_shuffled_the_same_way_every_time(tmp_path: Path) -> None:
    first, _ = load(written(tmp_path))
    assert first.options() == first.options()
    assert sorted(first.options()) == ["By its length.", "When bytes <pause>.", "When the packet ends."]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            ('misconception = "server-can-speak-first"', 'misconception = "server-speaks-first"'),
            "99_lesson.toml: question 2 (who-speaks), wrong option 1: expected the name of a catalogued "
            "misconception, got 'server-speaks-first'; did you mean server-can-speak-first",
        ),
        (
            ('option = "The server."', 'option = "The client."'),
            "99_lesson.toml: question 2 (who-speaks): expected exactly one right and different options, "
            "got 'The client.' twice",
        ),
        (
            ('why = "The end is written in the message."\n', ""),
            "99_lesson.toml: question 1: expected a text for why, got None",
        ),
        (
            ('feedback = "It does not know the client yet."\n', ""),
            "99_lesson.toml: question 2 (who-speaks), wrong option 1: expected a text for feedback, got None",
        ),
        (
            ('id = "who-speaks"', 'id = "where-it-ends"'),
            "99_lesson.toml: expected every id once, got where-it-ends more than once; rename one",
        ),
        (
            ('id = "who-speaks"', 'id = "Who speaks"'),
            "99_lesson.toml: question 2 (Who speaks): expected an id in kebab-case such as where-it-ends, "
            "got 'Who speaks'",
        ),
        (
            ('id = "who-speaks"', 'id = "who-speaks"\npoints = 3'),
            "99_lesson.toml: question 2: expected id, text, right, why, wrong; take out points",
        ),
    ],
)
def test_a_faulty_question_is_refused_by_name(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(QuizError) as refused:
        load(written(tmp_path, QUIZ.replace(*change)))
    assert str(refused.value).startswith(complaint)


def test_a_question_needs_a_wrong_option(tmp_path: Path) -> None:
    with pytest.raises(QuizError, match=r"question 1 \(where-it-ends\): expected at least one \[\[question.wrong\]\]"):
        load(written(tmp_path, QUIZ[: QUIZ.index("[[question.wrong]]")]))


@pytest.mark.parametrize("text", ["", "question = 3", QUIZ + '\n[extra]\nkey = "value"'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(QuizError, match=r"expected \[\[question\]\] tables and nothing else"):
        load(written(tmp_path, text))


def test_an_unknown_quiz_lists_those_there_are() -> None:
    with pytest.raises(QuizError, match=r"expected the quiz 99_nowhere.toml, got no such file; there are: "):
        quiz("99_nowhere")


def pieces(asked: Any) -> tuple[Any, Any, Any]:
    """Options, Check button and feedback of a question's box."""
    _, options, button, feedback = asked.children
    return options, button, feedback


async def press(asked: Any, option: str | None) -> str:
    options, button, feedback = pieces(asked)
    options.value = option
    button.click()
    await asyncio.sleep(0.1)
    return str(feedback.value)


async def test_every_answer_gets_its_own_feedback_and_the_score_counts_first_tries(tmp_path: Path) -> None:
    made = Quiz(load(written(tmp_path)))
    _, first, second, score = made.widget.children
    assert "Please choose an answer first." in await press(first, None)
    assert ">0 of 2 right<" in score.value

    wrong = await press(first, "When bytes <pause>.")
    assert "Not so." in wrong
    assert "A slow network pauses, too." in wrong
    idea = misconception("response-ends-when-bytes-pause")
    assert ElementTree.fromstring(wrong).findtext(".//p", "").strip() == idea.right
    assert f'href="{idea.href}"' in wrong
    assert pieces(first)[0].disabled is False, "a wrong answer may be tried again"

    right = await press(first, "By its length.")
    assert "Right." in right
    assert "The end is written in the message." in right
    assert pieces(first)[0].disabled is True
    assert ">1 of 2 right, 0 at the first try<" in score.value

    await press(second, "The client.")
    assert ">2 of 2 right, 1 at the first try<" in score.value


async def test_what_a_browser_test_must_find_is_marked(tmp_path: Path) -> None:
    made = Quiz(load(written(tmp_path)))
    head, first, _, score = made.widget.children
    assert 'data-testid="quiz"' in head.value
    assert 'data-testid="quiz-where-it-ends"' in first.children[0].value
    assert 'data-testid="quiz-where-it-ends-feedback"' in first.children[3].value
    assert 'data-testid="quiz-score"' in score.value
    assert first.children[1].description == "Answers to question 1"
