"""The order of updates: which layers move together, and which come before which."""

from __future__ import annotations

from typing import assert_never

from dync.compiler.model import NetworkModel

Waves = tuple[tuple[int, ...], ...]
"""Layers by number, wave by wave. The layers of one wave all read the state from before the wave."""


def waves(model: NetworkModel) -> Waves:
    """The waves of one step. Every layer but the constants stands in exactly one, whether or not a phase clamps it.

    A sequential schedule gives each layer its own wave, in the order of declaration, and networks within this one the
    waves of their own schedules; a synchronous one puts all in one.
    """
    moving = [number for number, layer in enumerate(model.layers) if layer.role != "constant"]
    match model.schedule.kind:
        case "sequential":
            return _sequential(model, moving)
        case "synchronous":
            return (tuple(moving),) if moving else ()
        case "grouped":
            return _grouped(model, moving)
        case _:
            assert_never(model.schedule.kind)


def wave_of(order: Waves) -> dict[int, int]:
    """The wave of each layer that is in one."""
    return {layer: number for number, wave in enumerate(order) for layer in wave}


def is_fresh(place: dict[int, int], sender: int, receiver: int) -> bool:
    """Whether the receiver hears the sender's new state: both may move, and the sender does so in an earlier wave.

    `place` is what `wave_of` gives.
    """
    return sender in place and receiver in place and place[sender] < place[receiver]


def _sequential(model: NetworkModel, moving: list[int]) -> Waves:
    """Each layer by itself; what is in a network within this one, in the order of that network's own schedule."""
    if not model.inner:
        return tuple((number,) for number in moving)
    numbers = {layer.name: number for number, layer in enumerate(model.layers)}
    own = {name: inner for inner in model.inner for name in inner.layers}
    found: dict[tuple[int, ...], None] = {}
    for number in moving:
        inner = own.get(model.layers[number].name)
        within = ((model.layers[number].name,),) if inner is None else inner.waves
        found.update(dict.fromkeys(tuple(sorted(numbers[name] for name in wave)) for wave in within))
    return tuple(found)


def _grouped(model: NetworkModel, moving: list[int]) -> Waves:
    """Each group in the order given; other inputs join the first, other outputs form the last.

    Inputs have to stand somewhere, since a phase may let them go.
    """
    numbers = {layer.name: number for number, layer in enumerate(model.layers)}
    groups = {group.name: group.layers for group in model.groups}
    order = [{numbers[layer] for layer in groups[name]} for name in model.schedule.groups] or [set()]
    rest = set(moving).difference(*order)
    outputs = {number for number in rest if model.layers[number].role == "output"}
    order[0] |= rest - outputs
    return tuple(tuple(sorted(wave)) for wave in [*order, outputs] if wave)
