"""Many tests at once."""

from __future__ import annotations

import numpy as np

from dync.runtime.statistics.aggregate import Floats


def holm(p: Floats, weights: Floats | None = None) -> Floats:
    """p values adjusted so that, all of them held against α, the chance of even one false finding is at most α.

    However the tests depend on each other (Holm 1979, A simple sequentially rejective multiple test procedure,
    Scandinavian Journal of Statistics 6). `weights` (positive, equal by default) give some tests a larger share of α;
    what found hypotheses leave goes to the rest in proportion, as Holm has it too.
    """
    shares = np.ones_like(p) if weights is None else weights
    order = np.argsort(p / shares, kind="stable")
    remaining = shares[order][::-1].cumsum()[::-1]
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] / shares[order] * remaining))
    return adjusted
