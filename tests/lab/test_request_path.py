"""The picture of the request's path grows step by step, and says in words what it shows."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from patterns.lab.request_path import PARTS, STEPS, request_path

SVG = "{http://www.w3.org/2000/svg}"


def boxes(svg: str) -> dict[str, str]:
    """What is drawn as a box, and whether it is new."""
    groups = ET.fromstring(svg).iter(f"{SVG}g")
    return {group.attrib["data-part"]: group.attrib["class"] for group in groups if "data-part" in group.attrib}


def test_each_step_adds_what_it_is_named_for() -> None:
    new = {step: [name for name, looks in boxes(request_path(step).svg).items() if looks == "new"] for step in STEPS}
    assert new == {
        "loop": ["clients", "network loop"],
        "queue": ["request queue", "handlers", "log"],
        "park": ["parked"],
        "keys": ["watch lists"],
        "time": ["timing wheel"],
        "response": ["response queue"],
    }


def test_the_whole_path_has_every_part_that_lasts_and_no_mark() -> None:
    whole = boxes(request_path().svg)
    assert list(whole) == [
        "clients", "network loop", "request queue", "handlers", "log", "watch lists", "timing wheel", "response queue"
    ]  # fmt: skip
    assert set(whole.values()) == {"old"}
    assert "Thick" not in request_path().html


def test_what_is_replaced_goes() -> None:
    assert "parked" not in boxes(request_path("keys").svg)
    assert "ready: answer" not in request_path("response").svg


@pytest.mark.parametrize("step", STEPS)
def test_the_words_name_every_box_and_what_is_new(step: str) -> None:
    drawn = request_path(step)
    words = ET.fromstring(drawn.svg).attrib["aria-label"]
    said = " ".join(part.does for part in PARTS if part.since <= STEPS.index(step) < part.until and part.does)
    new = [name for name, looks in boxes(drawn.svg).items() if looks == "new"]
    assert words == f"The path of a request. {said} New: {', '.join(new)}."
    assert drawn.text == words


@pytest.mark.parametrize("step", [None, *STEPS])
def test_everything_lies_on_the_page_and_no_box_on_another(step: str | None) -> None:
    root = ET.fromstring(request_path(step).svg)
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    found = [
        tuple(float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        for box in root.iter(f"{SVG}rect")
        if box.attrib["class"] == "box"
    ]
    for n, (x, y, wide, tall) in enumerate(found):
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + tall <= height
        assert all(x >= a + w or a >= x + wide or y >= b + t or b >= y + tall for a, b, w, t in found[:n])


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of loop, queue, park, keys, time, response, got 'heap'"):
        request_path("heap")
