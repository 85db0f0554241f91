"""What is to be given to workers, and in which order; and what `fused auto` decides, once for each group."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from dync.runtime.executors.attempts import Portion
from dync.runtime.executors.portions import portions
from dync.runtime.lanes.decision import Choice, Decision
from dync.runtime.lanes.groups import groups
from dync.runtime.lanes.lane import Lane
from dync.runtime.lanes.timing import said
from dync.runtime.lanes.train import Decisions


class Agenda:
    """Portions for so many workers. With `auto` one worker measures a group for all, and its portions wait for that.

    `decisions` are those that are known already, which hold, and those that are added here. So all workers train a
    group in one mode, and a run that is resumed with the decisions of its log goes on in it.
    """

    def __init__(
        self, lanes: Sequence[Lane], mode: Choice, workers: int, decisions: Decisions, say: Callable[[str], None]
    ) -> None:
        self._ready: deque[Portion] = deque()
        self._held: dict[str, tuple[Portion, ...]] = {}
        self._decisions, self._say = decisions, say
        found = [Portion(some) for some in portions(lanes, workers)]
        if mode != "auto":
            self._ready.extend(found)
            return
        by_group: dict[str, list[Portion]] = {}
        for portion in found:
            by_group.setdefault(groups(portion.lanes[:1])[0].key, []).append(portion)
        for key, alike in by_group.items():
            self._enter(key, tuple(alike))

    def __bool__(self) -> bool:
        return bool(self._ready or self._held)

    def next(self) -> Portion | None:
        """What a free worker is given; None where there is nothing for now."""
        return self._ready.popleft() if self._ready else None

    def add(self, some: Iterable[Portion]) -> None:
        """What is tried again, after everything else."""
        self._ready.extend(some)

    def measured(self, portion: Portion, found: Mapping[str, Decision]) -> None:
        """A worker has measured a group, and decided unless its lanes cannot be trained: its portions are the next."""
        assert portion.measures is not None
        held = self._held.pop(portion.measures)
        if portion.measures in found:
            self._decide(portion.measures, held, found[portion.measures])
        self._ready.extendleft(reversed(held))

    def unmeasured(self, portion: Portion) -> None:
        """Every attempt to measure a group ended its worker: it trains in the mode that asks least of one."""
        why = f"the worker that measured the modes ended in each of {len(portion.causes)} attempts"
        assert portion.measures is not None
        self.measured(portion, {portion.measures: Decision("off", why, {})})

    def _enter(self, key: str, alike: tuple[Portion, ...]) -> None:
        """Hold back what has to be measured first."""
        first = alike[0]
        if key in self._decisions or first.lanes[0].baseline is not None or len(_lanes(alike)) == 1:
            self._ready.extend(alike)
        elif len(first.lanes) == 1:
            self._decide(key, alike, Decision("off", "every worker trains one of them at a time", {}))
            self._ready.extend(alike)
        else:
            self._held[key] = alike
            self._ready.append(Portion(first.lanes, measures=key))

    def _decide(self, key: str, alike: tuple[Portion, ...], decision: Decision) -> None:
        self._decisions[key] = decision
        self._say(said(decision, _lanes(alike)))


def _lanes(some: tuple[Portion, ...]) -> tuple[Lane, ...]:
    return tuple(chain.from_iterable(portion.lanes for portion in some))
