"""The law of equilibrium propagation, in float64: its update goes to the gradient as the nudge goes to zero."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dync.testing import draw_weights
from tools.pictures.nudge import compared, error, gradient, network

NUDGES = (4e-3, 2e-3, 1e-3)
"""Each half of the one before."""


def test_the_gradient_that_it_is_compared_with_is_that_of_finite_differences() -> None:
    rng = np.random.default_rng(3)
    x, target = rng.normal(size=(5, 4)), rng.uniform(-0.7, 0.7, size=(5, 3))
    weights, _ = draw_weights(network("equilibrium", 0.1).plan, rng)
    found = gradient(weights, x, target)
    for edge, matrix in weights.items():
        nudge = np.zeros_like(matrix)
        nudge[-1, 1] = 1e-6
        more, less = (error({**weights, edge: matrix + way * nudge}, x, target) for way in (1, -1))
        assert found[edge.partition(":")[0]][-1, 1] == pytest.approx((more - less) / 2e-6, rel=1e-6)


@pytest.mark.parametrize(("rule", "order"), [("equilibrium", 1), ("symmetric_equilibrium", 2)])
def test_angle_and_length_go_to_those_of_the_gradient_with_a_power_of_the_nudge(rule: str, order: int) -> None:
    """Half the nudge, half the error; of the symmetric rule a quarter."""
    for seed in (0, 1):
        found = compared(rule, NUDGES, seed)
        angles, lengths = [c.angle for c in found], [abs(c.ratio - 1) for c in found]
        assert angles[-1] < 10 * NUDGES[-1] ** order
        assert lengths[-1] < 10 * NUDGES[-1] ** order
        for errors in (angles, lengths):
            assert [a / b for a, b in pairwise(errors)] == pytest.approx([2**order] * 2, rel=0.05)
