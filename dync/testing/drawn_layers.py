"""Drawing the layers of a network: inputs, outputs, constants, hidden layers and arrays of them, their activations."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from dync.testing.draft import Draft, DrawnLayer
from dync.testing.local_rules import activations

UNBOUNDED: Final = ("identity", "relu", "softplus")

BOUNDED: Final = ("tanh", "hard_tanh", "sigmoid", "sign", "threshold", "leaky_tanh")


def draw_layers(draft: Draft, max_hidden: int) -> None:
    """The layers, in any order. A network with layers to reach has an input or a constant to reach them from."""
    units = draft.draw(st.sampled_from([1, 2, 3, 4]))
    inputs, outputs = (draft.draw(st.sampled_from([1, 1, 1, 2, 2, 0])) for _ in range(2))
    hidden = draft.draw(st.sampled_from([*range(1, max_hidden + 1), 0]))
    constants = 1 if inputs == 0 or draft.chance() else 0
    statements = [_held(draft, "input", f"x{n}", units) for n in range(inputs)]
    sizes = {layers[0].name: layers[0].units for _, layers in statements}
    statements += [_hidden(draft, f"h{n}", units, sizes) for n in range(hidden)]
    statements += [_held(draft, "output", f"y{n}", units) for n in range(outputs)]
    statements += [_constant(draft, f"one{n}") for n in range(constants)]
    order = draft.draw(st.permutations(range(len(statements))))
    for text, layers in (statements[n] for n in order):
        draft.statements.append(text)
        draft.layers.extend(layers)


def _size(draft: Draft, units: int) -> int:
    """Mostly the same, so that layers are stacked and `one_to_one` edges fit."""
    return units if draft.chance() else draft.draw(st.integers(1, 5))


def _held(draft: Draft, role: str, name: str, units: int) -> tuple[str, list[DrawnLayer]]:
    size = _size(draft, units)
    if role == "input" or draft.chance():
        return f"{role} {name} ({size})", [DrawnLayer(name, role, size, "identity")]
    activation, text = _activation(draft)
    return f"{role} {name} ({size}) {text}", [DrawnLayer(name, role, size, activation)]


def _hidden(draft: Draft, name: str, units: int, inputs: dict[str, int]) -> tuple[str, list[DrawnLayer]]:
    activation, text = _activation(draft)
    count = draft.draw(st.sampled_from([None, None, 2, 3]))
    size = _size(draft, units)
    starts = [x for x, x_units in inputs.items() if x_units == size]
    started = bool(starts) and draft.draw(st.integers(0, 3)) == 0
    start = f" start {draft.one_of(starts)}" if started else ""
    if count is None:
        return f"layer {name} ({size}) {text}{start}", [DrawnLayer(name, "layer", size, activation, started)]
    draft.arrays[name] = count
    members = [DrawnLayer(f"{name}[{n}]", "layer", size, activation, started) for n in range(1, count + 1)]
    return f"layer {name}[1..{count}] ({size}) {text}{start}", members


def _constant(draft: Draft, name: str) -> tuple[str, list[DrawnLayer]]:
    size = draft.draw(st.integers(1, 2))
    return f"constant {name} ({size}) = {draft.number(0.3, 1)}", [DrawnLayer(name, "constant", size, "identity")]


def _activation(draft: Draft) -> tuple[str, str]:
    """Its name, and how a layer writes it."""
    new = f"bend{len(draft.own_activations)}"
    chance = ["glauber", new, new] if draft.stochastic else []
    name = draft.one_of([*UNBOUNDED, *BOUNDED, *draft.own_activations, new, *chance])
    if name == new:
        draft.own_activations.append(name)
        draft.declarations.append(draft.draw(activations(name, stochastic=draft.stochastic and draft.chance())))
    if name in draft.own_activations:
        return name, draft.one_of([name, f"{name}(a = {draft.number(0.2, 0.9)})"])
    if name == "leaky_tanh":
        return name, f"{name}(leak = {draft.number(0.1, 0.9)})"
    return name, name
