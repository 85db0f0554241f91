"""`radius`: against all eigenvalues by NumPy, and against weights that have none to rescale."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dync
from dync.runtime.error import RunError
from dync.runtime.spectral_radius import EXACT, spectral_radius

pytestmark = pytest.mark.usefixtures("hardly_optimized")

KEY = jax.random.key(3)


def network(edge, units=60):
    return f"""
network Recurrent {{
  param radius = 0.9
  input x (4)
  layer h ({units}) tanh
  output y (2)
  edge x -> h dense
  edge h -> h dense({edge})
  edge h -> y dense
}}
"""


def recurrent(edge, units=60, key=KEY):
    return np.asarray(dync.compile_text(network(edge, units)).network().init(key).lmap["h", "h"].weight)


def radius_of(matrix):
    return np.abs(np.linalg.eigvals(matrix.astype(np.float64))).max()


@pytest.mark.parametrize("edge", [
    "radius = 0.95",
    "radius = 0.95, density = 0.1",
    "radius = 0.95, present = small_world(k = 4, p = 0.1, seed = 3)",
    "radius = 0.95, weights = uniform - 0.5, present = uniform < 0.2",
    "radius = 0.95, weights = exp(-abs(i - j) / 3) * sign(normal)",
    "radius = 0.95, present = i >= j",
])  # fmt: skip
def test_the_radius_is_that_of_all_eigenvalues(edge):
    assert radius_of(recurrent(edge)) == pytest.approx(0.95, rel=1e-4)


def test_a_fixed_diagonal_does_not_count():
    found = recurrent("radius = 0.5, diagonal = 0.7")
    np.testing.assert_allclose(np.diag(found), 0.7, rtol=1e-6)
    assert radius_of(found - np.diag(np.diag(found))) == pytest.approx(0.5, rel=1e-4)


def test_the_weights_are_only_rescaled():
    plain, scaled = recurrent("density = 0.3"), recurrent("density = 0.3, radius = radius")
    there = plain != 0
    np.testing.assert_array_equal(there, scaled != 0)
    ratio = scaled[there] / plain[there]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-5)


def test_sparse_weights_are_rescaled_too():
    text = network("radius = 1.2, present = small_world(k = 6, p = 0.1, seed = 1), diagonal = 0", 300)
    net = dync.compile_text(text).network()
    family = next(f for f in net.plan.structure.families if f.between is not None)
    assert family.slots is not None
    assert radius_of(np.asarray(net.init(KEY).lmap["h", "h"].weight)) == pytest.approx(1.2, rel=1e-4)


def test_jit_and_vmap():
    net = dync.compile_text(network("radius = radius", 40)).network()
    np.testing.assert_allclose(
        jax.jit(net.init)(KEY).lmap["h", "h"].weight, net.init(KEY).lmap["h", "h"].weight, rtol=1e-5, atol=1e-7
    )
    many = jax.vmap(net.init)(jax.random.split(KEY, 3))
    f = next(n for n, family in enumerate(net.plan.structure.families) if family.between is not None)
    assert [radius_of(np.asarray(w)) for w in many.lmap.weights[f][:, 0]] == pytest.approx([0.9] * 3, rel=1e-4)


def test_radii_map_over_numbers():
    net = dync.compile_text(network("radius = radius", 30)).network()
    f = next(n for n, family in enumerate(net.plan.structure.families) if family.between is not None)
    numbers = {**net.parameters, f"family.{f}.radius": jnp.asarray([0.3])}
    assert radius_of(np.asarray(net.init(KEY, numbers).lmap["h", "h"].weight)) == pytest.approx(0.3, rel=1e-4)


@pytest.mark.parametrize("edge", ["radius = 1, present = i < j", "radius = 1, weights = 0", "radius = 1, diagonal = 0"])
def test_weights_without_a_loop_are_an_error(edge):
    units = 1 if "diagonal" in edge else 20
    net = dync.compile_text(network(edge, units)).network()
    with pytest.raises(RunError, match="the weights of h -> h as they are drawn have the spectral radius 0"):
        net.init(KEY)


def test_under_jit_they_are_an_error_too():
    net = dync.compile_text(network("radius = 1, present = i < j", 20)).network()
    with pytest.raises(Exception, match="have the spectral radius 0"):
        jax.block_until_ready(jax.tree.leaves(jax.jit(net.init)(KEY)))


# --- the radius itself ------------------------------------------------------------------------------------------------


N = EXACT + 50


def turned(triangular, rng):
    """A matrix with the eigenvalues on the diagonal of a triangular one."""
    q = np.linalg.qr(rng.normal(size=(N, N)))[0]
    return q @ triangular @ q.T


LARGE = {
    "normal": (lambda rng: turned(np.diag(np.linspace(-3, 2, N)), rng), 3),
    "not normal": (
        lambda rng: turned(np.triu(rng.normal(size=(N, N)), 1) / N + np.diag(np.linspace(-1, 2, N)), rng),
        2,
    ),
    "close together": (lambda rng: turned(np.diag(np.linspace(1.999, 2, N) * rng.choice([-1, 1], N)), rng), 2),
    "rotation": (lambda rng: turned(np.eye(N), rng) @ np.roll(np.eye(N), 1, axis=1), 1),
    "positive": (lambda rng: np.outer(np.ones(N), p := rng.random(N)) / p.sum() * 7, 7),
    "ring": (lambda rng: 5 * np.roll(np.eye(N), 1, axis=1), 5),
}


@pytest.mark.parametrize(("make", "expected"), LARGE.values(), ids=LARGE)
def test_large_matrices_of_known_eigenvalues(make, expected):
    matrix = make(np.random.default_rng(5))
    found = spectral_radius(matrix)
    assert found == pytest.approx(expected, rel=1e-3)
    assert found == spectral_radius(matrix), "the same weights always give the same radius"


@pytest.mark.slow
@pytest.mark.parametrize("density", [1, 0.01])
def test_large_random_matrices(density):
    rng = np.random.default_rng(5)
    matrix = rng.normal(size=(N, N)) * (rng.random((N, N)) < density)
    assert spectral_radius(matrix) == pytest.approx(radius_of(matrix), rel=1e-4)


@pytest.mark.parametrize("units", [5, EXACT + 50])
def test_no_loops_are_zero_exactly(units):
    rng = np.random.default_rng(0)
    order = rng.permutation(units)
    chain = np.zeros((units, units))
    chain[order[:-1], order[1:]] = 1e3
    assert spectral_radius(chain) == 0
    assert spectral_radius(np.triu(rng.normal(size=(units, units)), 1)[np.ix_(order, order)]) == 0


def test_cancelling_weights_are_nothing_as_well():
    nilpotent = np.outer([1.0, 2.0, 3.0], [3.0, 0.0, -1.0])
    assert nilpotent @ nilpotent == pytest.approx(np.zeros((3, 3)))
    assert spectral_radius(nilpotent) == 0


def test_only_loops_count():
    matrix = np.zeros((4, 4))
    matrix[0, 1], matrix[1, 2], matrix[2, 1], matrix[2, 3] = 100, 2, 8, 100
    assert spectral_radius(matrix) == pytest.approx(4)


def test_what_is_not_finite_has_none():
    assert np.isnan(spectral_radius(np.array([[1.0, np.inf], [0, 1]])))
