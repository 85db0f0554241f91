"""The loop that every user of an orchestrator writes: it learns, and what does not learn does not move."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import dync

TEXT = """
network Loop {
  input  x (12)
  layer  h[1..2] (8) tanh
  output y (3)
  edge x -> h[1] dense(density = 0.6) learn delta decay 0.001
  edge h[1] -> h[2] dense
  edge h[2] -> h[1] one_to_one(0.2)
  edge h[2] -> h[2] dense(diagonal = 0.3, density = 0.5) learn hebbian rate 0.01
  edge h[1] -> h[1] dense(diagonal = 0.1) learn hebbian rate 0.01
  edge y -> h[2] dense(strength = 0.3)
  edge readout: h[2] -> y dense learn delta
  phase clamped { steps 3 }
  train clamped
  infer clamped
}
"""


@pytest.fixture(scope="module")
def net():
    return dync.compile_text(TEXT).network()


@pytest.fixture(scope="module")
def data():
    """Three noisy ±1 prototypes of 12 units."""
    rng = np.random.default_rng(1)
    prototypes = np.sign(rng.normal(size=(3, 12)))
    labels = np.arange(60) % 3
    flipped = np.where(rng.random((60, 12)) < 0.05, -1, 1)
    return (prototypes[labels] * flipped).astype(np.float32), np.eye(3, dtype=np.float32)[labels] * 2 - 1


def use(orchestrator, opt, net, data, loops):
    """The statements under 'Typical usage', and around them what they take for granted."""
    rng = jax.random.key(5)
    opt_state = opt.init(eqx.filter(orchestrator.lmap, eqx.is_inexact_array))
    for _ in range(loops):
        state = net.state(*data)
        for _ in range(2):
            state, rng = orchestrator.step(state, rng=rng)
        state, rng = orchestrator.step_inference(state, rng=rng)

        # Compute module-local updates
        upd_lmap = orchestrator.backward(state, rng=rng)

        # Apply updates with Optax
        grads = eqx.filter(upd_lmap, eqx.is_inexact_array)
        params = eqx.filter(orchestrator.lmap, eqx.is_inexact_array)
        deltas, opt_state = opt.update(grads, opt_state, params=params)
        new_lmap = eqx.apply_updates(orchestrator.lmap, deltas)

        # Replace the LayerMap inside the orchestrator
        orchestrator = eqx.tree_at(lambda o: o.lmap, orchestrator, new_lmap)
    return orchestrator


def error(orchestrator, net, data):
    state, _ = orchestrator.relax("infer", net.state(data[0]), rng=jax.random.key(0))
    found = np.asarray(state["y"])
    return float(np.mean((found - data[1]) ** 2)), float(np.mean(found.argmax(1) == data[1].argmax(1)))


@pytest.mark.parametrize(("name", "right"), [("sgd", 0.9), ("momentum", 0.85), ("adamw", 0.6), ("noisy_sgd", 0.85)])
def test_the_loop_learns(name, right, net, data):
    """In the mean of six first draws; chance is a third right."""
    optimizers = {
        "sgd": lambda start: optax.sgd(0.3),
        "momentum": lambda start: optax.masked(optax.sgd(0.05, momentum=0.9), start.learnable),
        "adamw": lambda start: optax.masked(optax.adamw(0.03, weight_decay=0.01), start.learnable),
        "noisy_sgd": lambda start: optax.masked(optax.noisy_sgd(0.3, key=1), start.learnable),
    }
    starts = [net.init(jax.random.key(seed)) for seed in range(6)]
    before = np.mean([error(start, net, data) for start in starts], axis=0)
    after = np.mean([error(use(start, optimizers[name](start), net, data, 30), net, data) for start in starts], axis=0)
    assert after[0] < 0.6 * before[0]
    assert after[1] >= max(before[1], right)


def learning(key, edge):
    """Where an edge may move: everywhere, nowhere, or where its weights exist and are not on a fixed diagonal."""
    if key not in {("h[1]", "x"), ("h[2]", "h[2]"), ("h[1]", "h[1]"), ("y", "h[2]")}:
        return np.zeros(np.shape(edge.weight), bool)
    may = np.ones(edge.weight.shape, bool) if edge.mask is None else np.asarray(edge.mask)
    return may & ~np.eye(8, dtype=bool) if key[0] == key[1] else may


@pytest.mark.parametrize("name", ["adamw", "lion", "momentum"])
def test_what_does_not_learn_does_not_move(name, net, data):
    start = net.init(jax.random.key(0))
    optimizers = {
        "adamw": optax.adamw(0.05, weight_decay=0.1),
        "lion": optax.lion(0.01, weight_decay=0.1),
        "momentum": optax.sgd(0.05, momentum=0.9),
    }
    end = use(start, optax.masked(optimizers[name], start.learnable), net, data, 5)
    for key, edge in start.lmap.items():
        before, after = np.asarray(edge.weight), np.asarray(end.lmap[key].weight)
        may = learning(key, edge)
        np.testing.assert_array_equal(after[~may], before[~may], err_msg=str(key))
        assert np.all(after[may] != before[may]), key
    np.testing.assert_array_equal(np.diagonal(end.lmap["h[2]", "h[2]"].weight), np.full(8, 0.3, np.float32))


def test_the_mask_fits_what_it_masks(net):
    orch = net.init(jax.random.key(0))
    params = eqx.filter(orch.lmap, eqx.is_inexact_array)
    assert jax.tree.structure(orch.learnable) == jax.tree.structure(params)
    assert all(isinstance(leaf, bool) for leaf in jax.tree.leaves(orch.learnable))


def test_without_the_mask_decay_would_move_the_rest(net, data):
    """The mask is needed: an optimizer that decays weights moves all that it is given."""
    start = net.init(jax.random.key(0))
    end = use(start, optax.adamw(0.05, weight_decay=0.1), net, data, 1)
    assert not jnp.array_equal(start.lmap["h[2]", "h[1]"].weight, end.lmap["h[2]", "h[1]"].weight)
