"""Edges alike, stacked: the families of a plan, their rules and their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from dync.compiler.expression import Expression, parameters
from dync.compiler.model import EdgeModel, NetworkModel, RuleDefinition
from dync.compiler.plan import EdgePlan, FamilyPlan, Kind, RulePlan, SlotsPlan
from dync.compiler.planning.sparsity import slots
from dync.compiler.planning.waves import is_fresh


@dataclass(frozen=True)
class Families:
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


class _Placed(NamedTuple):
    """An edge with the numbers of its ends."""

    receiver: int
    sender: int
    edge: EdgeModel


def gather_families(model: NetworkModel, block_of: list[int], wave_of: dict[int, int]) -> Families:
    """Stack the edges that are alike, ordered by first appearance; within a family by receiver, sender and label.

    `block_of` gives each layer's block, `wave_of` its wave. Rules are numbered in the order in which edges name them.
    """
    numbers_of = {layer.name: number for number, layer in enumerate(model.layers)}
    units = [prod(layer.shape) for layer in model.layers]
    rules = _Rules()
    members: dict[_Likeness, list[_Placed]] = {}
    for edge in model.edges:
        rule = None if edge.rule is None else rules.number(edge.rule.definition)
        placed = _Placed(numbers_of[edge.receiver], numbers_of[edge.sender], edge)
        members.setdefault(_likeness(placed, rule, block_of, wave_of, units), []).append(placed)
    for edges in members.values():
        edges.sort(key=lambda placed: (placed.receiver, placed.sender, placed.edge.label or ""))
    rule_plans = rules.plans
    numbers: dict[str, tuple[float, ...]] = {}
    for f, (alike, edges) in enumerate(members.items()):
        numbers |= {f"family.{f}.{key}": values for key, values in _numbers(alike, edges, rule_plans).items()}
    return Families(tuple(_family(alike, edges) for alike, edges in members.items()), rule_plans, numbers)


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
            rule = RulePlan(
                name=definition.name,
                parameters=tuple(definition.parameters),
                update=definition.update,
                terms=definition.terms,
                moments=tuple(definition.moments),
            )
            self._met[id(definition)] = self._numbers.setdefault(rule, len(self._numbers))
        return self._met[id(definition)]


def _likeness(
    placed: _Placed, rule: int | None, block_of: list[int], wave_of: dict[int, int], units: list[int]
) -> _Likeness:
    receiver, sender, edge = placed
    dense = edge.kind == "dense"
    return _Likeness(
        kind=edge.kind,
        sender=block_of[sender],
        receiver=block_of[receiver],
        sends=edge.sends,
        rule=rule,
        masked=dense and edge.density < 1,
        slots=slots(units[sender], units[receiver], edge.density) if dense and edge.density < 1 else None,
        diagonal=dense and edge.diagonal is not None,
        forward=sender <= receiver,
        backward=sender >= receiver,
        fresh=is_fresh(wave_of, sender, receiver),
    )


def _family(alike: _Likeness, edges: list[_Placed]) -> FamilyPlan:
    return FamilyPlan(
        edges=tuple(EdgePlan(sender, receiver, edge.label) for receiver, sender, edge in edges), **alike._asdict()
    )


def _numbers(alike: _Likeness, placed: list[_Placed], rules: tuple[RulePlan, ...]) -> dict[str, tuple[float, ...]]:
    """One value an edge for every number that the family's edges have, without the `family.F.` of its key."""
    edges = [p.edge for p in placed]
    numbers = {"strength": tuple(float(e.strength) for e in edges)}
    if alike.kind == "dense":
        numbers["density"] = tuple(float(e.density) for e in edges)
    if alike.diagonal:
        numbers["diagonal"] = tuple(float(e.diagonal) for e in edges if e.diagonal is not None)
    for name in sorted(parameters(alike.sends)):
        numbers[f"sends.{name}"] = tuple(float(e.sends_arguments[name]) for e in edges)
    if alike.rule is None:
        return numbers
    numbers["rate"] = tuple(float(e.rate) for e in edges)
    numbers["decay"] = tuple(float(e.decay) for e in edges)
    uses = [e.rule for e in edges if e.rule is not None]
    for name in rules[alike.rule].parameters:
        numbers[f"rule.{name}"] = tuple(float(use.arguments[name]) for use in uses)
    return numbers
