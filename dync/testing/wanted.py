"""What networks are wanted of those that can be drawn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, get_args

from hypothesis.errors import InvalidArgument

from dync.compiler.plan import ScheduleKind

KINDS: Final = ("dense", "one_to_one", "low_rank", "conv", "pool", "unpool", "tied", "pairs", "network")
"""The kinds of edges that are drawn; `pairs` are `dense` ones with `weights`, `present` or `radius`.

With `network` layers are networks too.
"""

ANYWHERE: Final = ("dense", "low_rank")
"""Those that join layers of any shapes."""

SCHEDULES: Final[tuple[ScheduleKind, ...]] = get_args(ScheduleKind)


@dataclass(frozen=True)
class Wanted:
    """How many layers of each role, both ends included, with how many units, moved and joined how.

    Hidden layers are counted by their statements: some of these declare arrays of two or three. `units` are those of
    flat layers; None also draws layers of up to four dimensions. Raises InvalidArgument for what cannot be drawn.
    """

    inputs: tuple[int, int] = (0, 2)
    hidden: tuple[int, int] = (0, 4)
    outputs: tuple[int, int] = (0, 2)
    units: tuple[int, int] | None = None
    schedules: Collection[ScheduleKind] = SCHEDULES
    kinds: Collection[str] = KINDS
    learning: bool = True
    stochastic: bool = False
    series: bool = False

    def __post_init__(self) -> None:
        for name, least in (("inputs", 0), ("hidden", 0), ("outputs", 0), ("units", 1)):
            _check_range(name, getattr(self, name), least)
        _check_words("schedules", self.schedules, SCHEDULES)
        _check_words("kinds", self.kinds, KINDS)
        if not set(ANYWHERE) & set(self.kinds):
            raise InvalidArgument(f"kinds={self.kinds!r}: {' or '.join(ANYWHERE)}, which fits anywhere, is needed")
        if set(self.schedules) == {"grouped"} and self.hidden[0] == 0:
            raise InvalidArgument("a grouped schedule needs hidden layers: hidden=(1, 4)")


def _check_range(name: str, given: object, least: int) -> None:
    match given:
        case None if name == "units":
            return
        case (int(low), int(high)) if least <= low <= high:
            return
    raise InvalidArgument(f"{name}={given!r} is no range: two whole numbers from {least} on, the smaller one first")


def _check_words(name: str, given: Collection[str], known: Collection[str]) -> None:
    if isinstance(given, str) or not given or not set(given) <= set(known):
        raise InvalidArgument(f"{name}={given!r}: some of {', '.join(known)}")
