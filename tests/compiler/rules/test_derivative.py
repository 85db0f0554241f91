"""Derivatives against differences, and what they are where there is no difference to compare with."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dync.compiler.expression import Apply, Expression, Number, Parameter, Symbol
from dync.compiler.model import ActivationDefinition, RuleDefinition
from dync.compiler.rules.derivative import derivative
from dync.grammar.diagnostic import Diagnostic
from dync.testing.evaluate import Margin, evaluate

Define = Callable[[str], tuple[RuleDefinition | ActivationDefinition | None, tuple[Diagnostic, ...]]]
FIELD = Symbol("field")
LEAVES: list[Expression] = [FIELD, FIELD, Symbol("state"), Parameter("gain"), Number(2.0), Number(-0.5), Number(3.0)]
UNARY = ["neg", "abs", "sign", "tanh", "exp", "log", "sqrt"]
BINARY = ["add", "sub", "mul", "div", "pow", "min", "max", "mod", "floordiv"]


def draw_number(draw: st.DrawFn, depth: int) -> Expression:
    match draw(st.integers(0, 5)) if depth else 0:
        case 0:
            return draw(st.sampled_from(LEAVES))
        case 1 | 2:
            return Apply(draw(st.sampled_from(UNARY)), (draw_number(draw, depth - 1),))
        case 3:
            condition = Apply("lt", (draw_number(draw, 0), draw_number(draw, 0)))
            return Apply("where", (condition, draw_number(draw, depth - 1), draw_number(draw, depth - 1)))
        case 4:
            return Apply("clip", (draw_number(draw, depth - 1), draw_number(draw, 0), draw_number(draw, 0)))
        case _:
            operation = draw(st.sampled_from(BINARY))
            return Apply(operation, (draw_number(draw, depth - 1), draw_number(draw, depth - 1)))


@st.composite
def expressions(draw: st.DrawFn) -> Expression:
    return draw_number(draw, draw(st.integers(1, 3)))


def value(expression: Expression, field: float) -> float:
    values = {FIELD: np.float64(field), Symbol("state"): np.float64(0.37)}
    return float(evaluate(expression, lambda symbol: np.asarray(values[symbol]), {"gain": 1.7}, Margin()))


def difference(expression: Expression, field: float, step: float) -> float:
    return (value(expression, field + step) - value(expression, field - step)) / (2 * step)


@settings(max_examples=300, deadline=None)
@given(expressions(), st.floats(-2, 2))
def test_equals_the_quotient_of_differences(expression: Expression, field: float) -> None:
    coarse, fine = difference(expression, field, 1e-4), difference(expression, field, 1e-5)
    assume(math.isfinite(coarse) and math.isfinite(fine) and abs(coarse) < 1e3)
    assume(abs(value(expression, field)) < 1e3)
    # Near a kink or a jump the two steps disagree, or the sides do.
    assume(math.isclose(coarse, fine, rel_tol=1e-4, abs_tol=1e-4))
    right = (value(expression, field + 1e-5) - value(expression, field)) / 1e-5
    assume(math.isclose(right, fine, rel_tol=1e-2, abs_tol=1e-2))
    slope = value(derivative(expression, FIELD), field)
    assume(math.isfinite(slope))
    assert math.isclose(slope, fine, rel_tol=1e-2, abs_tol=2e-2)


RIGHT = {
    "abs(field)": 1.0,
    "abs(-field)": 1.0,
    "abs(state * field)": 0.37,
    "max(field, 0)": 1.0,
    "max(0, field)": 1.0,
    "min(field, 0)": 0.0,
    "min(0, -field)": -1.0,
    "max(field, -2 * field)": 1.0,
    "max(state * field, 0)": 0.37,
    "clip(field, 0, 1)": 1.0,
    "clip(field, -1, 0)": 0.0,
    "clip(-field, 0, 1)": 0.0,
    "field * [field > 0]": 0.0,
    "sign(field)": 0.0,
    "field // 1": 0.0,
    "max(field, 0) + log(1 + exp(-abs(field)))": 0.5,
}


@pytest.mark.parametrize("text", RIGHT)
def test_at_a_kink_it_is_the_one_from_the_right(text: str, define: Define) -> None:
    activation, _ = define(f"activation a {{ next {text} }}")
    assert isinstance(activation, ActivationDefinition)
    assert value(activation.slope, 0.0) == pytest.approx(RIGHT[text])


@pytest.mark.parametrize("text", ["2 * [field >= 0] - 1", "state", "[uniform < tanh(field)]", "sign(field) * state"])
def test_steps_have_no_slope(text: str, define: Define) -> None:
    activation, _ = define(f"activation a {{ next {text} }}")
    assert isinstance(activation, ActivationDefinition)
    assert activation.slope == Number(0.0)
