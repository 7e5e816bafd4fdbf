"""The tables themselves: every field has what its versions need, and people can read them."""

from __future__ import annotations

import pytest
from kafka_oracles import Case, cases
from kio.schema.errors import ErrorCode as KioErrorCode

from patterns.wire import kafka
from patterns.wire.kafka import ALL, APIS, ErrorCode
from patterns.wire.kafka.apis.groups import HeartbeatRequest
from patterns.wire.kafka.apis.produce import ProduceRequest

EVERY = pytest.mark.parametrize("case", list(cases()), ids=str)


@EVERY
def test_a_field_that_some_version_lacks_has_a_default(case: Case) -> None:
    def check(struct: type[kafka.Struct]) -> None:
        for field in struct.fields:
            if not field.is_in(case.version):
                assert repr(field.default) != "REQUIRED", (struct, field)
            if isinstance(field.of, type):
                check(field.of)

    check(case.message)


def test_a_message_is_a_value_with_names() -> None:
    beat = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")
    assert repr(beat) == "HeartbeatRequest(group_id='g', generation_id=1, member_id='m', group_instance_id=None)"
    assert beat == beat.replace() != beat.replace(generation_id=2)
    assert beat != tuple(beat)  # type: ignore[arg-type]  # it is one, and only the type checker is not told
    assert {beat: 1}[beat.replace()] == 1
    with pytest.raises(TypeError):
        HeartbeatRequest(group_id="g", generation_id=1)  # type: ignore[call-arg]  # that is the test
    with pytest.raises(AttributeError):
        beat.member_id = "n"  # type: ignore[misc]  # that is the test


def test_the_table_can_be_read_by_people() -> None:
    assert kafka.table(ProduceRequest, 7) == (
        "transactional_id: string  versions 0+  null in 3+  default None\n"
        "acks: int16  versions 0+\n"
        "timeout_ms: int32  versions 0+\n"
        "topic_data: array of TopicProduceData  versions 0+\n"
        "    name: string  versions 0+\n"
        "    partition_data: array of PartitionProduceData  versions 0+\n"
        "        index: int32  versions 0+\n"
        "        records: records  versions 0+  null in 0+"
    )


def test_codes_are_kafka_s_own() -> None:
    assert {code.name.lower(): code.value for code in ErrorCode} == {code.name: code.value for code in KioErrorCode}
    assert ErrorCode.name_of(0) == "NONE"
    assert ErrorCode.name_of(999) == "error 999"
    assert set(APIS) == set(ALL)
