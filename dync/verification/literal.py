"""The rule as it is written, synapse by synapse and example by example, in double precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from typing import Literal as Choice

import numpy as np

from dync.compiler.expression import Expression, Symbol, modulator_of, trace_of
from dync.compiler.plan import Plan, RulePlan, Structure, TermPlan, TracePlan
from dync.compiler.rules.reads import side_of
from dync.runtime.beside import trace_key
from dync.runtime.cells import cells
from dync.runtime.history import delays
from dync.runtime.kinds.stored import Stored
from dync.runtime.layout import units_first
from dync.runtime.ports import ports
from dync.testing.evaluate import Array, Margin, evaluate
from dync.testing.moment import Moment, any_draws
from dync.testing.synapses import fans
from dync.testing.unstacked import Edge, edges_of, layers_of
from dync.verification.cut import LAST, Local
from dync.verification.drawn import block_of_trace
from dync.verification.sample import Indices, Sample

End: TypeAlias = Choice["sender", "receiver"]


@dataclass(frozen=True)
class Sum:
    """What some weights of an edge want, summed over their synapses and the batch, and how large the summands are.

    `summands` counts those of one weight.
    """

    change: Array
    size: Array
    summands: int


class Literal:
    """A plan with something at every end of its synapses. `margin` tells how near its decisions came."""

    def __init__(self, plan: Plan, local: Local, batch: int) -> None:
        self.plan, self.local, self.batch = plan, local, batch
        self.margin = Margin()
        edges = iter(edges_of(plan).values())
        self.edges: list[list[Edge]] = [[next(edges) for _ in family.edges] for family in plan.structure.families]
        self.moments: Mapping[str | None, Moment] = {
            None if name == LAST else name: self._moment(name) for name in local.values
        }

    def of(self, f: int, e: int, chosen: Sample, stored: Stored) -> Sum:
        """What these weights of an edge want."""
        rule = self._rule(f)
        weight = np.asarray(stored.weights[e], np.float64).reshape(-1)[chosen.places][chosen.of]
        each, sizes = self._at(f, e, rule, chosen.sender, chosen.receiver, weight)
        change, size = np.zeros(len(chosen.places)), np.zeros(len(chosen.places))
        np.add.at(change, chosen.of, each)
        np.add.at(size, chosen.of, sizes)
        summands = self.batch * int(np.bincount(chosen.of, minlength=1).max(initial=1))
        return Sum(np.where(chosen.exists, change, 0.0), size, summands)

    def of_rows(self, f: int, e: int, senders: Indices, stored: Stored) -> Sum:
        """What the rows of the first factor of a low-rank edge want that belong to these senders."""
        u, v = self._factors(f, e, stored)
        change, size = self._block(f, e, senders, np.arange(len(v)), u[senders] @ v.T)
        return Sum(change @ v, size @ np.abs(v), self.batch * len(v))

    def of_columns(self, f: int, e: int, receivers: Indices, stored: Stored) -> Sum:
        """The same of the second factor, for these receivers."""
        u, v = self._factors(f, e, stored)
        change, size = self._block(f, e, np.arange(len(u)), receivers, u @ v[receivers].T)
        return Sum(change.T @ u, size.T @ np.abs(u), self.batch * len(u))

    def _factors(self, f: int, e: int, stored: Stored) -> tuple[Array, Array]:
        both = np.asarray(stored.weights[e], np.float64)
        senders = self.edges[f][e].sender.units
        return both[:senders], both[senders:]

    def _block(self, f: int, e: int, senders: Indices, receivers: Indices, weight: Array) -> tuple[Array, Array]:
        """The rule at all pairs of some senders and receivers, `[senders, receivers]`."""
        shape = len(senders), len(receivers)
        left, right = np.repeat(senders, shape[1]), np.tile(receivers, shape[0])
        found = self._at(f, e, self._rule(f), left, right, weight.reshape(-1))
        return found[0].reshape(shape), found[1].reshape(shape)

    def _rule(self, f: int) -> RulePlan:
        number = self.plan.structure.families[f].rule
        assert number is not None
        return self.plan.structure.rules[number]

    def _at(
        self, f: int, e: int, rule: RulePlan, sender: Indices, receiver: Indices, weight: Array
    ) -> tuple[Array, Array]:
        """The rule at synapses, summed over the batch, and the sum of the sizes of what is added up for it."""
        edge = self.edges[f][e]

        def read(symbol: Symbol) -> Array:
            if symbol.name == "weight":
                return weight
            found, end = self._read(symbol, f, e)
            return found if end is None else found[:, sender if end == "sender" else receiver]

        def value(expression: Expression | None) -> Array:
            if expression is None:
                return np.ones(())
            return evaluate(expression, read, edge.rule_parameters, self.margin)

        shape = self.batch, len(sender)
        each = np.broadcast_to(value(rule.update), shape)
        summed, size = each.sum(axis=0), np.abs(each).sum(axis=0)
        for term in rule.terms or ():
            size = np.fmax(size, self._size(term, value, shape))
        return summed, size

    @staticmethod
    def _size(term: TermPlan, value: Any, shape: tuple[int, int]) -> Array:
        """How large the summands of a product are that stands for a part of the rule."""
        with np.errstate(all="ignore"):
            each = value(term.scalar) * value(term.sender) * value(term.receiver) * value(term.weight)
        found = np.abs(np.broadcast_to(each, shape)).sum(axis=0)
        return np.where(np.isfinite(found), found, 0.0)

    def of_trace(self, f: int, e: int, trace: TracePlan) -> Array:
        """What a trace of an edge's rule becomes, `[batch, units]`."""
        shape = self._trace(f, e, trace.name).shape
        value = evaluate(trace.next, lambda s: self._read(s, f, e)[0], self.edges[f][e].rule_parameters, self.margin)
        return np.broadcast_to(value, shape)

    def _read(self, symbol: Symbol, f: int, e: int) -> tuple[Array, End | None]:
        """What a rule reads, `[batch, units]` and at which end; one number an example, or one alone, is at none."""
        edge, moment = self.edges[f][e], self.moments[symbol.moment]
        fan_in, fan_out = fans(edge)
        sizes = {"batch": self.batch, "fan_in": fan_in, "fan_out": fan_out}
        if symbol.name in sizes:
            return np.asarray(sizes[symbol.name], np.float64), None
        if (modulator := modulator_of(symbol.name)) is not None:
            told = self.local.measures[symbol.moment or LAST][edge.measures[modulator]]
            return np.asarray(told, np.float64)[:, None], None
        at_sender = side_of(symbol, self._rule(f)) == "sender"
        if (trace := trace_of(symbol.name)) is not None:
            return self._trace(f, e, trace), "sender" if at_sender else "receiver"
        if at_sender:
            return moment.of_sender(symbol.name, edge.sender, edge.delay), "sender"
        return moment.of_receiver(symbol.name, edge.receiver, edge.into), "receiver"

    def _trace(self, f: int, e: int, name: str) -> Array:
        key = trace_key(f, name)
        b = block_of_trace(self.plan.structure, key)
        found: Array = unit_rows(self.plan.structure, b, self.local.traces[key])[e]
        return found

    def _moment(self, name: str) -> Moment:
        """All layers at one moment, by name."""
        structure = self.plan.structure
        held = [*((cell, 0) for cell in range(len(cells(structure)))), *delays(structure)]
        steps = [dict[str, Array]() for _ in range(1 + max((delay for _, delay in held), default=0))]
        for (cell, late), values in zip(held, self.local.values[name], strict=True):
            steps[-late or 0].update(self._of_cell(cell, values))
        states = steps[0]
        past = tuple(states | then for then in steps[1:])
        fields: dict[str, Array] = {}
        for (b, into), port in ports(structure).items():
            for n in structure.blocks[b].layers:
                plan = structure.layers[n]
                array = unit_rows(structure, b, self.local.fields[name][port])[plan.member]
                fields[f"{plan.name}.{into}" if into else plan.name] = array
        return Moment(states, fields, any_draws, self.margin, past)

    def _of_cell(self, cell: int, values: Any) -> dict[str, Array]:
        """The state, or a trace, of each layer of a block, by the names that the interpreter has for them."""
        structure = self.plan.structure
        b, trace = list(cells(structure))[cell]
        rows = unit_rows(structure, b, values)
        layers = layers_of(self.plan)
        return {
            layers[n].traces[trace] if trace else layers[n].name: rows[structure.layers[n].member]
            for n in structure.blocks[b].layers
        }


def unit_rows(structure: Structure, b: int, array: Any) -> Array:
    """`[members, batch, units]`, whatever the layout of a block."""
    found: Array = np.asarray(array, np.float64)
    if units_first(structure)[b]:
        found = np.swapaxes(found, 1, 2)
    return found


def rounded(plan: Plan) -> Plan:
    """The plan with its numbers as float32 holds them."""
    numbers = {key: tuple(np.array(values, np.float32).tolist()) for key, values in plan.numbers.items()}
    return Plan(plan.structure, numbers)
