"""Convolutions and pools against JAX's own, and what learns in them against loops over positions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import dync
from dync.runtime.kinds import convolution

pytestmark = pytest.mark.usefixtures("hardly_optimized")

NETWORK = """
rule tangled {{ update tanh(pre * post + weight) / (batch * fan_in) }}
network Windows {{
  input  x {x}
  layer  h {h} tanh
  output y {h}
  edge e: x -> h {kind}
  edge h -> y one_to_one
  phase settle {{ steps 1 }}
  train settle
  infer settle
}}
"""

CONVOLUTIONS = [
    ("(7, 2)", "(3, 4)", "conv(3, stride = 2)", (2,), 0),
    ("(5, 6, 2)", "(5, 6, 4)", "conv((3, 2), padding = same)", (1, 1), "SAME"),
    ("(6, 5, 4)", "(3, 3, 2)", "conv((2, 3), stride = (2, 2), padding = (0, 1), groups = 2)", (2, 2), ((0, 0), (1, 1))),
    ("(4, 3, 5, 2)", "(3, 2, 4, 3)", "conv(2)", (1, 1, 1), 0),
    ("(4, 3, 1)", "(3, 2, 1)", "conv((2, 3), stride = 2, padding = 1)", (2, 2), 1),  # whose transpose once ended XLA
]


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def bound(x, h, kind):
    net = dync.compile_text(NETWORK.format(x=x, h=h, kind=kind)).network()
    return net, net.init(jax.random.key(3))


def states(net, rng, batch=3):
    shapes = net.layers("input") | net.layers("layer")
    return tuple(jnp.asarray(rng.uniform(-1, 1, (batch, *shapes[n])).astype(np.float32)) for n in ("x", "h"))


def reference(image, kernel, stride, padding, groups):
    """The convolution as JAX offers it, channels last."""
    axes = "DHW"[3 - len(stride) :]
    pads = [(padding, padding)] * len(stride) if isinstance(padding, int) else padding
    numbers = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    return lax.conv_general_dilated(
        image, kernel, stride, pads, dimension_numbers=numbers, feature_group_count=groups, precision="highest"
    )


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=lambda case: case[2])
def test_a_message_is_a_convolution(case, rng):
    x_shape, h_shape, kind, stride, padding = case
    net, orch = bound(x_shape, h_shape, kind)
    image, _ = states(net, rng)
    edge = orch.lmap["e"]
    found = reference(image, edge.weight, stride, padding, 2 if "groups" in kind else 1)
    np.testing.assert_allclose(edge(image), found, atol=1e-5)


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=lambda case: case[2])
def test_the_transposed_one_is_its_transpose(case, rng):
    """Of a map and its transpose, `<C x, h> = <x, C^T h>` for all x and h."""
    x_shape, h_shape, kind, _, _ = case
    net, orch = bound(x_shape, h_shape, kind)
    _, back = bound(h_shape, x_shape, kind[:-1] + ", transposed = true)")
    image, maps = states(net, rng)
    kernel = orch.lmap["e"].weight
    back = back.with_weights({"e": kernel})
    there, and_back = orch.lmap["e"](image), back.lmap["e"](maps)
    assert and_back.shape == image.shape
    np.testing.assert_allclose(jnp.vdot(there, maps), jnp.vdot(image, and_back), rtol=1e-4)


def loops(net, image, maps, kernel, per_synapse, stride, before, groups):
    """The sum of a rule over batch and positions for every weight, by loops."""
    total = np.zeros(kernel.shape)
    positions, offsets = maps.shape[1:-1], kernel.shape[:-2]
    inner, outer = kernel.shape[-2], kernel.shape[-1] // groups
    for place in np.ndindex(positions):
        for offset in np.ndindex(offsets):
            at = tuple(p * s + k - b for p, s, k, b in zip(place, stride, offset, before, strict=True))
            if any(not 0 <= a < n for a, n in zip(at, image.shape[1:-1], strict=True)):
                continue
            for c in range(inner):
                for o in range(kernel.shape[-1]):
                    pre = image[(slice(None), *at, (o // outer) * inner + c)]
                    post = maps[(slice(None), *place, o)]
                    total[(*offset, c, o)] += per_synapse(pre, post, kernel[(*offset, c, o)]).sum()
    return total


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(
    ("rule", "per_synapse"),
    [
        ("hebbian", lambda pre, post, weight: pre * post / 3),
        ("oja", lambda pre, post, weight: (pre * post - post**2 * weight) / 3),
        ("outstar", lambda pre, post, weight: pre * (post - weight) / 3),
        ("tangled", lambda pre, post, weight: np.tanh(pre * post + weight) / 3),
    ],
)
@pytest.mark.parametrize("chunk", [2**26, 64])
def test_a_weight_learns_at_every_position(rule, per_synapse, transposed, chunk, rng, monkeypatch):
    monkeypatch.setattr(convolution, "CHUNK_BYTES", chunk)
    kind = f"conv((3, 2), stride = (2, 1), padding = (1, 1), groups = 2, transposed = {str(transposed).lower()})"
    ends = ("(5, 4, 4)", "(3, 5, 2)")
    net, orch = bound(*(ends[::-1] if transposed else ends), f"{kind} learn {rule}")
    edge = orch.lmap["e"]
    x, h = states(net, rng)
    found = -edge.backward(x, h, jnp.zeros_like(h)).weight
    if rule == "tangled":  # fan_in: the units that one unit hears
        found = found * ((2 * 2 * 1) if transposed else 3 * 2 * 2)
    image, maps = (np.asarray(v, np.float64) for v in ((h, x) if transposed else (x, h)))
    swapped = (lambda pre, post, w: per_synapse(post, pre, w)) if transposed else per_synapse
    expected = loops(net, image, maps, np.asarray(edge.weight, np.float64), swapped, (2, 1), (1, 1), 2)
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_weights_are_drawn_by_how_many_units_are_heard():
    net, _ = bound("(12, 12, 8)", "(10, 10, 64)", "conv(3, strength = 2, density = 0.5)")
    weights = np.concatenate([np.ravel(net.init(jax.random.key(n)).lmap["e"].weight) for n in range(4)])
    present = weights[weights != 0]
    assert present.size / weights.size == pytest.approx(0.5, abs=0.02)
    assert present.std() == pytest.approx(2 / np.sqrt(72 * 0.5), rel=0.03)


def test_the_same_seed_draws_the_same_kernel_and_absent_weights_stay_absent():
    kind = "conv(3, padding = same, density = 0.4) learn hebbian rate 5 decay 0.1"
    net, orch = bound("(4, 4, 2)", "(4, 4, 2)", kind)
    again = net.init(jax.random.key(3)).lmap["e"].weight
    np.testing.assert_array_equal(orch.lmap["e"].weight, again)
    x = jnp.ones((2, 4, 4, 2))
    gradient = orch.lmap["e"].backward(x, x, x).weight
    np.testing.assert_array_equal(np.asarray(gradient)[np.asarray(orch.lmap["e"].weight) == 0], 0)
    assert np.abs(gradient).sum() > 0


POOLS = [
    ("(6, 4, 3)", "(3, 2, 3)", "pool(2)", "max", (2, 2), (2, 2), 0),
    (
        "(6, 5, 2)",
        "(6, 3, 2)",
        "pool((3, 2), stride = (1, 2), padding = same, by = sum)",
        "sum",
        (3, 2),
        (1, 2),
        "SAME",
    ),
    ("(7, 2)", "(4, 2)", "pool(3, stride = 2, padding = 1, by = mean)", "mean", (3,), (2,), 1),
]


@pytest.mark.parametrize("case", POOLS, ids=lambda case: case[2])
def test_a_pool_is_a_reduced_window(case, rng):
    x_shape, h_shape, kind, by, kernel, stride, padding = case
    net, orch = bound(x_shape, h_shape, kind)
    image, _ = states(net, rng)
    pads = padding if isinstance(padding, str) else [(0, 0), *[(padding, padding)] * len(kernel), (0, 0)]
    start, together = (-np.inf, lax.max) if by == "max" else (0.0, lax.add)
    window = (1, *kernel, 1), (1, *stride, 1), pads
    found = lax.reduce_window(image, np.float32(start), together, *window)
    if by == "mean":
        found = found / lax.reduce_window(jnp.ones_like(image), np.float32(0), lax.add, *window)
    edge = orch.lmap["e"]
    np.testing.assert_allclose(edge(image), found, atol=1e-5)
    assert edge.weight.shape == (0,)


@pytest.mark.parametrize(("pool", "unpool"), [("max", "copy"), ("mean", "copy"), ("sum", "share")])
def test_an_unpool_is_undone_by_a_pool(pool, unpool, rng):
    net, up = bound("(3, 2, 2)", "(6, 6, 2)", f"unpool((2, 3), by = {unpool})")
    _, down = bound("(6, 6, 2)", "(3, 2, 2)", f"pool((2, 3), by = {pool})")
    small, _ = states(net, rng)
    np.testing.assert_allclose(down.lmap["e"](up.lmap["e"](small)), small, atol=1e-6)


def test_where_windows_overlap_an_unpool_adds(rng):
    net, up = bound("(2, 1)", "(3, 1)", "unpool(2, stride = 1)")
    message = up.lmap["e"](jnp.array([[[1.0], [10.0]]]))
    np.testing.assert_array_equal(np.ravel(message), [1, 11, 10])
    assert net.plan.numbers.keys() == {"family.1.strength"}


@pytest.mark.parametrize(
    ("places", "units", "kind", "expected"),
    [(2, 5, "unpool(2)", [1, 1, 10, 10, 0]), (2, 4, "unpool(3, padding = 1, by = share)", [0.5, 0.5, 5, 5])],
)
def test_an_unpool_stays_within_its_windows(places, units, kind, expected):
    _, up = bound(f"({places}, 1)", f"({units}, 1)", kind)
    np.testing.assert_array_equal(np.ravel(up.lmap["e"](jnp.array([[[1.0], [10.0]]]))), expected)


def test_a_pool_has_no_leaf_and_takes_no_weights():
    _, orch = bound("(4, 4, 1)", "(2, 2, 1)", "pool(2)")
    assert [leaf.shape for leaf in jax.tree.leaves(orch.lmap)] == [(1,)]
    with pytest.raises(ValueError, match="x -> h is a pool, which has no weights"):
        orch.with_weights({"e": np.zeros(0)})


def test_gradients_pass_through_windows(rng):
    net, orch = bound("(6, 6, 1)", "(3, 3, 1)", "pool(2, by = max)")
    image, _ = states(net, rng)
    gradient = jax.grad(lambda value: jnp.sum(orch.lmap["e"](value)))(image)
    assert float(jnp.sum(gradient)) == 3 * 9
