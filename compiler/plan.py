"""The plan: all that the runtime knows of a network, as plain data.

A plan has two parts. The **structure** fixes the compiled program: layers, shapes, topology, rules, phases, the order
of updates. The **numbers** (margins, strengths, rates, leaks, constants) are leaves of the orchestrator: two plans of
equal structure share one compiled program, whatever their numbers.

Layers alike are stacked into a **block** (one array `[members, batch, units]`), edges alike into a **family** (one
array `[edges, units of sender, units of receiver]`).

Keys of the numbers, each with one value a member of the block or an edge of the family, in their order:
`block.B.PARAMETER` for an activation's parameters, `block.B.value` for constants; `family.F.strength`,
`family.F.density`, `family.F.diagonal`, `family.F.rate`, `family.F.decay`, `family.F.rule.PARAMETER`,
`family.F.sends.PARAMETER`, `family.F.weights.PARAMETER`, `family.F.radius` (without weights of its own a family has no
strength, density, diagonal or decay). With one value: `phase.NAME.within` and `measure.NAME.PARAMETER`; with one for
each layer that the phase softly clamps: `phase.NAME.soft`; with one for each weight of each edge, edge by edge and row
by row: `family.F.given`. Where edges are networks, `family.F.network.KEY` holds the values that each of these has under
KEY, one network after the other.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from math import prod
from typing import Literal

from msgspec import Struct

from dync.compiler.between_plan import BetweenPlan
from dync.compiler.expression import Expression
from dync.compiler.plan_field import Added
from dync.compiler.rule_plan import ActivationPlan as ActivationPlan  # noqa: PLC0414 - the runtime reads it here
from dync.compiler.rule_plan import GradientPlan as GradientPlan  # noqa: PLC0414
from dync.compiler.rule_plan import RulePlan as RulePlan  # noqa: PLC0414
from dync.compiler.rule_plan import SlopePlan as SlopePlan  # noqa: PLC0414
from dync.compiler.rule_plan import TermPlan as TermPlan  # noqa: PLC0414
from dync.compiler.rule_plan import TracePlan as TracePlan  # noqa: PLC0414
from dync.compiler.time_plan import TimePlan
from dync.compiler.window_plan import WindowPlan as WindowPlan  # noqa: PLC0414 - the runtime reads it here

VERSION = 1
"""Version of the plan's format. A reader refuses any other."""

MOST_DELAY = 10_000
"""The longest delay of a message, in steps."""

STILL_MEASURES = ("accuracy", "mse", "agreement")
"""The measures that every network has whose outputs have targets: `accuracy` where these are one of many."""

GIVEN_MEASURES = (*STILL_MEASURES, "nrmse")
"""Those, and what it has besides where they are over time."""

Role = Literal["input", "layer", "output", "constant"]
MessageFilter = Literal["all", "forward", "backward"]
ScheduleKind = Literal["sequential", "synchronous", "grouped"]
Kind = Literal["dense", "one_to_one", "conv", "pool", "unpool", "low_rank", "network", "python"]


class LayerPlan(Struct, frozen=True):
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


class BlockPlan(Struct, frozen=True):
    """Layers alike in role, shape and activation, by number. Inputs and constants have no activation."""

    role: Role
    shape: tuple[int, ...]
    layers: tuple[int, ...]
    activation: ActivationPlan | None

    @property
    def units(self) -> int:
        """How many units each member has."""
        return prod(self.shape)


class EdgePlan(Struct, frozen=True):
    """An edge by the numbers of the layers at its ends.

    `owner` is the place, in the family that owns the weights, of the edge to which this one is tied.
    """

    sender: int
    receiver: int
    label: str | None = None
    owner: Added[int | None] = None


class SlotsPlan(Struct, frozen=True):
    """Room for the weights that exist: `common` slots for every receiver, up to `most` for `crowded` of them."""

    common: int
    most: int
    crowded: int

    def stored(self, receivers: int) -> int:
        """How many weights there is room for."""
        return self.common * receivers + (self.most - self.common) * self.crowded


class ForeignPlan(Struct, frozen=True):
    """A kind of edges in Python: a class, `module:name`, with the functions `weights` and `message`.

    `digest` is the SHA-256 of the module's text. `parameters` and `values` are what both functions are given by name,
    as far as they ask for it: they may decide the shape of the weights, and so are part of the structure.
    """

    place: str
    digest: str
    parameters: tuple[str, ...]
    values: tuple[float, ...]


class FamilyPlan(Struct, frozen=True):
    """Edges alike: kind, blocks of both ends, what is sent, rule, direction, whether the receiver hears the new state.

    `sender` and `receiver` are numbers of blocks. `masked` weights can be absent, `diagonal` weights have a fixed
    diagonal. With `slots` only weights that exist are stored. `fresh`: where both ends move, the sender's wave comes
    before the receiver's, who hears its new state. `into` is the receiver's field into which they send, `""` the one
    without a name. With a `delay` they carry the state at the end of the step that many steps ago, and are not fresh.

    `window` is that of a `conv`, `pool` or `unpool`, `rank` that of a `low_rank` edge. A family of tied edges has no
    weights of its own: they are those of edges of the family `owner`, whose kind it has, and with `turned` sender and
    receiver have changed places in them. `between` is what they say of single pairs of units. `inner` is the network
    that each of them is, where it runs to completion at each message: its weights, family by family and edge by edge,
    are one row of this family's. `modulators` are the measures that its rule takes, in the order of the rule's
    modulators. With `during`, the number of a phase, its update is the sum of those after every step of that phase.
    In the place of a `rule` it may have a `gradient`. `foreign` is the class of a kind in Python.
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
    into: Added[str] = ""
    delay: Added[int] = 0
    window: Added[WindowPlan | None] = None
    rank: Added[int | None] = None
    owner: Added[int | None] = None
    turned: Added[bool] = False
    between: Added[BetweenPlan | None] = None
    inner: Added[Structure | None] = None
    modulators: Added[tuple[str, ...]] = ()
    during: Added[int | None] = None
    gradient: Added[GradientPlan | None] = None
    foreign: Added[ForeignPlan | None] = None

    @property
    def learns(self) -> bool:
        """Whether its edges learn, by a rule or by a gradient."""
        return self.rule is not None or self.gradient is not None

    @property
    def weightless(self) -> bool:
        """Whether it has no weights of its own: pools have none, tied edges those of others."""
        return self.owner is not None or self.kind in ("pool", "unpool")


class PhasePlan(Struct, frozen=True):
    """A phase. With `settle` it ends when no unit moves by more than `phase.NAME.within`, after `steps` at most.

    `silent` are the layers that send nothing, `clamped` those that do not move, `soft` the inputs and outputs that are
    pulled to their data or target, by number. `origin` is the number of the phase at whose end it starts, in place of
    the end of the one before.
    """

    name: str
    steps: int
    settle: bool
    messages: MessageFilter
    silent: tuple[int, ...]
    clamped: tuple[int, ...]
    soft: Added[tuple[int, ...]] = ()
    origin: Added[int | None] = None


class MeasurePlan(Struct, frozen=True):
    """A measure: one number an example, from states (`state@LAYER`), targets (`target@OUTPUT`) and its parameters.

    `minimize`: less of it is better.
    """

    name: str
    parameters: tuple[str, ...]
    value: Expression
    minimize: bool


class GroupPlan(Struct, frozen=True):
    """A named set of layers, by number."""

    name: str
    layers: tuple[int, ...]


class Structure(Struct, frozen=True, dict=True):
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
    measures: Added[tuple[MeasurePlan, ...]] = ()
    time: Added[TimePlan | None] = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the structure's canonical JSON, in hexadecimal."""
        from dync.compiler.plan_json import digest_of_structure

        return digest_of_structure(self)

    def learns_by(self, family: FamilyPlan) -> str | None:
        """By what the edges of a family learn, in words: a rule's name, or a gradient, which is not local."""
        if family.gradient is not None:
            phase = family.gradient.phase
            moment = "" if phase is None else f"@{self.phases[phase].name}"
            return f"gradient({family.gradient.measure}{moment}), not local"
        return None if family.rule is None else self.rules[family.rule].name

    @cached_property
    def follows_gradients(self) -> bool:
        """Whether any edges learn by gradients, so that what the network does in training goes backwards too."""
        return any(family.gradient is not None for family in self.families)

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


class Plan(Struct, frozen=True, dict=True):
    """A network as the runtime reads it: the structure, and its numbers by key."""

    structure: Structure
    numbers: dict[str, tuple[float, ...]]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole plan's canonical JSON, in hexadecimal."""
        from dync.compiler.plan_json import digest_of_plan

        return digest_of_plan(self)
