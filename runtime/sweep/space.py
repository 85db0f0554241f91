"""What a sweep searches: the values that each setting can take, and where one hangs on another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, floor, log

from dync.compiler.pipeline_plan import Choices, Interval, SearchPlan
from dync.runtime.error import RunError

Params = dict[str, str]
"""Settings by key, as the language writes them."""


@dataclass(frozen=True)
class Space:
    """The searched settings, each after the one that its condition names."""

    searches: tuple[SearchPlan, ...]

    @classmethod
    def of(cls, searches: Sequence[SearchPlan]) -> Space:
        """Put the settings in order; raises RunError where conditions go round in a circle or name nothing."""
        left, placed = list(searches), list[SearchPlan]()
        while left:
            known = {search.key for search in placed}
            free = [search for search in left if search.condition is None or search.condition.key in known]
            if not free:
                keys = ", ".join(search.key for search in left)
                raise RunError(f"the conditions of {keys} name no searched setting, or each other: mend the `when`")
            placed += free
            left = [search for search in left if search not in free]
        return cls(tuple(placed))

    def active(self, search: SearchPlan, params: Mapping[str, str]) -> bool:
        """Whether a setting is searched where those before it have these values."""
        condition = search.condition
        return condition is None or (
            condition.key in params and _normal(params[condition.key]) == _normal(condition.value)
        )

    def at(self, point: Sequence[float]) -> Params:
        """The settings at a point of the unit cube, which has a coordinate for each setting in order."""
        params: Params = {}
        for search, coordinate in zip(self.searches, point, strict=True):
            if self.active(search, params):
                params[search.key] = value_at(search.space, coordinate)
        return params

    def all(self) -> Iterator[Params]:
        """Every combination once, the last setting changing fastest; raises RunError for a space without end."""
        for search in self.searches:
            values_of(search)
        return self._from(0, {})

    def _from(self, place: int, params: Params) -> Iterator[Params]:
        if place == len(self.searches):
            yield dict(params)
            return
        search = self.searches[place]
        if not self.active(search, params):
            yield from self._from(place + 1, params)
            return
        for value in values_of(search):
            yield from self._from(place + 1, {**params, search.key: value})


def values_of(search: SearchPlan) -> tuple[str, ...]:
    """All values of a setting in order; raises RunError where there are endlessly many."""
    match search.space:
        case Choices(values):
            return values
        case Interval(integer=True, log=True) as space:
            return tuple(str(n) for n in range(int(space.low), int(space.high) + 1))
        case Interval() as space if space.integer or space.step is not None:
            return tuple(_step_text(space, k) for k in range(steps(space)))
    raise RunError(f"a grid needs finitely many values of {search.key}: list them, or give the range a `step`")


def steps(space: Interval) -> int:
    """How many values a range with steps has."""
    return floor((space.high - space.low) / (space.step or 1.0) + 1e-8) + 1


def value_at(space: Choices | Interval, coordinate: float) -> str:
    """The value at a place between 0 and 1, every value having an equal share of it (on its own scale)."""
    u = min(max(coordinate, 0.0), 1.0)
    match space:
        case Choices(values):
            return values[min(int(u * len(values)), len(values) - 1)]
        case Interval(log=True, integer=True):
            low, high = log(space.low - 0.5), log(space.high + 0.5)
            return str(min(max(round(exp(low + u * (high - low))), int(space.low)), int(space.high)))
        case Interval(log=True):
            found = exp(log(space.low) + u * (log(space.high) - log(space.low)))
            return number_text(min(max(found, space.low), space.high), integer=False)
        case Interval(step=None, integer=False):
            return number_text(space.low + u * (space.high - space.low), integer=False)
        case Interval():
            return _step_text(space, min(int(u * steps(space)), steps(space) - 1))


def _step_text(space: Interval, k: int) -> str:
    value = space.low + k * (space.step or 1.0)
    return number_text(float(f"{value:.12g}"), integer=space.integer)


def number_text(value: float, *, integer: bool) -> str:
    """A number as the language writes it, exactly."""
    return str(round(value)) if integer else repr(float(value))


def _normal(text: str) -> str:
    """A value in one spelling: `1` and `1.0` are the same."""
    try:
        return repr(float(text))
    except ValueError:
        return "".join(text.split())
