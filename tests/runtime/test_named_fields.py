"""Fields with names: dendrites, gates and products, against the naive interpreter and against NumPy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dync.compiler.driver import compile_source, plan_of
from dync.grammar.source import Source
from dync.runtime.network import Network
from dync.runtime.ports import ports
from dync.runtime.step_program import step_program
from dync.testing.interpreter import Interpreter
from dync.testing.weights import draw_weights

pytestmark = pytest.mark.usefixtures("hardly_optimized")

DENDRITES = """
activation pyramid(leak = 0.7) { next (1 - leak) * state + leak * tanh(field + field.basal) * (1 + 0.5 * field.apical) }
rule dendritic { update (post - predicted) * slope * pre * (1 - field.apical@free) / batch }
rule taught { update field.teacher * pre / batch }

network Dendrites {
  input  x (4)
  input  t (UNITS)
  layer  h[1..5] (UNITS) pyramid
  output y (3) tanh
  edge up: x -> h[1] dense learn dendritic
  edge also: x -> h[1].apical dense learn dendritic
  edge t -> h[1].teacher one_to_one
  edge self: h[1] -> h[1] dense(diagonal = 0.2) learn taught
  for i in 1..4 {
    edge h[i] -> h[i+1].basal dense learn dendritic
    edge h[i+1] -> h[i].apical dense(density = DENSITY) learn delta
  }
  edge h[5] -> y dense learn delta
  group odd { h[1], h[3], h[5] }
  group even { h[2], h[4] }
  schedule SCHEDULE
  phase free { steps 2  messages all  clamp x, t }
  phase clamped { until settled within 0.001 max 3  clamp x, t, y }
  train free, clamped
  infer free
}
"""

PRODUCTS = """
activation product { next field.left * field.right }
activation gated { next (1 - field.gate) * state + field.gate * tanh(field) }

network Products {
  input    x (3)
  constant one (1) = 1
  layer    p (3) product
  layer    g (3) gated
  output   y (3) product
  edge a: x -> p.left one_to_one(2)
  edge b: x -> p.right one_to_one(0.5)
  edge p -> g one_to_one
  edge one -> g.gate dense(strength = 0)
  edge x -> g.gate one_to_one(0.25)
  edge g -> y.left one_to_one
  edge p -> y.right one_to_one
  phase run { steps 2 }
  infer run
}
"""


def plan_from(text):
    (model,) = compile_source(Source("fields.dyn", text)).verify().networks.values()
    return plan_of(model)


def dendrites(schedule, density, units=5):
    grouped = "" if "grouped" in schedule else "  group odd { h[1], h[3], h[5] }\n  group even { h[2], h[4] }\n"
    text = DENDRITES.replace("SCHEDULE", schedule).replace("DENSITY", str(density)).replace("UNITS", str(units))
    return plan_from(text.replace(grouped, "") if grouped else text)


def filled(net, weights):
    orch = net.init(jax.random.key(0))
    return orch.with_weights(
        {k: jnp.asarray(weights[":".join([f"{k[1]}->{k[0]}", *k[2:]])], jnp.float32) for k in orch.lmap}
    )


@pytest.mark.parametrize(
    ("schedule", "density", "units"),
    [
        ("sequential", 1, 5),
        ("synchronous", 0.4, 5),
        ("grouped(even, odd)", 1, 5),
        pytest.param("sequential", 0.005, 256, marks=pytest.mark.slow),
    ],
)
def test_dendrites_agree_with_the_interpreter(schedule, density, units):
    plan = dendrites(schedule, density, units)
    assert any(family.slots is not None for family in plan.structure.families) == (units == 256)
    rng = np.random.default_rng(4)
    weights, absent = draw_weights(plan, rng)
    naive, net = Interpreter(plan, absent=absent), Network(plan)
    x = {"x": rng.uniform(-1, 1, (6, 4)), "t": rng.uniform(-1, 1, (6, units))}
    y = {"y": rng.uniform(-1, 1, (6, 3))}
    orch = filled(net, weights)
    after, key = orch.relax("train", net.state(x, y), rng=jax.random.key(0))
    expected = naive.relax("train", naive.start(x, y), weights)
    for layer, value in expected.state.items():
        np.testing.assert_allclose(after[layer], value, atol=1e-5)
    found = orch.backward(after, rng=key)
    for name, gradient in naive.pseudo_gradients(expected.state, weights, expected.snapshots).items():
        pair, _, label = name.partition(":")
        sender, receiver = pair.split("->")
        edge = found[(receiver, sender, label) if label else (receiver, sender)]
        np.testing.assert_allclose(edge.weight, gradient, atol=1e-5, err_msg=name)


def test_the_levels_of_a_chain_are_one_scan_and_its_layers_one_block():
    plan = dendrites("sequential", 1)
    program = step_program(plan.structure, "all", frozenset(), frozenset())
    assert max(len(segment) for segment in program.segments) >= 4
    named = {name for _, name in ports(plan.structure)}
    assert named == {"", "apical", "basal", "teacher"}


def test_what_only_rules_read_takes_no_part_in_a_step():
    structure = dendrites("sequential", 1).structure
    program = step_program(structure, "all", frozenset(), frozenset({0, 1}))
    into = {structure.families[t.family].into for t in (*program.held, *program.old)}
    into |= {structure.families[t.family].into for s in program.segments for level in s for t in level.transfers}
    assert into == {"", "apical", "basal"}


def test_products_and_gates_are_what_they_say():
    net = Network(plan_from(PRODUCTS))
    x = np.random.default_rng(1).uniform(-1, 1, (5, 3))
    state, _ = net.init(jax.random.key(0)).relax("infer", net.state({"x": x}), rng=jax.random.key(0))
    p, g = 2 * x * 0.5 * x, np.zeros_like(x)
    for _ in range(2):
        g = (1 - 0.25 * x) * g + 0.25 * x * np.tanh(p)
    np.testing.assert_allclose(state["p"], p, atol=1e-6)
    np.testing.assert_allclose(state["g"], g, atol=1e-6)
    np.testing.assert_allclose(state["y"], g * p, atol=1e-6)


def test_lanes_see_what_each_would_see_alone():
    plan = dendrites("sequential", 1)
    net = Network(plan)
    x = {"x": np.full((2, 4), 0.3), "t": np.zeros((2, 5))}
    lanes = [net.init(jax.random.key(n)) for n in range(3)]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), *lanes)

    def run(orchestrator):
        return orchestrator.relax("infer", net.state(x), rng=jax.random.key(0))[0]["y"]

    for number, found in enumerate(eqx.filter_vmap(run)(together)):
        np.testing.assert_allclose(found, run(lanes[number]), atol=1e-6)


def test_a_layer_by_itself_takes_its_fields():
    net = Network(plan_from(PRODUCTS))
    p = net.init(jax.random.key(0)).lmap["p", "p"]
    left, right = np.full((2, 3), 3.0), np.full((2, 3), 0.5)
    zero = np.zeros((2, 3))
    np.testing.assert_allclose(p.activation(zero, fields={"left": left, "right": right}), 1.5)
    np.testing.assert_allclose(p.activation(zero, fields={"left": left}), 0)
    with pytest.raises(KeyError, match="did you mean 'right'"):
        p.activation(zero, fields={"rihgt": right})


def test_the_update_of_one_edge_reads_the_fields_of_its_receiver():
    plan = plan_from(
        "rule gated { update pre * field.gate * slope / batch }\nactivation a { next tanh(field.gate + field) }\n"
        "network N { input x (2)  output y (2) a  edge e: x -> y.gate dense learn gated  edge f: x -> y dense }"
    )
    edge = Network(plan).init(jax.random.key(0)).lmap["e"]
    x, y, field, gate = (np.random.default_rng(n).uniform(-1, 1, (4, 2)) for n in range(4))
    found = edge.backward(x, y, field, fields={"gate": gate}).weight
    slope = 1 - np.tanh(gate + field) ** 2
    np.testing.assert_allclose(found, -x.T @ (gate * slope) / 4, atol=1e-6)
