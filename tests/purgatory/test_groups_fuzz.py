"""Whatever is asked, in any version, with any numbers in it: it is answered once, and nothing is left behind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from coordinated import Desk
from hypothesis import given, settings
from hypothesis import strategies as st

from patterns.wait.partition_log import PartitionLog
from patterns.wire.kafka import APIS, ApiKey, Struct, encode_response

sys.path.insert(0, str(Path(__file__).parents[1] / "wire"))
from kafka_oracles import messages  # the neighbours'

GROUP_APIS = [
    ApiKey.FIND_COORDINATOR,
    ApiKey.JOIN_GROUP,
    ApiKey.JOIN_GROUP,
    ApiKey.SYNC_GROUP,
    ApiKey.HEARTBEAT,
    ApiKey.LEAVE_GROUP,
    ApiKey.OFFSET_COMMIT,
    ApiKey.OFFSET_FETCH,
]
NAMES = ("", "me-1", "me-2", "me-3", "A-4", "A", "B", "g")
NUMBERS = (-(1 << 31), -1, 0, 1, 2, 3, 6_000, (1 << 31) - 1)


def familiar(message: Any, data: st.DataObject) -> Any:
    """The same with names and numbers that have a chance to be known; all that a request has, down to its parts."""
    changes: dict[str, Any] = {}
    for field in message.fields:
        value = getattr(message, field.name)
        if field.name in ("group_id", "member_id", "group_instance_id", "protocol_type") and value is not None:
            changes[field.name] = data.draw(st.sampled_from(NAMES))
        elif field.name.startswith("generation_id") or field.name.endswith("timeout_ms"):
            changes[field.name] = data.draw(st.sampled_from(NUMBERS))
        elif isinstance(value, tuple) and value and isinstance(value[0], Struct):
            changes[field.name] = tuple(familiar(each, data) for each in value)
    return message.replace(**changes) if changes else message


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_whatever_is_asked_is_answered_once_and_in_a_way_that_can_be_written(data: st.DataObject) -> None:
    desk = Desk(
        initial_rebalance_delay_ms=data.draw(st.sampled_from([0, 3_000])),
        min_session_timeout_ms=data.draw(st.sampled_from([0, 6_000])),
        max_session_timeout_ms=(1 << 31) - 1,
        max_size=3,
        log=PartitionLog(),
    )
    asked = []
    for _ in range(data.draw(st.integers(1, 25))):
        api = APIS[data.draw(st.sampled_from(GROUP_APIS))]
        version = data.draw(st.integers(api.versions.first, api.versions.last))
        body = familiar(data.draw(messages(api.request, version)), data)
        asked.append((version, desk.ask(body, version)))
        if data.draw(st.integers(0, 3)) == 0:
            desk.advance(data.draw(st.sampled_from([1, 3_000, 6_000, 300_000])))
    desk.advance(1 << 33)
    for version, each in asked:
        assert encode_response(each.answer, version, 1)
    desk.purgatory.purge()
    assert (desk.purgatory.num_delayed, desk.purgatory.watched) == (0, 0)
    again = Desk(log=desk.coordinator.offsets._log)
    assert {name: again.coordinator.offsets.of(name) for name in again.coordinator.groups} == {
        name: desk.coordinator.offsets.of(name) for name in desk.coordinator.groups
    }
