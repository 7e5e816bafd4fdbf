"""The wheel's picture shows what is in the wheel: every bucket, every count, and a timer's way through them."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET

import pytest

from patterns.lab.wheel_picture import Place, place_of, span, way_down, wheel_picture
from patterns.wait.timing_wheel import TimingWheel

SVG = "{http://www.w3.org/2000/svg}"


def filled(*delays_ms: int, start_ms: int = 0) -> TimingWheel[int]:
    wheel: TimingWheel[int] = TimingWheel(start_ms=start_ms)
    for delay_ms in delays_ms:
        wheel.add(delay_ms, start_ms + delay_ms)
    return wheel


def drawn(svg: str) -> dict[str, list[ET.Element]]:
    """The buckets of each wheel, by its number."""
    return {
        group.attrib["data-wheel"]: [one for one in group.iter(f"{SVG}g") if "data-bucket" in one.attrib]
        for group in ET.fromstring(svg).iter(f"{SVG}g")
        if "data-wheel" in group.attrib
    }


def counts(svg: str) -> dict[tuple[str, int], int]:
    return {
        (number, int(one.attrib["data-bucket"])): int(one.attrib["data-timers"])
        for number, buckets in drawn(svg).items()
        for one in buckets
        if one.attrib["data-timers"] != "0"
    }


def test_every_bucket_is_drawn_with_how_many_timers_it_holds() -> None:
    chance = random.Random(4)
    wheel = filled(*(chance.randrange(1, 100_000) for _ in range(500)))
    held = {
        (str(number), at): len(bucket)
        for number, one in enumerate(wheel.wheels, 1)
        for at, bucket in enumerate(one.buckets)
        if bucket
    }
    picture = wheel_picture(wheel)
    assert {number: len(buckets) for number, buckets in drawn(picture.svg).items()} == dict.fromkeys("1234", 20)
    assert counts(picture.svg) == held
    assert sum(held.values()) == len(wheel) == 500


def test_a_timer_is_found_where_it_lies_until_it_has_fired() -> None:
    wheel: TimingWheel[str] = TimingWheel()
    entry = wheel.add("one", 1234)
    assert place_of(wheel, entry) == Place(0, 3, 3, 1200, 1600)
    wheel.advance_clock(1200)
    assert place_of(wheel, entry) == Place(1200, 2, 1, 1220, 1240)
    wheel.advance_clock(1234)
    assert place_of(wheel, entry) is None
    assert place_of(wheel, None) is None


@pytest.mark.parametrize(
    ("delay_ms", "wheels"), [(1, [1]), (19, [1]), (500, [3, 2]), (1234, [3, 2, 1]), (8001, [4, 1]), (30_000, [4, 3])]
)
def test_the_way_down_leads_through_ever_finer_wheels(delay_ms: int, wheels: list[int]) -> None:
    wheel: TimingWheel[str] = TimingWheel()
    assert [step.wheel for step in way_down(wheel, wheel.add("one", delay_ms))] == wheels


def test_a_way_is_numbered_in_the_picture_and_told_in_words() -> None:
    wheel: TimingWheel[str] = TimingWheel()
    way = way_down(wheel, wheel.add("one", 1234))
    picture = wheel_picture(wheel, way=way)
    on_it = {
        (number, int(one.attrib["data-bucket"])): "".join(one.itertext())
        for number, buckets in drawn(picture.svg).items()
        for one in buckets
        if "way" in one.attrib["class"]
    }
    assert on_it == {("3", 3): "1", ("2", 1): "2", ("1", 14): "3"}
    said = "One timer's way: wheel 3, bucket 3, at 0 ms; then wheel 2, bucket 1, at 1,200 ms; then wheel 1, bucket 14"
    assert said in ET.fromstring(picture.svg).attrib["aria-label"]
    assert said in picture.text


def test_the_words_and_the_table_say_what_the_picture_shows() -> None:
    picture = wheel_picture(filled(5, 5, 30), title="Three")
    assert picture.text.splitlines() == [
        "Three",
        "wheel 2,   20 ms a bucket    ·   1" + "   ·" * 18,
        "wheel 1,    1 ms a bucket" + "    ·" + "   ·" * 4 + "   2" + "   ·" * 14,
        "Timing wheel at 0 ms with 3 timers: wheel 1 (1 ms a bucket) 2, wheel 2 (20 ms a bucket) 1.",
    ]
    rows = picture.table[picture.table.index("<tbody>") :]
    assert "<tr><td>1</td><td>5</td><td>5</td><td>6</td><td>2</td></tr>" in rows
    assert "<tr><td>2</td><td>1</td><td>20</td><td>40</td><td>1</td></tr>" in rows


def test_of_many_wheels_the_finest_four_are_drawn_and_the_others_counted() -> None:
    picture = wheel_picture(filled(1_000_000_000))
    assert set(drawn(picture.svg)) == set("1234")
    assert "and 3 coarser, not drawn" in picture.svg


def test_a_hand_stands_where_its_wheel_stands() -> None:
    early, late = filled(3, start_ms=0), filled(3, start_ms=10)
    assert "stands at 10 ms" in wheel_picture(late).svg
    hands = [
        next(path.attrib["d"] for path in ET.fromstring(wheel_picture(one).svg).iter(f"{SVG}path")
             if path.attrib["class"] == "hand")
        for one in (early, late)
    ]  # fmt: skip
    assert hands[0] != hands[1]


def test_nothing_is_drawn_beyond_the_page() -> None:
    picture = wheel_picture(filled(*range(1, 100_000, 997)))
    root = ET.fromstring(picture.svg)
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height


def test_times_are_told_in_the_unit_that_suits_them() -> None:
    assert [span(ms) for ms in (0, 20, 400, 8000, 3_200_000, 1500)] == [
        "0 ms", "20 ms", "400 ms", "8 s", "3,200 s", "1,500 ms"
    ]  # fmt: skip
