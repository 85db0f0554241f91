"""The interpreter in one call: what a protocol does by the letter of the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from dync.testing.forms import Comparable, plan_from
from dync.testing.interpreter import Data, Interpreter
from dync.testing.relaxation import Relaxation
from dync.testing.weights import draw_weights


def interpret(
    network: Comparable,
    protocol: Literal["train", "infer"] = "infer",
    x: Data = None,
    y: Data = None,
    *,
    weights: Mapping[str, ArrayLike] | None = None,
    batch: int | None = None,
    seed: int = 0,
) -> Relaxation:
    """The last state of a protocol, in float64, the states at the ends of its phases, and the steps that each took.

    `x` and `y` are arrays `[batch, …]` by layer, or one array where there is one layer; `batch` is needed where there
    are none. `weights` are those of edges by `SENDER->RECEIVER`, of several between one pair by
    `SENDER->RECEIVER:LABEL`; left out, they are drawn from `seed`. Nothing is compiled and JAX is not loaded. Raises
    ValueError for data that do not fit, for a network without this protocol, and for one that draws at random.
    """
    plan = plan_from(network)
    drawn, absent = draw_weights(plan, np.random.default_rng(seed))
    naive = Interpreter(plan, absent=absent if weights is None else None)
    return naive.relax(protocol, naive.start(x, y, batch=batch), drawn if weights is None else weights)
