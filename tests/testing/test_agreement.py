"""The oracle for users: what it says is right, and a difference between it and the engine is told."""

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import dync
from dync.testing import TooCloseError, activations, assert_agrees, case, interpret, rules, series_case

CHAIN = """
network Chain {
  param gain = 2 in 0..9
  input x (2)
  layer h (2) identity
  output y (2)
  edge x -> h one_to_one(gain)
  edge h -> y one_to_one(0.5) learn hebbian
  phase relax { steps 1  clamp x, y }
  train relax
  infer relax
}
"""
X = np.array([[0.25, -1.0], [2.0, 0.5]])


def test_a_protocol_by_the_letter():
    found = interpret(CHAIN, x=X)
    np.testing.assert_array_equal(found.state["h"], 2 * X)
    np.testing.assert_array_equal(found.state["y"], X)
    assert found.steps == (1,)
    trained = interpret(CHAIN, "train", {"x": X}, {"y": 3 * X})
    np.testing.assert_array_equal(trained.snapshots["relax"]["y"], 3 * X)


def test_weights_can_be_given_or_drawn_from_a_seed():
    dense = CHAIN.replace("one_to_one(gain)", "dense")
    given = interpret(dense, x=X, weights={"x->h": np.eye(2)[::-1], "h->y": np.ones(2)})
    np.testing.assert_array_equal(given.state["h"], X[:, ::-1])
    ends = [interpret(dense, x=X, seed=seed).state["h"] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(ends[0], ends[1])
    assert np.abs(ends[0] - ends[2]).max() > 0.01


FORMS = [CHAIN, dync.compile_text(CHAIN), dync.compile_text(CHAIN).network(gain=2)]


@pytest.mark.parametrize("network", [*FORMS, FORMS[2].plan], ids=["text", "program", "network", "plan"])
def test_every_form_of_a_network(network):
    np.testing.assert_array_equal(interpret(network, x=X).state["h"], 2 * X)
    assert_agrees(network)


def test_what_is_no_network():
    with pytest.raises(TypeError, match="no network: int"):
        interpret(3, x=X)
    with pytest.raises(dync.CompileError, match="E0201"):
        assert_agrees(CHAIN.replace("-> h one", "-> g one"))


def test_a_difference_is_told(monkeypatch):
    made = case.with_these_weights
    monkeypatch.setattr(case, "with_these_weights", lambda *given: made(*given).with_parameters(("y", "h"), rate=1.01))
    with pytest.raises(AssertionError, match=re.escape("the update of h->y, by the engine and by the interpreter")):
        assert_agrees(CHAIN)


def test_what_rounding_decides_is_not_compared():
    signs = CHAIN.replace("layer h (2) identity", "layer h (2) sign")
    near = np.array([[0.3, 1e-7]])
    with pytest.raises(TooCloseError, match=r"2e-07 from falling the other way"):
        assert_agrees(signs, near)
    tried = []

    @settings(max_examples=4, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(st.sampled_from([near, X]))
    def in_a_test(x):
        tried.append(len(x))
        assert_agrees(signs, x)

    in_a_test()
    assert set(tried) == {1, 2}


@pytest.mark.parametrize("schedule", ["sequential", "synchronous"])
def test_all_but_chance_is_compared_where_networks_draw(schedule):
    bent = "activation bent { next tanh(field + 0.3 * normal) * uniform }\n"
    text = bent + CHAIN.replace("layer h (2) identity", f"layer h (2) bent  schedule {schedule}")
    assert_agrees(
        text.replace("steps 1", "steps 3").replace("hebbian", "delta").replace("output y (2)", "output y (2) bent")
    )


SERIES = (
    CHAIN.replace("(2)\n", "(2) over time\n", 1)
    .replace("output y (2)", "output y (2) over time")
    .replace("steps 1", "steps 1 per sample")
)


def test_networks_over_time_are_compared_sample_by_sample(monkeypatch):
    assert_agrees(SERIES)
    data = np.random.default_rng(0).uniform(-1, 1, (3, 4, 2))
    assert_agrees(SERIES, data, data)
    with pytest.raises(ValueError, match="series of different lengths: \\[2, 4\\]"):
        assert_agrees(SERIES, data, data[:, :2])
    made = series_case.with_these_weights
    changed = lambda *given: made(*given).with_parameters(("y", "h"), rate=1.01)  # noqa: E731
    monkeypatch.setattr(series_case, "with_these_weights", changed)
    with pytest.raises(AssertionError, match="what h->y has learnt, by the engine and by the interpreter"):
        assert_agrees(SERIES)


def test_a_protocol_that_there_is_not():
    with pytest.raises(ValueError, match="no infer"):
        interpret(CHAIN.replace("infer relax", ""), x=X)


@settings(max_examples=3, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(rules("mine"), activations("bent", dendrites=False))
def test_rules_and_activations_of_ones_own(rule, activation):
    text = CHAIN.replace("learn hebbian", "learn mine").replace("identity", "bent")
    assert_agrees(f"{rule}\n{activation}\n{text}")


@pytest.mark.slow
def test_nothing_but_a_comparison_loads_jax():
    program = (
        "import sys, numpy, hypothesis\nfrom dync.testing import *\n"
        f"interpret({CHAIN!r}, x=numpy.ones((1, 2)))\n"
        "hypothesis.find(networks(), lambda drawn: drawn.data())\n"
        "sys.exit('jax is loaded' if 'jax' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
