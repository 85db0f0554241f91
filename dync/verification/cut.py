"""The update as a function of what is at hand: values, fields, traces, measures and weights.

What training computes is this function of the fields that messages bring. The cut at the fields is what locality is
about: a field is what the receiver knows. In the same way a measure that a rule takes is what is told to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import equinox as eqx
from jax import Array

from dync.compiler.expression import symbols
from dync.compiler.plan import RulePlan, Structure
from dync.runtime.beside import traced
from dync.runtime.engine import Machine
from dync.runtime.messages import Fields
from dync.runtime.updates import Moment, family_update, moved_traces, with_shared

LAST = ""
"""The name here of the moment at the end of the protocol, or of the step after which a rule is applied."""


class Local(eqx.Module):
    """What is at the ends of all synapses, and their weights.

    `values` are the layers' of each moment, as `heard` gives them, `fields` those of every port, `measures` the numbers
    of each example that rules take, `traces` those of rules, `weights` those of every family. In the analysis the same
    holds what each of these depends on.
    """

    values: dict[str, tuple[Any, ...]]
    fields: dict[str, dict[int, Any]]
    measures: dict[str, dict[str, Any]]
    traces: dict[str, Any]
    weights: tuple[Any, ...]


class Changes(eqx.Module):
    """What the edges of each family with a rule want, `wanted`, the updates of the families that own weights, and what
    the traces of rules become."""

    wanted: dict[int, Any]
    updates: dict[int, Any]
    traces: dict[str, Any]


@dataclass(frozen=True)
class _Given(Moment):
    """A moment whose fields and measures are given."""

    given: Fields
    measured: Mapping[str, Array]

    @property
    def fields(self) -> Fields:
        """Those that are given."""
        return self.given

    def measure(self, name: str) -> Array:
        """The one that is given."""
        return self.measured[name]


Update: TypeAlias = Callable[[Local], Changes]


def update_function(machine: Machine, key: Array | None) -> Update:
    """The update that training computes, as a function of what is at hand."""
    families = machine.structure.families

    def changes(local: Local) -> Changes:
        own = replace(machine, lmap=machine.lmap.with_family_weights(local.weights))
        moments: dict[str | None, Moment] = {
            name or None: _Given(own, values, key, (), local.fields[name], local.measures[name])
            for name, values in local.values.items()
        }
        ruled = [f for f, family in enumerate(families) if family.rule is not None]
        wanted = {f: family_update(own, f, moments, local.traces) for f in ruled}
        traces: dict[str, Array] = {}
        for f in traced(machine.structure):
            traces |= moved_traces(own, f, moments[None], local.traces)
        shared = {f: change for f, change in wanted.items() if families[f].owner in (None, *wanted)}
        return Changes(wanted, with_shared(own, shared), traces)

    return changes


def moments_of(structure: Structure) -> tuple[str, ...]:
    """The moments that the rules of a network read, whether they say so or not."""
    read = {symbol.moment for rule in structure.rules for part in expressions(rule) for symbol in symbols(part)}
    named = {moment for rule in structure.rules for moment in rule.moments}
    return (LAST, *sorted({moment for moment in read | named if moment is not None}))


def expressions(rule: RulePlan) -> tuple[Any, ...]:
    """All that is computed for a rule."""
    traces = (trace.next for trace in (*rule.sender_traces, *rule.receiver_traces))
    terms = rule.terms or ()
    factors = (part for term in terms for part in (term.scalar, term.sender, term.receiver, term.weight))
    return (rule.update, *traces, *(factor for factor in factors if factor is not None))


def measures_of(structure: Structure) -> tuple[str, ...]:
    """The measures that rules take."""
    return tuple(sorted({name for family in structure.families for name in family.modulators}))
