"""Which groups there are: made when somebody asks for them, forgotten when there is nothing to remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from patterns.purgatory.groups.group import Group
from patterns.purgatory.groups.hold import Hold
from patterns.purgatory.groups.offsets import CommittedOffsets
from patterns.purgatory.groups.states import GroupMove, GroupState
from patterns.wait.delayed_operation import Lock


class Groups:
    """The groups by name. The lock of this map is a leaf, under which nothing else is taken."""

    def __init__(self, offsets: CommittedOffsets, new_lock: Callable[[], Lock]) -> None:
        self._offsets = offsets
        self._new_lock = new_lock
        self._lock = new_lock()
        self._groups: dict[str, Group] = {}

    def names(self) -> tuple[str, ...]:
        """Of those that have members, or have committed an offset."""
        with self._lock:
            there = list(self._groups)
        return tuple(dict.fromkeys([*there, *self._offsets.groups()]))

    @contextmanager
    def held(self, group_id: str, now_ms: int = 0, *, create: bool = False) -> Iterator[Group | None]:
        """The group under its hold, at that time; None if there is none and none was to be made."""
        while True:
            with self._lock:
                group = self._groups.get(group_id)
                if group is None and create:
                    group = self._groups[group_id] = self._new(group_id)
            if group is None:
                yield None
                return
            with group.hold:
                if group.state is not GroupState.DEAD:  # else it was forgotten between being found and being held
                    group.now_ms = max(group.now_ms, now_ms)
                    yield group
                    return

    def _new(self, group_id: str) -> Group:
        group = Group(group_id, Hold(self._new_lock(), lambda: self._settle(group)))
        return group

    def _settle(self, group: Group) -> None:
        """Forget a group of which there is nothing to remember, be it by a name that somebody has only tried."""
        if group.state is GroupState.EMPTY and not group.pending and not self._offsets.of(group.group_id):
            group.move(GroupMove.FORGET)
            with self._lock:
                del self._groups[group.group_id]
