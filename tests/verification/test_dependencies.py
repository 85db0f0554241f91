"""What the analysis of a jaxpr leaves out, no number can bring in: held to perturbations, one element at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from dync.verification.dependencies import dependencies, traced
from dync.verification.masks import bit, spread, words_for
from dync.verification.node import Node

X, Y = np.arange(1.0, 13.0).reshape(3, 4).astype(np.float32), np.linspace(-1, 2, 20).reshape(4, 5).astype(np.float32)
PLACES = np.array([2, 0, 2])


def looped(x):
    def body(carry):
        total, count = carry
        return total + x[1], count + 1

    return lax.while_loop(lambda carry: (jnp.sum(carry[0]) < 50) & (carry[1] < 9), body, (x[0], 0))[0]


def long_scan(x):
    return lax.scan(lambda c, row: (c + x[1] * row, c), x[0], jnp.arange(100.0))


FUNCTIONS = {
    "elementwise": lambda x, y: jnp.tanh(x) * 2 + jnp.where(x > 3, x, -x),
    "broadcast": lambda x, y: x[:, :, None] + y[None],
    "product": lambda x, y: x @ y,
    "batched product": lambda x, y: jnp.einsum("bi,bj->ij", x, x[:, :2]),
    "reductions": lambda x, y: (jnp.sum(x, 0), jnp.max(y, 1), jnp.argmax(y, 0).astype(jnp.float32), jnp.mean(x)),
    "cumulative": lambda x, y: jnp.cumsum(x, 1),
    "shapes": lambda x, y: (x.T.reshape(2, 6), x.reshape(3, 2, 2)[:, 0], jnp.flip(y, 0), x[None, :, 1:3]),
    "pieces": lambda x, y: (jnp.concatenate([x, 2 * x[:1]], 0), jnp.stack([x[0], x[2]], 1), jnp.split(y, 2)[1]),
    "repeated": lambda x, y: (jnp.tile(x, (2, 1)), jnp.squeeze(x[:1], 0)),
    "padding": lambda x, y: lax.pad(x, x[0, 0], [(1, 0, 1), (0, -1, 0)]),
    "gather": lambda x, y: x[PLACES] * y[1, PLACES][:, None],
    "unknown places": lambda x, y: y[jnp.argmax(x, axis=1)],
    "scatter": lambda x, y: y.at[PLACES].add(x[:, :1]),
    "written": lambda x, y: (y.at[1:3].set(y[:2] * 2), lax.dynamic_update_slice(y, x[:2, :2], (2, 1))),
    "cut": lambda x, y: (lax.dynamic_slice(y, (1, 2), (2, 2)), lax.dynamic_slice(y, (jnp.int32(x[0, 0]), 0), (2, 5))),
    "branches": lambda x, y: lax.cond(x[0, 0] > 0, lambda: y[0], lambda: y[1]),
    "scan": lambda x, y: lax.scan(lambda c, row: (c + row, c * row[0]), y[:, 0], x),
    "long scan": lambda x, y: long_scan(x),
    "while": lambda x, y: looped(x),
    "convolution": lambda x, y: lax.conv_general_dilated(x[None, None], y[None, None, :2, :2], (1, 1), "VALID"),
    "grouped convolution": lambda x, y: jax.vmap(
        lambda a, b: lax.conv_general_dilated(a[None, None], b[None, None], (1,), "SAME")
    )(x, y[:3, :3]),
    "called": lambda x, y: jax.nn.relu(x) + jax.jit(lambda a: a[::-1])(x),
    "sorted": lambda x, y: jnp.sort(y, 1),
    "barrier": lambda x, y: (lax.optimization_barrier((x, y)), lax.stop_gradient(x)),
}  # fmt: skip

EXACT = {"elementwise", "broadcast", "product", "batched product", "shapes", "pieces", "repeated", "gather", "scatter",
         "padding", "barrier"}  # fmt: skip
"""Functions of which the analysis says no more than is true."""


def marked(x, start, words):
    """Every element a source of its own."""
    rows = [bit(start + n, words) for n in range(x.size)]
    return Node(x.shape, np.stack(rows).reshape(*x.shape, words))


def numeric(function, x, y):
    """For each input element, which elements of the results change with it; several sizes of change are tried."""
    before = [np.asarray(leaf) for leaf in jax.tree.leaves(function(x, y))]
    reached = []
    for which, array in ((0, x), (1, y)):
        for n in range(array.size):
            changed = [np.zeros(leaf.shape, bool) for leaf in before]
            for amount in (0.37, -30.0, 40.0):
                other = array.copy()
                other.reshape(-1)[n] += amount
                after = jax.tree.leaves(function(*((other, y) if which == 0 else (x, other))))
                changed = [c | (np.asarray(a) != b) for c, a, b in zip(changed, after, before, strict=True)]
            reached.append(changed)
    return reached


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_reaches_what_it_is_said_not_to_reach(name):
    function = FUNCTIONS[name]
    words = words_for(X.size + Y.size)
    found = dependencies(traced(function, X, Y), [marked(X, 0, words), marked(Y, X.size, words)], words)
    masks = [spread(node.mask, node.shape, range(node.rank)) for node in found]
    for source, changed in enumerate(numeric(jax.jit(function), X, Y)):
        own = bit(source, words)
        for mask, moved in zip(masks, changed, strict=True):
            said = (mask & own).any(axis=-1)
            assert (said | ~moved).all(), source
            if name in EXACT:
                assert (said == moved).all(), source
