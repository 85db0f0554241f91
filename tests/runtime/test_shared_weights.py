"""Tied edges: one set of weights, read both ways, with one sum of updates; and weights of low rank."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import dync
from dync.runtime.kinds import low_rank
from dync.runtime.saved_weights import restored_orchestrator, saved_arrays

pytestmark = pytest.mark.usefixtures("hardly_optimized")

MIRROR = """
rule tangled { update tanh(pre * post + weight) / batch }
network Mirror {
  input  x (6)
  layer  h (4) tanh
  layer  g (4) tanh
  output y (6)
  edge up: x -> h KIND learn hebbian rate 2 decay 0.1
  edge h -> g one_to_one
  edge down: g -> y tied(up, transposed = true) learn RULE rate 0.5
  edge again: y -> g tied(up)
  schedule SCHEDULE
  phase settle { steps 3 }
  train settle
  infer settle
}
"""


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def mirror(kind="dense(strength = 2)", rule="delta", schedule="sequential"):
    text = MIRROR.replace("KIND", kind).replace("RULE", rule).replace("SCHEDULE", schedule)
    net = dync.compile_text(text).network()
    return net, net.init(jax.random.key(0))


def relaxed(net, orch, rng):
    x, y = (rng.uniform(-1, 1, (5, 6)).astype(np.float32) for _ in range(2))
    return orch.relax("train", net.state(x, y), rng=jax.random.key(1))[0]


def test_one_leaf_is_shared_and_read_both_ways():
    _, orch = mirror()
    up, down, again = (orch.lmap[label].weight for label in ("up", "down", "again"))
    np.testing.assert_array_equal(down, up.T)
    np.testing.assert_array_equal(again, up)
    assert [w is None for w in orch.lmap.weights] == [False, False, True, True]
    assert sum(leaf.size for leaf in jax.tree.leaves(orch.lmap)) == 24 + 1
    np.testing.assert_array_equal(orch.lmap["down"](jnp.eye(4)), up.T)


@pytest.mark.parametrize("schedule", ["sequential", "synchronous"])
@pytest.mark.parametrize("rule", ["delta", "tangled", "oja"])
def test_the_updates_of_both_are_summed(rule, schedule, rng):
    net, orch = mirror(rule=rule, schedule=schedule)
    state = relaxed(net, orch, rng)
    found = orch.backward(state, rng=jax.random.key(0))["up"].weight
    up, down = orch.lmap["up"], orch.lmap["down"]
    own = up.backward(state["x"], state["h"], state["x"] @ up.weight).weight
    field = state["g"] @ down.weight
    theirs = down.backward(state["g"], state["y"], field).weight
    np.testing.assert_allclose(found, own + 2 * theirs.T, atol=1e-5)
    assert np.abs(theirs).max() > 1e-3


def test_the_weights_are_given_where_they_belong():
    _, orch = mirror()
    changed = orch.with_weights({"up": np.arange(24.0).reshape(6, 4)})
    np.testing.assert_array_equal(changed.lmap["down"].weight[1], np.arange(1.0, 24, 4))
    with pytest.raises(ValueError, match="the weights of g -> y belong to the edge 'up': give them there"):
        orch.with_weights({"down": np.zeros((4, 6))})


def test_optax_and_files_know_the_shared_weights_once(rng):
    net, orch = mirror()
    gradients = orch.backward(relaxed(net, orch, rng), rng=jax.random.key(0))
    optimizer = optax.adam(0.1)
    steps, _ = optimizer.update(gradients, optimizer.init(orch.lmap), orch.lmap)
    after = optax.apply_updates(orch.lmap, steps)
    np.testing.assert_array_equal(after["down"].weight, after["up"].weight.T)
    assert np.abs(np.asarray(after["up"].weight - orch.lmap["up"].weight)).min() > 0.09
    arrays = saved_arrays(orch)
    assert [name for name in arrays if name.startswith("weights")] == ["weights.0", "weights.1"]
    again = restored_orchestrator(net, arrays)
    assert jax.tree.all(jax.tree.map(np.array_equal, again, orch))


def test_ties_that_are_alike_are_one_family(rng):
    lines = "".join(
        f"  edge e{i}: h[{i}] -> h[{i + 1}] dense learn hebbian\n"
        f"  edge h[{i + 1}] -> h[{i}] tied(e{i}, transposed = true) learn oja\n"
        for i in range(1, 6)
    )
    text = (
        "network Chain {\n  input x (4)\n  layer h[1..6] (4) tanh\n  output y (4)\n  edge x -> h[1] dense\n"
        f"{lines}  edge h[6] -> y one_to_one\n  phase settle {{ steps 2 }}\n  train settle\n  infer settle\n}}"
    )
    net = dync.compile_text(text).network()
    assert len(net.plan.structure.families) == 4
    orch = net.init(jax.random.key(0))
    for i in range(1, 6):
        back = orch.lmap[f"h[{i}]", f"h[{i + 1}]"].weight
        np.testing.assert_array_equal(back, orch.lmap[f"e{i}"].weight.T)


def test_a_diagonal_that_is_fixed_is_fixed_for_both(rng):
    text = """
    network Loop {
      input x (5)
      layer h (5) tanh
      output y (5)
      edge x -> h one_to_one
      edge self: h -> h dense(diagonal = 0.5, density = 0.6) learn hebbian
      edge h -> y tied(self, transposed = true) learn delta
      phase settle { steps 2 }
      train settle
    }"""
    net = dync.compile_text(text).network()
    orch = net.init(jax.random.key(0))
    x, y = (rng.uniform(-1, 1, (5, 5)).astype(np.float32) for _ in range(2))
    state, _ = orch.relax("train", net.state(x, y), rng=jax.random.key(1))
    moved = np.asarray(orch.backward(state, rng=jax.random.key(0))["self"].weight)
    weight = np.asarray(orch.lmap["self"].weight)
    np.testing.assert_array_equal(np.diag(weight), 0.5)
    np.testing.assert_array_equal(moved[weight == 0], 0)
    np.testing.assert_array_equal(np.diag(moved), 0)
    assert np.abs(moved).sum() > 0


# --- low rank ---------------------------------------------------------------------------------------------------------

THIN = """
rule tangled { update tanh(pre * post + weight) / batch }
network Thin {
  input  x (12)
  output y (10)
  edge e: x -> y KIND learn RULE
  phase hold { steps 1 }
  train hold
}
"""


def edge_of(kind, rule):
    net = dync.compile_text(THIN.replace("KIND", kind).replace("RULE", rule)).network()
    return net.init(jax.random.key(0))


@pytest.mark.parametrize("rule", ["hebbian", "oja", "outstar", "lms", "tangled", "covariance(post_mean = 0.3)"])
@pytest.mark.parametrize("chunk", [2**26, 4 * 10 * 4])
def test_factors_follow_the_update_of_the_matrix(rule, chunk, rng, monkeypatch):
    monkeypatch.setattr(low_rank, "CHUNK_BYTES", chunk)
    thin, whole = edge_of("low_rank(rank = 3)", rule), edge_of("dense", rule)
    u, v = rng.normal(size=(12, 3)).astype(np.float32), rng.normal(size=(3, 10)).astype(np.float32)
    thin, whole = thin.with_weights({"e": (u, v)}), whole.with_weights({"e": u @ v})
    x, y, field = (rng.uniform(-1, 1, (4, n)).astype(np.float32) for n in (12, 10, 10))
    np.testing.assert_allclose(thin.lmap["e"](x), whole.lmap["e"](x), atol=1e-5)
    matrix = whole.lmap["e"].backward(x, y, field).weight
    found = thin.lmap["e"].backward(x, y, field).weight
    np.testing.assert_allclose(found[:12], matrix @ v.T, atol=1e-4)
    np.testing.assert_allclose(found[12:].T, u.T @ matrix, atol=1e-4)


def test_the_matrix_is_never_made_where_the_rule_separates():
    thin = edge_of("low_rank(rank = 3)", "hebbian")
    shapes = [jnp.zeros((4, n)) for n in (12, 10, 10)]
    program = str(jax.make_jaxpr(lambda *ends: thin.lmap["e"].backward(*ends).weight)(*shapes))
    assert "12,10]" not in program and "10,12]" not in program


def test_the_product_is_drawn_as_wide_as_a_dense_edge():
    text = THIN.replace("(12)", "(200)").replace("(10)", "(100)")
    net = dync.compile_text(text.replace("KIND", "low_rank(20, strength = 3)").replace("RULE", "hebbian")).network()
    factors = np.asarray(net.init(jax.random.key(0)).lmap["e"].weight)
    assert (factors[:200] @ factors[200:].T).std() == pytest.approx(3 / np.sqrt(200), rel=0.1)


def test_wrong_factors_are_refused():
    orch = edge_of("low_rank(rank = 3)", "hebbian")
    with pytest.raises(ValueError, match=r"the factors have the shapes \(12, 3\) and \(3, 10\), not \(3, 12\) and"):
        orch.with_weights({"e": (np.zeros((3, 12)), np.zeros((3, 10)))})
    with pytest.raises(ValueError, match=r"the weights of x -> y have the shape \(22, 3\), not \(12, 10\)"):
        orch.with_weights({"e": np.zeros((12, 10))})
