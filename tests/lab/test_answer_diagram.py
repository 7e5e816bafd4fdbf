"""The steps of a check as a sequence diagram: an arrow a step, between the right two, and nothing that is HTML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from registered import answers

from patterns.grading.apart import read, written
from patterns.grading.verdict import grade
from patterns.lab.answer.diagram import CHECK, CODE, GIVEN, diagram
from patterns.lab.answer.view import as_html

STEPS = [
    (0.0, "start", "poll(check, first=1.0)"),
    (0.0, "ask", "check()"),
    (1.5, "reply", "<b>None</b>"),
    (1.5, "cancel", "check() cancelled"),
    (2.0, "stop", "cancelled"),
    (2.0, "end", "TimeoutError: " + "long " * 30),
    (2.0, "call", "mailbox.publish('a') → 0"),
]


def test_every_step_is_an_arrow_between_the_right_two() -> None:
    drawn = ElementTree.fromstring(diagram(STEPS))
    heads = [path.get("d", "") for path in drawn.iter("{http://www.w3.org/2000/svg}path") if "l" in path.get("d", "")]
    assert [float(re.match(r"M(\d+)", head)[1]) for head in heads] == [  # type: ignore[index]  # each begins so
        *(CODE, GIVEN, CODE, GIVEN, CODE, CHECK, CODE)
    ]
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:3] == ["the check", "your code", "what it calls"]
    assert "<b>None</b>" in texts
    assert [text for text in texts if text and text.endswith(" s")] == ["0 s", "1.5 s", "2 s"], "a time once"
    assert max(len(text or "") for text in texts) == 36


def test_without_steps_there_is_no_picture_and_without_questions_two_lines() -> None:
    assert diagram([]) == ""
    assert "what it calls" not in diagram([STEPS[0]])


def test_a_verdict_has_the_picture_where_something_is_asked_and_brings_it_through_json() -> None:
    wrong = next(one for one in answers("poll", "wrong") if one.check == "rhythm")
    verdict = grade("poll", wrong.source)
    assert read(written(verdict)) == verdict
    assert "A sequence diagram of the steps" in as_html(verdict, "Ask again")
    framing = next(one for one in answers("framing", "wrong") if one.check == "pieces")
    assert "A sequence diagram of the steps" not in as_html(grade("framing", framing.source), "Find the frames")
