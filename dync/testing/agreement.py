"""Whether the engine does what the naive interpreter does: the same network, weights and data through both.

The runtime is float32 and takes what is alike in one go; the interpreter is float64 and takes one unit after the
other. Where the two differ by more than rounding, one of them is wrong about the language.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np

from dync.compiler.plan import MessageFilter, Plan
from dync.testing.case import Case
from dync.testing.forms import Comparable, plan_from
from dync.testing.interpreter import Data
from dync.testing.unstacked import layers_of
from dync.testing.weights import draw_weights

SAFE: Final = 1e-4
"""How near a decision may come to falling the other way, so that float32 surely takes the same one."""

CLOSE: Final = 2e-4
"""By how much numbers may differ, relative to those above one."""

EXAMPLES: Final = 3
"""The size of the batch where nothing says one."""


class TooCloseError(ValueError):
    """A decision of the network (a threshold, a comparison) may fall either way by rounding: nothing can be said."""


def assert_agrees(
    network: Comparable,
    x: Data = None,
    y: Data = None,
    *,
    batch: int | None = None,
    seed: int = 0,
    messages: MessageFilter = "all",
    silent: Collection[str] = (),
) -> None:
    """Raises AssertionError where the engine and the interpreter differ: in steps, protocols, measures, updates.

    Weights are drawn from `seed`, and so are data that are left out, `batch` examples of them, 3 by default; a drawn
    network brings its own. Two steps are taken with these `messages`, the layers of `silent` sending nothing; then
    every protocol that the network has. Where a decision is so close that rounding may turn it, nothing can be said:
    a test of Hypothesis passes this case over, elsewhere it raises TooCloseError. Raises ValueError for data that do
    not fit, and for networks that draw at random or go over time.
    """
    plan = plan_from(network)
    if plan.structure.time is not None:
        raise ValueError("networks over time are not compared: their protocols need data that go on")
    if x is None and y is None and hasattr(network, "data"):
        (x, y), batch, seed = network.data(plan), network.batch, network.seed
    weights, absent = draw_weights(plan, np.random.default_rng(seed))
    size = batch if batch is not None else _examples(x, y)
    x, y = _drawn(plan, "input", x, size, seed + 1), _drawn(plan, "output", y, size, seed + 2)
    case = Case(plan, weights, absent, x, y, size, messages, tuple(silent))
    expected, margin = case.interpreted()
    if margin <= SAFE:
        _pass_over(margin)
    found = case.computed()
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        said = f"{name}, by the engine and by the interpreter, of\n{getattr(network, 'text', plan.structure.network)}"
        given = np.asarray(found[name], np.float64).reshape(np.shape(value))
        np.testing.assert_allclose(given, value, atol=CLOSE, rtol=CLOSE, err_msg=said)


def _examples(*given: Data) -> int:
    """The size of the batch of which data are given."""
    for data in given:
        arrays = list(data.values()) if isinstance(data, Mapping) else [data]
        if arrays and arrays[0] is not None:
            return len(arrays[0])
    return EXAMPLES


def _drawn(plan: Plan, role: str, given: Data, batch: int, seed: int) -> Data:
    """The data, or some that are continuous in (-1, 1) and exact in float32."""
    if given is not None:
        return given
    rng = np.random.default_rng(seed)
    layers = [layer for layer in layers_of(plan) if layer.role == role]
    shapes = {layer.name: (batch, layer.units) for layer in layers}
    return {name: rng.uniform(-1, 1, shape).astype(np.float32).astype(np.float64) for name, shape in shapes.items()}


def _pass_over(margin: float) -> None:
    """Leave a test of Hypothesis for its next case; raises TooCloseError elsewhere."""
    import hypothesis

    if hypothesis.currently_in_test_context():
        hypothesis.reject()
    raise TooCloseError(f"a decision is {margin:.2g} from falling the other way: give other data, or another seed")
