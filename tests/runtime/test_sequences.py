"""Networks over time: the compiled scan over samples against a literal loop, and laws of what a sequence is."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from dync.compiler.driver import bind, compile_source, plan_of
from dync.grammar.source import Source
from dync.runtime.data.dataset import Part
from dync.runtime.evaluation import evaluate_examples, examples, measure_names, predict_examples
from dync.runtime.learner import Feed, learn_batch, learning_program, start_learner
from dync.runtime.measures import nrmse
from dync.runtime.network import Network
from dync.testing.interpreter import Interpreter
from dync.testing.sequences import follow, learn
from dync.testing.weights import draw_weights

pytestmark = pytest.mark.usefixtures("hardly_optimized")

EDGES = """
  edge u -> h dense(strength = 2) learn oja rate 0.1
  edge h -> h dense(density = 0.6, strength = 0.7)
  edge y -> h dense(strength = 0.5)
  edge one -> h dense(strength = 0.3) learn hebbian rate 0.05 decay 0.1
  edge h -> y dense learn delta
  edge task -> h dense
"""
LAYERS = """
  input  u (3) over time
  input  task (2)
  constant one (1) = 1
  layer  h (7) leaky_tanh(leak = 0.6)
  output y (2) over time
"""
LISTEN = "phase listen { steps 2 per sample  messages forward }"
MANNERS = {
    "closed loop": "phase hear { steps 1 per sample  clamp u, task } train hear infer hear",
    "taught after hearing": (
        "phase hear { steps 1 per sample  clamp u, task } phase teach { steps 1 per sample }"
        " train hear, teach infer hear skip 2"
    ),
    "let go at the end": (
        "phase teach { steps 1 per sample } phase free { steps 1 per sample  clamp u, task }"
        " train teach, free infer teach, free"
    ),
    "first once": (
        "phase wake { steps 3  clamp u, task } phase listen { steps 1 per sample }"
        " phase hear { steps 1 per sample  clamp u, task }"
        " train wake, hear, listen infer wake, hear, listen"
    ),
    "first once, held": f"phase wake {{ steps 2 }} {LISTEN} train wake, listen infer wake, listen skip 1",
    "until settled": (
        "phase rest { until settled within 1e-3 max 9 per sample } train rest infer rest schedule synchronous"
    ),
    "from a phase of the sample": (
        "phase hear { steps 2 per sample } phase again { steps 1 per sample  messages forward  from hear }"
        " train hear, again infer hear, again"
    ),
    "messages with delays": (
        "layer g (4) tanh edge u -> g dense delay 3 edge g -> h dense(strength = 0.5) delay 1"
        f" {LISTEN} train listen infer listen"
    ),
    "softly taught": (
        "phase pulled { steps 2 per sample  clamp y by 0.3 } phase hear { steps 1 per sample  clamp u, task }"
        " edge u -> y dense learn moved"
        " train hear, pulled infer hear"
    ),
    "an input let go": (
        "phase hear { steps 1 per sample } phase blind { steps 1 per sample  clamp y, task }"
        " train hear, blind infer hear, blind"
    ),
}
RARE = ("closed loop", "let go at the end", "first once, held", "an input let go")
SLOW = pytest.mark.slow
SEQUENCES, SAMPLES = 3, 6
MOVED = "rule moved { update (pre@pulled * post@pulled - pre@hear * post@hear) / batch }"


def network(manner, layers=LAYERS, edges=EDGES):
    found = compile_source(Source("n.dyn", f"{MOVED} network N {{ {layers} {edges} {manner} }}"))
    errors = [d for d in found.diagnostics if d.severity == "error"]
    assert not errors, [d.message for d in errors]
    return Network(plan_of(bind(found, "N", {})))


def drawn(net, seed=0):
    """Data, an orchestrator, and the interpreter with the same weights."""
    rng = np.random.default_rng(seed)
    time = [net.plan.structure.layers[n].name for n in net.plan.structure.time.layers]
    data = {
        name: rng.normal(size=(SEQUENCES, SAMPLES, *shape) if name in time else (SEQUENCES, *shape)).astype(np.float32)
        for name, shape in (net.layers("input") | net.layers("output")).items()
    }
    weights, absent = draw_weights(net.plan, rng)
    orch = net.init(jax.random.key(1))
    orch = orch.with_weights({tuple(reversed(name.split("->"))): jnp.asarray(w) for name, w in weights.items()})
    return data, orch, Interpreter(net.plan, absent=absent), weights


def learnt(orch, data, optimizer=None, skip_run=0):
    optimizer = optimizer or optax.sgd(0.05)
    learner = start_learner(orch, optimizer)
    arrays = {name: jnp.asarray(value) for name, value in data.items()}
    return learn_batch(optimizer.update, learner, arrays, jax.random.key(0))


def close(found, expected, what=""):
    np.testing.assert_allclose(np.asarray(found, np.float64), expected, atol=3e-5, rtol=3e-5, err_msg=what)


@pytest.mark.parametrize(
    "manner", [pytest.param(text, id=name, marks=[SLOW] if name in RARE else []) for name, text in MANNERS.items()]
)
def test_the_scan_is_what_the_literal_loop_does(manner):
    """Learning: weights, final states and steps. Reading out: every sample."""
    net = network(manner)
    data, orch, interpreter, weights = drawn(net)
    after, state = learnt(orch, data)
    expected, sequence = learn(interpreter, data, weights, 0.05)
    assert any(not np.allclose(expected[name], weights[name]) for name in weights)
    for (receiver, sender), edge in after.orchestrator.lmap.items():
        if f"{sender}->{receiver}" in expected:
            close(edge.weight, expected[f"{sender}->{receiver}"], f"{sender}->{receiver}")
    for layer in ("h", "y", "u"):
        close(state[layer], sequence.state[layer], layer)
    for phase, steps in sequence.taken.items():
        assert int(state.steps_taken(phase)) == sum(steps)
    inputs = {name: data[name] for name in net.layers("input")}
    found = predict_examples(orch, examples(net.plan.structure, Part(data, SEQUENCES)), jax.random.key(0))["y"]
    assert found.shape == (SEQUENCES, SAMPLES, 2)
    for t, sequence in follow(interpreter, "infer", inputs, weights):
        close(found[:, t], sequence.state["y"], f"sample {t}")


def test_a_sequence_of_one_sample_is_an_example():
    """Over time or not: the same phases, the same update, the same read-out."""
    manner = "phase hear { steps 2 PER } phase teach { steps 1 PER messages forward } train hear, teach infer hear"
    long, short = (
        network(manner.replace("PER", "per sample")),
        network(manner.replace("PER", ""), LAYERS.replace(" over time", "")),
    )
    data, orch, _, weights = drawn(long)
    one = {name: value[:, 0] if value.ndim == 3 else value for name, value in data.items()}
    first = {name: value[:, :1] if value.ndim == 3 else value for name, value in data.items()}
    other = short.init(jax.random.key(1)).with_weights(
        {tuple(reversed(name.split("->"))): jnp.asarray(w) for name, w in weights.items()}
    )
    a, b = learnt(orch, first)[0], learnt(other, one)[0]
    for x, y in zip(a.orchestrator.lmap.weights, b.orchestrator.lmap.weights, strict=True):
        np.testing.assert_allclose(x, y, atol=1e-6)
    found = [
        predict_examples(o, examples(n.plan.structure, Part(d, SEQUENCES)), jax.random.key(0))["y"]
        for o, n, d in ((orch, long, first), (other, short, one))
    ]
    np.testing.assert_allclose(found[0][:, 0], found[1], atol=1e-6)


def test_samples_that_are_skipped_do_not_touch_the_optimizer():
    """With as many samples skipped as there are but one, adam has made one step from a fresh state."""
    net = network(f"{LISTEN} train listen infer listen skip {SAMPLES - 1}")
    data, orch, interpreter, weights = drawn(net)
    after, _ = learnt(orch, data, optax.adam(0.01))
    counts = [int(leaf) for leaf in jax.tree.leaves(after.optimizer_state) if leaf.dtype == jnp.int32]
    assert counts == [1]
    *_, (_, sequence) = follow(interpreter, "train", data, weights)
    gradient = interpreter.pseudo_gradients(sequence.state, weights, sequence.snapshots)["h->y"]
    close(after.orchestrator.lmap["y", "h"].weight, weights["h->y"] - 0.01 * np.sign(gradient))


def test_an_update_a_sample():
    net = network(f"{LISTEN} train listen infer listen skip 2")
    data, orch, *_ = drawn(net)
    after, _ = learnt(orch, data, optax.adam(0.01))
    counts = [int(leaf) for leaf in jax.tree.leaves(after.optimizer_state) if leaf.dtype == jnp.int32]
    assert counts == [SAMPLES - 2]
    assert int(after.count) == 1


def test_the_compiled_program_learns_many_batches():
    net = network(MANNERS["until settled"])
    data, orch, *_ = drawn(net)
    optimizer = optax.sgd(0.05)
    arrays = {name: jnp.asarray(value) for name, value in data.items()}
    rows = jnp.asarray([[0, 1], [2, 0], [1, 1]], jnp.int32)
    feed = Feed(arrays, rows, jnp.int32(2), jax.random.key(0))
    found, outcome = learning_program(optimizer)(feed, start_learner(orch, optimizer))
    learner, steps = start_learner(orch, optimizer), 0
    for batch in rows[:2]:
        some = {name: value[batch] for name, value in arrays.items()}
        learner, state = learn_batch(optimizer.update, learner, some, jax.random.key(0))
        steps += int(state.steps_taken("rest"))
    assert bool(outcome.finite)
    assert outcome.steps.tolist() == [steps]
    assert int(found.count) == 2
    for x, y in zip(found.orchestrator.lmap.weights, learner.orchestrator.lmap.weights, strict=True):
        np.testing.assert_allclose(x, y, atol=1e-6)


def test_a_state_that_is_not_finite_in_the_middle_is_noticed():
    """A sign makes a finite state of anything, so only the sample itself shows it."""
    edges = "edge u -> h dense(strength = 1e30) edge h -> g dense(strength = 1e30) edge g -> y dense learn hebbian"
    layers = "input u (1) over time layer h (3) identity layer g (3) sign output y (1) sign over time"
    net = network("phase p { steps 1 per sample } train p infer p skip 3", layers, edges)
    orch = net.init(jax.random.key(0))
    optimizer = optax.sgd(0.1)
    u = np.zeros((1, 4, 1), np.float32)
    for wild in (0.0, 1e30):
        u[0, 1] = wild
        arrays = {"u": jnp.asarray(u), "y": jnp.zeros((1, 4, 1))}
        feed = Feed(arrays, jnp.zeros((1, 1), jnp.int32), jnp.int32(1), jax.random.key(0))
        _, outcome = learning_program(optimizer)(feed, start_learner(orch, optimizer))
        assert bool(outcome.finite) == (wild == 0.0)


def test_a_network_that_draws_draws_afresh_for_every_sample():
    layers = "input u (1) over time layer h (40) glauber(beta = 0) output y (40) over time"
    edges = "edge u -> h dense edge h -> y one_to_one learn hebbian"
    net = network("phase p { steps 1 per sample } train p infer p", layers, edges)
    part = Part({"u": np.zeros((2, 5, 1), np.float32), "y": np.zeros((2, 5, 40), np.float32)}, 2)
    some = examples(net.plan.structure, part)
    orch = net.init(jax.random.key(0))
    found, again = (predict_examples(orch, some, jax.random.key(3))["y"] for _ in range(2))
    np.testing.assert_array_equal(found, again)
    flat = {row.tobytes() for row in found.reshape(10, 40)}
    assert len(flat) == 10


def test_measures_count_every_sample_but_those_that_are_skipped():
    layers = "input u (1) over time output y (1) over time"
    net = network(
        "phase p { steps 1 per sample clamp u } train p infer p skip 2", layers, "edge u -> y one_to_one learn lms"
    )
    u = np.arange(10, dtype=np.float32).reshape(2, 5, 1)
    wanted = u.copy()
    wanted[:, :2] += 100  # before the transient is over nothing counts
    wanted[:, 4] += 3
    some = examples(net.plan.structure, Part({"u": u, "y": wanted}, 2))
    found = evaluate_examples(net.init(jax.random.key(0)), some, jax.random.key(0))
    assert found["mse"] == pytest.approx(2 * 9 / 6)
    left = wanted[:, 2:].reshape(-1)
    assert found["nrmse"] == pytest.approx(np.sqrt(3 / left.var()))
    assert measure_names(some) == ("agreement", "mse", "nrmse")


def test_an_output_that_is_still_is_read_at_the_end():
    layers = "input u (1) over time layer h (1) leaky_tanh(leak = 0.5) output y (2)"
    net = network(
        "phase p { steps 1 per sample } train p infer p", layers, "edge u -> h dense edge h -> y dense learn delta"
    )
    u = np.random.default_rng(0).normal(size=(4, 6, 1)).astype(np.float32)
    targets = np.array([[1, -1], [-1, 1], [1, -1], [1, -1]], np.float32)
    some = examples(net.plan.structure, Part({"u": u, "y": targets}, 4))
    orch = net.init(jax.random.key(0))
    found = predict_examples(orch, some, jax.random.key(0))["y"]
    assert found.shape == (4, 2)
    _, state = learnt(orch, {"u": u, "y": targets}, optax.sgd(0.0))
    close(found, np.asarray(state["h"]) @ np.asarray(orch.lmap["y", "h"].weight))
    assert "nrmse" not in measure_names(some)


def test_nrmse_of_the_mean_is_one_and_of_the_target_nothing():
    rng = np.random.default_rng(0)
    target = rng.normal(2.0, 3.0, (50, 2)).astype(np.float32)
    assert nrmse(target, target) == 0
    assert nrmse(np.broadcast_to(target.mean(axis=0), target.shape), target) == pytest.approx(1, abs=1e-6)
    assert nrmse(2 * target + 5, 2 * target + 5 + 1) == pytest.approx(
        1 / np.sqrt(4 * target.var(axis=0).mean()), rel=1e-5
    )
