"""Whether what a family of a plan says of single pairs of units holds together."""

from __future__ import annotations

from itertools import pairwise
from math import prod

from dync.compiler.between_plan import ARCS, GIVEN, PAIRS, BetweenPlan, names_read, readable
from dync.compiler.expression import Apply
from dync.compiler.plan import FamilyPlan, Structure
from dync.compiler.plan_error import require
from dync.compiler.planning.presence import counts
from dync.compiler.planning.verify_expression import verify_expression
from dync.compiler.window_plan import Shape


def verify_between(family: FamilyPlan, where: str, structure: Structure) -> None:
    """Raise PlanError unless expressions, arcs, sizes and slots of a family go together."""
    plan = family.between
    if plan is None:
        return
    sender, receiver = (structure.blocks[b].shape for b in (family.sender, family.receiver))
    require(family.kind == "dense" and family.owner is None, f"{where} says of pairs of units what only `dense` can")
    require(family.masked or not plan.chosen, f"{where} says which weights exist but has no mask")
    require(plan.present is None or plan.arcs is None, f"{where} says twice which weights exist")
    require(plan.weights is None or not plan.given, f"{where} says twice what its weights are")
    require(not plan.radius or all(e.sender == e.receiver for e in family.edges), f"{where} has a radius but two ends")
    _verify_expressions(plan, where, sender, receiver)
    pairs = prod(sender) * prod(receiver)
    require(not plan.given or pairs <= GIVEN, f"{where} holds more than {GIVEN} weights")
    require(not (plan.present is not None and plan.known) or pairs <= PAIRS, f"{where} asks more than {PAIRS} pairs")
    if plan.arcs is not None:
        _verify_arcs(plan.arcs, where, prod(sender), prod(receiver))
    if family.slots is not None and plan.chosen:
        require(plan.known, f"{where} has slots for weights that are not known")
        found, room = counts(plan, sender, receiver, family.diagonal), family.slots
        crowded = sum(count > room.common for count in found)
        require(max(found) <= room.most and crowded <= room.crowded, f"{where} has more weights than slots")


def _verify_expressions(plan: BetweenPlan, where: str, sender: Shape, receiver: Shape) -> None:
    symbols = readable(sender, receiver)
    if plan.weights is not None:
        verify_expression(plan.weights, f"the weights of {where}", symbols, frozenset(names_read(plan)))
    if plan.present is not None:
        # A condition is a number of its own once it is asked whether it holds.
        verify_expression(Apply("indicator", (plan.present,)), f"the presence of {where}", symbols)


def _verify_arcs(arcs: tuple[tuple[int, ...], ...], where: str, senders: int, receivers: int) -> None:
    require(len(arcs) == senders, f"{where} has arcs for {len(arcs)} units, not {senders}")
    require(sum(map(len, arcs)) <= ARCS, f"{where} has more than {ARCS} arcs")
    for found in arcs:
        require(all(0 <= unit < receivers for unit in found), f"{where} has an arc to no unit")
        require(all(a < b for a, b in pairwise(found)), f"the arcs of {where} are not in order")
