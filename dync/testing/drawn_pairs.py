"""Drawing what a `dense` edge says of single pairs of units: `weights`, `present`, `radius`."""

from __future__ import annotations

from math import prod

from hypothesis import strategies as st

from dync.testing.draft import Draft, DrawnLayer


def draw_pairs(draft: Draft, sender: DrawnLayer, receiver: DrawnLayer, strength: str, *, loop: bool) -> str:
    """The arguments of a `dense` edge between these layers, weights being about as large as `strength`."""
    weights = _weights(draft, strength)
    present = _present(draft, sender, receiver, loop=loop) if draft.chance() else ""
    cyclic = loop and "strength" in weights and not present and sender.units > 1
    if cyclic and draft.chance():  # weights without a loop have no radius to rescale
        return f"radius = {draft.number(0.2, 0.9)}"
    diagonal = f"diagonal = {draft.number(-0.4, 0.4)}" if loop and draft.chance() else ""
    return ", ".join(argument for argument in (weights, present, diagonal) if argument)


def _weights(draft: Draft, strength: str) -> str:
    """Weights of about this size, or Gaussian ones."""
    if draft.chance():
        return f"strength = {strength}"
    unit = draft.one_of(
        [
            "normal / sqrt(fan_in)",
            "2 * uniform - 1",
            "sign(normal) * exp(-abs(i - j))",
            "(i - 0.5 * j) / (fan_in + fan_out)",
            "where(i[1] == j[1], 0.75, -0.25)",
            "[i > j] * uniform / (fan_in * gain)",
        ]
    )
    return f"weights = {strength} * ({unit})"


def _present(draft: Draft, sender: DrawnLayer, receiver: DrawnLayer, *, loop: bool) -> str:
    """Which weights exist: never none of them."""
    conditions = [
        "abs(i - j) <= 1",
        "uniform < 0.7",
        "(i + j) % 2 == 0",
        "i == 1 or normal > 0.2",
        "i * gain < 9 or j == 1",
    ]
    if prod(sender.shape) == prod(receiver.shape) > 2:
        conditions += ["ring", "complete(arcs = forward)", f"random(p = 1, seed = {draft.draw(st.integers(0, 9))})"]
    if loop:
        conditions += ["i != j or i == 1"]
    return f"present = {draft.one_of(conditions)}"
