"""What is measured as ours is the same network too: it learns the same weights as the programs written by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import ours
from benchmarks.handwritten import chain, mnist_dense
from benchmarks.networks import Chain, Mnist

SMALL = {
    "sequential": (Chain(depth=3, schedule="sequential", units=12, classes=4, rows=5, steps=3), chain),
    "synchronous": (Chain(depth=3, schedule="synchronous", units=12, classes=4, rows=5, steps=3), chain),
    "mnist": (Mnist(inputs=30, units=40, classes=4, rows=5, densities=(0.5, 0.2)), mnist_dense),
}


@pytest.mark.parametrize("name", SMALL)
def test_ours_learns_what_the_handwritten_program_learns(name):
    net, handwritten = SMALL[name]
    edges = net.edges(seed=0)
    xs, ys = map(jnp.array, net.data(seed=1, batches=4))
    results = []
    for program in (ours.build(net), handwritten.build(net)):
        weights = program.load(edges)
        results.append(program.save(program.compile(weights, xs, ys)(weights, xs, ys)))
    assert results[0].keys() == results[1].keys()
    for edge in results[0]:
        np.testing.assert_allclose(results[0][edge], results[1][edge], atol=1e-4, err_msg=edge)
