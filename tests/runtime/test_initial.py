"""Weights as they are first drawn: their moments, what is absent, what is fixed, and which key decides what."""

import jax
import numpy as np
import pytest

import dync

TEXT = """
network Drawn {
  input x (300)
  layer h[1..2] (200) tanh
  output y (200)
  edge x -> h[1] dense(strength = 5)
  edge x -> h[2] dense(strength = 3, density = 0.3)
  edge h[1] -> h[1] dense(strength = 2, diagonal = 0.9, density = 0.4)
  edge h[2] -> h[2] dense(diagonal = -0.5)
  edge h[1] -> h[2] dense(strength = 0)
  edge h[2] -> h[1] one_to_one(0.25)
  edge h[1] -> y dense
  edge h[2] -> y one_to_one(0.75) learn hebbian
}
"""


@pytest.fixture(scope="module")
def net():
    return dync.compile_text(TEXT).network()


@pytest.fixture(scope="module")
def lmap(net):
    return net.init(jax.random.key(42)).lmap


@pytest.mark.parametrize(("receiver", "sender", "strength", "density", "fan_in"), [
    ("h[1]", "x", 5, 1, 300), ("h[2]", "x", 3, 0.3, 300), ("h[1]", "h[1]", 2, 0.4, 200), ("h[2]", "h[2]", 1, 1, 200),
    ("y", "h[1]", 1, 1, 200),
])  # fmt: skip
def test_moments_and_density(lmap, receiver, sender, strength, density, fan_in):
    """Five standard deviations either way."""
    weight = np.asarray(lmap[receiver, sender].weight, np.float64)
    drawn = weight[~np.eye(200, dtype=bool)] if sender == receiver else weight.ravel()
    kept = drawn[drawn != 0]
    assert abs(len(kept) / drawn.size - density) <= 5 * np.sqrt(density * (1 - density) / drawn.size)
    deviation = strength / np.sqrt(fan_in * density)
    assert abs(kept.mean()) < 5 * deviation / np.sqrt(len(kept))
    assert abs(kept.var() / deviation**2 - 1) < 5 * np.sqrt(2 / len(kept))
    assert abs(np.mean((kept / deviation) ** 4) - 3) < 5 * np.sqrt(96 / len(kept))


def test_what_is_fixed_is_exact(lmap):
    np.testing.assert_array_equal(np.diagonal(lmap["h[1]", "h[1]"].weight), np.full(200, 0.9, np.float32))
    np.testing.assert_array_equal(np.diagonal(lmap["h[2]", "h[2]"].weight), np.full(200, -0.5, np.float32))
    assert not lmap["h[2]", "h[1]"].weight.any()
    assert float(lmap["h[1]", "h[2]"].weight) == 0.25
    np.testing.assert_array_equal(lmap["y", "h[2]"].weight, np.full(200, 0.75, np.float32))


def test_edges_are_drawn_apart(lmap):
    first, second = (np.asarray(lmap[f"h[{i}]", "x"].weight) for i in (1, 2))
    kept = second != 0
    assert abs(np.corrcoef(first[kept], second[kept])[0, 1]) < 5 / np.sqrt(kept.sum())
    assert abs(np.corrcoef(first.ravel(), kept.ravel())[0, 1]) < 5 / np.sqrt(first.size)


def test_another_edge_leaves_the_others_alone(lmap):
    more = dync.compile_text(TEXT.replace("  edge h[1] -> y", "  edge x -> y dense\n  edge h[1] -> y")).network()
    other = more.init(jax.random.key(42)).lmap
    for key, edge in lmap.items():
        np.testing.assert_array_equal(other[key].weight, edge.weight)
