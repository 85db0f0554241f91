"""Several edges between one pair: told apart by their labels everywhere, and their messages summed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from msgspec.structs import replace

import dync
from dync.compiler.driver import plan_of
from dync.compiler.plan_error import PlanError
from dync.compiler.plan_json import plan_from_json, plan_to_json
from dync.compiler.planning.verify_plan import verify_plan
from dync.compiler.topology import topology, topology_of_plan
from dync.runtime.artefact import load_artefact, write_artefact

SPEC = """network N {
  input x (6)
  layer h (5) tanh
  output y (5)
  edge a: x -> h dense(0.5) learn hebbian
  edge b: x -> h dense(density = 0.5) sends 2 * state learn oja rate 2
  edge c[7]: x -> h dense(0.5) learn hebbian
  edge s: h -> h dense(0.3, diagonal = 0.5)
  edge t: h -> h one_to_one(0.2)
  edge h -> y dense learn delta
  phase p { steps 3 }
  train p
  infer p
}
"""


@pytest.fixture(scope="module")
def net():
    return dync.compile_text(SPEC).network()


@pytest.fixture(scope="module")
def orch(net):
    return net.init(jax.random.key(0))


def test_keys_are_distinct(orch):
    keys = [("h", "x", "a"), ("h", "x", "b"), ("h", "x", "c[7]"), ("h", "h", "s"), ("h", "h", "t"), ("y", "h")]
    assert list(orch.lmap.keys()) == keys
    assert len(orch.lmap) == len(keys)
    assert list(orch.lmap["h"]) == ["a", "b", "c[7]", "s", "t"]
    assert list(orch.lmap["y"]) == ["h"]


def test_each_is_read_by_its_label(orch):
    a, c = orch.lmap["a"].weight, orch.lmap["c[7]"].weight
    assert not np.array_equal(a, c), "each has a stream of its own"
    assert np.array_equal(orch.lmap["h", "x", "a"].weight, a)
    assert np.array_equal(orch.lmap["h", "x", "c"].weight, orch.lmap["c[7]"].weight), "no other edge of the pair is a c"
    assert ("h", "x", "a") in orch.lmap
    assert ("h", "x") not in orch.lmap


def test_a_pair_alone_is_ambiguous(orch):
    with pytest.raises(
        KeyError, match=r"several edges lead from 'x' to 'h': name one by its label, 'a', 'c\[7\]' or 'b'"
    ):
        orch.lmap["h", "x"]
    with pytest.raises(KeyError, match="name one by its label"):
        orch.with_weights({("h", "x"): 0.0})
    with pytest.raises(KeyError, match="from 'h' to 'h': name one by its label, 's' or 't'"):
        orch.with_parameters(("h", "h"), rate=2.0)
    with pytest.raises(KeyError, match="there is no edge"):
        orch.lmap["h", "x", "s"]


def test_the_diagonal_entry_exists_still(orch):
    entry = orch.lmap["h", "h"]
    assert entry.weight is None
    assert float(entry.reduce([jnp.float32(1), jnp.float32(2)])) == 3.0


def test_messages_are_summed(net, orch):
    x = jax.random.normal(jax.random.key(1), (3, 6))
    state, _ = orch.step(net.state(x), rng=jax.random.key(0))
    field = sum(orch.lmap[label](x) for label in ("a", "b", "c[7]"))
    np.testing.assert_allclose(state["h"], np.tanh(field), atol=1e-6)


def test_weights_and_updates_are_kept_apart(net, orch):
    x, y = jnp.ones((2, 6)), jnp.ones((2, 5))
    changed = orch.with_weights({"a": jnp.zeros((6, 5)), ("h", "x", "c"): jnp.ones((6, 5))})
    assert np.all(changed.lmap["a"].weight == 0)
    assert np.all(changed.lmap["c[7]"].weight == 1)
    assert np.array_equal(changed.lmap["b"].weight, orch.lmap["b"].weight)
    state, key = orch.relax("train", net.state(x, y), rng=jax.random.key(0))
    gradients = orch.backward(state, rng=key)
    np.testing.assert_allclose(gradients["a"].weight, -np.outer(x[0], state["h"][0]), rtol=1e-5)
    assert not np.allclose(gradients["a"].weight, gradients["b"].weight)
    faster = orch.with_parameters("c[7]", rate=3.0).backward(state, rng=key)
    np.testing.assert_allclose(faster["c[7]"].weight, 3 * gradients["c[7]"].weight, rtol=1e-6)
    np.testing.assert_allclose(faster["a"].weight, gradients["a"].weight)


def test_an_artefact_keeps_each(net, orch, tmp_path):
    write_artefact(tmp_path / "art", net.plan, (), seed=0)
    loaded = load_artefact(tmp_path / "art").orchestrator
    for key in orch.lmap:
        assert np.array_equal(loaded.lmap[key].weight, orch.lmap[key].weight)


def test_a_checkpoint_keeps_each(tmp_path):
    data = "prototypes(classes = 5, units = 6, samples = 20)"
    text = f"{SPEC}\npipeline fit training {{ network N  data {data}  epochs 1  optimizer sgd(0.1) }}\n"
    assert dync.run(dync.compile_text(text), out=tmp_path / "run").is_success()
    lmap = dync.load(tmp_path / "run").orchestrator.lmap
    assert not np.array_equal(lmap["a"].weight, lmap["c[7]"].weight)


def test_the_topology_has_every_edge(net):
    model = dync.compile_text(SPEC).compilation.networks["N"]
    for graph in (topology(model), topology_of_plan(plan_of(model).structure)):
        labels = sorted(data["label"] for _, _, data in graph.edges("x", data=True))
        assert labels == ["a", "b", "c[7]"]
        assert graph.number_of_edges("h", "h") == 2


def test_a_plan_needs_their_labels(net):
    assert plan_from_json(plan_to_json(net.plan)) == net.plan
    structure = net.plan.structure
    first = structure.families[0]
    assert [edge.label for edge in first.edges] == ["a", "c[7]"]
    bare = replace(first, edges=(replace(first.edges[0], label=None), first.edges[1]))
    with pytest.raises(PlanError, match="has no label, though others join the same layers"):
        verify_plan(replace(net.plan, structure=replace(structure, families=(bare, *structure.families[1:]))))
