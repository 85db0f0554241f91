"""Confidence intervals from the resamples of a bootstrap."""

from __future__ import annotations

from math import isnan

import numpy as np
from scipy.stats import norm, t

from dync.runtime.statistics.aggregate import Floats

Interval = tuple[float, float]
"""The lower and the upper end."""


def percentile_interval(resampled: Floats, confidence: float = 0.95) -> Interval:
    """What the middle `confidence` of the resampled statistics span (Efron 1979, Bootstrap methods: another look at the
    jackknife). Too narrow for few seeds; see `expanded_interval`."""
    return _between(resampled, (1 - confidence) / 2, (1 + confidence) / 2)


def expanded_interval(resampled: Floats, n: int, confidence: float = 0.95) -> Interval:
    """The percentile interval widened for samples of `n` (at least 2), as Student's t widens a normal one.

    A bootstrap of n values sees (n − 1)/n of their variance, and knows it no better than n − 1 degrees of freedom: with
    5 seeds the plain 95% interval holds the truth about 83 times in 100, this one 91 times. The outer share becomes
    Φ(−√(n/(n − 1)) · t(n − 1)) (Hesterberg 2015, What teachers should know about the bootstrap, The American
    Statistician 69).
    """
    if n < 2:
        raise ValueError("an interval takes at least 2 values")
    outer = float(norm.cdf(-np.sqrt(n / (n - 1)) * t.ppf((1 + confidence) / 2, n - 1)))
    return _between(resampled, outer, 1 - outer)


def _between(resampled: Floats, low: float, high: float) -> Interval:
    """Two quantiles; an end among infinite values is infinite, and all of a kind that no arithmetic orders is NaN."""
    if np.isfinite(resampled).all():
        lower, upper = np.quantile(resampled, (low, high))
    else:
        ordered = np.sort(resampled)  # NaN comes last
        last = ordered.size - 1
        lower, upper = ordered[int(np.floor(low * last))], ordered[int(np.ceil(high * last))]
    return (float("nan"), float("nan")) if isnan(lower) or isnan(upper) else (float(lower), float(upper))
