"""Predictions: committed once, kept through re-runs, shown beside the result."""

import asyncio
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from patterns.lab.predict import Question, guesses, predict, reveal, scale, sentence

BYTES = Question("smallest", "How many bytes?", "bytes", 1, 10_000)
WHO = {"The client": None, "The server": "server-can-speak-first"}


def parts(box: Any) -> tuple[Any, Any, Any]:
    """The field, the Commit button, and what is said beside it."""
    field, line = box.children[1].children
    return field, *line.children


async def commit(box: Any, value: str | None) -> str:
    """Answer, press Commit, and return what the widget then says."""
    field, button, said = parts(box)
    field.value = value
    button.click()
    await asyncio.sleep(0.1)
    (text,) = re.findall(r'-state">(.*)</span>$', said.value)
    return str(text)


async def test_a_committed_number_stays_and_cannot_be_changed() -> None:
    box = predict("smallest", "How many bytes?", unit="bytes", low=1, high=10_000)
    assert 'data-testid="predict-smallest"' in box.children[0].value
    assert await commit(box, "40") == "Committed: 40 bytes. Now run the next cells."
    field, button, _ = parts(box)
    assert (field.disabled, button.disabled) == (True, True)
    assert await commit(box, "72") == "Committed: 40 bytes. Now run the next cells."
    assert guesses == {"smallest": 40.0}


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", "Please give a number from 1 to 10,000 bytes."),
        ("many", "Please give a number from 1 to 10,000 bytes."),
        ("nan", "Please give a number from 1 to 10,000 bytes; nan lies outside."),
        ("0", "Please give a number from 1 to 10,000 bytes; 0 lies outside."),
        ("<b>", "Please give a number from 1 to 10,000 bytes."),
        ("1,500", "Committed: 1,500 bytes. Now run the next cells."),
        (" 1 500 ", "Committed: 1,500 bytes. Now run the next cells."),
        ("0.5", "Please give a number from 1 to 10,000 bytes; 0.5 lies outside."),
    ],
)
async def test_what_is_no_number_in_range_is_not_committed(typed: str, answer: str) -> None:
    assert await commit(predict("smallest", "How many bytes?", unit="bytes", low=1, high=10_000), typed) == answer


async def test_a_choice_has_to_be_made_before_it_is_committed() -> None:
    box = predict("who", "Who speaks first?", choices=WHO)
    assert await commit(box, None) == "Please choose one first."
    assert await commit(box, "The server") == "Committed: “The server”. Now run the next cells."


async def test_a_guess_is_kept_when_its_cell_runs_again() -> None:
    await commit(predict("smallest", "How many bytes?", low=1, high=10_000), "40")
    field, button, said = parts(predict("smallest", "How many bytes?", low=1, high=10_000))
    assert (field.value, field.disabled, button.disabled) == ("40", True, True)
    assert "Committed: 40." in said.value


async def test_a_guess_that_no_longer_answers_the_question_is_dropped() -> None:
    await commit(predict("smallest", "How many bytes?", low=1, high=10_000), "40")
    field, _, _ = parts(predict("smallest", "How many bytes?", low=100, high=200))
    assert (field.value, field.disabled) == ("", False)
    assert guesses == {}


@pytest.mark.parametrize("options", [{}, {"low": 1}, {"low": 1, "high": 2, "choices": ["a"]}])
def test_a_prediction_is_of_a_number_or_of_a_choice(options: Any) -> None:
    with pytest.raises(ValueError, match="expected low= and high=, or choices="):
        predict("smallest", "How many?", **options)


def test_a_choice_can_only_name_a_catalogued_misconception() -> None:
    with pytest.raises(KeyError, match="expected the name of a catalogued misconception, got 'no-such-idea'"):
        predict("who", "Who?", choices={"The server": "no-such-idea"})


@pytest.mark.parametrize(
    ("guess", "actual", "because", "said"),
    [
        (40.0, 72, "a blank line", "You said 40, it was 72 bytes: a blank line."),
        (40.0, 72, "Why? Look!", "You said 40, it was 72 bytes: Why? Look!"),
        (72.0, 72, "", "You said 72 bytes, and so it was."),
        (None, 72, "", "It was 72 bytes."),
        (2.0, 1, "", "You said 2, it was 1 byte."),
        ("The server", "The client", "it asks", "You said “The server”, it was “The client”: it asks."),
        (None, "The client", "it asks", "It was “The client”: it asks."),
    ],
)
def test_guess_and_result_in_a_sentence(guess: Any, actual: Any, because: str, said: str) -> None:
    assert sentence(BYTES, guess, actual, because) == said


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("answers a second", "It was 1 answer a second."),
        ("times", "It was 1 time."),
        ("ms", "It was 1 ms."),
        ("s", "It was 1 s."),
        ("%", "It was 1 %."),
        ("", "It was 1."),
    ],
)
def test_one_of_a_unit_is_not_several(unit: str, said: str) -> None:
    assert sentence(Question("one", "How many?", unit), None, 1.0, "") == said


def test_outside_a_kernel_the_result_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    reveal("never-asked", 3.5, because="so it is")
    assert capsys.readouterr().out == "It was 3.5: so it is.\n"


def test_a_wrong_choice_gets_the_right_idea_and_the_cell_that_shows_it() -> None:
    from patterns.lab.predict import as_html

    html = as_html(Question("who", "Who?", choices=WHO), "The server", "The client", "it asks")
    assert "Not so." in html
    assert 'href="01_request_response.ipynb#cell-id=' in html
    assert 'data-testid="reveal-who"' in html
    assert "Not so." not in as_html(Question("who", "Who?", choices=WHO), None, "The client", "")


def places(svg: str) -> dict[str, float]:
    """Where on the scale the guess (a diamond) and the result (a circle) are drawn."""
    root = ElementTree.fromstring(svg)
    (circle,) = root.iter("circle")
    found = {"result": float(circle.attrib["cx"])}
    for path in root.iter("path"):
        if move := re.match(r"translate\(([\d.]+) ", path.attrib.get("transform", "")):
            found["guess"] = float(move[1])
    return found


def test_a_wide_range_is_drawn_logarithmically_and_says_so() -> None:
    svg = scale(BYTES, 10.0, 1000.0)
    ElementTree.fromstring(svg)
    assert "logarithmic" in svg
    assert 'aria-label="On a logarithmic scale: your guess 10, the result 1,000 bytes"' in svg
    at = places(svg)
    assert at["guess"] == pytest.approx(24 + 592 / 4)
    assert at["result"] == pytest.approx(24 + 592 * 3 / 4)


@pytest.mark.parametrize(("high", "actual"), [(100, 91.0), (1000, 0.0)])
def test_percentages_and_a_result_of_zero_have_a_place_on_a_linear_scale(high: float, actual: float) -> None:
    svg = scale(Question("part", "Which part?", "", 0, high), None, actual)
    assert "logarithmic" not in svg
    assert places(svg) == {"result": pytest.approx(24 + 592 * actual / high, abs=0.1)}


def test_a_narrow_range_is_drawn_linearly() -> None:
    svg = scale(Question("trips", "How many?", "round trips", 0, 10), 2.0, 5.0)
    assert "logarithmic" not in svg
    assert places(svg) == {"guess": pytest.approx(24 + 592 * 0.2), "result": pytest.approx(24 + 592 * 0.5)}


@pytest.mark.parametrize("guess", [None, 0.0, 1.0, 1e6])
@pytest.mark.parametrize("actual", [0.0, 1e-6, 3.0, 1e9])
@pytest.mark.parametrize(("low", "high"), [(0, 10), (0, 100_000), (1, 10_000), (-5, 5), (None, None)])
def test_whatever_the_numbers_the_marks_stay_on_the_scale(
    guess: float | None, actual: float, low: float | None, high: float | None
) -> None:
    for place in places(scale(Question("n", "?", "ms", low, high), guess, actual)).values():
        assert 24 <= place <= 616
