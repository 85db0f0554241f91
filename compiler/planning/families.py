"""Edges alike, stacked: the families of a plan, their rules and their numbers."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from msgspec import Struct

from dync.compiler.between_plan import BetweenPlan, names_read
from dync.compiler.expression import Expression, parameters
from dync.compiler.model import EdgeModel, NetworkModel, RuleDefinition
from dync.compiler.plan import EdgePlan, FamilyPlan, ForeignPlan, GradientPlan, Kind, RulePlan, SlotsPlan, Structure
from dync.compiler.planning.inner_plans import InnerPlans
from dync.compiler.planning.plan_numbers import numbers_of_weights
from dync.compiler.planning.presence import counts
from dync.compiler.planning.sparsity import slots, slots_of
from dync.compiler.planning.waves import is_fresh
from dync.compiler.window_plan import WindowPlan


class Families(Struct, frozen=True):
    """The families of a network, the rules that they use, and their numbers by key."""

    families: tuple[FamilyPlan, ...]
    rules: tuple[RulePlan, ...]
    numbers: dict[str, tuple[float, ...]]


class _Likeness(NamedTuple):
    """What the edges of one family have in common."""

    kind: Kind
    sender: int
    receiver: int
    sends: Expression
    rule: int | None
    masked: bool
    slots: SlotsPlan | None
    diagonal: bool
    forward: bool
    backward: bool
    fresh: bool
    into: str
    delay: int
    window: WindowPlan | None
    rank: int | None
    owner: int | None
    turned: bool
    between: BetweenPlan | None
    inner: Structure | None
    modulators: tuple[str, ...]
    during: int | None
    gradient: GradientPlan | None
    foreign: ForeignPlan | None


class _Placed(NamedTuple):
    """An edge with the numbers of its ends."""

    receiver: int
    sender: int
    edge: EdgeModel


def gather_families(model: NetworkModel, block_of: list[int], wave_of: dict[int, int], inner: InnerPlans) -> Families:
    """Stack the edges that are alike, ordered by first appearance; within a family by receiver, sender and label.

    Families of tied edges come last.

    `block_of` gives each layer's block, `wave_of` its wave, `inner` the plans of networks that edges are. Rules are
    numbered in the order in which edges name them.
    """
    gathering = _Gathering(model, block_of, wave_of, inner)
    for edge in model.edges:
        if edge.tie is None:
            gathering.add(edge, None)
    owners = gathering.labelled()
    for edge in model.edges:
        if edge.tie is not None:
            gathering.add(edge, owners[edge.tie.label].family)
    members, rules = gathering.sorted(), gathering.rules.plans
    numbers: dict[str, tuple[float, ...]] = {}
    for f, (alike, edges) in enumerate(members.items()):
        own = _numbers(alike, edges, rules) | inner.numbers([placed.edge for placed in edges])
        numbers |= {f"family.{f}.{key}": values for key, values in own.items()}
    return Families(tuple(_family(alike, edges, owners) for alike, edges in members.items()), rules, numbers)


class _Owner(NamedTuple):
    """Where the edge stands whose weights others use: its family, its place there."""

    family: int
    place: int


class _Gathering:
    """Brings edges together that are alike; those that own their weights come before those that are tied to them."""

    def __init__(self, model: NetworkModel, block_of: list[int], wave_of: dict[int, int], inner: InnerPlans) -> None:
        self.rules = _Rules()
        self._inner = inner
        self._block_of, self._wave_of = block_of, wave_of
        self._numbers_of = {layer.name: number for number, layer in enumerate(model.layers)}
        self._shapes = [layer.shape for layer in model.layers]
        self._units = [prod(shape) for shape in self._shapes]
        self._phases = {phase.name: number for number, phase in enumerate(model.phases)}
        self._shared = {edge.tie.label for edge in model.edges if edge.tie is not None}
        self._members: dict[_Likeness, list[_Placed]] = {}

    def add(self, edge: EdgeModel, owner: int | None) -> None:
        """Put an edge to those like it; `owner` is the family of the edge to which it is tied."""
        rule = None if edge.rule is None else self.rules.number(edge.rule.definition)
        placed = _Placed(self._numbers_of[edge.receiver], self._numbers_of[edge.sender], edge)
        self._members.setdefault(self._likeness(placed, rule, owner), []).append(placed)

    def sorted(self) -> dict[_Likeness, list[_Placed]]:
        """The edges of each family in their order."""
        for edges in self._members.values():
            edges.sort(key=lambda placed: (placed.receiver, placed.sender, placed.edge.label or ""))
        return self._members

    def labelled(self) -> dict[str, _Owner]:
        """Where the edges with labels stand, so far."""
        return {
            placed.edge.label: _Owner(f, place)
            for f, edges in enumerate(self.sorted().values())
            for place, placed in enumerate(edges)
            if placed.edge.label is not None
        }

    def _likeness(self, placed: _Placed, rule: int | None, owner: int | None) -> _Likeness:
        receiver, sender, edge = placed
        masked = edge.kind in ("dense", "conv") and edge.density < 1
        # Weights that several edges use are read both ways, which a list of slots does badly.
        listed = masked and edge.kind == "dense" and edge.tie is None and edge.label not in self._shared
        return _Likeness(
            kind=edge.kind,
            sender=self._block_of[sender],
            receiver=self._block_of[receiver],
            sends=edge.sends,
            rule=rule,
            masked=masked,
            slots=self._slots(sender, receiver, edge) if listed else None,
            diagonal=edge.kind == "dense" and edge.diagonal is not None,
            forward=sender <= receiver,
            backward=sender >= receiver,
            fresh=not edge.delay and is_fresh(self._wave_of, sender, receiver),
            into=edge.into,
            delay=edge.delay,
            window=edge.window,
            rank=edge.rank,
            owner=owner,
            turned=edge.tie is not None and edge.tie.turned,
            between=None if edge.between is None else edge.between.plan,
            inner=self._inner.structure(edge),
            modulators=_measures(edge),
            during=None if edge.rule is None or edge.rule.during is None else self._phases[edge.rule.during],
            gradient=self._gradient(edge),
            foreign=edge.foreign,
        )

    def _gradient(self, edge: EdgeModel) -> GradientPlan | None:
        use = edge.gradient
        if use is None:
            return None
        return GradientPlan(use.measure, None if use.phase is None else self._phases[use.phase])

    def _slots(self, sender: int, receiver: int, edge: EdgeModel) -> SlotsPlan | None:
        """The room for the weights that exist: as many as are known, or as are to be expected."""
        if edge.between is None or not edge.between.plan.chosen:
            return slots(self._units[sender], self._units[receiver], edge.density)
        if not edge.between.plan.known:
            return None  # how many draws hold for one receiver is not known, only how many in all, about
        found = counts(edge.between.plan, self._shapes[sender], self._shapes[receiver], edge.diagonal is not None)
        return slots_of(found, self._units[sender])


class _Rules:
    """Numbers rules as they are met. Definitions are compared once each, for expressions are slow to hash."""

    def __init__(self) -> None:
        self._numbers: dict[RulePlan, int] = {}
        self._met: dict[int, int] = {}

    @property
    def plans(self) -> tuple[RulePlan, ...]:
        return tuple(self._numbers)

    def number(self, definition: RuleDefinition) -> int:
        if id(definition) not in self._met:
            self._met[id(definition)] = self._numbers.setdefault(rule_plan(definition), len(self._numbers))
        return self._met[id(definition)]


def rule_plan(definition: RuleDefinition) -> RulePlan:
    """A rule as plans have it."""
    return RulePlan(
        name=definition.name,
        parameters=tuple(definition.parameters),
        update=definition.update,
        terms=definition.terms,
        moments=tuple(definition.moments),
        modulators=definition.modulators,
        sender_traces=definition.sender_traces,
        receiver_traces=definition.receiver_traces,
    )


def _measures(edge: EdgeModel) -> tuple[str, ...]:
    """The measures that its rule takes, in the order of the rule's modulators."""
    if edge.rule is None:
        return ()
    return tuple(edge.rule.modulators[name] for name in edge.rule.definition.modulators)


def _family(alike: _Likeness, edges: list[_Placed], owners: dict[str, _Owner]) -> FamilyPlan:
    return FamilyPlan(edges=tuple(_edge(placed, owners) for placed in edges), **alike._asdict())


def _edge(placed: _Placed, owners: dict[str, _Owner]) -> EdgePlan:
    receiver, sender, edge = placed
    return EdgePlan(sender, receiver, edge.label, None if edge.tie is None else owners[edge.tie.label].place)


def _numbers(alike: _Likeness, placed: list[_Placed], rules: tuple[RulePlan, ...]) -> dict[str, tuple[float, ...]]:
    """One value an edge for every number that the family's edges have, without the `family.F.` of its key."""
    edges = [p.edge for p in placed]
    weightless = alike.owner is not None or alike.kind in ("pool", "unpool")
    own = [] if weightless else numbers_of_weights(alike.kind, alike.diagonal)
    numbers = {name: tuple(float(getattr(e, name)) for e in edges) for name in own}
    numbers |= _numbers_between(alike.between, edges)
    for name in sorted(parameters(alike.sends)):
        numbers[f"sends.{name}"] = tuple(float(e.sends_arguments[name]) for e in edges)
    if not any(edge.learns for edge in edges):
        return numbers
    numbers["rate"] = tuple(float(e.rate) for e in edges)
    if not weightless:
        numbers["decay"] = tuple(float(e.decay) for e in edges)
    uses = [e.rule for e in edges if e.rule is not None]
    for name in () if alike.rule is None else rules[alike.rule].parameters:
        numbers[f"rule.{name}"] = tuple(float(use.arguments[name]) for use in uses)
    return numbers


def _numbers_between(plan: BetweenPlan | None, edges: list[EdgeModel]) -> dict[str, tuple[float, ...]]:
    """What the edges say of single pairs of units, as far as it is numbers."""
    said = [edge.between for edge in edges if edge.between is not None]
    if plan is None:
        return {}
    numbers = {f"weights.{name}": tuple(b.arguments[name] for b in said) for name in names_read(plan)}
    if plan.given:
        numbers["given"] = tuple(weight for b in said for weight in b.given)
    if plan.radius:
        numbers["radius"] = tuple(b.radius for b in said if b.radius is not None)
    return numbers
