"""What a network costs: weights, multiply-adds and levels, counted from the plan."""

from __future__ import annotations

from collections.abc import Set

from msgspec import Struct

from dync.compiler.plan import FamilyPlan, MessageFilter, PhasePlan, Plan, Structure
from dync.compiler.planning.edge_sizes import multiply_adds_between, weights_between

BYTES = 4
"""Bytes of a weight: float32."""


class Weights(Struct, frozen=True):
    """Weights of some edges. `stored` entries of their arrays; of these `present`, the others are absent for good.

    `learning` are those present that a rule moves. Where the density is below 1, `present` and `learning` are
    expectations: the weights are drawn later.
    """

    stored: int
    present: float
    learning: float

    @property
    def bytes(self) -> int:
        """Bytes of the arrays, with room for what is absent."""
        return BYTES * self.stored

    def __add__(self, other: Weights) -> Weights:
        return Weights(self.stored + other.stored, self.present + other.present, self.learning + other.learning)


class StepCost(Struct, frozen=True):
    """One step for one example.

    `multiply_adds` counts the weights present, `bytes` all that are stored and read, `levels` is the fewest updates one
    after another: the longest path on which each layer hears the new state of the one before. `moves` are the layers
    that move, by number.
    """

    multiply_adds: float
    bytes: int
    levels: int
    moves: frozenset[int]


def weights_of_family(plan: Plan, number: int) -> tuple[Weights, ...]:
    """The weights of each edge of a family, in its order."""
    family = plan.structure.families[number]
    senders, receivers = (plan.structure.blocks[b].units for b in (family.sender, family.receiver))
    learns = family.learns
    if family.weightless:
        return (Weights(0, 0, 0),) * len(family.edges)
    if family.kind in ("conv", "low_rank", "network", "python"):
        stored = _whole(plan, family)
        return tuple(Weights(stored, stored * d, stored * d if learns else 0) for d in _densities(plan, number))
    if family.kind == "one_to_one":
        # One strength serves all units, until learning may move each by itself.
        stored = receivers if learns else 1
        return (Weights(stored, stored, stored if learns else 0),) * len(family.edges)
    fixed = receivers if family.diagonal else 0
    # Of sparse edges each slot holds a weight and the number of its sender.
    stored = senders * receivers if family.slots is None else 2 * family.slots.stored(receivers)
    return tuple(
        Weights(
            stored,
            (senders * receivers - fixed) * density + fixed,
            (senders * receivers - fixed) * density if learns else 0,
        )
        for density in plan.numbers[f"family.{number}.density"]
    )


def multiply_adds_of_family(plan: Plan, number: int) -> tuple[float, ...]:
    """Multiply-adds of each edge's message for one example."""
    family = plan.structure.families[number]
    sender, receiver = (plan.structure.blocks[b].shape for b in (family.sender, family.receiver))
    if family.kind != "dense":
        whole = multiply_adds_between(family, sender, receiver)
        return tuple(whole * density for density in _densities(plan, number))
    return tuple(weights.present for weights in _used(plan, number))


def _used(plan: Plan, number: int) -> tuple[Weights, ...]:
    """The weights that each edge of a family reads: its own, or those of the edge to which it is tied."""
    family = plan.structure.families[number]
    if family.owner is None:
        return weights_of_family(plan, number)
    owned = weights_of_family(plan, family.owner)
    return tuple(owned[edge.owner] for edge in family.edges if edge.owner is not None)


def _densities(plan: Plan, number: int) -> tuple[float, ...]:
    family = plan.structure.families[number]
    if family.owner is None:
        return plan.numbers.get(f"family.{number}.density", (1.0,) * len(family.edges))
    owned = _densities(plan, family.owner)
    return tuple(owned[edge.owner] for edge in family.edges if edge.owner is not None)


def _whole(plan: Plan, family: FamilyPlan) -> int:
    sender, receiver = (plan.structure.blocks[b].shape for b in (family.sender, family.receiver))
    return weights_between(family, sender, receiver)


def moving(structure: Structure, clamped: Set[int] | None = None) -> frozenset[int]:
    """The layers that move, where `clamped` (by default every input and output) do not. Constants never do."""
    still = {n for n, layer in enumerate(structure.layers) if layer.role in ("input", "output")}
    held = still if clamped is None else clamped
    return frozenset(n for n, layer in enumerate(structure.layers) if layer.role != "constant" and n not in held)


def moving_ever(structure: Structure) -> frozenset[int]:
    """The layers that move in some phase, or in `step`."""
    return moving(structure).union(*(moving(structure, set(phase.clamped)) for phase in structure.phases))


def cost_of_step(plan: Plan) -> StepCost:
    """The cost of `step`: all messages, inputs and outputs clamped."""
    return _cost(plan, "all", frozenset(), moving(plan.structure))


def cost_of_phase(plan: Plan, phase: PhasePlan) -> StepCost:
    """The cost of one step of a phase."""
    return _cost(plan, phase.messages, frozenset(phase.silent), moving(plan.structure, set(phase.clamped)))


def cost_of_readout(plan: Plan) -> float:
    """Multiply-adds of the read-out for one example: every output once, from all its messages."""
    outputs = {n for n, layer in enumerate(plan.structure.layers) if layer.role == "output"}
    return _cost(plan, "all", frozenset(), frozenset(outputs)).multiply_adds


def _cost(plan: Plan, messages: MessageFilter, silent: Set[int], moves: frozenset[int]) -> StepCost:
    structure = plan.structure
    total, read = 0.0, 0
    hears_new: dict[int, list[int]] = {}
    for number, family in enumerate(structure.families):
        if not _passes(family, messages) or not _moves(structure, family):
            continue
        costs = zip(multiply_adds_of_family(plan, number), _used(plan, number), strict=True)
        for edge, (multiply_adds, weights) in zip(family.edges, costs, strict=True):
            if edge.receiver in moves and edge.sender not in silent:
                total, read = total + multiply_adds, read + weights.bytes
                if family.fresh and edge.sender in moves:
                    hears_new.setdefault(edge.receiver, []).append(edge.sender)
    return StepCost(total, read, _levels(structure, hears_new, moves), moves)


def _passes(family: FamilyPlan, messages: MessageFilter) -> bool:
    match messages:
        case "all":
            return True
        case "forward":
            return family.forward
        case "backward":
            return family.backward


def history_bytes(structure: Structure) -> int:
    """Bytes for one example of what is kept of steps gone by, for messages with a delay: all layers of a block."""
    longest: dict[int, int] = {}
    for family in structure.families:
        longest[family.sender] = max(longest.get(family.sender, 0), family.delay)
    blocks = structure.blocks
    return sum(BYTES * steps * len(blocks[b].layers) * blocks[b].units for b, steps in longest.items())


def _moves(structure: Structure, family: FamilyPlan) -> bool:
    """Whether the receivers read the field into which the edges send; else only rules do, after the last step."""
    activation = structure.blocks[family.receiver].activation
    return not family.into or (activation is not None and family.into in activation.fields)


def _levels(structure: Structure, hears_new: dict[int, list[int]], moves: Set[int]) -> int:
    level: dict[int, int] = {}
    for wave in structure.waves:
        for layer in wave:
            if layer in moves:
                level[layer] = 1 + max((level[sender] for sender in hears_new.get(layer, ())), default=0)
    return max(level.values(), default=0)
