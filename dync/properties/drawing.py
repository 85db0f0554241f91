"""Drawing values with Hypothesis, and making those smaller at which something fails.

MacIver, Hatfield-Dodds and others (2019), Hypothesis: a new approach to property-based testing, JOSS 4(43). This is the
only module that needs the package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import hypothesis
from hypothesis import strategies

from dync.compiler.elaboration.scope import Amount
from dync.compiler.properties.model import Choice, DrawModel, Interval

Found = TypeVar("Found")


class _FailureFound(Exception):  # noqa: N818 - it is what is looked for
    """Something failed: Hypothesis looks for a smaller case in which this is raised."""


def smallest_failure(
    draws: Sequence[DrawModel], attempt: Callable[[Mapping[str, Amount]], Found | None], cases: int, seed: int
) -> Found | None:
    """What `attempt` finds at the smallest values at which it finds something; None where it finds nothing.

    At most `cases` values are drawn; more are tried to make those smaller at which something was found. `attempt` has
    to find the same whenever it is called with the same values. The same seed draws the same values.
    """
    last: list[Found] = []

    def trial(values: dict[str, Amount]) -> None:
        found = attempt(values)
        if found is not None:
            last[:] = [found]  # the last failure that Hypothesis tries is the smallest one
            raise _FailureFound

    everything = strategies.fixed_dictionaries({draw.name: strategy(draw) for draw in draws})
    settings = hypothesis.settings(
        max_examples=cases,
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=hypothesis.Verbosity.quiet,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    try:
        hypothesis.seed(seed)(settings(hypothesis.given(everything)(trial)))()
    except _FailureFound:
        return last[0]
    return None


def strategy(draw: DrawModel) -> strategies.SearchStrategy[Amount]:
    """What draws a parameter: small numbers, and the first of a set, are the smallest."""
    match draw.domain:
        case Interval(low, high) if draw.domain.whole:
            return strategies.integers(int(low), int(high))
        case Interval(low, high):
            return strategies.floats(float(low), float(high), allow_nan=False, allow_infinity=False)
        case Choice(values):
            return strategies.sampled_from(values)
