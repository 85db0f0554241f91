"""Learning by the gradient of a measure, against differences, against JAX on programs written by hand, and on data."""

import os

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from msgspec.structs import replace

import dync
from dync.compiler.driver import bind, compile_source, plan_of
from dync.compiler.plan import GradientPlan, Plan
from dync.compiler.planning.plan_numbers import number_lengths
from dync.compiler.planning.verify_plan import verify_plan
from dync.grammar.source import Source
from dync.runtime.learner import learn_batch, start_learner
from dync.testing import assert_agrees, networks
from dync.testing.case import edge_name, with_these_weights
from dync.testing.gradients import along
from dync.testing.interpreter import Interpreter
from dync.testing.weights import draw_weights

pytestmark = pytest.mark.usefixtures("hardly_optimized")

EVERY_KIND = """
network Kinds {
  input  x (4, 4, 1)
  layer  c (2, 2, 2) tanh
  layer  h (6) leaky_tanh(leak = 0.6)
  layer  g (6) tanh
  layer  u (6) sigmoid
  output y (3)
  output z (6) tanh
  constant one (1) = 1
  edge x -> c conv((2, 2), stride = 2) learn gradient(mse)
  edge c -> h dense(density = 0.6) learn gradient(mse@early) rate 2 decay 0.1
  edge back: h -> h dense(diagonal = 0.3) learn gradient(mse)
  edge one -> h dense learn gradient(kept)
  edge h -> g one_to_one delay 2 learn gradient(mse)
  edge g -> u low_rank(rank = 2) sends tanh(state) learn gradient(mse)
  edge u -> g tied(back, transposed = true)
  edge u -> y dense learn gradient(mse)
  edge u -> z one_to_one learn hebbian during late
  edge y -> h dense(strength = 0.3) learn delta
  measure kept = mean(h * u) + mean(tanh(y - y.target))
  phase early { steps 3 clamp x clamp z by 0.5 }
  phase late  { until settled within 0.02 max 40 clamp x, z }
  train early, late
}
"""


def _plan(text):
    return plan_of(bind(compile_source(Source("case.dyn", text)).verify(), None, {}))


def test_every_kind_of_edge_agrees_with_differences():
    """Masks, diagonals, ties, delays, soft clamps, settling, moments, several measures, rules beside gradients."""
    assert_agrees(_plan(EVERY_KIND), batch=2, seed=0)


UNROLLED = """
network Unrolled {
  input  x (256)
  layer  h (256) tanh
  layer  s (4) step
  output y (3)
  edge x -> h dense(density = 0.05) learn gradient(loss)
  edge h -> h dense(strength = 0.8) learn gradient(loss)
  edge h -> s dense learn gradient(loss)
  edge s -> y dense learn gradient(loss)
  measure loss = mean((y - y.target) ** 2) + 0.1 * mean(h ** 2) minimize
  schedule synchronous
  phase first  { steps 2 clamp x }
  phase second { until settled within 0.05 max 9 clamp x }
  train first, second
  infer first, second
}

activation step { next tanh(field) surrogate 1 / (1 + abs(field)) }
"""


def _by_hand(weights, x, y, steps):
    """The same network as a loop, with its surrogate."""

    @jax.custom_jvp
    def bend(field):
        return jnp.tanh(field)

    bend.defjvp(lambda at, by: (jnp.tanh(at[0]), by[0] / (1 + jnp.abs(at[0]))))
    h, s, out = (jnp.zeros((len(x), units)) for units in (256, 4, 3))
    for _ in range(steps):
        h, s, out = (
            jnp.tanh(x @ weights["h", "x"] + h @ weights["h", "h"]),
            bend(h @ weights["s", "h"]),
            s @ weights["y", "s"],
        )
    return jnp.mean((out - y) ** 2) + 0.1 * jnp.mean(h**2)


def test_a_recurrent_network_has_the_gradient_of_its_program_written_by_hand():
    """Listed weights, two phases of which one settles, and a surrogate in the place of the derivative."""
    net = dync.Network(_plan(UNROLLED))
    orch = net.init(jax.random.key(0))
    rng = np.random.default_rng(1)
    x, y = (rng.normal(size=(4, units)).astype(np.float32) for units in (256, 3))
    state, key = orch.relax("train", net.state(x, y), rng=jax.random.key(1))
    found = orch.backward(state, rng=key)
    steps = int(state.steps_taken("first") + state.steps_taken("second"))
    assert 2 < steps < 11
    weights = {pair: edge.weight for pair, edge in orch.lmap.items()}
    expected = jax.grad(_by_hand)(weights, x, y, steps)
    for pair, gradient in expected.items():
        there = orch.lmap[pair].mask if pair == ("h", "x") else True
        np.testing.assert_allclose(found[pair].weight, np.where(there, gradient, 0), rtol=1e-4, atol=1e-6)


OVER_TIME = """
network Course {
  input  u (2) over time
  layer  h (5) leaky_tanh(leak = 0.6)
  output y (1) over time
  edge u -> h dense learn gradient(mse) rate 0.5
  edge h -> h dense learn gradient(mse)
  edge bend: h -> y network Bend
  edge out: h -> y dense
  schedule synchronous
  phase hear { steps 3 per sample clamp u }
  train hear
  infer hear
}

network Bend {
  input  a (5)
  layer  b (3) tanh
  output c (1)
  edge a -> b dense
  edge b -> b dense(strength = 0.5)
  edge b -> c dense
  phase settle { until settled within 0.01 max 20 clamp a }
  infer settle
}
"""


def test_over_time_it_reaches_back_to_the_beginning_of_the_sample_and_through_networks_that_are_edges():
    """Plain descent by the gradient after each sample, against a loop that does the same by `jax.grad`."""
    net = dync.Network(_plan(OVER_TIME))
    learner = start_learner(net.init(jax.random.key(0)), optax.sgd(0.1))
    orch, rng = learner.orchestrator, np.random.default_rng(2)
    u, d = (rng.normal(size=(2, 3, units)).astype(np.float32) for units in (2, 1))

    def loss(chosen, h, y, sample, target):
        for _ in range(3):
            field = sample @ chosen["h", "u"] + h @ chosen["h", "h"]
            h, y = 0.4 * h + 0.6 * jnp.tanh(field), h @ orch.lmap["out"].weight + orch.lmap["bend"](h)
        return jnp.mean((y - target) ** 2), (h, y)

    weights = {pair: orch.lmap[pair].weight for pair in (("h", "u"), ("h", "h"))}
    h, y = jnp.zeros((2, 5)), jnp.zeros((2, 1))
    for t in range(3):
        slopes, (h, y) = jax.jit(jax.grad(loss, has_aux=True))(weights, h, y, u[:, t], d[:, t])
        weights = {pair: w - 0.1 * (0.5 if pair == ("h", "u") else 1) * slopes[pair] for pair, w in weights.items()}
    after, _ = learn_batch(optax.sgd(0.1).update, learner, {"u": u, "y": d}, jax.random.key(0))
    for pair, weight in weights.items():
        np.testing.assert_allclose(after.orchestrator.lmap[pair].weight, weight, rtol=1e-4, atol=1e-6)


MLP = """
network Digits {
  input  x (64)
  layer  h (40) tanh
  output y (10)
  constant one (1) = 1
  edge x -> h dense learn gradient(surprise)
  edge one -> h dense(strength = 0) learn gradient(surprise)
  edge h -> y dense learn gradient(surprise)
  edge one -> y dense(strength = 0) learn gradient(surprise)
  measure surprise = log(sum(exp(y - max(y)))) + max(y) - sum(y * (1 + y.target)) / 2 minimize
  phase run { steps 1 clamp x }
  train run
  infer run
}

pipeline fit training {
  network   Digits
  data      digits then split(test = 0.2)
  epochs    6
  batch     32
  optimizer adam(0.01)
}
"""


def _surprise(weights, x, classes):
    """What a perceptron of two layers makes of examples, by hand."""
    hidden = jnp.tanh(x @ weights["h", "x"] + weights["h", "one"])
    logits = hidden @ weights["y", "h"] + weights["y", "one"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, classes).mean()


def test_a_perceptron_of_two_layers_learns_digits(tmp_path):
    """Its gradient is that of the same program by hand, for several draws of weights at once; and it learns by it."""
    path = tmp_path / "digits.dyn"
    path.write_text(MLP)
    net = dync.compile(path).network()
    classes = np.arange(7) % 10
    x = np.random.default_rng(0).normal(size=(7, 64)).astype(np.float32)
    state = net.state(x, 2 * jax.nn.one_hot(classes, 10) - 1)

    def found(key):
        orch = net.init(key)
        after, key = orch.relax("train", state, rng=key)
        back = orch.backward(after, rng=key)
        return [{pair: edge.weight for pair, edge in lmap.items()} for lmap in (orch.lmap, back)]

    weights, slopes = jax.vmap(found)(jax.random.split(jax.random.key(0), 3))
    expected = jax.vmap(jax.grad(_surprise), (0, None, None))(weights, x, classes)
    for pair, slope in expected.items():
        np.testing.assert_allclose(slopes[pair], slope, rtol=1e-4, atol=1e-6)
    result = dync.run(path, "fit", out=tmp_path / "fit")
    assert result.outputs["evaluation_results"]["test"]["accuracy"] > 0.95


def _following(plan):
    """The same network, whose edges with weights of their own all follow the error of the outputs.

    Nothing else learns: what a tied edge wants is added to what the owner of its weights does.
    """
    families = tuple(
        replace(
            family,
            rule=None,
            modulators=(),
            during=None,
            gradient=None if family.weightless or family.kind == "network" else GradientPlan("mse"),
        )
        for family in plan.structure.families
    )
    structure = replace(plan.structure, families=families)
    numbers = dict(plan.numbers)
    for f, family in enumerate(families):
        if family.gradient is not None:
            numbers |= {f"family.{f}.rate": (1.0,) * len(family.edges), f"family.{f}.decay": (0.0,) * len(family.edges)}
    kept = number_lengths(structure)
    return Plan(structure, {key: value for key, value in numbers.items() if key in kept})


@pytest.mark.slow
@settings(
    max_examples=int(os.environ.get("DYNC_NETWORKS", "8")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(drawn=networks(outputs=(1, 2)))
def test_drawn_networks_have_the_slope_that_differences_have(drawn):
    """Along one random direction an edge: every kind of edge, schedule, phase and activation that can be drawn."""
    plan = _following(drawn.plan())
    activations = [block.activation for block in plan.structure.blocks if block.activation is not None]
    assume(plan.structure.train and plan.structure.follows_gradients)
    assume(not any(a.surrogate or a.sends_slope is not None for a in activations))
    verify_plan(plan)
    x, y = drawn.data(plan)
    rng = np.random.default_rng(drawn.seed)
    weights, absent = draw_weights(plan, rng)
    naive = Interpreter(plan, absent=absent)
    start = naive.start(x, y, batch=drawn.batch)
    naive.relax("train", start, weights)
    assume(naive.margin.smallest > 1e-3)
    expected, ways = {}, {}
    for name, edge in naive.edges.items():
        if edge.gradient is not None:
            ways[name] = np.where(naive.moves(edge), rng.normal(size=edge.shape), 0.0)
            expected[name] = along(naive, start, weights, name, ways[name], edge.gradient)
    net = dync.Network(plan)
    orch = with_these_weights(net, weights)
    state = net.state(
        *(
            {n: v.reshape(-1, *net.layers(role)[n]) for n, v in data.items()}
            for role, data in (("input", x), ("output", y))
        ),
        batch=drawn.batch,
    )
    state, key = orch.relax("train", state, rng=jax.random.key(0))
    back = orch.backward(state, rng=key)
    keys = {edge_name(key): key for key in orch.lmap}
    for name, slope in expected.items():
        found = -float((np.asarray(back[keys[name]].weight, np.float64).reshape(ways[name].shape) * ways[name]).sum())
        assert abs(found - slope) <= 2e-3 * (1 + abs(slope)), f"{name}: {found} is not {slope}\n{drawn.text}"
