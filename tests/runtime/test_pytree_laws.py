"""Orchestrators, states and layer maps are PyTrees: JAX transforms them, and new numbers compile nothing anew."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dync
from dync.compiler.plan import Plan
from dync.runtime import engine
from dync.runtime.network import Network

pytestmark = pytest.mark.usefixtures("hardly_optimized")

TEXT = """
network Tree {
  param margin = 0.5 in 0..5
  param strength = 1 in 0.1..5
  param leak = 0.3 in 0..1
  input  x (4)
  layer  h[1..2] (3) leaky_tanh(leak = leak)
  output y (2)
  constant one (1) = 0.5
  edge x -> h[1] dense(strength = strength) learn perceptron(margin = margin) rate 1.5
  edge h[1] -> h[2] dense(strength = strength) sends margin * state
  edge h[2] -> h[2] dense(diagonal = 0.2, density = 0.7) learn hebbian decay 0.1
  edge one -> h[2] dense(strength = 0.1)
  edge h[2] -> y dense learn delta
  phase clamped { steps 3 }
  phase free { steps 2 messages forward }
  train clamped, free
  infer free
}
"""


@pytest.fixture(scope="module")
def program():
    return dync.compile_text(TEXT)


@pytest.fixture(scope="module")
def net(program):
    return program.network()


@pytest.fixture(scope="module")
def orch(net):
    return net.init(jax.random.key(0))


@pytest.fixture(scope="module")
def state(net):
    rng = np.random.default_rng(0)
    return net.state(rng.normal(size=(3, 4)), np.eye(2)[[0, 1, 1]])


@pytest.fixture
def traced(monkeypatch):
    """Counts how often the engine is traced."""
    calls = []
    step = engine.Machine.step
    monkeypatch.setattr(engine.Machine, "step", lambda *arguments: calls.append(1) or step(*arguments))
    return calls


def equal(left, right):
    assert jax.tree.structure(left) == jax.tree.structure(right)
    for a, b in zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def trained(orch, state):
    return orch.relax("train", state, rng=jax.random.key(2))[0]


def test_flattening_and_back(orch, state):
    for tree in (orch, orch.lmap, state):
        leaves, structure = jax.tree.flatten(tree)
        again = jax.tree.unflatten(structure, leaves)
        assert all(a is b for a, b in zip(jax.tree.leaves(again), leaves, strict=True))
        assert jax.tree.structure(again) == structure
        hash(structure)
    equal(trained(jax.tree.map(jnp.array, orch), state), trained(orch, state))


def test_reading_leaves_the_tree_as_it_is(net):
    """A map that was read has the structure of one that was not, so nothing is compiled twice."""
    fresh, read = net.init(jax.random.key(1)), net.init(jax.random.key(1))
    assert read.lmap["h[1]", "x"].weight is not None
    assert jax.tree.structure(fresh) == jax.tree.structure(read)
    assert jax.tree.structure(read.lmap) == jax.tree.structure(jax.tree.map(lambda leaf: leaf, read.lmap))


def test_the_inexact_leaves_of_the_map_are_weights(orch):
    lmap = eqx.filter(orch.lmap, eqx.is_inexact_array)
    stored = [*orch.lmap.weights, *(d for d in orch.lmap.diagonals if d is not None)]
    assert len(jax.tree.leaves(lmap)) == len(stored)
    assert sum(leaf.size for leaf in jax.tree.leaves(lmap)) == 4 * 3 + 3 * 3 + 3 * 3 + 1 + 3 + 3 * 2
    outside = eqx.filter(orch.parameters, eqx.is_inexact_array)
    assert {"block.1.leak", "block.3.value"} <= set(outside)
    suffixes = {key.split(".", 2)[2] for key in outside}
    assert {"rule.margin", "sends.margin", "strength", "density", "diagonal", "rate", "decay"} <= suffixes


def test_partition_and_combine(orch, state):
    arrays, rest = eqx.partition(orch, eqx.is_inexact_array)
    assert all(leaf is None or leaf.dtype == bool for leaf in jax.tree.leaves(rest))
    equal(trained(eqx.combine(arrays, rest), state), trained(orch, state))


def test_tree_at_replaces_weights_and_maps(orch, state):
    doubled = jax.tree.map(lambda leaf: 2 * leaf if eqx.is_inexact_array(leaf) else leaf, orch.lmap)
    changed = eqx.tree_at(lambda o: o.lmap, orch, doubled)
    np.testing.assert_allclose(changed.lmap["h[2]", "h[2]"].weight, 2 * orch.lmap["h[2]", "h[2]"].weight)
    one = eqx.tree_at(lambda o: o.lmap.weights[0], orch, jnp.zeros_like(orch.lmap.weights[0]))
    assert not one.lmap["h[1]", "x"].weight.any()
    margin = next(key for key in orch.parameters if key.endswith("rule.margin"))
    wide = eqx.tree_at(lambda o: o.parameters[margin], orch, jnp.array([9.0]))
    x, h = state["x"], jnp.ones((3, 3))
    own = wide.lmap["h[1]", "x"].backward(x, h, h)
    np.testing.assert_allclose(own.weight, -1.5 * np.tile(x.sum(0)[:, None], 3) / np.sqrt(3 * 4), rtol=1e-5)


def test_jit_is_the_same_as_none(orch, state):
    equal(eqx.filter_jit(trained)(orch, state), trained(orch, state))
    with jax.disable_jit():
        plain = trained(orch, state)
    equal(plain, trained(orch, state))


def test_edges_work_inside_jit(orch, state):
    found = eqx.filter_jit(lambda edge, x: edge(x))(orch.lmap["h[1]", "x"], state["x"])
    np.testing.assert_allclose(found, orch.lmap["h[1]", "x"](state["x"]), rtol=1e-6)


def test_vmap_over_seeds(net, orch, state):
    keys = jax.random.split(jax.random.key(7), 3)
    many = jax.vmap(net.init)(keys)
    moved = eqx.filter_vmap(trained, in_axes=(eqx.if_array(0), None))(many, state)
    for i in range(3):
        one = net.init(keys[i])
        equal(jax.tree.map(lambda leaf, i=i: leaf[i], many), one)
        equal(jax.tree.map(lambda leaf, i=i: leaf[i], moved), trained(one, state))


@pytest.mark.parametrize(("place", "name"), [(("h[1]", "x"), "margin"), (("h[1]", "x"), "rate"), ("h[2]", "leak")])
def test_vmap_over_numbers(orch, state, place, name):
    values = jnp.array([0.1, 0.4, 0.9])

    def learned(value):
        changed = orch.with_parameters(place, **{name: value})
        after = trained(changed, state)
        return after["h[2]"], changed.backward(after, rng=jax.random.key(0))

    states, updates = jax.vmap(learned)(values)
    for i, value in enumerate(values):
        state_one, update_one = learned(value)
        np.testing.assert_allclose(states[i], state_one, rtol=1e-5, atol=1e-6)
        equal(jax.tree.map(lambda leaf, i=i: leaf[i], updates), update_one)
    different = states if name == "leak" else updates.weights[0]
    assert name == "margin" or not np.allclose(different[0], different[2])


def test_vmap_over_strengths(net, state):
    key = jax.random.key(0)
    name = next(k for k in net.parameters if k.endswith("strength"))

    def moved(strength):
        return trained(net.init(key, {**net.parameters, name: jnp.array([strength])}), state)["h[1]"]

    strengths = jnp.array([0.5, 1.0, 2.0])
    together = jax.vmap(moved)(strengths)
    for found, strength in zip(together, strengths, strict=True):
        np.testing.assert_allclose(found, moved(strength), rtol=1e-5, atol=1e-6)
    assert not np.allclose(together[0], together[2])


def test_gradients_through_a_relaxation(orch, state):
    """The network is smooth, so what JAX differentiates agrees with finite differences."""

    def loss(orch, state):
        return jnp.mean((orch.relax("infer", state, rng=jax.random.key(0))[0]["y"] - state["y"]) ** 2)

    gradients = eqx.filter_grad(loss)(orch, state)
    leak = next(key for key in orch.parameters if key.endswith(".leak"))
    for where in (lambda o: o.lmap.weights[0], lambda o: o.lmap.diagonals[2], lambda o: o.parameters[leak]):
        direction = jnp.ones_like(where(orch))
        expected = [loss(eqx.tree_at(where, orch, where(orch) + e * direction), state) for e in (0.01, -0.01)]
        found = float(jnp.sum(where(gradients) * direction))
        assert found == pytest.approx(float(expected[0] - expected[1]) / 0.02, rel=0.02, abs=1e-4)
        assert found != 0


def test_other_numbers_compile_nothing_anew(program, net, orch, state, traced):
    trained(orch, state)
    orch.backward(state, rng=jax.random.key(0))
    traced.clear()
    for other in (
        orch.with_parameters(("h[1]", "x"), margin=2.0, rate=0.3),
        orch.with_parameters("h[1]", leak=0.9).with_parameters("one", value=3),
        orch.with_weights({("h[1]", "x"): np.ones((4, 3))}),
        program.network(margin=3, strength=2, leak=0.5).init(jax.random.key(3)),
        Network(Plan(net.plan.structure, net.plan.numbers)).init(jax.random.key(4)),
    ):
        trained(other, state)
        assert not traced
    other = program.network(margin=3, leak=0.5)
    assert other.plan.structure == net.plan.structure
    assert hash(other.plan.structure) == hash(net.plan.structure)
    assert other.plan.digest != net.plan.digest
    trained(other.init(jax.random.key(0)), other.state(state["x"], state["y"]))
    assert not traced
    trained(orch, net.state(np.zeros((2, 4))))
    assert traced, "another batch is another program"


def test_new_numbers_change_what_is_computed(orch, state):
    before = trained(orch, state)
    assert not np.allclose(trained(orch.with_parameters("h[1]", leak=0.9), state)["h[1]"], before["h[1]"])
    assert not np.allclose(trained(orch.with_parameters("one", value=3), state)["h[2]"], before["h[2]"])
