"""Networks within networks: step by step they are the flat network, to completion what the inner one answers alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dync
from dync.compiler.plan_json import canonical, plan_from_text, plan_to_json
from dync.testing import assert_agrees
from dync.testing.inner import weights_of_row
from dync.testing.unstacked import edges_of

PART = """
network Part {
  param units = 8
  param leak = 0.3
  input a (units)
  layer h[1..2] (units) leaky_tanh(leak = leak)
  output c (units) tanh
  constant one (1) = 1
  edge a -> h[1] dense learn hebbian
  edge h[1] -> h[2] dense(density = 0.7) learn hebbian
  edge h[1] -> h[1] dense(diagonal = 0.5)
  edge one -> h[2] dense
  edge h[2] -> h[1] dense(strength = 0.7) learn oja rate 0.5
  edge gain: h[2] -> h[2] one_to_one(0.4) learn hebbian
  edge out: h[2] -> c dense(strength = 0.5) learn delta
  group first { h[1] }
  group second { h[2] }
  schedule INNER
  phase go { until settled within 1e-3 max 8  messages all }
  phase more { steps 2  messages forward }
  infer go, more
}
"""

AROUND = """
  layer v (5) tanh
  output z (2)
  edge INTO dense learn hebbian
  edge FROM dense learn oja
  edge BACK dense
  edge v -> z dense learn delta
  schedule OUTER
  phase go { steps 3  clamp u }
  phase end { steps 2  clamp u, z  messages forward }
  train go, end
  infer go
}
"""

NESTED = PART + "network Outer {\n  input u (4)\n  layer m network Part(units = 6, leak = 0.2)\n" + AROUND
NESTED = NESTED.replace("INTO", "u -> m").replace("FROM", "m.c -> v").replace("BACK", "v -> m.a")
NESTED_GROUPS = "  group one_ { m.a, m.h[1] }\n  group two { v, m.h[2], m.c }\n  schedule"

FLAT = """
network Outer {
  input u (4)
  layer a (6) identity
  layer h[1..2] (6) leaky_tanh(leak = 0.2)
  layer c (6) tanh
  constant one (1) = 1
  edge a -> h[1] dense learn hebbian
  edge h[1] -> h[2] dense(density = 0.7) learn hebbian
  edge h[1] -> h[1] dense(diagonal = 0.5)
  edge one -> h[2] dense
  edge h[2] -> h[1] dense(strength = 0.7) learn oja rate 0.5
  edge gain: h[2] -> h[2] one_to_one(0.4) learn hebbian
  edge out: h[2] -> c dense(strength = 0.5) learn delta
"""
FLAT = FLAT + AROUND.replace("INTO", "u -> a").replace("FROM", "c -> v").replace("BACK", "v -> a")
FLAT_GROUPS = "  group one_ { a, h[1] }\n  group two { v, h[2], c }\n  schedule"

WHOLE = (
    PART
    + """
network Outer {
  input u (8)
  layer v[1..2] (8) tanh
  layer m[1..2] network Part(leak = 0.6) to completion
  output z (2)
  edge u -> v[1] network Part(leak = 0.5)
  edge back: v[1] -> v[1] network Part sends 0.5 * state
  edge u -> v[2] network Part(leak = 0.1)
  edge v[2] -> m[1] dense learn hebbian
  edge m[1] -> m[2] one_to_one
  edge m[2] -> v[1] dense
  edge m[2] -> z dense learn delta
  schedule OUTER
  phase go { steps 3  clamp u }
  phase end { steps 2  clamp u, z  messages forward }
  train go, end
  infer go
}
"""
)

SMALL = (
    PART
    + """
network Outer {
  input u (8)
  layer v[1..2] (8) tanh
  output z (2)
  for i in 1..2 { edge u -> v[i] network Part(leak = i / 4)  edge v[i] -> z dense }
  schedule OUTER
  phase go { steps 1 }
  infer go
}
"""
)

TREE = """
rule slow { update 0.1 * pre * post / batch }
activation soft { next tanh(0.5 * field) }
network Leaf {
  param n = 3
  input a (n)
  layer h[1..2] (n) soft
  output c (n)
  edge up: a -> h[1] dense learn slow
  edge h[1] -> h[2] tied(up)
  edge h[2] -> c dense delay 2
  phase go { steps 3 }
  infer go
}
network Branch {
  input a (3)
  layer l[1..2] network Leaf
  layer w network Leaf to completion
  output c (3)
  edge a -> l[1] dense
  edge l[1] -> l[2].a dense
  edge l[2] -> w one_to_one
  edge w -> c dense learn slow
  group some { l, w }
  phase go { steps 2 }
  infer go
}

network Tree {
  input x (3)
  layer b[1..2] network Branch
  layer whole network Branch to completion
  layer z (3) tanh
  output y (2)
  for i in 1..2 { edge x -> b[i] dense  edge b[i] -> z network Leaf(n = 3) }
  edge z -> whole dense
  edge whole -> y dense learn lms
  phase go { steps 2  clamp x, b[1].l[2].h  messages all except b[2].w }
  train go
  infer go
}
"""

SCHEDULES = ("sequential", "synchronous", "grouped(one_, two)")
X = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
Y = np.ones((3, 2), np.float32)


def outer(text: str, schedule: str, inner: str = "sequential", groups: str = "") -> object:
    text = text.replace("schedule OUTER", f"{groups.removesuffix('  schedule')}  schedule {schedule}")
    return dync.compile_text(text.replace("INNER", inner), name="nested.dyn").network("Outer")


def inside(name: str) -> str:
    return f"m.{name}" if name.partition("[")[0] in ("a", "h", "c", "one") else name


def same(first: object, second: object) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_step_by_step_is_the_flat_network_to_the_bit(schedule: str) -> None:
    grouped = schedule.startswith("grouped")
    nested = outer(NESTED, schedule, groups=NESTED_GROUPS if grouped else "")
    flat = outer(FLAT, schedule, groups=FLAT_GROUPS if grouped else "")
    expected, key = flat.init(jax.random.key(1)), jax.random.key(2)
    weights = {tuple(map(inside, k)): expected.lmap[k].weight for k in expected.lmap}
    orch = nested.init(jax.random.key(0)).with_weights(weights)
    state, _ = orch.relax("train", nested.state(X[:, :4], Y), rng=key)
    wanted, _ = expected.relax("train", flat.state(X[:, :4], Y), rng=key)
    assert all(same(state[inside(layer)], wanted[layer]) for layer in wanted)
    updates, others = orch.backward(state, rng=key), expected.backward(wanted, rng=key)
    assert all(same(updates[tuple(map(inside, k))].weight, others[k].weight) for k in others)
    assert np.asarray(updates["m.gain"].weight).any()
    assert np.asarray(updates["m.h[1]", "m.h[2]"].weight).any()


def test_a_sequential_network_keeps_the_schedules_of_those_within_it() -> None:
    plan = outer(NESTED, "sequential", "grouped(second, first)").plan
    names = [layer.name for layer in plan.structure.layers]
    waves = [tuple(names[n] for n in wave) for wave in plan.structure.waves]
    assert waves == [("u",), ("m.a",), ("m.h[2]",), ("m.h[1]",), ("m.c",), ("v",), ("z",)]


@pytest.mark.parametrize(
    ("schedule", "inner"),
    [
        ("sequential", "grouped(second, first)"),
        pytest.param("sequential", "synchronous", marks=pytest.mark.slow),
        pytest.param("synchronous", "sequential", marks=pytest.mark.slow),
        pytest.param("synchronous", "grouped(second, first)", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("text", [NESTED, WHOLE], ids=["steps", "completion"])
def test_the_engine_and_the_interpreter_agree(text: str, schedule: str, inner: str) -> None:
    net = outer(text, schedule, inner)
    assert_agrees(net, X[:, : net.plan.structure.layers[0].units], Y)


def test_networks_within_networks_within_networks_agree_with_the_interpreter() -> None:
    net = dync.compile_text(TREE, name="tree.dyn").network("Tree")
    assert_agrees(net, X[:, :3], Y)
    orch = net.init(jax.random.key(0))
    assert orch.lmap["b[1].l[1].up"].weight.shape == (3, 3)
    within = {layer.name for layer in net.plan.structure.layers if layer.name.startswith(("b[1].l", "b[1].w"))}
    assert set(orch.lmap["b[1].some"]) == within


@pytest.mark.parametrize("inner", ["sequential", pytest.param("grouped(second, first)", marks=pytest.mark.slow)])
def test_a_message_to_completion_is_what_the_network_answers_alone(inner: str) -> None:
    program = dync.compile_text(SMALL.replace("INNER", inner).replace("OUTER", "sequential"), name="nested.dyn")
    net, part = program.network("Outer"), program.network("Part", leak=0.25)
    alone = part.init(jax.random.key(5))
    orch = net.init(jax.random.key(0)).with_weights({("v[1]", "u"): alone.lmap})
    wanted, _ = alone.relax("infer", part.state(X), rng=jax.random.key(1))
    assert same(orch.lmap["v[1]", "u"](X), wanted["c"])
    held, _ = alone.relax("infer", part.state(0 * X), rng=jax.random.key(1))
    assert np.asarray(held["c"]).any()  # of nothing it makes something, so that a layer at zero is to be asked too


def test_numbers_of_a_network_to_completion_are_leaves() -> None:
    net = outer(SMALL, "sequential")
    orch, state = net.init(jax.random.key(0)), net.state(X)
    keys = [key for key in orch.parameters if ".network." in key and key.endswith(".leak")]
    assert keys and all(orch.parameters[key].shape[0] % 2 == 0 for key in keys)

    def answer(leak: jax.Array) -> jax.Array:
        numbers = {**orch.parameters, **{key: jnp.full_like(orch.parameters[key], leak) for key in keys}}
        moved = type(orch)(orch.lmap, numbers, orch.structure).relax("infer", state, rng=jax.random.key(0))
        return moved[0]["z"]

    both = jax.vmap(answer)(jnp.asarray([0.2, 0.9]))
    assert not np.allclose(both[0], both[1])
    np.testing.assert_allclose(np.asarray(both[1]), np.asarray(answer(jnp.asarray(0.9))), atol=1e-5)


def test_the_weights_of_another_network_are_refused() -> None:
    program = dync.compile_text(SMALL.replace("INNER", "sequential").replace("OUTER", "sequential"), name="nested.dyn")
    orch = program.network("Outer").init(jax.random.key(0))
    with pytest.raises(ValueError, match="not the weights of the network Part"):
        orch.with_weights({("v[1]", "u"): orch.lmap})
    with pytest.raises(ValueError, match="are \\(6, 6\\), not \\(8, 8\\)"):
        orch.with_weights({("v[1]", "u"): program.network("Part", units=6).init(jax.random.key(0)).lmap})


@pytest.mark.parametrize("text", [NESTED, WHOLE], ids=["steps", "completion"])
def test_the_plan_survives_as_text(text: str) -> None:
    plan = outer(text, "sequential").plan
    again = plan_from_text(canonical(plan_to_json(plan)))
    assert again == plan
    assert again.digest == plan.digest


def test_networks_alike_are_stacked() -> None:
    def structure(count: int) -> object:
        text = PART.replace("INNER", "sequential") + (
            f"network Outer {{\n  input u (8)\n  layer m[1..{count}] network Part\n  output z (2)\n"
            "  edge u -> m[1] dense\n  wire m by chain(arcs = forward) dense\n"
            f"  edge m[{count}] -> z dense\n}}\n"
        )
        return dync.compile_text(text, name="chain.dyn").network("Outer").plan.structure

    short, long = structure(3), structure(40)
    assert len(long.layers) > 10 * len(short.layers)
    assert len(long.blocks) == len(short.blocks)
    assert len(long.families) == len(short.families)


SHARED = """
network Part {
  input a (4)
  layer h (4) tanh
  layer g (4) tanh
  output c (4) tanh
  edge near: a -> h dense(weights = exp(-abs(i - j)) * normal, present = abs(i - j) <= 1) learn oja
  edge some: h -> g dense(present = uniform < 0.6) learn hebbian rate 2 decay 0.1
  edge loop: h -> h dense(radius = 0.8, diagonal = 0.1) learn hebbian
  edge arcs: g -> g dense(present = ring) learn instar
  edge g -> c tied(near, transposed = true) learn delta rate 0.5
  edge c -> h tied(some, transposed = true)
  edge a -> c tied(loop) learn lms rate 2
  edge c -> c tied(arcs, transposed = true) learn hebbian
  phase free   { until settled within 0.01 max 4  clamp a }
  phase nudged { from free  steps 2  clamp a  clamp c by 0.4 }
  phase loose  { from free  steps 2  clamp a by 0.7 }
  infer free, nudged, loose
}

network Outer {
  input x (4)
  layer m network Part
  layer w network Part to completion
  output y (4)
  edge x -> m dense
  edge m -> w one_to_one
  edge x -> w.a network Part
  edge w -> m.a one_to_one(0.3) delay 2
  edge w -> y dense learn delta
  schedule SCHEDULE
  phase free   { steps 2  clamp x }
  phase nudged { from free  steps 3  clamp x  clamp y by 0.5 }
  train free, nudged
  infer free
  measure active = mean(abs(m.h)) + max(w.c)
}
"""


@pytest.mark.parametrize(
    "schedule",
    ["sequential", *(pytest.param(text, marks=pytest.mark.slow) for text in ("synchronous", "grouped(one, two)"))],
)
def test_ties_to_what_pairs_say_and_soft_clamps_within_networks(schedule: str) -> None:
    groups = "  group one { m.h, w }\n  group two { m.a, m.g, m.c }\n" if "grouped" in schedule else ""
    text = SHARED.replace("  schedule SCHEDULE", f"{groups}  schedule {schedule}")
    assert_agrees(text)


def test_what_is_drawn_within_networks_has_its_radius_and_its_pairs() -> None:
    net = dync.compile_text(SHARED.replace("SCHEDULE", "sequential")).network()
    orch = net.init(jax.random.key(0))
    edge = edges_of(net.plan)["w.a->w.c"]
    assert edge.inner is not None
    row = weights_of_row(edge.inner, orch.lmap["w.c", "w.a"].weight)
    within = {name: orch.lmap[f"m.{name}"].weight for name in ("near", "loop", "arcs")}
    for near, loop, arcs in ([row[n] for n in ("a->h", "h->h", "g->g")], [*within.values()]):
        assert np.abs(np.linalg.eigvals(np.asarray(loop) - 0.1 * np.eye(4))).max() == pytest.approx(0.8, rel=1e-4)
        i, j = np.indices((4, 4))
        assert not np.asarray(near)[abs(i - j) > 1].any() and np.asarray(near)[abs(i - j) <= 1].all()
        assert np.count_nonzero(arcs) == 8
    assert same(orch.lmap["m.c", "m.g"].weight, np.asarray(within["near"]).T)
