"""Layers alike are stacked: how long a program is does not depend on how many there are; what memory it takes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dync
from dync.runtime.kinds import dense
from dync.testing.interpreter import Interpreter
from dync.testing.weights import draw_weights

pytestmark = pytest.mark.usefixtures("hardly_optimized")

CHAIN = """
network Chain {{
  param L = {length}
  input  x (5)
  layer  h[1..L] (6) tanh
  output y (3)
  edge x -> h[1] dense learn perceptron(margin = 1)
  edge h[L] -> y dense learn perceptron(margin = 1)
  edge y -> h[L] dense
  for i in 1..L-1 {{ edge h[i] -> h[i+1] dense learn perceptron(margin = 1)  edge h[i+1] -> h[i] one_to_one(0.5) }}
  for i in 1..L {{ edge h[i] -> h[i] dense(diagonal = 0.5, density = 0.5) learn hebbian decay 0.1 }}
  {groups}
  schedule {schedule}
  phase warm {{ steps 1 messages forward }}
  phase clamped {{ steps 5 }}
  phase free {{ until settled max 5 messages forward }}
  train warm, clamped, free
  infer warm, free
}}
"""
GROUPS = "group first { h[1] } group rest { %s }"

RULE = """
rule local {{ update {update} / batch }}
network Wide{examples} {{
  input x (7)
  output y (11)
  edge x -> y dense learn {rule}
  phase hold {{ steps 1 }}
  train hold
}}
"""


def chain(schedule, length):
    rest = ", ".join(f"h[{i}]" for i in range(2, length + 1))
    groups = GROUPS % rest if schedule.startswith("grouped") else ""
    return dync.compile_text(CHAIN.format(length=length, schedule=schedule, groups=groups)).network()


def inner(parameter):
    """The jaxprs in a parameter of an equation."""
    if isinstance(parameter, tuple | list):
        return [found for part in parameter for found in inner(part)]
    parameter = getattr(parameter, "jaxpr", parameter)
    return [parameter] if hasattr(parameter, "eqns") else []


def equations(jaxpr):
    """All equations of a jaxpr and of those inside it."""
    for equation in jaxpr.eqns:
        yield equation
        for parameter in equation.params.values():
            for found in inner(parameter):
                yield from equations(found)


def shapes(net):
    """An orchestrator whose leaves have shapes alone: it can be traced and takes no time to draw."""
    return eqx.filter_eval_shape(net.init, jax.random.key(0))


def program(net, batch=4):
    """The jaxpr of a training protocol and its updates."""
    orch, state = shapes(net), net.state(batch=batch)

    def learn(orch, state):
        after, key = orch.relax("train", state, rng=jax.random.key(0))
        return orch.backward(after, rng=key)

    return jax.make_jaxpr(learn)(orch, state).jaxpr


def count(jaxpr):
    return sum(1 for _ in equations(jaxpr))


@pytest.mark.parametrize("schedule", ["sequential", "synchronous", "grouped(first, rest)", "grouped(rest, first)"])
def test_the_program_does_not_grow_with_the_chain(schedule):
    short, long = (count(program(chain(schedule, length))) for length in (8, 64))
    assert 50 < short == long


def test_drawing_and_reading_out_do_not_grow_with_the_chain():
    sizes = []
    for length in (8, 64):
        net = chain("sequential", length)
        drawn = jax.make_jaxpr(net.init)(jax.random.key(0))
        orch, state = shapes(net), net.state(batch=2)
        read = jax.make_jaxpr(lambda o, s: o.relax("infer", s, rng=jax.random.key(0)))(orch, state)
        sizes.append((count(drawn.jaxpr), count(read.jaxpr)))
    assert sizes[0] == sizes[1]


def largest(jaxpr):
    """The most elements of any value that is computed."""
    return max(int(np.prod(v.aval.shape)) for e in equations(jaxpr) for v in e.outvars if hasattr(v.aval, "shape"))


@pytest.mark.parametrize(
    "rule",
    ["perceptron(margin = 1)", "hebbian", "oja", "delta", "covariance", "bcm", "instar", "outstar", "lms"],
)
def test_a_rule_that_separates_builds_nothing_per_example_and_synapse(rule):
    net = dync.compile_text(RULE.format(update="pre * post", rule=rule, examples="")).network()
    assert largest(program(net, batch=50)) <= max(50 * 11, 7 * 11)


@pytest.mark.parametrize("examples", [1, 5, 50])
def test_a_rule_that_does_not_stays_within_its_memory(examples, monkeypatch):
    monkeypatch.setattr(dense, "CHUNK_BYTES", examples * 7 * 11 * 4)
    net = dync.compile_text(RULE.format(update="tanh(pre * post + weight)", rule="local", examples=examples)).network()
    assert largest(program(net, batch=50)) == max(examples * 7 * 11, 50 * 11)


@pytest.mark.parametrize("examples", [1, 3, 12])
def test_chunks_do_not_change_the_update(examples, monkeypatch):
    monkeypatch.setattr(dense, "CHUNK_BYTES", examples * 7 * 11 * 4)
    net = dync.compile_text(RULE.format(update="tanh(pre * post + weight)", rule="local", examples=examples)).network()
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 7)), rng.normal(size=(12, 11))
    orch = net.init(jax.random.key(0))
    w = np.asarray(orch.lmap["y", "x"].weight)
    expected = -np.tanh(x[:, :, None] * y[:, None, :] + w).mean(axis=0)
    found = orch.backward(net.state(x, y), rng=jax.random.key(0))
    np.testing.assert_allclose(found["y", "x"].weight, expected, atol=1e-5)


def web(seed, schedule):
    """Eight layers of one block, with edges between random pairs of them: levels of many widths."""
    rng = np.random.default_rng(seed)
    pairs = {tuple(int(n) for n in rng.integers(1, 9, 2)) for _ in range(16)}
    learned = {pair for pair in pairs if rng.random() < 0.5}
    edges = [f"edge h[{a}] -> h[{b}] dense{' learn hebbian' if (a, b) in learned else ''}" for a, b in sorted(pairs)]
    edges += [f"edge x -> h[{n}] dense" for n in range(1, 9)]
    groups = ""
    if schedule == "grouped":
        places = rng.integers(0, 3, 8)
        names = [(g, [f"h[{n + 1}]" for n in range(8) if places[n] == g]) for g in range(3)]
        names = [(g, members) for g, members in names if members]
        groups = " ".join(f"group g{g} {{ {', '.join(members)} }}" for g, members in names)
        schedule = f"grouped({', '.join(f'g{g}' for g, _ in names)})"
    return f"""network Web {{
      input x (3)  layer h[1..8] (4) tanh  output y (2)
      {" ".join(edges)}
      edge h[8] -> y dense
      {groups} schedule {schedule}
    }}"""


def edges(net):
    """The names of the edges, family by family."""
    names = [layer.name for layer in net.plan.structure.layers]
    return [[f"{names[e.sender]}->{names[e.receiver]}" for e in f.edges] for f in net.plan.structure.families]


@pytest.mark.parametrize(("seed", "schedule"), [(0, "sequential"), (2, "grouped")])
def test_levels_of_many_widths_mean_what_the_waves_say(seed, schedule):
    net = dync.compile_text(web(seed, schedule)).network()
    rng = np.random.default_rng(seed)
    weights, _ = draw_weights(net.plan, rng)
    naive = Interpreter(net.plan)
    x, y = rng.uniform(-1, 1, (2, 3)), rng.uniform(-1, 1, (2, 2))
    expected = naive.start(x, y)
    stacked = [jnp.stack([weights[name] for name in names]) for names in edges(net)]
    orch = net.init(jax.random.key(0))
    orch = eqx.tree_at(lambda o: o.lmap.weights, orch, tuple(w.astype(jnp.float32) for w in stacked))
    found, key = net.state(x, y), jax.random.key(0)
    for _ in range(2):
        expected = naive.step(expected, weights)
        found, key = orch.step(found, rng=key)
    for layer, value in expected.items():
        np.testing.assert_allclose(found[layer], value, atol=1e-4, err_msg=layer)
    gradients = naive.pseudo_gradients(expected, weights, None)
    updates = orch.backward(found, rng=key)
    for names, update in zip(edges(net), updates.weights, strict=True):
        np.testing.assert_allclose(update, [gradients[name] for name in names], atol=1e-4, err_msg=str(names))
