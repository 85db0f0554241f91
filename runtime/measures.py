"""Measures: how well the outputs of a network fit their targets.

Those of single examples, `right`, `squared_error` and `agreeing`, are what the measures that are given are means of.
They take arrays of NumPy, and of JAX where rules take a measure (`dync.runtime.declared_measures`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Units = NDArray[np.float32]
"""`[examples, units]`."""


def is_one_of_many(target: Units) -> bool:
    """Whether every row has one unit that is on, all others being off by one and the same value."""
    if target.shape[1] < 2 or not len(target):
        return False
    on, off = target.max(), target.min()
    return bool(on > off and ((target == on).sum(axis=1) == 1).all() and ((target == on) | (target == off)).all())


def right(found: Any, target: Any) -> Any:
    """Whether the largest unit of each example `[examples, units]` is the target's (of equal ones the first)."""
    return found.argmax(axis=-1) == target.argmax(axis=-1)


def squared_error(found: Any, target: Any) -> Any:
    """The squared error of each unit of each example."""
    return (found - target) ** 2


def agreeing(found: Any, target: Any) -> Any:
    """Whether the sign of each unit of each example is the target's (zero counts as positive)."""
    return (found >= 0) == (target >= 0)


def accuracy(found: Units, target: Units) -> float:
    """The fraction of examples whose largest unit is the target's."""
    return float(right(found, target).mean())


def mse(found: Units, target: Units) -> float:
    """The squared error, averaged over units and examples."""
    return float(squared_error(found.astype(np.float64), target).mean())


def agreement(found: Units, target: Units) -> float:
    """The fraction of units whose sign is the target's (zero counts as positive)."""
    return float(agreeing(found, target).mean())


def nrmse(found: Units, target: Units) -> float:
    """The root of the mean squared error over the variance of the target, `sqrt(<|y - d|^2> / <|d - <d>|^2>)`.

    Units count together, each around its own mean; 1 is what the mean of the target itself would reach.
    M. Lukosevicius, A practical guide to applying echo state networks (2012).
    """
    wanted = target.astype(np.float64)
    return float(np.sqrt(((found - wanted) ** 2).mean() / ((wanted - wanted.mean(axis=0)) ** 2).mean()))


def measure(found: Mapping[str, Units], target: Mapping[str, Units], series: Collection[str] = ()) -> dict[str, float]:
    """All measures that apply, averaged over the outputs; of several outputs also each one's, as `NAME.measure`.

    `accuracy` is given where targets are one of many, `nrmse` of the outputs in `series`, where the target varies; a
    measure that is not finite is given as it is.
    """
    by_output = {name: _measure(found[name], target[name], series=name in series) for name in target}
    measures = {m for found_measures in by_output.values() for m in found_measures}
    results = {m: float(np.mean([values[m] for values in by_output.values() if m in values])) for m in sorted(measures)}
    if len(by_output) > 1:
        results |= {f"{name}.{m}": value for name, values in by_output.items() for m, value in values.items()}
    return results


def _measure(found: Units, target: Units, *, series: bool) -> dict[str, float]:
    values = {"mse": mse(found, target), "agreement": agreement(found, target)}
    if is_one_of_many(target):
        values["accuracy"] = accuracy(found, target)
    if series and (target != target[:1]).any():
        values["nrmse"] = nrmse(found, target)
    return values
