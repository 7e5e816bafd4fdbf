"""Where a sequence diagram puts its steps: to scale, apart, and never backwards; silence is a break."""

from __future__ import annotations

from itertools import pairwise

import pytest
from exchanges import OK, down, exchanges, get, traffic, up

from patterns.lab.sequence import sequence
from patterns.lab.sequence.layout import ROW, lay_out
from patterns.lab.sequence.story import steps
from patterns.lab.sequence.times import clock, span


def test_time_under_way_is_height_on_the_page() -> None:
    told = steps(traffic(up(0, get("/a")), down(0.06, OK, takes_s=0.10)))
    (t0, h0), (t1, h1) = lay_out(told, [0, 0]).ends
    assert (h1 - t1) == pytest.approx(2 * (h0 - t0))
    assert (t1 - t0) == pytest.approx(1.2 * (h0 - t0))


def test_an_hour_of_silence_is_a_break_that_says_so_and_an_hour_of_work_is_not() -> None:
    silent = traffic(*(r for t in (0, 3600) for r in (up(t, get("/a")), down(t + 0.05, OK))))
    layout = lay_out(steps(silent), [0] * 4)
    assert [round(seconds) for _, seconds in layout.breaks] == [3600]
    assert layout.height < 300
    assert "+ 1 h" in sequence(silent).svg
    assert "1 h later" in sequence(silent).text
    assert not lay_out(steps(exchanges(20)), [0] * 40).breaks


def test_a_millisecond_of_work_beside_microseconds_under_way_is_no_break() -> None:
    quick = traffic(
        *(
            record
            for n in range(3)
            for record in (
                up(n * 0.002, get("/"), takes_s=0.00002),
                down(n * 0.002 + 0.0007, OK, takes_s=0.000005),
            )
        )
    )
    layout = lay_out(steps(quick), [0] * 6)
    assert layout.breaks == []
    assert layout.height < 600


def test_what_happens_at_one_instant_is_set_apart_on_parallel_arrows() -> None:
    told = steps(traffic(up(0, b"".join(get(f"/{n}") for n in range(5)))))
    ends = lay_out(told, [0] * 5).ends
    assert all(later[0] - earlier[0] == pytest.approx(ROW) for earlier, later in pairwise(ends))
    assert len({round(head - tail, 6) for tail, head in ends}) == 1


@pytest.mark.parametrize("delay_s", [0.0, 0.0001, 0.05, 2.0])
def test_no_two_labels_touch_and_no_life_line_runs_backwards(delay_s: float) -> None:
    told = steps(
        traffic(
            *(
                record
                for n in range(12)
                for record in (
                    up(n * 0.001, get(f"/{n}"), takes_s=delay_s),
                    down(n * 0.002 + delay_s + 0.001, OK, takes_s=delay_s),
                )
            )
        )
    )
    layout = lay_out(told, [0] * len(told))
    assert all(head >= tail for tail, head in layout.ends)
    for to_server in (True, False):
        heights = [
            tail + (head - tail) * share
            for step, (tail, head), share in zip(told, layout.ends, layout.label_at, strict=True)
            if step.to_server is to_server
        ]
        assert all(later - earlier >= ROW - 0.01 for earlier, later in pairwise(heights))
        tails = [ends[0] for step, ends in zip(told, layout.ends, strict=True) if step.to_server is to_server]
        assert tails == sorted(tails)


def test_instants_are_told_apart_with_as_few_digits_as_it_takes() -> None:
    assert clock([0, 0.1, 0.15], 0).tell(0.15) == "150"
    assert clock([0, 0.0001, 0.0002], 0).tell(0.0002) == "0.2"
    assert (clock([10, 13.5], 10).unit, clock([10, 13.5], 10).tell(13.5)) == ("s", "3.5")


def test_spans_are_told_in_words() -> None:
    told = [span(seconds) for seconds in (0.0004, 0.05, 9.9, 119, 600, 3600, 3720)]
    assert told == ["0.4 ms", "50 ms", "9.9 s", "119 s", "10 min", "1 h", "1 h 2 min"]
