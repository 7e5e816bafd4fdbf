from patterns.wire.tap import Direction, Kind, Record, Traffic

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT


def data(time_s, connection, way, text):
    return Record(time_s, connection, way, Kind.DATA, text, time_s)


def example():
    made = Traffic()
    for record in (
        Record(1.0, 1, UP, Kind.OPEN, sent_s=1.0),
        data(1.0, 1, UP, b"ask"),
        data(2.0, 2, UP, b"other"),
        data(3.0, 1, DOWN, b"answer"),
        data(4.0, 1, DOWN, b", more"),
        Record(5.0, 1, DOWN, Kind.CLOSE, sent_s=5.0),
    ):
        made.append(record)
    return made


def test_records_are_kept_in_order_and_counted():
    traffic = example()
    assert len(traffic) == 6
    assert [record.time_s for record in traffic] == [1.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert traffic[-1] == Record(5.0, 1, DOWN, Kind.CLOSE, b"", 5.0)
    assert traffic.connections == [1, 2]
    assert (traffic.bytes(UP), traffic.bytes(DOWN)) == (8, 12)
    assert traffic.stream(1, DOWN) == b"answer, more"
    assert traffic.note is None
    assert repr(traffic) == "<Traffic of 2 connections, 6 records, 8 bytes to server, 12 bytes to client>"


def test_a_part_is_a_traffic_of_its_own():
    traffic = example()
    other = traffic.only(2)
    assert list(other) == [data(2.0, 2, UP, b"other")]
    assert (other.bytes(UP), other.bytes(DOWN), other.connections) == (5, 0, [2])
    late = traffic.since(4.0)
    assert [record.time_s for record in late] == [4.0, 5.0]
    assert late.bytes(DOWN) == 6
    assert list(traffic.only(9)) == list(traffic.since(9)) == []
    assert list(traffic.only(1, 2)) == list(traffic)
    other.append(data(6.0, 2, UP, b"!"))
    assert len(traffic) == 6


def test_clearing_forgets_the_counts_too():
    traffic = example()
    traffic.clear()
    assert (len(traffic), traffic.bytes(UP), traffic.connections, traffic.messages()) == (0, 0, [], [])
    traffic.append(data(9.0, 3, UP, b"new"))
    assert (traffic.bytes(UP), traffic.connections) == (3, [3])


def test_the_list_may_grow_while_it_is_read():
    traffic = example()
    for record in traffic:
        if record.kind is Kind.DATA:
            traffic.append(record)
    assert len(traffic) == 10


def test_over_the_limit_the_oldest_go_and_the_counts_stay_exact():
    traffic = Traffic(limit_bytes=3000)
    for n in range(100):
        traffic.append(data(float(n), 1 + n % 2, UP if n % 4 < 2 else DOWN, b"x" * 100))
    assert [record.time_s for record in traffic] == [float(n) for n in range(90, 100)]
    assert (traffic.bytes(UP), traffic.bytes(DOWN)) == (5000, 5000)
    assert traffic.connections == [1, 2]
    assert traffic.note == (
        "the oldest 90 records, 9000 bytes, up to 89.000 s, were dropped to stay within limit_bytes=3000; "
        "the counts include them"
    )
    one = traffic.only(1)
    assert (len(one), one.bytes(UP), one.bytes(DOWN)) == (5, 2500, 2500)
    both = traffic.only(1, 2)
    assert (len(both), both.bytes(UP), both.bytes(DOWN), both.note) == (10, 5000, 5000, traffic.note)
    assert traffic.since(95.0).note is None
    assert traffic.since(89.0).note is not None
    assert traffic.since(95.0).bytes(UP) + traffic.since(95.0).bytes(DOWN) == 500


def test_records_without_data_count_against_the_limit_too():
    traffic = Traffic(limit_bytes=20_000)
    for n in range(1000):
        traffic.append(Record(float(n), n, UP, Kind.OPEN))
    assert len(traffic) == 100


def test_the_newest_record_is_kept_however_large():
    traffic = Traffic(limit_bytes=10)
    traffic.append(data(1.0, 1, UP, b"x" * 100))
    traffic.append(data(2.0, 1, UP, b"y" * 100))
    assert [record.data[:1] for record in traffic] == [b"y"]
    assert traffic.bytes(UP) == 200
