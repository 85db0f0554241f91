"""Soft clamps, phases from others and measures in the interpreter, against closed forms."""

import numpy as np
import pytest

from dync.compiler.driver import bind, compile_source, plan_of
from dync.grammar.source import Source
from dync.testing.evaluate import Margin
from dync.testing.interpreter import Interpreter
from dync.testing.measures import measures

UNIT = """
activation linear {{ next 0.5 * state + 0.5 * field }}
network Unit {{
  param beta = 0.5
  input x (1)
  output y (1) linear
  output z (1) linear
  edge x -> y one_to_one(1.5)
  edge y -> z one_to_one(1)
  {phases}
  measure near = beta * mean(y + z.target)
  measure place = argmax([y > 0] - 1)
}}
"""
WEIGHTS = {"x->y": 1.5, "y->z": 1.0}
X, Y, Z = 0.4, 2.0, 3.0


def relaxed(phases, **arguments):
    plan = plan_of(bind(compile_source(Source("unit.dyn", UNIT.format(phases=phases))), None, arguments))
    interpreter = Interpreter(plan)
    start = interpreter.start([[X]], {"y": [[Y]], "z": [[Z]]})
    return plan, interpreter.relax("train", start, WEIGHTS)


@pytest.mark.parametrize("strength", [0.0, 0.5, -0.3])
def test_a_soft_clamp_comes_to_rest_between_the_field_and_the_target(strength):
    _, found = relaxed("phase soft { steps 300  clamp x  clamp y by beta }  train soft", beta=strength)
    rest = (1.5 * X + strength * Y) / (1 + strength)
    assert found.state["y"][0, 0] == pytest.approx(rest)
    assert found.state["z"][0, 0] == pytest.approx(rest)


def test_an_input_is_pulled_to_its_data():
    """An input has no activation: its new state is its field, 0 + b (x - state), from the data on."""
    _, found = relaxed("phase soft { steps 3  clamp y, z  clamp x by beta }  train soft")
    state = X
    for _ in range(3):
        state = 0.5 * (X - state)
    assert found.state["x"][0, 0] == pytest.approx(state)


def test_from_takes_the_end_of_that_phase_and_lets_nothing_go():
    _, found = relaxed(
        "phase a { steps 2  clamp x, z }  phase b { steps 3  clamp x }"
        "  phase c { from a  steps 1  clamp x }  train a, b, c"
    )
    after_a = found.snapshots["a"]
    y = 0.5 * after_a["y"] + 0.5 * 1.5 * X
    np.testing.assert_allclose(found.state["y"], y)
    np.testing.assert_allclose(found.state["z"], 0.5 * Z + 0.5 * y)
    assert found.snapshots["b"]["z"][0, 0] < 1.5 < found.state["z"][0, 0]


def test_measures_read_states_targets_and_parameters():
    plan, found = relaxed("phase a { steps 2  clamp x }  train a")
    margin = Margin()
    taken = measures(plan, found.state, {"z": np.array([[Z]])}, margin)
    assert taken["near"] == pytest.approx(0.5 * (found.state["y"][0, 0] + Z))
    assert taken["place"] == pytest.approx(0)
    assert margin.smallest == pytest.approx(found.state["y"][0, 0])
    with pytest.raises(KeyError):
        measures(plan, found.state, {}, margin)
