"""Modulators, traces of rules and learning during phases: against the interpreter, and against closed forms."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import dync
from dync.runtime.declared_measures import measure_of
from dync.runtime.learner import learn_batch, start_learner
from dync.runtime.measures import measure
from dync.testing import assert_agrees

RULES = """
rule paired(keep = 0.7) {
  trace a = keep * a + pre
  trace b = keep * b + post * slope
  let late = a * post
  update (late - b * pre) / batch
}
rule woven(reward, baseline = 0.1) {
  trace a = 0.5 * a + tanh(pre)
  trace slow = 0.9 * slow + 0.1 * (a - slow)
  update tanh((reward - baseline) * slow * post + weight) / batch
}
rule told(reward, other) {
  trace b = 0.5 * b + predicted - field
  update (reward * pre * b - (other - other@warm) * pre * weight + other * reward) / batch
}
rule early { update (post - post@warm) * pre / batch }
"""

KINDS = f"""{RULES}
network Kinds {{
  param gain = 0.5
  input  x (4, 4, 2)
  constant one (1) = 1
  layer  maps (3, 3, 2) tanh
  layer  h[1..3] (6) tanh
  output y (3) tanh
  output z (1)
  edge x -> maps conv((2, 2)) learn woven(correct) during run
  edge maps -> h[1] dense learn told(correct, mse)
  edge maps -> h[2] dense(density = 0.5) learn told(agreement, correct) during run
  edge maps -> h[3] low_rank(2) learn told(correct, accuracy) during run rate 2
  edge h[3] -> h[1] low_rank(2) learn woven(correct, baseline = 0.3)
  for i in 1..2 {{ edge down[i]: h[i] -> h[i+1] dense delay i learn paired(keep = 0.2 * i) during run }}
  for i in 1..2 {{ edge h[i+1] -> h[i] tied(down[i], transposed = true) learn paired during warm rate 0.5 }}
  edge h[2] -> h[2] one_to_one(0.5) learn woven(mse) during run
  edge h[1] -> h[1] one_to_one(0.5) learn told(correct, correct)
  edge h[3] -> y dense learn early during run
  edge one -> y dense learn woven(correct)
  edge h[2] -> y dense learn told(correct, mse) decay 0.1
  edge h[1] -> z dense learn paired during last
  phase warm  {{ steps 2  clamp x }}
  phase run   {{ until settled within 0.05 max 5  clamp x, z }}
  phase still {{ steps 3  clamp x, maps, h, y, z }}
  phase last  {{ steps 1  messages forward  clamp x, y }}
  train warm, run, still, last
  infer warm
  measure correct = gain * mean(y * y.target) + mean(abs(h[1]))
}}
"""

SPARSE = f"""{RULES}
network Sparse {{
  input  x (260)
  layer  h[1..2] (260) tanh
  output y (3) tanh
  edge x -> h[1] dense(density = 0.02) learn told(accuracy, mse) during run
  for i in 1..2 {{ edge h[i] -> h[i] dense(density = 0.02, diagonal = 0.2) learn paired during run }}
  edge h[1] -> h[2] dense(density = 0.02) learn woven(mse) during run
  edge h[2] -> y dense learn told(agreement, mse)
  phase warm {{ steps 1  clamp x }}
  phase run  {{ steps 2  clamp x }}
  train warm, run
}}
"""

SERIES = """
rule paired(reward) {
  trace a = 0.7 * a + pre
  trace b = 0.4 * b + post
  update (reward - reward@wake) * (a * post - b * pre) / batch
}
rule early { trace e = 0.5 * e + predicted  update e * pre / batch }
network Series {
  input  u (3) over time
  layer  h (4) tanh
  output y (2) over time
  edge u -> h dense learn early during wake
  edge h -> h dense learn paired(mse) during listen
  edge h -> y dense learn paired(close)
  phase wake   { steps 2  clamp u }
  phase listen { until settled within 0.1 max 3 per sample  clamp u }
  phase teach  { steps 1 per sample  messages forward }
  train wake, listen, teach
  infer wake, listen
  measure close = mean(y * y.target)
}
"""


@pytest.mark.parametrize("text", [KINDS, SPARSE, SERIES], ids=["kinds", "sparse", "series"])
def test_the_engine_learns_what_the_interpreter_does(text):
    assert_agrees(dync.compile_text(text).network())


def test_a_protocol_gathers_anew():
    net = dync.compile_text(SERIES.replace(" over time", "").replace(" per sample", "")).network()
    orch = net.init(jax.random.key(0))
    data = np.ones((2, 3)), np.eye(2)
    once, key = orch.relax("train", net.state(*data), rng=jax.random.key(1))
    assert all(float(jnp.abs(total).max()) > 1e-4 for total in once.gathered.values())
    assert len(once.gathered) == 2
    idle, _ = orch.relax("infer", once, rng=key)
    twice, _ = orch.relax("train", eqx.tree_at(lambda s: s.values, idle, net.state(*data).values), rng=key)
    for name, total in once.gathered.items():
        np.testing.assert_array_equal(twice.gathered[name], total)
    for name, trace in once.rule_traces.items():
        np.testing.assert_array_equal(idle.rule_traces[name], trace)
        np.testing.assert_array_equal(twice.rule_traces[name], trace)
    with pytest.raises(ValueError, match="backward of the orchestrator"):
        orch.lmap["h", "u"].backward(np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 4)))


def test_stdp_counts_pairs_of_spikes():
    """Every pair of a spike at each end, the later one deciding the sign, a factor less for each step in between."""
    net = dync.compile_text(
        """
        network Pairs {
          input  u (3) over time
          output y (2) over time
          edge u -> y dense(strength = 0) learn stdp(keep = 0.8, depression = 0.5) during see
          phase see { steps 1 per sample }
          train see
        }
        """
    ).network()
    rng = np.random.default_rng(0)
    u, y = (np.float32(rng.random((4, 9, units)) < 0.4) for units in (3, 2))
    optimizer = optax.sgd(1.0)
    learner = start_learner(net.init(jax.random.key(0)), optimizer)
    after, _ = eqx.filter_jit(lambda before: learn_batch(optimizer.update, before, {"u": u, "y": y}, None))(learner)
    wanted = np.zeros((3, 2))
    for t in range(9):
        for s in range(t):
            wanted += 0.8 ** (t - s) * (u[:, s].T @ y[:, t] - 0.5 * u[:, t].T @ y[:, s]) / 4
    np.testing.assert_allclose(after.orchestrator.lmap["y", "u"].weight, wanted, atol=1e-5)


def test_reinforce_goes_up_the_gradient_of_the_expected_reward():
    """The reward is the product of two units, so that its mean is the product of their probabilities."""
    net = dync.compile_text(
        """
        network Both {
          input  x (2)
          output y (2) bernoulli
          edge x -> y dense learn reinforce(reward = both, baseline = 0.3)
          phase act { steps 1  clamp x }
          train act
          measure both = min(y)
        }
        """
    ).network()
    weights, x = np.float32([[0.5, -1.0], [0.25, 0.75]]), np.float32([0.8, -0.6])
    orch = net.init(jax.random.key(0)).with_weights({("y", "x"): weights})
    state, key = orch.relax("train", net.state(np.tile(x, (400_000, 1))), rng=jax.random.key(1))
    p = 1 / (1 + np.exp(-x @ weights))
    wanted = np.outer(x, p[::-1] * p * (1 - p))
    np.testing.assert_allclose(-orch.backward(state, rng=key)["y", "x"].weight, wanted, atol=2e-3)


def test_given_measures_are_means_of_those_of_examples():
    net = dync.compile_text(
        "network N { input x (4) output y (3) output z (1) edge x -> y dense edge x -> z dense phase a { steps 1 } }"
    ).network()
    rng = np.random.default_rng(2)
    found = {"y": rng.normal(size=(20, 3)).astype(np.float32), "z": rng.normal(size=(20, 1)).astype(np.float32)}
    target = {"y": np.eye(3, dtype=np.float32)[rng.integers(0, 3, 20)], "z": rng.normal(size=(20, 1))}
    state = net.state(np.zeros((20, 4)), target).with_values(found)
    held = net.state(np.zeros((20, 4)), target).held
    wanted = measure(found, {name: np.float32(value) for name, value in target.items()})
    for name in ("accuracy", "mse", "agreement"):
        each = measure_of(net.plan.structure, name, state.values, held, {})
        assert each.shape == (20,)
        np.testing.assert_allclose(np.mean(each), wanted[name], rtol=1e-5)


@pytest.mark.slow
def test_lanes_learn_what_single_networks_do():
    net = dync.compile_text(KINDS).network()
    orchs = [net.init(jax.random.key(seed)) for seed in range(2)]
    rng = np.random.default_rng(0)
    data = rng.normal(size=(3, 4, 4, 2)), {"y": np.eye(3), "z": np.ones((3, 1))}

    def learn(orch):
        state, key = orch.relax("train", net.state(*data), rng=jax.random.key(1))
        return orch.backward(state, rng=key).weights

    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *orchs)
    together = eqx.filter_jit(eqx.filter_vmap(learn))(stacked)
    for lane, orch in enumerate(orchs):
        for one, both in zip(jax.tree.leaves(learn(orch)), jax.tree.leaves(together), strict=True):
            np.testing.assert_allclose(both[lane], one, atol=1e-5)


def test_a_sliding_threshold_makes_a_unit_choose_one_pattern(tmp_path):
    """BCM's outcome: of patterns that come in turn, a unit answers one alone. Intrator and Cooper (1992)."""
    net = dync.compile_text(
        """
        network Choice {
          input  u (4) over time
          layer  h (6) relu
          edge u -> h dense(weights = 0.4 + 0.2 * uniform) learn bcm_sliding(keep = 0.95)
          phase see { steps 1 per sample  messages forward }
          train see
          skip 40
        }
        """
    ).network()
    rng = np.random.default_rng(0)
    patterns = np.eye(4, dtype=np.float32)[rng.integers(0, 4, (8, 1500))]
    optimizer = optax.sgd(0.02)
    learner = start_learner(net.init(jax.random.key(3)), optimizer)
    after, _ = eqx.filter_jit(lambda before: learn_batch(optimizer.update, before, {"u": patterns}, None))(learner)
    answers = np.maximum(np.asarray(after.orchestrator.lmap["h", "u"].weight), 0)
    assert (answers.max(axis=0) > 2).all(), answers
    assert (np.sort(answers, axis=0)[-2] < 0.1 * answers.max(axis=0)).all(), answers


def test_the_third_factor_decides_what_is_learnt():
    """The reward is 1 for half of the examples and -1 for the others: these are learnt, those unlearnt."""
    net = dync.compile_text(
        """
        network Gated {
          input  x (6)
          input  worth (1)
          output y (3)
          edge x -> y dense(strength = 0) learn reward_hebbian(good)
          phase hold { steps 1 }
          train hold
          measure good = sum(worth)
        }
        """
    ).network()
    rng = np.random.default_rng(1)
    x, y = rng.choice([-1.0, 1.0], (40, 6)), rng.choice([-1.0, 1.0], (40, 3))
    worth = np.where(np.arange(40) < 20, 1.0, -1.0)[:, None]
    orch = net.init(jax.random.key(0))
    state, key = orch.relax("train", net.state({"x": x, "worth": worth}, y), rng=jax.random.key(0))
    wanted = (x[:20].T @ y[:20] - x[20:].T @ y[20:]) / 40
    np.testing.assert_allclose(-orch.backward(state, rng=key)["y", "x"].weight, wanted, atol=1e-6)
