"""What rules make of a network, literally: synapse by synapse, example by example, as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from dync.compiler.expression import Expression, Symbol, modulator_of, trace_of
from dync.testing.evaluate import Array, evaluate
from dync.testing.measures import measure
from dync.testing.moment import Moment, Past
from dync.testing.synapses import fans
from dync.testing.unstacked import Edge

if TYPE_CHECKING:
    from dync.testing.interpreter import Interpreter, State, Weights

Moments = Mapping[str | None, Moment]
"""The present moment, None, and the ends of phases by name."""


_SENT = ("pre", "pre.state")
"""What a rule reads of the sender."""


@dataclass(frozen=True)
class Beside:
    """What a protocol that trains has beside the state: the `targets` of outputs, `traces` of rules by edge and name,
    `[batch, units]` of the end that they belong to, and updates `gathered` so far, by edge."""

    targets: Mapping[str, Array]
    traces: Mapping[str, Mapping[str, Array]]
    gathered: Mapping[str, Array]


@dataclass(frozen=True)
class Plasticity:
    """The rules of a network that an interpreter runs, with these weights."""

    interpreter: Interpreter
    weights: Weights

    @property
    def learning(self) -> dict[str, Edge]:
        """The edges that have a rule, by name."""
        return {name: edge for name, edge in self.interpreter.edges.items() if edge.rule is not None}

    def nothing(self, state: State, held: Mapping[str, Array]) -> Beside:
        """What there is beside the state before the first step; `held` are the data and the targets."""
        batch = len(next(iter(state.values())))
        traces: dict[str, dict[str, Array]] = {}
        for name, edge in self.learning.items():
            assert edge.rule is not None
            sides = (edge.sender, edge.rule.sender_traces), (edge.receiver, edge.rule.receiver_traces)
            traces[name] = {t.name: np.zeros((batch, layer.units)) for layer, own in sides for t in own}
        return self.anew(Beside({}, traces, {}), held)

    def anew(self, beside: Beside, held: Mapping[str, Array]) -> Beside:
        """The same with sums that begin anew, and the targets among these."""
        naive = self.interpreter
        gathered = {
            name: np.zeros(naive.owner(edge).shape) for name, edge in self.learning.items() if edge.during is not None
        }
        targets = {name: value for name, value in held.items() if naive.layers[name].role == "output"}
        return Beside({**beside.targets, **targets}, beside.traces, gathered)

    def moments(
        self, state: State, past: Past, snapshots: Mapping[str, State], pasts: Mapping[str, Past]
    ) -> dict[str | None, Moment]:
        """What rules see now, and what they saw at the ends of phases."""
        naive = self.interpreter
        found: dict[str | None, Moment] = {}
        for name, then in [(None, state), *snapshots.items()]:
            before = past if name is None else pasts.get(name, ())
            fields = naive.fields(then, self.weights, past=before)
            found[name] = Moment(then, fields, naive.draws, naive.margin, before)
        return found

    def stepped(
        self,
        phase: str,
        state: State,
        past: Past,
        snapshots: Mapping[str, State],
        pasts: Mapping[str, Past],
        beside: Beside,
    ) -> Beside:
        """What has come of it after a step of a phase: first the traces move, then the rules are applied."""
        traced = {name: edge for name, edge in self.learning.items() if beside.traces[name]}
        applied = {name: edge for name, edge in self.learning.items() if edge.during == phase}
        if not traced and not applied:
            return beside
        named = {moment for edge in applied.values() if edge.rule is not None for moment in edge.rule.moments}
        ends = {name: then for name, then in snapshots.items() if name in named}
        moments = self.moments(state, past, ends, pasts)
        moved = {**beside.traces, **{name: self._moved(edge, moments, beside) for name, edge in traced.items()}}
        after = Beside(beside.targets, moved, beside.gathered)
        more = {name: self.update_of(edge, moments, after) for name, edge in applied.items()}
        gathered = {name: total + more.get(name, 0.0) for name, total in beside.gathered.items()}
        return Beside(beside.targets, moved, gathered)

    def updates(self, moments: Moments, beside: Beside) -> dict[str, Array]:
        """The change of the weights of each edge that owns them and learns; nowhere is it confined to what can move."""
        naive = self.interpreter
        owners = {name: edge for name, edge in naive.edges.items() if edge.learns and edge.owner is None}
        found = {name: np.zeros(edge.shape) if edge.rule else beside.gathered[name] for name, edge in owners.items()}
        for name, edge in self.learning.items():
            rate = 1.0 if edge.owner is None else edge.rate
            change = self.update_of(edge, moments, beside) if edge.during is None else beside.gathered[name]
            found[naive.owner(edge).name] += rate * change
        return found

    def update_of(self, edge: Edge, moments: Moments, beside: Beside) -> Array:
        """The rule at every synapse and example, summed over the batch and the synapses of each weight of the owner."""
        assert edge.rule is not None
        if edge.foreign is not None:
            raise ValueError(f"the interpreter does not know how the rule of {edge.name}, of a kind in Python, works")
        naive = self.interpreter
        synapses, values = naive.synapses(edge), naive.values(edge, self.weights)
        senders = {trace.name for trace in edge.rule.sender_traces}
        batch = len(moments[None].states[edge.sender.name])

        def read(symbol: Symbol) -> Array:
            if symbol.name == "weight":
                return values
            found = self._read(symbol, edge, moments, beside)
            if found.ndim == 0 or modulator_of(symbol.name) is not None:
                return found
            at_sender = symbol.name in _SENT or trace_of(symbol.name) in senders
            return found[:, synapses.sender if at_sender else synapses.receiver]

        change = evaluate(edge.rule.update, read, edge.rule_parameters, naive.margin)
        return self._of_weights(edge, np.broadcast_to(change, (batch, len(values))).sum(axis=0))

    def _moved(self, edge: Edge, moments: Moments, beside: Beside) -> dict[str, Array]:
        """The traces of an edge's rule, from what all of them were."""
        assert edge.rule is not None
        old = beside.traces[edge.name]

        def next_of(expression: Expression, like: Array) -> Array:
            read = evaluate(
                expression,
                lambda symbol: self._read(symbol, edge, moments, beside),
                edge.rule_parameters,
                self.interpreter.margin,
            )
            return np.broadcast_to(read, like.shape).copy()

        own = (*edge.rule.sender_traces, *edge.rule.receiver_traces)
        return {trace.name: next_of(trace.next, old[trace.name]) for trace in own}

    def _read(self, symbol: Symbol, edge: Edge, moments: Moments, beside: Beside) -> Array:
        """What a rule reads, `[batch, units]` of its end; a measure is `[batch, 1]`, a size one number."""
        fan_in, fan_out = fans(edge)
        moment = moments[symbol.moment]
        sizes = {"batch": len(moments[None].states[edge.sender.name]), "fan_in": fan_in, "fan_out": fan_out}
        if symbol.name in sizes:
            return np.asarray(sizes[symbol.name], np.float64)
        if symbol.name in _SENT:
            return moment.of_sender(symbol.name, edge.sender, edge.delay)
        if (trace := trace_of(symbol.name)) is not None:
            return beside.traces[edge.name][trace]
        if (modulator := modulator_of(symbol.name)) is not None:
            naive = self.interpreter
            return measure(naive.plan, edge.measures[modulator], moment.states, beside.targets, naive.margin)[:, None]
        return moment.of_receiver(symbol.name, edge.receiver, edge.into)

    def _of_weights(self, edge: Edge, change: Array) -> Array:
        """What the synapses of each weight want, summed; of low rank, what the matrix wants times the other factor."""
        owner = self.interpreter.owner(edge)
        shape = owner.shape if owner.rank is None else (owner.sender.units, owner.receiver.units)
        total = np.zeros(prod(shape))
        np.add.at(total, self.interpreter.synapses(edge).weight, change)
        if owner.rank is None:
            return total.reshape(shape)
        matrix, factors = total.reshape(shape), np.asarray(self.weights[owner.name], np.float64)
        u, v = factors[: owner.sender.units], factors[owner.sender.units :]
        return np.concatenate([matrix @ v, matrix.T @ u])
