"""Units that draw: the same from the same seed, new ones for each unit and step, and with the right chances."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import dync
from dync.testing import networks

pytestmark = pytest.mark.usefixtures("hardly_optimized")

TEXT = """
network Noise {{
  input x (40)
  layer h[1..3] (40) glauber(beta = 0.7)
  output y (40)
  for i in 1..3 {{ edge x -> h[i] one_to_one(1) }}
  edge h[1] -> h[2] one_to_one(0)
  edge h[2] -> h[3] one_to_one(0)
  edge h[3] -> y one_to_one(1)
  schedule {schedule}
  phase free {{ steps 3 }}
  train free
  infer free
}}
"""


@pytest.fixture(scope="module", params=["sequential", "synchronous"])
def made(request):
    net = dync.compile_text(TEXT.format(schedule=request.param)).network()
    return net, net.init(jax.random.key(0))


@pytest.fixture(scope="module")
def fields():
    return np.tile(np.linspace(-2, 2, 40, dtype=np.float32), (4000, 1))


def test_the_mean_is_that_of_the_heat_bath(made, fields):
    net, orch = made
    state, _ = orch.step(net.state(fields), rng=jax.random.key(5))
    chance = np.tanh(0.7 * fields[0])
    for name in ("h[1]", "h[2]", "h[3]"):
        found = np.asarray(state[name])
        assert set(np.unique(found)) == {-1.0, 1.0}
        error = np.sqrt((1 - chance**2) / len(found))
        assert np.all(np.abs(found.mean(axis=0) - chance) < 5.5 * error)


def test_draws_are_independent(made):
    """At a field of zero: between units, examples, layers, steps, and for another key; correlations stay small."""
    net, orch = made
    start = net.state(np.zeros((500, 40), np.float32))
    first, key = orch.step(start, rng=jax.random.key(1))
    second, _ = orch.step(first, rng=key)
    other, _ = orch.step(start, rng=jax.random.key(2))
    arrays = [np.asarray(s[name]).ravel() for s in (first, second, other) for name in ("h[1]", "h[2]", "h[3]")]
    correlations = np.corrcoef(arrays) - np.eye(len(arrays))
    assert np.abs(correlations).max() < 5 / np.sqrt(500 * 40)
    units = np.corrcoef(np.asarray(first["h[1]"]).T) - np.eye(40)
    assert np.abs(units).max() < 5.5 / np.sqrt(500)


def test_the_steps_of_a_phase_draw_anew(made):
    """Three steps of a phase end elsewhere than the first did, and the same key ends in the same place."""
    net, orch = made
    start = net.state(np.zeros((50, 40), np.float32))
    ends = [orch.relax("train", start, rng=jax.random.key(seed))[0]["h[2]"] for seed in (1, 1, 2)]
    assert jnp.array_equal(ends[0], ends[1])
    assert 0.4 < float(jnp.mean(ends[0] != ends[2])) < 0.6


def test_the_diagonal_entry_needs_a_key(made):
    _, orch = made
    entry = orch.lmap["h[1]", "h[1]"]
    with pytest.raises(ValueError, match="give it a key"):
        entry.activation(np.zeros((2, 40)))
    drawn = entry.activation(np.zeros((200, 40)), rng=jax.random.key(0))
    assert abs(float(drawn.mean())) < 0.1


def test_an_edge_whose_rule_predicts_needs_a_key():
    net = dync.compile_text(
        "rule guess { update (post - predicted) * pre / batch }"
        "network N { input x (3) output y (2) glauber edge x -> y dense learn guess }"
    ).network()
    edge = net.init(jax.random.key(0)).lmap["y", "x"]
    x, y = np.ones((4, 3)), np.ones((4, 2))
    with pytest.raises(ValueError, match="give it a key"):
        edge.backward(x, y, 0 * y)
    found = edge.backward(x, y, 100 * y, rng=jax.random.key(0))
    np.testing.assert_array_equal(found.weight, np.zeros((3, 2)))
    found = edge.backward(x, y, -100 * y, rng=jax.random.key(0))
    np.testing.assert_array_equal(found.weight, np.full((3, 2), -2.0))


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(drawn=networks(hidden=(0, 2), units=(1, 4), stochastic=True))
def test_networks_that_draw_run_and_repeat_themselves(drawn):
    net = dync.compile_text(drawn.text).network()
    orch = net.init(jax.random.key(0))
    x, y = drawn.data(net.plan)
    state = net.state(x, y, batch=drawn.batch)
    stepped = [orch.step(state, rng=jax.random.key(3))[0] for _ in range(2)]
    structure = net.plan.structure
    relaxed = [
        [orch.relax(protocol, state, rng=jax.random.key(3))[0] for _ in range(2)]
        for protocol, phases in (("train", structure.train), ("infer", structure.infer))
        if phases is not None
    ]
    for first, second in [stepped, *relaxed]:
        for layer in first:
            assert np.isfinite(first[layer]).all(), drawn.text
            np.testing.assert_array_equal(first[layer], second[layer])
