"""Storing only the weights that exist: the same network, the same updates, the same draw as with whole matrices."""

import jax
import numpy as np
import pytest
from msgspec.structs import replace

import dync
from dync.compiler.plan import SlotsPlan
from dync.runtime.layout import units_first
from dync.runtime.network import Network

LOOP = """
network Loop {
  input  x (9)
  layer  h[1..2] (7) tanh
  output y (3)
  edge x -> h[1] dense(strength = 1, density = 0.4) sends 0.5 * state + state**2 learn perceptron(margin = 1) decay 0.1
  edge h[1] -> h[1] dense(diagonal = 0.4, density = 0.3) learn oja rate 2 decay 0.2
  edge h[2] -> h[2] dense(diagonal = -0.2, density = 0.5) learn oja
  edge h[1] -> h[2] dense(density = 0.5) learn delta
  edge h[2] -> h[1] one_to_one(0.3)
  edge h[2] -> y dense learn delta
  phase clamped { steps 3 }
  phase free { steps 2 messages forward }
  train clamped, free
  infer free
}
"""
APART = """
activation crowd {
  next tanh(field) - total(tanh(field)) / total(1)
  sends state + largest(state) / 4
}
rule mixed { update tanh(pre * post.state + weight) / batch }
rule sides { update (pre.state + post * weight - 0.5) * slope / batch }
network Apart {
  input  x (9)
  layer  a (5) tanh
  layer  b (6) crowd
  layer  c (6) crowd
  output y (3)
  edge x -> a dense learn mixed
  edge a -> b dense(density = 0.5) learn mixed
  edge b -> a dense(density = 0.5) learn sides
  edge c -> b one_to_one(0.5) learn mixed
  edge b -> c one_to_one(0.2) learn sides
  edge b -> y dense(density = 0.7) learn contrastive
  phase clamped { steps 2 }
  phase free { steps 2 messages forward clamp x }
  train clamped, free
  infer free
}
"""
BIG = """
network Big {
  input x (1000)
  layer h (600) sign
  edge x -> h dense(strength = 2, density = 0.02) learn hebbian
  edge h -> h dense(strength = 3, density = 0.015, diagonal = 0.5) learn hebbian
}
"""


def stored_sparsely(net, families, common, most=None):
    """The same network with these families stored by slots: `common` for every receiver, up to `most` for all."""
    structure = net.plan.structure
    found = list(structure.families)
    for f in families:
        senders, receivers = (structure.blocks[b].units for b in (found[f].sender, found[f].receiver))
        found[f] = replace(found[f], slots=SlotsPlan(min(common, senders), most or senders, receivers))
    return Network(replace(net.plan, structure=replace(structure, families=tuple(found))))


def masked(net):
    return [f for f, family in enumerate(net.plan.structure.families) if family.masked]


def pair(text, pick, common):
    """A network stored whole and one stored sparsely, with the same weights."""
    whole = dync.compile_text(text).network()
    sparse = stored_sparsely(whole, pick(masked(whole)), common)
    dense = whole.init(jax.random.key(3))
    same = {key: edge.weight for key, edge in dense.lmap.items()}
    return whole, dense, sparse, sparse.init(jax.random.key(4)).with_weights(same)


@pytest.fixture(scope="module", params=["loop all", "loop one", "apart all", "apart first", "apart last"])
def both(request):
    text, _, which = request.param.partition(" ")
    pick = {"all": lambda f: f, "one": lambda f: f[1:2], "first": lambda f: f[:1], "last": lambda f: f[-1:]}[which]
    return pair(LOOP if text == "loop" else APART, pick, 9 if which == "one" else 2)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(4, 9)).astype(np.float32), rng.normal(size=(4, 3)).astype(np.float32)


def close(found, expected, what=""):
    np.testing.assert_allclose(found, expected, atol=2e-6, rtol=1e-5, err_msg=str(what))


def test_the_same_weights_are_read_back(both):
    _, dense, sparse, other = both
    assert any(units_first(sparse.plan.structure))
    for key, edge in dense.lmap.items():
        np.testing.assert_array_equal(other.lmap[key].weight, edge.weight)
        found, expected = other.lmap[key].mask, edge.mask
        assert (found is None) == (expected is None)
        assert found is None or np.array_equal(found, expected)


@pytest.mark.parametrize("protocol", ["train", "infer"])
def test_the_same_states_and_updates(both, data, protocol):
    whole, dense, sparse, other = both
    key = jax.random.key(0)
    y = data[1] if protocol == "train" else None
    expected, _ = dense.relax(protocol, whole.state(data[0], y), rng=key)
    found, _ = other.relax(protocol, sparse.state(data[0], y), rng=key)
    for layer in expected:
        close(found[layer], expected[layer], layer)
    if protocol == "train":
        updates, others = dense.backward(expected, rng=key), other.backward(found, rng=key)
        for name in dense.lmap.keys():  # noqa: SIM118
            close(others[name].weight, updates[name].weight, name)


def test_the_same_steps_and_edges(both, data):
    whole, dense, sparse, other = both
    key = jax.random.key(0)
    expected, found = whole.state(*data), sparse.state(*data)
    for name, shape in {**whole.layers("layer")}.items():
        value = np.random.default_rng(1).normal(size=(4, *shape)).astype(np.float32)
        expected, found = expected.with_values({name: value}), found.with_values({name: value})
    expected, _ = dense.step(expected, rng=key, messages="forward")
    found, _ = other.step(found, rng=key, messages="forward")
    for layer in expected:
        close(found[layer], expected[layer], layer)
    for name, edge in dense.lmap.items():
        close(other.lmap[name](found[name[1]]), edge(expected[name[1]]), name)


def test_many_examples_are_summed_as_few_are():
    """Beyond a few examples the sum goes slot by slot."""
    whole, dense, sparse, other = pair(LOOP, lambda f: f, 3)
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(40, 9)), rng.normal(size=(40, 3))
    key = jax.random.key(0)
    updates = dense.backward(whole.state(x, y), rng=key)
    others = other.backward(sparse.state(x, y), rng=key)
    for name in dense.lmap.keys():  # noqa: SIM118
        close(others[name].weight, updates[name].weight, name)


def test_weights_that_do_not_fit_are_refused():
    whole = dync.compile_text(LOOP).network()
    net = stored_sparsely(whole, masked(whole), 1, most=1)
    with pytest.raises(Exception, match="more weights than"):
        jax.block_until_ready(net.init(jax.random.key(0)))


@pytest.fixture(scope="module")
def big():
    net = dync.compile_text(BIG).network()
    assert all(family.slots is not None for family in net.plan.structure.families)
    return net, net.init(jax.random.key(11))


def test_the_planner_stores_few_weights_of_large_edges(big):
    net, orch = big
    for family, weights in zip(net.plan.structure.families, orch.lmap.weights, strict=True):
        senders, receivers = (net.plan.structure.blocks[b].units for b in (family.sender, family.receiver))
        assert weights.size < 0.2 * senders * receivers


def test_the_draw_is_the_one_of_a_whole_matrix(big):
    net, orch = big
    structure = net.plan.structure
    families = tuple(replace(family, slots=None) for family in structure.families)
    whole = Network(replace(net.plan, structure=replace(structure, families=families))).init(jax.random.key(11))
    for key, edge in whole.lmap.items():
        np.testing.assert_array_equal(orch.lmap[key].weight, edge.weight)


@pytest.mark.parametrize(("sender", "strength", "density", "fan_in"), [("x", 2, 0.02, 1000), ("h", 3, 0.015, 600)])
def test_the_draw_has_the_moments_it_should(big, sender, strength, density, fan_in):
    """Five standard deviations either way: by chance a wrong alarm once in a million."""
    weight = np.asarray(big[1].lmap["h", sender].weight, np.float64)
    off = weight[~np.eye(600, dtype=bool)] if sender == "h" else weight.ravel()
    kept = off[off != 0]
    assert abs(len(kept) / off.size - density) < 5 * np.sqrt(density / off.size)
    deviation = strength / np.sqrt(fan_in * density)
    assert abs(kept.mean()) < 5 * deviation / np.sqrt(len(kept))
    assert abs(kept.var() / deviation**2 - 1) < 5 * np.sqrt(2 / len(kept))
    degrees = (weight != 0).sum(axis=0) - (sender == "h")
    mean, variance = fan_in * density, fan_in * density * (1 - density)
    assert abs(degrees.var() / variance - 1) < 5 * np.sqrt(2 / 600)
    assert abs(degrees.mean() - mean) < 5 * np.sqrt(variance / 600)


def test_the_diagonal_is_apart_from_the_draw(big):
    """It is exact, no slot holds it, and no weight of the draw stands on it."""
    net, orch = big
    weight = orch.lmap["h", "h"]
    np.testing.assert_array_equal(np.diagonal(weight.weight), np.full(600, 0.5, np.float32))
    assert not np.diagonal(weight.mask).any()
    other = net.init(
        jax.random.key(11), {k: v * (3.0 if k.endswith("diagonal") else 1) for k, v in net.parameters.items()}
    )
    off = ~np.eye(600, dtype=bool)
    np.testing.assert_array_equal(np.asarray(other.lmap["h", "h"].weight)[off], np.asarray(weight.weight)[off])


def test_a_map_packs_what_it_gives(big):
    _, orch = big
    same = orch.with_weights({key: edge.weight for key, edge in orch.lmap.items()})
    for a, b in zip(jax.tree.leaves(orch.lmap), jax.tree.leaves(same.lmap), strict=True):
        np.testing.assert_array_equal(a, b)
