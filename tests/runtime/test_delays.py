"""Messages with a delay: what they carry, step by step, against loops in NumPy and the naive interpreter."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dync.compiler.driver import compile_source, plan_of
from dync.grammar.source import Source
from dync.runtime.history import after_rest, after_step, begun
from dync.runtime.network import Network
from dync.testing.interpreter import Interpreter
from dync.testing.weights import draw_weights

SCHEDULES = ["sequential", "synchronous", "grouped(late, early)"]
KEY = jax.random.key(0)


def network(*lines, schedule="sequential", rule=""):
    groups = [line for line in lines if line.startswith("group")]
    kept = [line for line in lines if line not in groups or "grouped" in schedule]
    text = rule + "\nnetwork Delayed {\n" + "\n".join([*kept, f"schedule {schedule}"]) + "\n}\n"
    (model,) = compile_source(Source("delays.dyn", text)).verify().networks.values()
    return Network(plan_of(model))


@pytest.mark.parametrize(
    ("schedule", "delay"),
    [(SCHEDULES[0], 1), (SCHEDULES[1], 1), (SCHEDULES[2], 3), (SCHEDULES[0], 2), (SCHEDULES[1], 7)],
)
def test_a_delay_counts_steps_whatever_the_schedule(schedule, delay):
    """`a` counts the steps; `b` shows what it held so many of them ago, and zero for the time before the first one."""
    net = network(
        "constant one (1) = 1", "layer a (1) identity", "layer b (1) identity", "output y (1)",
        "edge one -> a one_to_one", "edge a -> a one_to_one delay 1", f"edge a -> b one_to_one delay {delay}",
        f"edge a -> y one_to_one delay {delay}", "group early { a }", "group late { b }",
        "phase run { steps 5 }", "infer run", schedule=schedule,
    )  # fmt: skip
    orch = net.init(KEY)
    state, _ = orch.relax("infer", net.state(batch=2), rng=KEY)
    np.testing.assert_array_equal(state["a"], np.full((2, 1), 5.0))
    np.testing.assert_array_equal(state["b"], np.full((2, 1), max(0, 5 - delay)))
    np.testing.assert_array_equal(state["y"], np.full((2, 1), max(0, 6 - delay)))  # the read-out is of step 6
    by_hand, shown = net.state(batch=2), []
    for _ in range(9):
        by_hand, _ = orch.step(by_hand, rng=KEY)
        shown.append(float(by_hand["b"][0, 0]))
    assert shown == [max(0, step - delay) for step in range(1, 10)]


CLAMPED = (
    "input x (1)", "output y (1)", "layer h (1) identity", "edge x -> y one_to_one",
    "edge y -> h one_to_one delay 2",
    "phase held { steps 1 }", "phase free { steps 2  clamp x }", "phase still { steps 3  clamp x, y, h }",
    "phase look { steps 1  clamp x }",
)  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("train held", 9.0),  # what the first phase begins with: the target
        ("train free", 0.0),  # there the output is let go, and what is not shown yet cannot be heard
        ("train held, free", 9.0),  # in step 3 the end of step 1: held, although y began anew in between
        ("train held, free, look", 4.0),
        ("train free, still", 0.0),  # all rests, h too
        ("train free, still, look", 9.0),  # a clamped sender's history is what it was held at, moving or not
    ],
)
def test_the_history_is_what_really_was(protocol, expected):
    net = network(*CLAMPED, protocol)
    state, _ = net.init(KEY).relax("train", net.state({"x": [[4.0]]}, {"y": [[9.0]]}), rng=KEY)
    assert float(state["h"][0, 0]) == expected


def test_a_protocol_begins_a_new_history_and_steps_by_hand_go_on():
    net = network(
        "input x (1)", "output y (1)", "layer h (1) identity", "edge x -> h one_to_one",
        "edge h -> y one_to_one delay 2", "phase run { steps 2  clamp x }", "infer run",
    )  # fmt: skip
    orch = net.init(KEY)
    state, _ = orch.relax("infer", net.state({"x": [[1.0]]}), rng=KEY)
    assert float(state["y"][0, 0]) == 1.0
    changed = state.with_values({"h": [[5.0]]})
    assert float(changed["h"][0, 0]) == 5.0
    assert float(orch.predict(changed, rng=KEY)[0]["y"][0, 0]) == 1.0  # the past stays what it was
    again, _ = orch.relax("infer", changed, rng=KEY)
    assert float(again["y"][0, 0]) == 1.0
    (ring,) = again.history.rings
    assert ring.shape == (2, 1, 1, 1)
    assert int(again.history.steps) == 2


def test_rules_see_what_the_edge_carries_after_the_last_step_and_at_every_moment():
    net = network(
        "constant one (1) = 1", "layer a (1) identity", "output y (1)", "edge one -> a one_to_one",
        "edge a -> a one_to_one delay 1", "edge late: a -> y one_to_one(2) delay 3 learn r", "phase go { steps 4 }",
        "phase on { steps 3 }", "train go, on",
        rule="rule r { update 10000 * pre@go + 100 * pre + field + field@go / 100 }",
    )  # fmt: skip
    orch = net.init(KEY)
    state, key = orch.relax("train", net.state(batch=1), rng=KEY)
    update = -float(orch.backward(state, rng=key)["late"].weight[0])
    assert update == pytest.approx(10000 * 2 + 100 * 5 + 2 * 5 + 2 * 2 / 100, rel=1e-6)


MEMORY = (
    "input x (3)", "layer h[1..4] (UNITS) tanh", "output y (2) tanh", "edge x -> h[1] dense delay 2 learn hebbian",
    "for i in 1..3 { edge h[i] -> h[i+1] dense learn delta }",
    "for i in 1..3 { edge h[i+1] -> h[i] dense(density = DENSITY) delay 3 learn oja }",
    "edge near: h[4] -> y dense learn delta", "edge far: h[4] -> y dense delay 5 learn contrastive",
    "edge y -> h[2] dense delay 1", "group early { h[1], h[3] }", "group late { h[2], h[4] }",
    "phase free { until settled within 0.05 max 6  clamp x }", "phase clamped { steps 3  messages all except h[3] }",
    "train free, clamped", "infer free",
)  # fmt: skip


def memory(units=5, density=1.0, schedule="sequential"):
    lines = (line.replace("UNITS", str(units)).replace("DENSITY", str(density)) for line in MEMORY)
    return network(*lines, schedule=schedule)


@pytest.mark.parametrize(
    ("schedule", "units", "density"),
    [
        (SCHEDULES[0], 5, 1),
        (SCHEDULES[1], 5, 0.4),
        (SCHEDULES[2], 5, 1),
        pytest.param(SCHEDULES[0], 256, 0.005, marks=pytest.mark.slow),
    ],
)
def test_stacked_layers_agree_with_the_interpreter(schedule, units, density):
    net = memory(units, density, schedule)
    slots = [family.slots for family in net.plan.structure.families if family.delay == 3]
    assert (slots[0] is not None) == (units == 256)
    orch, naive, weights, x, expected = agree_on_training(net, batch=3)
    assert expected.steps[0] > 3
    predicted, _ = orch.relax("infer", net.state(x), rng=KEY)
    read = naive.relax("infer", naive.start(x), weights).state["y"]
    np.testing.assert_allclose(predicted["y"], read, atol=1e-5)


def test_weights_that_are_stored_in_slots_have_delays_and_reach_fields():
    net = network(
        "input x (3)", "layer a (256) tanh", "layer b (256) gated", "output y (2)", "edge x -> a dense delay 2",
        "edge s: a -> b.gate dense(density = 0.005) delay 2 learn r", "edge t: a -> b dense(density = 0.005)",
        "edge b -> y dense", "phase go { steps 4 }", "train go",
        rule="activation gated { next tanh(field.gate + field) }\nrule r { update pre * slope * field.gate / batch }",
    )  # fmt: skip
    assert [family.slots is not None for family in net.plan.structure.families] == [False, True, True, False]
    agree_on_training(net, batch=2)


def agree_on_training(net, batch):
    """The engine and the interpreter give the same states and updates; the orchestrator, and what the other found."""
    rng = np.random.default_rng(11)
    weights, absent = draw_weights(net.plan, rng)
    naive = Interpreter(net.plan, absent=absent)
    x, y = {"x": rng.uniform(-1, 1, (batch, 3))}, {"y": rng.uniform(-1, 1, (batch, 2))}
    names = {key: ":".join([f"{key[1]}->{key[0]}", *key[2:]]) for key in net.init(KEY).lmap}
    orch = net.init(KEY).with_weights({key: jnp.asarray(weights[name], jnp.float32) for key, name in names.items()})
    after, key = orch.relax("train", net.state(x, y), rng=KEY)
    expected = naive.relax("train", naive.start(x, y), weights)
    for layer, value in expected.state.items():
        np.testing.assert_allclose(after[layer], value, atol=1e-5)
    found = orch.backward(after, rng=key)
    wanted = naive.pseudo_gradients(expected.state, weights, expected.snapshots, expected.past, expected.pasts)
    for edge, name in names.items():
        np.testing.assert_allclose(found[edge].weight, wanted[name], atol=1e-5, err_msg=name)
    return orch, naive, weights, x, expected


def test_lanes_see_what_each_would_see_alone():
    net = memory()
    x, y = {"x": np.full((2, 3), 0.4)}, {"y": np.full((2, 2), 0.5)}
    lanes = [net.init(jax.random.key(n)) for n in range(3)]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), *lanes)

    def run(orchestrator):
        state, key = orchestrator.relax("train", net.state(x, y), rng=KEY)
        return orchestrator.backward(state, rng=key).weights

    found = eqx.filter_vmap(run)(together)
    for number, lane in enumerate(lanes):
        for stacked, alone in zip(found, run(lane), strict=True):
            np.testing.assert_allclose(stacked[number], alone, atol=1e-6)


def test_a_network_without_delays_keeps_nothing():
    net = network("input x (2)", "output y (2)", "edge x -> y dense learn delta", "phase s { steps 1 }", "train s")
    assert net.state({"x": np.zeros((1, 2))}).history is None


@pytest.mark.parametrize(("before", "steps"), [(0, 0), (0, 3), (1, 1), (1, 4), (5, 2), (5, 11)])
def test_rest_is_many_steps_of_the_same(steps, before):
    structure = network(
        "input x (1)", "output y (1)", "edge x -> y one_to_one delay 4", "edge y -> y dense delay 2",
        "phase s { steps 1 }", "train s",
    ).plan.structure  # fmt: skip
    history = begun(structure, (jnp.zeros((1, 1, 1)), jnp.zeros((1, 1, 1))))
    for n in range(before):
        history = after_step(structure, history, (jnp.full((1, 1, 1), n + 1.0), jnp.full((1, 1, 1), -n - 1.0)))
    now = (jnp.full((1, 1, 1), 50.0), jnp.full((1, 1, 1), 60.0))
    one_by_one = history
    for _ in range(steps):
        one_by_one = after_step(structure, one_by_one, now)
    for found, expected in zip(
        jax.tree.leaves(after_rest(structure, history, now, steps)), jax.tree.leaves(one_by_one), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_a_delta_rule_is_right_on_an_edge_with_a_delay():
    net = network(
        "input x (4)", "layer h (6) tanh", "output y (2)", "edge x -> h dense delay 2",
        "edge h -> y dense delay 1 learn delta", "phase s { steps 4 }", "train s", "infer s",
    )  # fmt: skip
    orch = net.init(KEY)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 4)), rng.normal(size=(8, 2))
    state, key = orch.relax("train", net.state(x, y), rng=KEY)
    h = np.tanh(x @ np.asarray(orch.lmap["h", "x"].weight))
    w = np.asarray(orch.lmap["y", "h"].weight)
    np.testing.assert_allclose(orch.backward(state, rng=key)["y", "h"].weight, -h.T @ (y - h @ w) / 8, atol=1e-5)
