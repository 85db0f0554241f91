"""The evaluator of expressions against what Python and NumPy say."""

import math

import numpy as np
import pytest

from dync.compiler.expression import CONDITIONS, OPERATIONS, Apply, Parameter, Symbol, from_json
from dync.testing.evaluate import Margin, evaluate

VALUES = np.array([-2.5, -1.0, 0.0, 0.75, 3.0])


def value_of(data, margin=None, **parameters):
    return evaluate(from_json(data), lambda _: VALUES, parameters, margin or Margin())


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (["add", "pre", 1], lambda v: v + 1),
        (["floordiv", "pre", 2], lambda v: v // 2),
        (["mod", "pre", 2], lambda v: v % 2),
        (["pow", "pre", 2], lambda v: v**2),
        (["neg", ["sub", "pre", 0.5]], lambda v: -(v - 0.5)),
        (["sign", "pre"], lambda v: 1.0 if v >= 0 else -1.0),
        (["indicator", ["and", ["ge", "pre", -1], ["lt", "pre", 3]]], lambda v: float(-1 <= v < 3)),
        (["indicator", ["or", ["gt", "pre", 0], ["not", ["ne", "pre", -1]]]], lambda v: float(v > 0 or v == -1)),
        (["where", ["le", "pre", 0], ["exp", "pre"], ["div", "pre", 4]], lambda v: math.exp(v) if v <= 0 else v / 4),
        (["clip", "pre", -1, ["mul", 2, 0.5]], lambda v: min(max(v, -1), 1)),
        (["min", ["abs", "pre"], ["max", "pre", 0.5]], lambda v: min(abs(v), max(v, 0.5))),
        (["tanh", ["mul", "pre", "$gain"]], lambda v: math.tanh(0.3 * v)),
        (["sqrt", ["log", ["add", ["pow", "pre", 2], 1]]], lambda v: math.sqrt(math.log(v * v + 1))),
        (["indicator", ["eq", "pre", 0]], lambda v: float(v == 0)),
    ],
)
def test_operations(data, expected):
    np.testing.assert_allclose(value_of(data, gain=0.3), [expected(v) for v in VALUES], rtol=1e-14)


def test_every_operation_is_known():
    for operation, (count,) in OPERATIONS.items():
        truth = operation in {"and", "or", "not", "indicator", "where"}
        condition = Apply("gt", (Symbol("pre"), Parameter("p")))
        operands = (condition if truth else Symbol("pre"), *[condition if truth else Symbol("pre")] * (count - 1))
        result = evaluate(Apply(operation, operands), lambda _: VALUES, {"p": 0.1}, Margin())
        assert result.shape == VALUES.shape
        assert operation not in CONDITIONS or set(result) <= {0.0, 1.0}


def test_division_by_zero_is_silent_and_infinite():
    assert value_of(["div", 1, "pre"])[2] == np.inf


def test_margin_is_the_nearest_decision():
    margin = Margin()
    value_of(["indicator", ["gt", "pre", 0.7]], margin)
    assert margin.smallest == pytest.approx(0.05)
    value_of(["sign", ["sub", "pre", 2.99]], margin)
    assert margin.smallest == pytest.approx(0.01)
    value_of(["tanh", "pre"], margin)
    assert margin.smallest == pytest.approx(0.01)


def test_margin_ignores_exact_equality_but_not_a_near_miss():
    margin = Margin()
    value_of(["sign", "pre"], margin)
    assert margin.smallest == 0.75
    value_of(["indicator", ["ge", ["sub", "pre", 0.1], ["sub", 0.75, 0.1]]], margin)
    assert margin.smallest < 1e-4


def test_margin_of_rounding_is_to_the_next_integer():
    margin = Margin()
    value_of(["floordiv", ["mul", "pre", 1.001], 1], margin)
    assert margin.smallest == pytest.approx(0.001)
