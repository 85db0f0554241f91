"""The largest network that a sweep can come to: whether there is room for it is asked before the first trial."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from dync.compiler.pipeline_plan import Choices, Interval, SweepPlan, TrainingPlan
from dync.compiler.plan import Plan
from dync.runtime.error import RunError
from dync.runtime.kinds.of_family import kinds
from dync.runtime.sweep.space import number_text

Bound = tuple[TrainingPlan, Plan]


def largest(plan: SweepPlan, bind: Callable[[Mapping[str, str]], Bound], params: Mapping[str, str]) -> Bound:
    """The training with the most weights, found from possible settings by taking the ends of one space after another.

    What an optimizer is given does not make a network larger, so these spaces are left alone.
    """
    settings, best = dict(params), bind(params)
    for search in plan.search:
        if search.key.startswith("optimizer."):
            continue
        for value in _ends(search.space):
            found = _possible(bind, {**settings, search.key: value})
            if found is not None and _weights(found[1]) > _weights(best[1]):
                settings, best = {**settings, search.key: value}, found
    return best


def _ends(space: Choices | Interval) -> Iterator[str]:
    match space:
        case Choices(values=values):
            yield from values
        case Interval(low=low, high=high, integer=integer):
            yield from (number_text(end, integer=integer) for end in (low, high))


def _possible(bind: Callable[[Mapping[str, str]], Bound], settings: Mapping[str, str]) -> Bound | None:
    """The training with these settings, None where they are impossible together: a trial of them is a failed one."""
    try:
        return bind(settings)
    except RunError:
        return None


def _weights(plan: Plan) -> int:
    """How many numbers the weights of a network are drawn from."""
    families = plan.structure.families
    stored = (math.prod(kind.shape) for kind in kinds(plan.structure))
    return sum(len(family.edges) * size for family, size in zip(families, stored, strict=True))
