"""Which weights between two layers exist, where the plan says so: before any is drawn, or an estimate."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

from dync.compiler.between_plan import BetweenPlan, units_at
from dync.compiler.expression import Expression
from dync.compiler.planning.unit_values import unit_values
from dync.compiler.window_plan import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 2**20
"""How many pairs of units are looked at together."""

SAMPLE = 2**16
"""From how many pairs of units the density is estimated, where `present` draws."""


def existing(plan: BetweenPlan, sender: Shape, receiver: Shape) -> NDArray[Any]:
    """Which weights exist, `[senders, receivers]`, where that is known."""
    import numpy as np

    found: NDArray[Any] = np.concatenate([part for _, part in _parts(plan, sender, receiver)])
    return found


@lru_cache(maxsize=64)
def counts(plan: BetweenPlan, sender: Shape, receiver: Shape, diagonal: bool) -> tuple[int, ...]:
    """How many weights each receiver has, where that is known; with a fixed `diagonal` without those on it."""
    import numpy as np

    total = np.zeros(prod(receiver), np.int64)
    for _, part in _parts(plan, sender, receiver, diagonal):
        total += part.sum(axis=0)
    return tuple(total.tolist())


@lru_cache(maxsize=256)
def density(plan: BetweenPlan, sender: Shape, receiver: Shape) -> float:
    """Which part of all weights exists, estimated from draws of its own where `present` draws."""
    if plan.known:
        return sum(counts(plan, sender, receiver, False)) / (prod(sender) * prod(receiver))
    import numpy as np

    rng = np.random.default_rng(0)
    i, j = rng.integers(prod(sender), size=SAMPLE), rng.integers(prod(receiver), size=SAMPLE)
    drawn = {"uniform": rng.random(SAMPLE), "normal": rng.standard_normal(SAMPLE)}
    assert plan.present is not None

    def read(name: str) -> NDArray[Any]:
        return drawn[name] if name in drawn else units_at(name, sender, receiver, i, j)

    found = np.broadcast_to(unit_values(plan.present, read), SAMPLE)
    return float(np.clip(found.mean(), 1 / SAMPLE, 1 - 1 / SAMPLE))


@lru_cache(maxsize=64)
def not_finite(
    plan: BetweenPlan, arguments: tuple[tuple[str, float], ...], sender: Shape, receiver: Shape, diagonal: bool
) -> tuple[int, int] | None:
    """The first pair of units, from 1, that has a weight but no finite one; for `weights` that do not draw.

    With a fixed `diagonal` none of those on it is asked for.
    """
    import numpy as np

    assert plan.weights is not None
    for start, there in _parts(plan, sender, receiver, diagonal):
        weights = _rows(plan.weights, sender, receiver, start, len(there), dict(arguments))
        with np.errstate(over="ignore"):
            bad = ~np.isfinite(weights.astype(np.float32)) & there
        if bad.any():
            row, column = np.unravel_index(int(bad.argmax()), bad.shape)
            return start + int(row) + 1, int(column) + 1
    return None


def _parts(
    plan: BetweenPlan, sender: Shape, receiver: Shape, diagonal: bool = False
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Which weights exist, some senders at a time: the first of them and `[some senders, receivers]`.

    Where `present` draws, any may; with a fixed `diagonal` none on it does.
    """
    import numpy as np

    senders, receivers = prod(sender), prod(receiver)
    step = max(1, CHUNK // receivers)
    for start in range(0, senders, step):
        count = min(step, senders - start)
        if plan.arcs is not None:
            part = np.zeros((count, receivers), np.bool_)
            for row, found in enumerate(plan.arcs[start : start + count]):
                part[row, list(found)] = True
        elif plan.present is not None and plan.known:
            part = np.array(_rows(plan.present, sender, receiver, start, count, {}))
        else:
            part = np.ones((count, receivers), np.bool_)
        if diagonal:
            rows = np.arange(count)
            part[rows, start + rows] = False
        yield start, part


def _rows(
    expression: Expression, sender: Shape, receiver: Shape, start: int, count: int, arguments: dict[str, float]
) -> NDArray[Any]:
    """The values of an expression for some senders and all receivers."""
    import numpy as np

    senders, receivers = np.arange(start, start + count)[:, None], np.arange(prod(receiver))[None, :]
    found = unit_values(expression, lambda name: units_at(name, sender, receiver, senders, receivers), arguments)
    return np.broadcast_to(found, (count, prod(receiver)))
