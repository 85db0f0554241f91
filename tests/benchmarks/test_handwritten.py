"""The programs that ours is measured against must be the same network: they agree with each other."""

import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.handwritten import chain, dictionaries, mnist, mnist_dense
from benchmarks.networks import Chain, Mnist, Network
from benchmarks.program import Edges, Program

SMALL_MNIST = Mnist(inputs=30, units=40, classes=4, rows=5, densities=(0.5, 0.2))


def trained(program: Program, net: Network, edges: Edges, batches: int = 4) -> Edges:
    xs, ys = map(jnp.array, net.data(seed=1, batches=batches))
    weights = program.load(edges)
    return program.save(program.compile(weights, xs, ys)(weights, xs, ys))


def assert_equal(left: Edges, right: Edges) -> None:
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_allclose(left[name], right[name], atol=1e-5, err_msg=name)


def moved(before: Edges, after: Edges) -> set[str]:
    return {name for name in before if not np.array_equal(before[name], after[name])}


@pytest.mark.parametrize("schedule", ["sequential", "synchronous"])
def test_the_stacked_chain_is_the_chain_of_modules(schedule):
    net = Chain(depth=3, schedule=schedule, units=12, classes=4, rows=5, steps=3)
    edges = net.edges(seed=0)
    stacked = trained(chain.build(net), net, edges)
    assert_equal(stacked, trained(dictionaries.build(net), net, edges))
    copies = {"h[2]->h[1]", "h[3]->h[2]"}
    assert moved(edges, stacked) == edges.keys() - copies - {"y->h[3]"}


def test_the_schedules_differ():
    nets = [Chain(depth=3, schedule=s, units=12, classes=4, rows=5, steps=3) for s in ("sequential", "synchronous")]
    edges = nets[0].edges(seed=0)
    first, second = (trained(chain.build(net), net, edges) for net in nets)
    assert not np.allclose(first["h[2]->h[3]"], second["h[2]->h[3]"])


@pytest.mark.parametrize("program", [mnist, dictionaries])
def test_the_mnist_programs_agree(program):
    edges = SMALL_MNIST.edges(seed=0)
    dense = trained(mnist_dense.build(SMALL_MNIST), SMALL_MNIST, edges)
    assert_equal(trained(program.build(SMALL_MNIST), SMALL_MNIST, edges), dense)
    assert moved(edges, dense) == {"x->h", "h->h", "h->y"}


def test_absent_weights_and_the_diagonal_stay():
    edges = SMALL_MNIST.edges(seed=0)
    after = trained(mnist.build(SMALL_MNIST), SMALL_MNIST, edges)
    for name in ("x->h", "h->h"):
        assert not after[name][edges[name] == 0].any()
    np.testing.assert_array_equal(np.diagonal(after["h->h"]), np.float32(SMALL_MNIST.diagonal))
