"""What `fused auto` chose before: measured once, so that every run of a sweep on a machine trains in the same modes."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Protocol

from dync.runtime.lanes.decision import Decision


class Memory(Protocol):
    """What outlasts a run: decisions for groups by their keys, each under the conditions in which it was made."""

    def recall(self, conditions: str, lanes: str) -> Decision | None:
        """What was decided for a group, None where nothing was."""
        ...

    def keep(self, conditions: str, lanes: str, decision: Decision) -> Decision:
        """Keep a decision where there is none; gives the one that stands."""
        ...


class Forgetful:
    """A memory that keeps nothing: each run measures for itself."""

    def recall(self, conditions: str, lanes: str) -> Decision | None:
        """Nothing."""
        del conditions, lanes
        return None

    def keep(self, conditions: str, lanes: str, decision: Decision) -> Decision:
        """The decision itself."""
        del conditions, lanes
        return decision


class Remembered(MutableMapping[str, Decision]):
    """The decisions of one run, which asks a memory for those that it does not have.

    Times differ from run to run, and so would the mode that measures fastest where two are about as fast; modes differ
    in last bits. What was not measured is not kept: it follows from the lanes, or from what went wrong.
    """

    def __init__(self, memory: Memory, conditions: str) -> None:
        self._memory, self._conditions = memory, conditions
        self._own: dict[str, Decision] = {}

    def __getitem__(self, group: str) -> Decision:
        if group not in self._own:
            found = self._memory.recall(self._conditions, group)
            if found is None:
                raise KeyError(group)
            self._own[group] = found
        return self._own[group]

    def __setitem__(self, group: str, decision: Decision) -> None:
        self._own[group] = self._memory.keep(self._conditions, group, decision) if decision.seconds else decision

    def __delitem__(self, group: str) -> None:
        del self._own[group]

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)
