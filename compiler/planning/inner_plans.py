"""The plans of networks that edges are: those that run to completion at each message."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from dync.compiler.model import EdgeModel, NetworkModel
from dync.compiler.plan import Plan, Structure


class InnerPlans(Struct, frozen=True):
    """The plan of each such network, made once; `plan` is what makes plans."""

    plan: Callable[[NetworkModel], Plan]
    _made: dict[int, Plan] = field(default_factory=dict)

    def of(self, edge: EdgeModel) -> Plan | None:
        """The plan of the network that an edge is; None where it is none."""
        if edge.inner is None:
            return None
        if id(edge.inner) not in self._made:
            made = self.plan(edge.inner)
            self._made[id(edge.inner)] = replace(made, structure=_stored_whole(made.structure))
        return self._made[id(edge.inner)]

    def structure(self, edge: EdgeModel) -> Structure | None:
        """What fixes the compiled program of that network."""
        plan = self.of(edge)
        return None if plan is None else plan.structure

    def numbers(self, edges: Sequence[EdgeModel]) -> dict[str, tuple[float, ...]]:
        """The numbers of the networks that edges are, all of one structure: those of one edge after another's."""
        found: dict[str, tuple[float, ...]] = {}
        for plan in (plan for edge in edges if (plan := self.of(edge)) is not None):
            for key, values in plan.numbers.items():
                found[f"network.{key}"] = found.get(f"network.{key}", ()) + values
        return found


def _stored_whole(structure: Structure) -> Structure:
    """The same with absent weights stored as zeros, since all weights of a network are one row."""
    return replace(structure, families=tuple(replace(family, slots=None) for family in structure.families))
