"""The rules of the standard library as one would write them in JAX by hand, for a dense edge into tanh units.

Each is given what is at the two ends by the names of the language, arrays `[batch, units]`, and the weights
`[units of the sender, units of the receiver]`; it makes the update of all weights. Parameters have their defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import jax.numpy as jnp
from jax import Array

Ends = Mapping[str, Array]
"""`pre`, `post`, what they were at the ends of phases: `pre@free`, the `target` of the receiver, and the traces of the
rule by their names."""

Rule = Callable[[Ends, Array], Array]


def hebbian(ends: Ends, _: Array) -> Array:
    """`pre * post / batch`."""
    return ends["pre"].T @ ends["post"] / len(ends["pre"])


def anti_hebbian(ends: Ends, w: Array) -> Array:
    """`-pre * post / batch`."""
    return -hebbian(ends, w)


def covariance(ends: Ends, _: Array) -> Array:
    """`(pre - pre_mean) * (post - post_mean) / batch`."""
    return (ends["pre"] - 0.0).T @ (ends["post"] - 0.0) / len(ends["pre"])


def oja(ends: Ends, w: Array) -> Array:
    """`(pre * post - post**2 * weight) / batch`."""
    pre, post = ends["pre"], ends["post"]
    return (pre.T @ post - (post**2).sum(axis=0) * w) / len(pre)


def bcm(ends: Ends, _: Array) -> Array:
    """`pre * post * (post - threshold) / batch`."""
    pre, post = ends["pre"], ends["post"]
    return pre.T @ (post * (post - 1.0)) / len(pre)


def instar(ends: Ends, w: Array) -> Array:
    """`post * (pre - weight) / batch`."""
    pre, post = ends["pre"], ends["post"]
    return (pre.T @ post - post.sum(axis=0) * w) / len(pre)


def outstar(ends: Ends, w: Array) -> Array:
    """`pre * (post - weight) / batch`."""
    pre, post = ends["pre"], ends["post"]
    return (pre.T @ post - pre.sum(axis=0)[:, None] * w) / len(pre)


def perceptron(ends: Ends, w: Array) -> Array:
    """`[post * field <= margin] * post * pre / sqrt(batch * fan_in)`."""
    pre, post = ends["pre"], ends["post"]
    return pre.T @ jnp.where(post * (pre @ w) <= 0, post, 0) / jnp.sqrt(float(pre.size))


def lms(ends: Ends, w: Array) -> Array:
    """`(post - field) * pre / batch`."""
    pre, post = ends["pre"], ends["post"]
    return pre.T @ (post - pre @ w) / len(pre)


def delta(ends: Ends, w: Array) -> Array:
    """`(post - predicted) * slope * pre / batch`; of tanh units `tanh_delta` is the same."""
    pre, post = ends["pre"], ends["post"]
    predicted = jnp.tanh(pre @ w)
    return pre.T @ ((post - predicted) * (1 - predicted**2)) / len(pre)


def target_propagation(ends: Ends, w: Array) -> Array:
    """`(post@target - predicted@forward) * slope@forward * pre@forward / batch`."""
    return delta({"pre": ends["pre@forward"], "post": ends["post@target"]}, w)


def difference(after: str, before: str) -> Rule:
    """What two moments have in common at both ends, `""` being the last: the one less the other, over the batch."""

    def rule(ends: Ends, _: Array) -> Array:
        more = ends[f"pre{after}"].T @ ends[f"post{after}"]
        return (more - ends[f"pre{before}"].T @ ends[f"post{before}"]) / len(ends["pre"])

    return rule


def symmetric_equilibrium(ends: Ends, w: Array) -> Array:
    """`(pre@positive * post@positive - pre@negative * post@negative) / (2 * beta) / batch`."""
    return difference("@positive", "@negative")(ends, w) / 2


def reward(ends: Ends) -> Array:
    """The squared error of each example, `[batch, 1]`, which takes the place of a reward."""
    return ((ends["post"] - ends["target"]) ** 2).mean(axis=1, keepdims=True)


def reward_hebbian(ends: Ends, _: Array) -> Array:
    """`(reward - baseline) * pre * post / batch`."""
    return ends["pre"].T @ (reward(ends) * ends["post"]) / len(ends["pre"])


def reinforce(ends: Ends, w: Array) -> Array:
    """`(reward - baseline) * (post - probability) * pre / batch`."""
    pre, post = ends["pre"], ends["post"]
    return pre.T @ (reward(ends) * (post - (1 + jnp.tanh(pre @ w / 2)) / 2)) / len(pre)


def stdp(ends: Ends, _: Array) -> Array:
    """`(potentiation * (sent - pre) * post - depression * (fired - post) * pre) / batch`."""
    pre, post = ends["pre"], ends["post"]
    return ((ends["sent"] - pre).T @ post - 1.05 * (pre.T @ (ends["fired"] - post))) / len(pre)


def bcm_sliding(ends: Ends, _: Array) -> Array:
    """`pre * post * (post - threshold) / batch`."""
    pre, post = ends["pre"], ends["post"]
    return pre.T @ (post * (post - ends["threshold"])) / len(pre)


RULES: Final[Mapping[str, Rule]] = {
    "hebbian": hebbian,
    "anti_hebbian": anti_hebbian,
    "covariance": covariance,
    "oja": oja,
    "bcm": bcm,
    "instar": instar,
    "outstar": outstar,
    "perceptron": perceptron,
    "lms": lms,
    "delta": delta,
    "tanh_delta": delta,
    "contrastive": difference("@clamped", "@free"),
    "alternating": difference("", "@free"),
    "equilibrium": difference("@nudged", "@free"),
    "symmetric_equilibrium": symmetric_equilibrium,
    "target_propagation": target_propagation,
    "reward_hebbian": reward_hebbian,
    "reinforce": reinforce,
    "stdp": stdp,
    "bcm_sliding": bcm_sliding,
}
"""By the names of the standard library."""
