"""`weights` and `present` against loops over the units, and against the statistics of their draws."""

from itertools import product
from math import sqrt

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy.stats import kstest

import dync
from dync.compiler.plan_json import canonical, plan_from_text, plan_to_json
from dync.grammar.diagnostic import DiagnosticError
from dync.runtime.error import RunError
from dync.runtime.saved_weights import restored_orchestrator, saved_arrays

KEY = jax.random.key(7)


def network(*edges, x="12", h="20", params="", learn=" learn hebbian"):
    return f"""
network Between {{
  {params}
  input x ({x})
  layer h ({h}) tanh
  output y (3)
  {" ".join(f"edge {edge}" for edge in edges)}
  edge h -> y dense{learn}
  phase settle {{ steps 2 }}
  train settle
  infer settle
}}
"""


def drawn(*edges, key=KEY, **options):
    return dync.compile_text(network(*edges, **options)).network().init(key)


def weight(orchestrator, receiver="h", sender="x"):
    return np.asarray(orchestrator.lmap[receiver, sender].weight)


def test_weights_are_those_of_a_loop_over_the_units():
    found = weight(drawn("x -> h dense(weights = scale * i - j ** 2 / fan_out + fan_in)", params="param scale = 3"))
    for i, j in product(range(1, 13), range(1, 21)):
        assert found[i - 1, j - 1] == pytest.approx(3 * i - j**2 / 20 + 12, abs=1e-5)


def test_present_is_that_of_a_loop_over_the_units():
    edge = "x -> h dense(weights = 1, present = abs(i - j) <= reach and not (i + j) % 3 == 0)"
    found = weight(drawn(edge, params="param reach = 2"))
    for i, j in product(range(1, 13), range(1, 21)):
        assert found[i - 1, j - 1] == (abs(i - j) <= 2 and (i + j) % 3 != 0)


def test_axes_of_units_are_counted_from_1_in_c_order():
    edge = "x -> h dense(weights = 100 * i[1] + 10 * i[2] + j[3] / 10 + j / 1000)"
    found = weight(drawn(edge, x="3, 4", h="2, 2, 5"))
    for n, (a, b) in enumerate(product(range(1, 4), range(1, 5))):
        for m, (*_, c) in enumerate(product(range(1, 3), range(1, 3), range(1, 6))):
            assert found[n, m] == pytest.approx(100 * a + 10 * b + c / 10 + (m + 1) / 1000)


def test_variables_of_for_are_parameters_of_weights():
    text = network("x -> h[1] dense").replace("layer h", "layer h[1..3]").replace("edge h ->", "edge h[3] ->")
    text = text.replace("edge x", "for n in 1..2 { edge h[n] -> h[n+1] dense(weights = 10 * n + i) } edge x")
    orchestrator = dync.compile_text(text).network().init(KEY)
    for n in (1, 2):
        found = weight(orchestrator, f"h[{n + 1}]", f"h[{n}]")
        np.testing.assert_allclose(found, np.arange(1, 21)[:, None] + 10 * n + np.zeros(20))
    assert len(orchestrator.lmap.weights) == 3, "edges that differ in a number alone are stacked"


def test_a_fixed_diagonal_stands_whatever_is_present():
    found = weight(drawn("x -> h dense", "h -> h dense(weights = 5, present = i <= j, diagonal = 0.5)"), "h", "h")
    np.testing.assert_array_equal(found, np.triu(np.full((20, 20), 5.0), 1) + 0.5 * np.eye(20))


def test_draws_are_uniform_and_normal_independent_and_fresh():
    edges = (
        "first: x -> h dense(weights = uniform)",
        "second: x -> h dense(weights = normal)",
        "third: x -> h dense(weights = uniform + 2 * [normal > 0])",
    )
    lmap = drawn(*edges, x="150", h="200").lmap
    uniform, normal, both = (np.asarray(lmap[label].weight).ravel() for label in ("first", "second", "third"))
    assert kstest(uniform, "uniform").pvalue > 1e-3
    assert kstest(normal, "norm").pvalue > 1e-3
    positive = both > 1
    assert abs(positive.mean() - 0.5) < 0.02
    assert kstest(both[positive] - 2, "uniform").pvalue > 1e-3, "uniform and normal are independent"
    assert abs(np.corrcoef(uniform, normal)[0, 1]) < 0.03
    rows = uniform.reshape(150, 200)
    assert abs(np.corrcoef(rows[:-1].ravel(), rows[1:].ravel())[0, 1]) < 0.03
    assert len(np.unique(uniform)) > 0.99 * uniform.size
    assert 0 < uniform.min() < uniform.max() < 1


def test_the_same_name_is_one_draw_in_an_expression_and_another_in_the_other():
    found = weight(drawn("x -> h dense(weights = uniform - uniform + uniform, present = uniform < 0.3)", h="400"))
    there = found[found != 0]
    assert abs(there.size / found.size - 0.3) < 0.03
    assert kstest(there, "uniform").pvalue > 1e-3, "what is present says nothing about the weights"


def test_keys_decide_the_draws():
    edge = "x -> h dense(weights = normal, present = uniform < 0.5)"
    first, again, other = (weight(drawn(edge, key=jax.random.key(n))) for n in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_a_chance_that_falls_with_the_distance():
    found = weight(drawn("x -> h dense(weights = 1, present = uniform < exp(-abs(i - j) / 40))", x="200", h="200"))
    distance = np.abs(np.subtract.outer(np.arange(200), np.arange(200)))
    for low, high in ((1, 20), (50, 70), (120, 150)):
        near = (low <= distance) & (distance < high)
        expected = np.exp(-distance[near] / 40)
        assert abs(found[near].mean() - expected.mean()) < 5 * sqrt(expected.mean() / near.sum())


@pytest.mark.parametrize("present", ["abs(i - j) <= 3", "uniform < 0.4", "(i + j) % 2 == 0"])
def test_gaussian_weights_take_the_part_that_exists_for_their_density(present):
    found = weight(drawn(f"x -> h dense(strength = 2, present = {present})", x="120", h="150"))
    there = found[found != 0]
    deviation = 2 / sqrt(120 * there.size / found.size)
    assert kstest(there / deviation, "norm").pvalue > 1e-3


BANDED = "h -> h dense(strength = 2, present = abs(i - j) <= 2, diagonal = 0.3) learn oja decay 0.01"


def test_weights_that_are_known_to_exist_are_stored_alone():
    net = dync.compile_text(network("x -> h dense", BANDED, h="300")).network()
    family = next(f for f in net.plan.structure.families if f.between is not None)
    assert (family.slots.common, family.slots.most) == (4, 4), "two neighbours on each side; the diagonal is fixed"
    orchestrator = net.init(KEY)
    stored = orchestrator.lmap.weights[net.plan.structure.families.index(family)]
    assert stored.shape == (1, 4 * 300)


def test_the_storage_changes_neither_weights_nor_what_is_learned(monkeypatch):
    def trained():
        net = dync.compile_text(network("x -> h dense", BANDED, h="300", params="param unused = 1")).network()
        orchestrator = net.init(KEY)
        state = net.state(jnp.ones((4, 12)) * 0.5, jnp.ones((4, 3)))
        state, key = orchestrator.relax("train", state, rng=KEY)
        change = orchestrator.backward(state, rng=key)
        return weight(orchestrator, "h", "h"), weight_of(change), np.asarray(state["h"])

    def weight_of(change):
        return np.asarray(change["h", "h"].weight)

    sparse = trained()
    monkeypatch.setattr("dync.compiler.planning.families.slots_of", lambda counts, senders: None)
    dense = trained()
    np.testing.assert_array_equal(sparse[0], dense[0])
    for one, other in zip(sparse[1:], dense[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)
    band = np.abs(np.subtract.outer(np.arange(300), np.arange(300)))
    assert not sparse[1][(band > 2) | (band == 0)].any(), "absent weights and fixed diagonals never learn"
    assert (sparse[1][(band <= 2) & (band > 0)] != 0).all()


@pytest.mark.parametrize("h", ["20", "300"])
def test_a_weight_of_zero_exists_and_learns(h):
    orchestrator = drawn("x -> h dense", "h -> h dense(weights = 0, present = i > j) learn hebbian", h=h)
    net = dync.compile_text(network("x -> h dense", h=h)).network()
    state = net.state(jnp.ones((2, 12)), jnp.ones((2, 3))).with_values({"h": jnp.ones((2, int(h)))})
    change = np.asarray(orchestrator.backward(state, rng=KEY)["h", "h"].weight)
    np.testing.assert_array_equal(change != 0, np.tril(np.ones((int(h), int(h)), bool), -1))


@pytest.mark.parametrize("h", ["20", "300"])
def test_given_weights_keep_what_is_present(h):
    orchestrator = drawn("x -> h dense", "h -> h dense(present = abs(i - j) == 1)", h=h)
    n = int(h)
    band = (np.abs(np.subtract.outer(np.arange(n), np.arange(n))) == 1).astype(np.float32)
    band[0, 1] = 0
    given = orchestrator.with_weights({("h", "h"): band})
    np.testing.assert_array_equal(weight(given, "h", "h"), band)
    band[0, 1] = 4
    again = given.with_weights({("h", "h"): band})
    assert weight(again, "h", "h")[0, 1] == 4, "a weight that is zero for a while is not lost"
    band[0, 5] = 1
    with pytest.raises(ValueError, match="from unit 1 to unit 6 there is no weight"):
        given.with_weights({("h", "h"): band})


@pytest.mark.parametrize(("present", "graph"), [
    ("small_world(k = 4, p = 0.2, seed = 5)", nx.watts_strogatz_graph(30, 4, 0.2, seed=5)),
    ("random(p = 0.3, seed = 2)", nx.gnp_random_graph(30, 0.3, seed=2)),
    ("scale_free(m = 2)", nx.barabasi_albert_graph(30, 2, seed=0)),
    ("random_directed(p = 0.2, seed = 3)", nx.gnp_random_graph(30, 0.2, seed=3, directed=True)),
    ("ring", nx.cycle_graph(30)),
])  # fmt: skip
def test_graphs_are_those_of_networkx(present, graph):
    found = weight(drawn("x -> h dense", f"h -> h dense(weights = 1, present = {present})", h="5, 6"), "h", "h")
    np.testing.assert_array_equal(found, nx.to_numpy_array(graph, nodelist=range(30)))


def test_a_graph_joins_the_units_of_two_layers_of_one_size():
    found = weight(drawn("x -> h dense(weights = 1, present = chain(arcs = forward))", x="20"))
    np.testing.assert_array_equal(found, np.eye(20, k=1))


def test_weights_of_a_file(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"a": rng.normal(size=(12, 20)).astype(np.float32), "b": rng.normal(size=(20, 20))}
    save_file(arrays, tmp_path / "weights.safetensors")
    spec = tmp_path / "spec.dyn"
    edges = ('x -> h dense(weights = file("weights.safetensors", "a"))',
             'h -> h dense(weights = file("weights.safetensors", "b"), present = i != j)')  # fmt: skip
    spec.write_text(network(*edges), encoding="utf-8")
    net = dync.compile(spec).network()
    orchestrator = net.init(KEY)
    np.testing.assert_array_equal(weight(orchestrator), arrays["a"])
    expected = np.where(np.eye(20), 0, arrays["b"]).astype(np.float32)
    np.testing.assert_array_equal(weight(orchestrator, "h", "h"), expected)

    digest = net.plan.digest
    save_file({**arrays, "a": arrays["a"] + 1}, tmp_path / "weights.safetensors")
    changed = dync.compile(spec).network()
    assert changed.plan.digest != digest, "a changed file is another plan"
    assert changed.plan.structure == net.plan.structure, "and yet the same program"
    np.testing.assert_array_equal(weight(changed.init(KEY)), arrays["a"] + 1)

    (tmp_path / "weights.safetensors").unlink()
    np.testing.assert_array_equal(weight(net.init(KEY)), arrays["a"])
    with pytest.raises(DiagnosticError, match="there is no such file"):
        dync.compile(spec)


def test_plans_hold_all_of_it():
    edges = (
        "x -> h dense(weights = gain * normal, present = i[1] <= j)",
        "h -> h dense(present = small_world(k = 4, p = 0.1, seed = 3), radius = 0.9)",
    )
    net = dync.compile_text(network(*edges, params="param gain = 2")).network()
    text = canonical(plan_to_json(net.plan))
    again = plan_from_text(text)
    assert again.digest == net.plan.digest
    assert again == net.plan


def test_a_plan_without_structure_between_units_says_nothing_of_it():
    plan = dync.compile_text(network("x -> h dense")).network().plan
    assert "between" not in canonical(plan_to_json(plan))


def test_jit_and_vmap():
    net = dync.compile_text(network("x -> h dense(weights = normal, present = i <= j or uniform < 0.5)")).network()
    eager, jitted = net.init(KEY), jax.jit(net.init)(KEY)
    np.testing.assert_allclose(weight(jitted), weight(eager), rtol=1e-6)
    keys = jax.random.split(KEY, 3)
    many = jax.vmap(net.init)(keys)
    for n, key in enumerate(keys):
        np.testing.assert_allclose(many.lmap.weights[0][n], net.init(key).lmap.weights[0], rtol=1e-6)


def test_parameters_of_weights_are_leaves():
    net = dync.compile_text(network("x -> h dense(weights = gain * i)", params="param gain = 2")).network()
    key = next(key for key in net.parameters if key.endswith("weights.gain"))
    twice = net.init(KEY, {**net.parameters, key: jnp.asarray([4.0])})
    np.testing.assert_allclose(weight(twice), 2 * weight(net.init(KEY)))


def test_draws_without_a_value_are_an_error():
    net = dync.compile_text(network("x -> h dense(weights = log(normal))")).network()
    with pytest.raises(RunError, match=r"the weights of x -> h as they are drawn are not all finite"):
        net.init(KEY)


def test_what_is_saved_is_what_was_drawn():
    net = dync.compile_text(
        network("x -> h dense(weights = normal, present = uniform < 0.3)", BANDED, h="300")
    ).network()
    orchestrator = net.init(KEY)
    again = restored_orchestrator(net, saved_arrays(orchestrator))
    for one, other in zip(jax.tree.leaves(orchestrator), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_mask_that_is_known_is_packed_by_the_program_and_not_by_its_compiler():
    """XLA folds what it takes for constant, and sorts this one a thousand times slower than the program does."""
    edges = "x -> h dense(present = abs(i - j) <= 5)"
    net = dync.compile_text(network(edges, x="260", h="260")).network()
    assert net.plan.structure.families[0].slots is not None
    program = jax.jit(lambda key: jax.tree.leaves(net.init(key).lmap)).lower(KEY).compile()
    assert " sort(" in program.as_text()
