"""How likely one entry is to do better than another."""

from __future__ import annotations

import numpy as np

from dync.runtime.statistics.aggregate import Floats


def probability_of_improvement(a: Floats, b: Floats) -> float:
    """The chance that a training of `a` scores higher than one of `b`, ties counting half; the mean over tasks.

    `a` and `b` are `[tasks, seeds]`, larger is better. Every seed of one is held against every seed of the other
    (Agarwal et al. 2021; on one task it is Mann & Whitney's U over the number of pairs).
    """
    return float(_wins(a, b).mean())


def resampled_probability(a: Floats, b: Floats, weights: Floats) -> Floats:
    """`probability_of_improvement` of each resample, `[resamples]`; `weights` are `Resamples.weights`.

    Both entries are drawn with the same seeds, since they were trained with the same (Agarwal et al. 2021 draw apart).
    """
    wins = _wins(a, b)
    per_task = [((weights[:, t] @ wins[t]) * weights[:, t]).sum(axis=1) for t in range(len(wins))]
    return np.asarray(np.mean(per_task, axis=0))


def _wins(a: Floats, b: Floats) -> Floats:
    """1 where a seed of `a` beats one of `b`, ½ where they tie: `[tasks, seeds of a, seeds of b]`."""
    left, right = a[:, :, None], b[:, None, :]
    return np.asarray((left > right) + 0.5 * (left == right))
