"""Whether the engine does what the naive interpreter does: the same network, weights and data through both.

The runtime is float32 and takes what is alike in one go; the interpreter is float64 and takes one unit after the
other. Where the two differ by more than rounding, one of them is wrong about the language.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np

from dync.compiler.plan import MessageFilter, Plan, Role
from dync.testing.case import Case
from dync.testing.chance import without_chance
from dync.testing.drawn_data import drawn_data
from dync.testing.forms import Comparable, plan_from
from dync.testing.interpreter import Data
from dync.testing.series_case import SeriesCase, series_case
from dync.testing.weights import draw_weights

SAFE: Final = 1e-4
"""How near a decision may come to falling the other way, so that float32 surely takes the same one."""

CLOSE: Final = 2e-4
"""By how much numbers may differ, relative to those above one."""

EXAMPLES: Final = 3
"""The size of the batch where nothing says one."""

SAMPLES: Final = 3
"""How many samples sequences have where nothing says it."""


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
    every protocol that the network has. Of a network over time, whose examples are sequences, the protocols alone are
    compared: what it reads out after each sample, and what it has learnt at the end by plain descent. In a network that
    draws at random a number takes the place of every draw. Where a decision is so close that rounding may turn it,
    nothing can be said: a test of Hypothesis passes this case over, elsewhere it raises TooCloseError. Raises
    ValueError for data that do not fit.
    """
    plan = without_chance(plan_from(network))
    if x is None and y is None and hasattr(network, "data"):
        (x, y), batch, seed = network.data(plan), network.batch, network.seed
    weights, absent = draw_weights(plan, np.random.default_rng(seed))
    size = batch if batch is not None else _examples(x, y)
    x, y = _drawn(plan, "input", x, size, seed + 1), _drawn(plan, "output", y, size, seed + 2)
    case: Case | SeriesCase
    if plan.structure.time is None:
        case = Case(plan, weights, absent, x, y, size, messages, tuple(silent))
    else:
        case = series_case(plan, weights, absent, x, y, size)
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


def _drawn(plan: Plan, role: Role, given: Data, batch: int, seed: int) -> Data:
    """The data, or some that are drawn."""
    return drawn_data(plan, role, batch, SAMPLES, np.random.default_rng(seed)) if given is None else given


def _pass_over(margin: float) -> None:
    """Leave a test of Hypothesis for its next case; raises TooCloseError elsewhere."""
    import hypothesis

    if hypothesis.currently_in_test_context():
        hypothesis.reject()
    raise TooCloseError(f"a decision is {margin:.2g} from falling the other way: give other data, or another seed")
