import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.wire.tap import Direction, Kind, Lane, Link, Parcel

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
DATA, EOF, RESET = Kind.DATA, Kind.EOF, Kind.RESET
D = 0.0625  # a sum of powers of two, so that times add up exactly


def lane(*, connection=1, direction=UP, ready_s=0.0, **settings):
    return Lane(Link(**settings), connection, direction, ready_s)


def run(lane, until_s=1e9, now_s=0.0):
    """Everything that leaves up to a time, each with the time at which it leaves."""
    left = []
    while (next_s := lane.next_s(now_s)) is not None and next_s <= until_s:
        now_s = max(now_s, next_s)
        while (parcel := lane.leave(now_s)) is not None:
            left.append((now_s, parcel))
    return left


def test_without_delay_everything_leaves_as_it_enters():
    road = lane()
    road.enter(DATA, b"one", 5.0)
    road.enter(EOF, b"", 5.0)
    assert road.leave(5.0) == Parcel(DATA, b"one", 5.0)
    assert road.leave(5.0) == Parcel(EOF, b"", 5.0)
    assert road.leave(5.0) is road.next_s(5.0) is None


def test_delay_keeps_the_order_and_the_distances():
    road = lane(delay_s=2.0)
    road.enter(DATA, b"one", 1.0)
    road.enter(DATA, b"two", 1.5)
    road.enter(RESET, b"", 1.5)
    assert road.under_way_bytes == 6
    assert run(road, now_s=1.5) == [
        (3.0, Parcel(DATA, b"one", 1.0)),
        (3.5, Parcel(DATA, b"two", 1.5)),
        (3.5, Parcel(RESET, b"", 1.5)),
    ]
    assert road.under_way_bytes == 0


def test_what_enters_before_the_handshake_is_over_counts_as_sent_then():
    road = lane(delay_s=0.5, ready_s=2.0)
    road.enter(DATA, b"early", 1.0)
    road.enter(DATA, b"late", 2.25)
    assert run(road, now_s=2.25) == [(2.5, Parcel(DATA, b"early", 2.0)), (2.75, Parcel(DATA, b"late", 2.25))]


def test_a_shorter_delay_lets_nothing_overtake():
    road = lane(delay_s=2.0)
    road.enter(DATA, b"one", 0.0)
    assert road.leave(0.0) is None
    road.link.delay_s = 0.25
    road.enter(DATA, b"two", 1.0)
    road.enter(DATA, b"three", 3.0)
    assert [(time_s, parcel.data) for time_s, parcel in run(road)] == [
        (2.0, b"one"),
        (2.0, b"two"),
        (3.25, b"three"),
    ]


def test_a_reset_does_not_overtake_what_was_delayed_longer():
    road = lane(delay_s=2.0)
    road.enter(DATA, b"before", 0.0)
    assert road.leave(0.0) is None
    road.link.delay_s = 0.25
    road.enter(RESET, b"", 1.0)
    assert road.reset_s(1.0) == 2.0


def test_jitter_is_the_same_for_the_same_seed_and_keeps_the_order():
    def times(**which):
        road = lane(delay_s=1.0, jitter_s=0.5, **which)
        for n in range(50):
            road.enter(DATA, b"%d" % n, 0.0)
        left = run(road)
        assert [parcel.data for _, parcel in left] == [b"%d" % n for n in range(50)]
        assert all(1.0 <= time_s <= 1.5 for time_s, _ in left)
        return [time_s for time_s, _ in left]

    assert times(seed=7) == times(seed=7)
    assert len({tuple(times(**which)) for which in ({}, {"seed": 7}, {"connection": 2}, {"direction": DOWN})}) == 4


def test_a_throttled_line_takes_time_for_every_byte():
    road = lane(bytes_per_s=1000.0, delay_s=0.5)
    road.enter(DATA, bytes(3000), 0.0)
    road.enter(DATA, b"x" * 500, 1.0)
    road.enter(EOF, b"", 1.0)
    left = run(road)
    assert [(round(time_s, 9), parcel.kind, len(parcel.data)) for time_s, parcel in left] == [
        (1.96, DATA, 1460),
        (3.42, DATA, 1460),
        (3.5, DATA, 80),
        (4.0, DATA, 500),
        (4.0, EOF, 0),
    ]


def test_a_fast_line_is_cut_in_fifty_slices_a_second():
    road = lane(bytes_per_s=1e6)
    road.enter(DATA, bytes(100_000), 0.0)
    assert [len(parcel.data) for _, parcel in run(road)] == [20_000] * 5


def test_a_changed_throttle_counts_from_the_next_slice_on():
    road = lane(bytes_per_s=1460.0)
    road.enter(DATA, bytes(1460 * 4), 0.0)
    assert [time_s for time_s, _ in run(road, until_s=1.5)] == [1.0]
    road.link.bytes_per_s = 14_600.0
    assert [round(time_s, 9) for time_s, _ in run(road, now_s=1.5)] == [2.0, 2.1, 2.2]  # one was on the line
    road.link.bytes_per_s = None
    road.enter(DATA, bytes(100_000), 3.0)
    assert [(time_s, len(parcel.data)) for time_s, parcel in run(road, now_s=3.0)] == [(3.0, 100_000)]


def test_a_blackhole_lets_nothing_set_out_and_gives_everything_back():
    road = lane(delay_s=1.0)
    road.enter(DATA, b"before", 0.0)
    road.leave(0.0)
    road.link.blackhole = True
    road.enter(DATA, b"during", 0.5)
    road.enter(EOF, b"", 0.75)
    assert run(road, now_s=0.75) == [(1.0, Parcel(DATA, b"before", 0.0))]
    assert road.next_s(100.0) is None
    road.link.blackhole = False
    assert run(road, now_s=100.0) == [(101.0, Parcel(DATA, b"during", 0.5)), (101.0, Parcel(EOF, b"", 0.75))]


@pytest.mark.parametrize("pieces", [[1000], [1] * 1000, [7, 993], [100] * 10, [333, 333, 334]])
def test_of_every_n_bytes_the_last_is_changed_whatever_the_pieces(pieces):
    def passed(sizes, **which):
        road = lane(corrupt_every=100, **which)
        for size in sizes:
            road.enter(DATA, bytes(size), 0.0)
        return b"".join(parcel.data for _, parcel in run(road))

    data = passed(pieces)
    assert [place for place, byte in enumerate(data) if byte] == list(range(99, 1000, 100))
    assert data == passed([1000])
    assert data != passed([1000], seed=1)


def test_a_reset_passes_bytes_that_the_receiver_does_not_take():
    road = lane(delay_s=1.0)
    road.enter(DATA, b"untaken", 0.0)
    assert road.reset_s(0.0) is None
    road.enter(RESET, b"", 0.5)
    assert road.reset_s(0.5) == 1.5
    assert road.leave_reset(1.0) is None
    assert road.leave_reset(1.5) == Parcel(RESET, b"", 0.5)
    assert road.next_s(1.5) is None
    assert road.under_way_bytes == 0


moments = st.floats(0, 1, allow_nan=False)


@given(
    st.lists(st.tuples(moments, st.binary(max_size=5000)), max_size=20),
    moments,
    moments,
    st.none() | st.floats(500, 1e6),
)
def test_whatever_the_link_is_like_all_bytes_arrive_in_order_and_not_early(entries, delay_s, jitter_s, rate):
    road = lane(delay_s=delay_s, jitter_s=jitter_s, bytes_per_s=rate)
    now_s, left = 0.0, []
    for wait_s, data in entries:
        left += run(road, now_s + wait_s, now_s)
        now_s += wait_s
        road.enter(DATA, data, now_s)
    left += run(road, now_s=now_s)
    assert b"".join(parcel.data for _, parcel in left) == b"".join(data for _, data in entries)
    assert [time_s for time_s, _ in left] == sorted(time_s for time_s, _ in left)
    assert all(time_s >= parcel.sent_s + delay_s for time_s, parcel in left)
    if rate is not None:
        assert now_s + 21 + sum(len(data) for _, data in entries) / rate >= max((t for t, _ in left), default=0)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("delay_s", -0.1, "a number ≥ 0"),
        ("delay_s", float("nan"), "a number ≥ 0"),
        ("delay_s", float("inf"), "a number ≥ 0"),
        ("bytes_per_s", 0, "a number > 0"),
        ("idle_cut_s", 0, "a number > 0"),
        ("corrupt_every", 0, "a number ≥ 1"),
        ("jitter_s", "0.1", "a number ≥ 0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_and_changes_nothing(name, value, wanted):
    link = Link()
    before = getattr(link, name)
    with pytest.raises(ValueError, match="expected") as caught:
        setattr(link, name, value)
    assert str(caught.value) == f"expected {name} to be {wanted}, got {value!r}"
    assert getattr(link, name) == before
    with pytest.raises(ValueError, match="cut_after_bytes"):
        Link(cut_after_bytes={UP: -1})


def test_a_misspelt_setting_is_refused():
    with pytest.raises(AttributeError, match="a link has no 'delay'; it has delay_s, jitter_s, bytes_per_s, "):
        Link().delay = 0.1


@given(st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=20), st.integers(1, 50))
def test_what_passes_at_once_leaves_the_lane_as_if_it_had_gone_through_it(entries, corrupt_every):
    short, long = lane(), lane()
    for number, (data, is_corrupted) in enumerate(entries):
        now_s = float(number)
        for road in (short, long):
            road.link.corrupt_every = corrupt_every if is_corrupted else None
        long.enter(DATA, data, now_s)
        usual = long.leave(now_s)
        if short.pass_at_once(data, now_s):
            assert not is_corrupted
            assert usual == Parcel(DATA, data, now_s)
        else:
            assert is_corrupted
            short.enter(DATA, data, now_s)
            assert short.leave(now_s) == usual
        assert short.under_way_bytes == long.under_way_bytes == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("delay_s", 0.5),
        ("jitter_s", 0.5),
        ("bytes_per_s", 1e9),
        ("cut_after_bytes", 10),
        ("half_close_after_bytes", {UP: 10}),
        ("cut_mean_bytes", 1e9),
        ("corrupt_every", 10),
        ("blackhole", True),
    ],
)
def test_on_a_link_with_a_fault_nothing_passes_at_once_until_it_is_healed(name, value):
    road = lane()
    usual = getattr(road.link, name)
    assert road.pass_at_once(b"x", 1.0)
    setattr(road.link, name, value)
    assert not road.pass_at_once(b"x", 1.0)
    road.enter(DATA, b"behind", 1.0)
    setattr(road.link, name, usual)
    assert not road.pass_at_once(b"x", 1.0)  # it would overtake
    assert run(road, now_s=1.0) == [(1.0, Parcel(DATA, b"behind", 1.0))]
    assert road.pass_at_once(b"x", 2.0)
    assert not lane(ready_s=5.0).pass_at_once(b"x", 4.0)
