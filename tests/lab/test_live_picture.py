"""A picture that is replaced again and again beside a table that stays open, as it was when it was opened."""

from __future__ import annotations

import re

from exchanges import exchanges

from patterns.lab.panel import slug
from patterns.lab.panel.live_picture import LivePicture, Redrawn
from patterns.lab.sequence import sequence


def visible(live: LivePicture) -> tuple[bool, bool]:
    """Whether the button and the table are to be seen."""
    return live.button.layout.display != "none", live.table.layout.display != "none"


def test_frames_replace_the_picture_and_leave_the_open_table_alone() -> None:
    live = LivePicture()
    first, second = (sequence(exchanges(count)) for count in (1, 2))
    live.show(first)
    assert (visible(live), live.button.description) == ((True, False), "Show 2 messages as a table")
    live.button.value = True
    assert (visible(live), live.button.description) == ((True, True), "Hide 2 messages as a table")
    changes = []
    for widget in (live.button, live.table):
        widget.observe(changes.append)
    live.show(second)
    assert changes == [], "no frame touches what the reader has opened"
    assert live.picture.html.value == re.sub("<style>.*?</style>", "", second.picture)
    assert live.table.value == first.table


def test_opened_again_the_table_is_of_the_newest_picture() -> None:
    live = LivePicture()
    for count in (1, 2):
        live.show(sequence(exchanges(count)))
        live.button.value = True
        assert live.table.value == sequence(exchanges(count)).table
        live.button.value = False
        assert visible(live) == (True, False)


def test_the_picture_alone_has_no_details_that_a_frame_would_close() -> None:
    drawn = sequence(exchanges(1))
    assert "<details" in drawn.html
    assert "<details" not in drawn.picture + drawn.table
    assert "<svg" in drawn.picture
    assert "<table>" in drawn.table


def test_plain_html_is_shown_without_a_button() -> None:
    live = LivePicture()
    assert visible(live) == (False, False)
    live.show("<svg>sequence</svg>")
    assert (live.picture.html.value, visible(live)) == ("<svg>sequence</svg>", (False, False))


def test_a_label_becomes_a_test_id() -> None:
    assert slug("Loop blocked, at most (ms)") == "loop-blocked-at-most-ms"


def test_a_style_sheet_comes_once_and_stays() -> None:
    drawn, changes = Redrawn(), []
    drawn.sheets.observe(changes.append, "value")
    for html in ("<style>a{}</style><p>1</p><style>b{}</style>", "<style>b{}</style><p>2</p>", "<p>3</p>"):
        drawn.show(html)
        assert drawn.sheets.value == "<style>a{}</style><style>b{}</style>"
    assert drawn.html.value == "<p>3</p>"
    assert len(changes) == 1
    drawn.show("<style>c{}</style><p>3</p>")
    assert drawn.sheets.value == "<style>a{}</style><style>b{}</style><style>c{}</style>"
