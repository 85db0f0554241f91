"""Optimizers and schedules by their Optax names."""

from __future__ import annotations

from inspect import signature
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from dync.compiler.pipeline_plan import CallPlan, Value
from dync.compiler.pipelines import signatures
from dync.runtime.optimizers import OptimizerError, known_optimizers, known_schedules, make_optimizer, optimizer_form

WARNING = {"noisy_sgd", "optimistic_adam"}
"""Those that Optax itself warns of."""

WEIGHTS = jnp.array([[1.0, -2.0], [0.5, 3.0]])


def call(name: str, /, *positional: Value, **named: Value) -> CallPlan:
    return CallPlan(name, positional, named)


def steps(optimizer: optax.GradientTransformation, count: int = 3) -> list[Any]:
    """What the optimizer does with the gradient `WEIGHTS`, time after time."""
    state, update, found = jax.jit(optimizer.init)(WEIGHTS), jax.jit(optimizer.update), []
    for _ in range(count):
        step, state = update(WEIGHTS, state, WEIGHTS)
        found.append(np.asarray(step))
    return found


def test_what_is_known() -> None:
    assert {"sgd", "adam", "adamw", "rmsprop", "lion", "lamb", "nadam", "adagrad"} <= set(known_optimizers())
    assert {"cosine_decay_schedule", "linear_schedule", "exponential_decay"} <= set(known_schedules())
    assert not {"lbfgs", "polyak_sgd", "lookahead", "scale_by_adam", "chain", "OptState"} & set(known_optimizers())
    assert not {"join_schedules", "sgdr_schedule", "inject_hyperparams", "sgd"} & set(known_schedules())


@pytest.mark.parametrize("name", sorted(set(known_optimizers()) - WARNING))
def test_every_known_optimizer_descends(name: str) -> None:
    first = steps(make_optimizer(call(name, learning_rate=0.1)), 2)[-1]
    assert first.shape == WEIGHTS.shape
    assert np.sum(first * np.asarray(WEIGHTS)) < 0


def test_equal_to_optax_itself() -> None:
    for made, expected in (
        (call("sgd", 0.5, momentum=0.9, nesterov=True), optax.sgd(0.5, momentum=0.9, nesterov=True)),
        (call("adamw", 0.01, 0.8, weight_decay=0.1), optax.adamw(0.01, 0.8, weight_decay=0.1)),
        (call("adam", 1, mu_dtype="bfloat16"), optax.adam(1, mu_dtype="bfloat16")),
        (call("sgd", call("linear_schedule", 1.0, 0.0, 2)), optax.sgd(optax.linear_schedule(1.0, 0.0, 2))),
    ):
        # Optax computes with constants in double precision where these numbers are data in single precision
        np.testing.assert_allclose(steps(make_optimizer(made)), steps(expected), rtol=1e-6)


def test_numbers_are_data_and_forms_share_their_update() -> None:
    one, other = (make_optimizer(call("adam", rate, b1=b1)) for rate, b1 in ((0.1, 0.9), (0.5, 0.8)))
    assert one.update is other.update
    assert not np.array_equal(steps(one), steps(other))
    assert make_optimizer(call("adam", 0.1)).update is not one.update
    assert optimizer_form(call("adam", 0.1, 0.9)) == optimizer_form(call("adam", 0.5, b1=0.8))
    schedules = [optimizer_form(call("sgd", call("linear_schedule", 1.0, 0.0, n))) for n in (2, 3)]
    assert schedules[0] != schedules[1]
    assert optimizer_form(call("sgd", 1, nesterov=True)) != optimizer_form(call("sgd", 1, nesterov=False))


def test_a_learning_rate_follows_its_schedule() -> None:
    schedule = call("linear_schedule", init_value=1.0, end_value=0.0, transition_steps=2)
    rates = [step[0, 0] / -WEIGHTS[0, 0] for step in steps(make_optimizer(call("sgd", schedule)))]
    np.testing.assert_allclose(rates, [1.0, 0.5, 0.0])


def test_other_numbers_may_be_schedules_too() -> None:
    momentum = call("linear_schedule", 0.0, 1.0, 2)
    found = [-step[0, 0] for step in steps(make_optimizer(call("sgd", 1.0, momentum=momentum)))]
    np.testing.assert_allclose(found, [1.0, 1.5, 2.5])


@pytest.mark.parametrize(
    ("made", "phrases"),
    [
        (call("sdg", 0.1), ["no optimizer 'sdg'", "did you mean 'sgd'"]),
        (call("zzz"), ["no optimizer 'zzz'", "adam, "]),
        (call("__doc__"), ["no optimizer"]),
        (call("huber_loss"), ["no optimizer 'huber_loss'"]),
        (call("lookahead"), ["lookahead of Optax", "wraps an optimizer"]),
        (call("scale_by_adam"), ["a part of one"]),
        (call("lbfgs", 0.1), ["the value of a loss"]),
        (call("polyak_sgd"), ["the value of a loss"]),
        (call("sgd"), ["'learning_rate'", "sgd(learning_rate, momentum = none"]),
        (call("sgd", 0.1, momentom=0.9), ["'momentom'", "did you mean 'momentum'"]),
        (call("sgd", 0.1, 0.9, True, None, 5), ["too many positional"]),
        (call("sgd", "fast"), ["a finite number for learning_rate", '"fast"']),
        (call("sgd", float("inf")), ["a finite number for learning_rate", "inf"]),
        (call("sgd", True), ["a finite number for learning_rate", "true"]),
        (call("sgd", 0.1, nesterov="no"), ["true or false for nesterov"]),
        (call("sgd", 0.1, nesterov=call("linear_schedule", 0, 1, 2)), ["true or false for nesterov"]),
        (call("adamw", 0.1, mask="x"), ["nothing that a .dyn file can say for mask"]),
        (call("adam", 0.1, mu_dtype="float33"), ["optimizer adam", "float33"]),
        (call("sgd", None), ["a finite number for learning_rate, not none"]),
        (
            call("sgd", call("cosine_decay", 0.1, 5)),
            ["no schedule 'cosine_decay'", "did you mean 'cosine_decay_schedule'"],
        ),
        (call("sgd", call("cosine_decay_schedule", 0.1)), ["'decay_steps'"]),
        (call("sgd", call("cosine_decay_schedule", 0.1, 0)), ["schedule cosine_decay_schedule", "positive"]),
        (call("sgd", call("linear_schedule", call("constant_schedule", 1), 0, 5)), ["numbers, not further schedules"]),
        (call("sgd", call("adam", 0.1)), ["no schedule 'adam'"]),
    ],
)
def test_mistakes(made: CallPlan, phrases: list[str]) -> None:
    with pytest.raises(OptimizerError) as error:
        make_optimizer(made)
    for phrase in phrases:
        assert phrase in str(error.value), str(error.value)


def test_the_compiler_knows_the_same() -> None:
    for written, real in ((signatures.optimizers(), known_optimizers()), (signatures.schedules(), known_schedules())):
        found = {name: tuple(signature(function).parameters) for name, function in real.items()}
        assert {name: entry.names for name, entry in written.items()} == found
