"""The plan: all that the runtime knows of a network, as plain data.

A plan has two parts. The **structure** fixes the compiled program: layers, shapes, topology, rules, phases, the order
of updates. The **numbers** (margins, strengths, rates, leaks, constants) are leaves of the orchestrator: two plans of
equal structure share one compiled program, whatever their numbers.

Layers alike are stacked into a **block** (one array `[members, batch, units]`), edges alike into a **family** (one
array `[edges, units of sender, units of receiver]`).

Keys of the numbers, each with one value a member of the block or an edge of the family, in their order:
`block.B.PARAMETER` for an activation's parameters, `block.B.value` for constants; `family.F.strength`,
`family.F.density`, `family.F.diagonal`, `family.F.rate`, `family.F.decay`, `family.F.rule.PARAMETER`,
`family.F.sends.PARAMETER`; and with one value, `phase.NAME.within`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Literal

from dync.compiler.expression import Expression

VERSION = 1
"""Version of the plan's format. A reader refuses any other."""

Role = Literal["input", "layer", "output", "constant"]
MessageFilter = Literal["all", "forward", "backward"]
ScheduleKind = Literal["sequential", "synchronous", "grouped"]
Kind = Literal["dense", "one_to_one"]


@dataclass(frozen=True)
class LayerPlan:
    """A layer by its full name (`h[3]`). Its number is its place in `Structure.layers`: the order of declaration.

    `block` and `member` say where its state lives; `start` is the number of the input whose value it starts from.
    """

    name: str
    role: Role
    shape: tuple[int, ...]
    block: int
    member: int
    start: int | None = None

    @property
    def units(self) -> int:
        """How many units it has."""
        return prod(self.shape)


@dataclass(frozen=True)
class ActivationPlan:
    """`next` gives the new state from `field`, `state`, `uniform`, `normal`; `slope` is its derivative by `field`."""

    name: str
    parameters: tuple[str, ...]
    next: Expression
    slope: Expression


@dataclass(frozen=True)
class BlockPlan:
    """Layers alike in role, shape and activation, by number. Inputs and constants have no activation."""

    role: Role
    shape: tuple[int, ...]
    layers: tuple[int, ...]
    activation: ActivationPlan | None

    @property
    def units(self) -> int:
        """How many units each member has."""
        return prod(self.shape)


@dataclass(frozen=True)
class EdgePlan:
    """An edge by the numbers of the layers at its ends."""

    sender: int
    receiver: int
    label: str | None = None


@dataclass(frozen=True)
class TermPlan:
    """One product of a separated rule: `scalar * sum over the batch of (sender * receiver) * weight`.

    `scalar` reads sizes and parameters, `sender` what depends on the sender's unit, `receiver` on the receiver's,
    `weight` on the synapse's own weight. A missing factor is None: one.
    """

    scalar: Expression | None
    sender: Expression | None
    receiver: Expression | None
    weight: Expression | None


@dataclass(frozen=True)
class RulePlan:
    """A rule as written, per synapse and example (`update`), and separated into `terms`; None where that is impossible.

    `moments` are the phases that it names with `@`.
    """

    name: str
    parameters: tuple[str, ...]
    update: Expression
    terms: tuple[TermPlan, ...] | None
    moments: tuple[str, ...] = ()


@dataclass(frozen=True)
class SlotsPlan:
    """Room for the weights that exist: `common` slots for every receiver, up to `most` for `crowded` of them."""

    common: int
    most: int
    crowded: int

    def stored(self, receivers: int) -> int:
        """How many weights there is room for."""
        return self.common * receivers + (self.most - self.common) * self.crowded


@dataclass(frozen=True)
class FamilyPlan:
    """Edges alike: kind, blocks of both ends, what is sent, rule, direction, whether the receiver hears the new state.

    `sender` and `receiver` are numbers of blocks. `masked` weights can be absent, `diagonal` weights have a fixed
    diagonal. With `slots` only weights that exist are stored. `fresh`: where both ends move, the sender's wave comes
    before the receiver's, who hears its new state.
    """

    kind: Kind
    sender: int
    receiver: int
    edges: tuple[EdgePlan, ...]
    sends: Expression
    rule: int | None
    masked: bool
    slots: SlotsPlan | None
    diagonal: bool
    forward: bool
    backward: bool
    fresh: bool


@dataclass(frozen=True)
class PhasePlan:
    """A phase. With `settle` it ends when no unit moves by more than `phase.NAME.within`, after `steps` at most.

    `silent` are the layers that send nothing, `clamped` those that do not move, by number.
    """

    name: str
    steps: int
    settle: bool
    messages: MessageFilter
    silent: tuple[int, ...]
    clamped: tuple[int, ...]


@dataclass(frozen=True)
class GroupPlan:
    """A named set of layers, by number."""

    name: str
    layers: tuple[int, ...]


@dataclass(frozen=True)
class Structure:
    """What fixes the compiled program. `waves` lists layers by number; constants stand in none, they never move.

    `train` and `infer` are numbers of phases, None where the network does not say.
    """

    network: str
    schedule: ScheduleKind
    layers: tuple[LayerPlan, ...]
    blocks: tuple[BlockPlan, ...]
    families: tuple[FamilyPlan, ...]
    waves: tuple[tuple[int, ...], ...]
    groups: tuple[GroupPlan, ...]
    phases: tuple[PhasePlan, ...]
    train: tuple[int, ...] | None
    infer: tuple[int, ...] | None
    rules: tuple[RulePlan, ...]
    rule_messages: MessageFilter

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the structure's canonical JSON, in hexadecimal."""
        from dync.compiler.plan_json import digest_of_structure

        return digest_of_structure(self)

    @cached_property
    def layer_numbers(self) -> dict[str, int]:
        """Numbers of the layers by their full names."""
        return {layer.name: number for number, layer in enumerate(self.layers)}

    @cached_property
    def wave_of(self) -> dict[int, int]:
        """The wave in which each layer moves, where it moves."""
        return {layer: number for number, wave in enumerate(self.waves) for layer in wave}

    @cached_property
    def parallel(self) -> frozenset[tuple[int, int]]:
        """The pairs of sender and receiver that several edges join, which only their labels tell apart."""
        counts = Counter((edge.sender, edge.receiver) for family in self.families for edge in family.edges)
        return frozenset(pair for pair, count in counts.items() if count > 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@dataclass(frozen=True)
class Plan:
    """A network as the runtime reads it: the structure, and its numbers by key."""

    structure: Structure
    numbers: dict[str, tuple[float, ...]] = field(hash=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole plan's canonical JSON, in hexadecimal."""
        from dync.compiler.plan_json import digest_of_plan

        return digest_of_plan(self)
