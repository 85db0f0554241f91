"""Expressions of the plan in JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dync.compiler.expression import Apply, Number
from dync.runtime.evaluate import evaluate


def test_what_numbers_alone_come_to_is_to_the_bit_what_the_program_would_compute() -> None:
    numbers = np.geomspace(1e-3, 1e6, 40).astype(np.float32)

    def value(number: float) -> Any:
        root = Apply("sqrt", (Number(number),))
        return evaluate(Apply("div", (Number(0.3), root)), lambda _: 0.0, lambda _: 0.0)

    computed = jax.jit(lambda: jnp.stack([jnp.divide(0.3, jnp.sqrt(float(n))) for n in numbers]))()
    np.testing.assert_array_equal(np.array([value(float(n)) for n in numbers]), computed)
    assert np.isinf(value(0.0))
