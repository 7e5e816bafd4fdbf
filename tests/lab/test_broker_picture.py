"""The broker's picture: every request in its room, told in words too, and gliding from where it was."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from patterns.lab.broker_picture import Connection, Film, Frame, Operation, Ring, View, broker_picture

FETCH, OTHER_FETCH, PRODUCE, METADATA = (
    Operation(7, 1, "fetch"),
    Operation(8, 2, "fetch"),
    Operation(9, 3, "produce"),
    Operation(10, 4, "other"),
)

BUSY = View(
    1.25,
    connections=tuple(Connection(number, is_muted=number < 4) for number in range(1, 6)),
    connected=5,
    muted=3,
    queue=(METADATA,),
    queued=1,
    handlers=(PRODUCE, None),
    parked={"events-0": (FETCH, OTHER_FETCH), "photos-1": (FETCH,)},
    under={"events-0": 2, "photos-1": 1},
    waiting=2,
    rings=(Ring(1, (0, 1, 0, 0), at=2), Ring(4, (1, 0, 0, 0), at=3)),
)


def elements(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def told(svg: str) -> list[str]:
    return [element.text or "" for element in elements(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_words_say_all_that_the_picture_shows() -> None:
    assert BUSY.words() == (
        "At 1.250 s: 5 connections, 3 of them muted; 1 of 500 places in the request queue taken; 1 of 2 handlers at "
        "work; 2 operations in the purgatory (2 under events-0, 1 under photos-1), 2 time-outs on the wheel; "
        "0 responses waiting to be sent."
    )
    picture = broker_picture(BUSY, title="Busy")
    assert elements(picture.svg).get("aria-label") == BUSY.words()
    assert repr(picture) == f"Busy\n{BUSY.words()}"


def test_each_request_is_drawn_in_every_place_in_which_it_stands() -> None:
    texts = told(broker_picture(BUSY).svg)
    assert [texts.count(str(number)) for number in (7, 8, 9, 10)] == [2, 1, 1, 1]


def test_the_table_says_where_every_request_is() -> None:
    rows = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", broker_picture(BUSY).table)
    assert rows == [
        ("10", "other", "4", "request queue"),
        ("9", "produce", "3", "handler"),
        ("7", "fetch", "1", "purgatory, events-0"),
        ("8", "fetch", "2", "purgatory, events-0"),
        ("7", "fetch", "1", "purgatory, photos-1"),
    ]


def test_what_has_moved_glides_from_where_it_was_and_nothing_else_does() -> None:
    later = replace(BUSY, queue=(), handlers=(PRODUCE, METADATA))
    gliding = re.findall(r'<g class="glides"[^>]*><title>request (\d+),', broker_picture(later, BUSY).svg)
    assert gliding == ["10"]
    assert "glides" not in broker_picture(later).svg


def test_a_request_that_was_nowhere_comes_out_of_its_connection() -> None:
    idle = View(1.0, BUSY.connections, handlers=(None, None))
    asked = View(1.1, BUSY.connections, queue=(FETCH,), handlers=(None, None))
    offsets = re.findall(r"--dx:(-?\d+)px", broker_picture(asked, idle).svg)
    assert len(offsets) == 1
    assert int(offsets[0]) < -100


def test_of_many_the_first_are_drawn_and_the_others_counted() -> None:
    many = tuple(Operation(number, number, "fetch") for number in range(60))
    crowd = View(
        0.0,
        connections=tuple(Connection(number, is_muted=True) for number in range(60)),
        connected=1000,
        queue=many,
        queued=1000,
        handlers=(None,) * 20,
        parked={f"topic-{number}": many for number in range(6)},
        under={f"topic-{number}": 1000 for number in range(6)},
        responses=many,
        answered=1000,
    )
    texts = told(broker_picture(crowd).svg)
    more = [text for text in texts if text.startswith("+")]
    assert more == [*["+ 994"] * 4, "+ 946 more", "+ 986 more behind", "+ 4 more", "+ 972 more behind", "+ 2 more keys"]
    assert len(broker_picture(crowd).svg) < 60_000


def test_names_from_outside_are_escaped() -> None:
    picture = broker_picture(View(0.0, parked={"<b>&-0": (FETCH,)}, under={"<b>&-0": 1}))
    assert "<b>" not in picture.html
    assert "<b>&-0" in "".join(told(picture.svg)) + elements(picture.svg).get("aria-label", "")


def test_a_bucket_s_bar_grows_with_its_timers() -> None:
    svg = broker_picture(View(0.0, rings=(Ring(1, (8, 4, 0, 1), at=0),))).svg
    bars = [
        float(element.get("height", "0"))
        for element in elements(svg).iter("{http://www.w3.org/2000/svg}rect")
        if element.get("class") == "timers"
    ]
    assert bars == [16.0, 8.0, 4.0]


def test_a_film_goes_to_any_step_and_says_what_happened_there() -> None:
    idle = View(0.5, BUSY.connections)
    film = Film([Frame("a fetch is read", idle), Frame("it is parked", BUSY)], "A fetch's way")
    assert repr(film) == "A fetch's way\n  1     0.500 s  a fetch is read\n  2     1.250 s  it is parked"
    assert "1 of 2" in film.said.value
    film.slider.value = 1
    assert "it is parked" in film.said.value
    assert "glides" in film.picture.html.value
    film.slider.value = 0
    assert "a fetch is read" in film.said.value


def test_a_film_without_a_frame_says_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"^expected at least one frame, got none; let the broker do something while"):
        Film([], "nothing")
