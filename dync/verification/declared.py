"""Whether a plan has the edges and rules that the file declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dync.compiler.expression import Expression
from dync.compiler.model import EdgeModel, NetworkModel
from dync.compiler.plan import EdgePlan, FamilyPlan, Plan


def declared_faults(plan: Plan, model: NetworkModel) -> tuple[str, ...]:
    """A sentence for each edge or rule of the plan that is not what the model says, and for each that is missing."""
    found, wanted = Counter(_of_plan(plan)), Counter(_of_model(model))
    more = (f"the plan has {_told(edge)}, which the file does not" for edge in found - wanted)
    less = (f"the file has {_told(edge)}, which the plan does not" for edge in wanted - found)
    return (*more, *less, *_rules(plan, model))


_Edge = tuple[str, str, str | None, str | None]
"""Sender, receiver, label, and by what it learns."""


def _of_plan(plan: Plan) -> Iterator[_Edge]:
    for family in plan.structure.families:
        yield from (_edge(plan, family, edge) for edge in family.edges)


def _edge(plan: Plan, family: FamilyPlan, edge: EdgePlan) -> _Edge:
    layers, by = plan.structure.layers, plan.structure.learns_by(family)
    return layers[edge.sender].name, layers[edge.receiver].name, edge.label, by and by.removesuffix(", not local")


def _of_model(model: NetworkModel) -> Iterator[_Edge]:
    for edge in model.edges:
        yield edge.sender, edge.receiver, edge.label, _learns_by(edge)


def _learns_by(edge: EdgeModel) -> str | None:
    if edge.gradient is not None:
        return edge.gradient.words
    return None if edge.rule is None else edge.rule.definition.name


def _rules(plan: Plan, model: NetworkModel) -> Iterator[str]:
    written: dict[str, Expression] = {
        edge.rule.definition.name: edge.rule.definition.update for edge in model.edges if edge.rule is not None
    }
    for rule in plan.structure.rules:
        if rule.name in written and rule.update != written[rule.name]:
            yield f"the rule {rule.name} of the plan is not that of the file"


def _told(edge: _Edge) -> str:
    sender, receiver, label, rule = edge
    name = f"{label}: " if label is not None else ""
    return f"an edge {name}{sender} -> {receiver}" + (f" that learns by {rule}" if rule else "")
