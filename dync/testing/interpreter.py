"""A literal interpreter of plans, as evidence for the runtime: slow, in float64, one unit of meaning a line.

It reads of a plan the layers, the flat list of edges, the waves, phases and protocols, the expressions as written and
the numbers. Blocks, separated terms and the order of levels, which make the runtime fast, play no part in it. States
and weights are mappings by name (`h[1]`; `x->h[1]`, or `x->h[1]:a` where labels tell edges apart) of arrays
`[batch, units]` and `[units of sender, units of receiver]`; layers of several dimensions are flattened in C order.
Traces of units stand in a state beside the layers (`h[1], trace slow`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dync.compiler.expression import Symbol
from dync.compiler.plan import MessageFilter, PhasePlan, Plan
from dync.testing.evaluate import Array, Margin, evaluate
from dync.testing.foreign import answer
from dync.testing.inner import weights_of_row
from dync.testing.moment import Draws, Past, call_of, carried, no_draws, sent_of
from dync.testing.plasticity import Beside, Plasticity
from dync.testing.relaxation import Relaxation
from dync.testing.synapses import Synapses, pooled, synapses_of
from dync.testing.unstacked import Edge, Layer, edges_of, layers_of

State: TypeAlias = dict[str, Array]
Weights: TypeAlias = Mapping[str, Any]
Absent: TypeAlias = Mapping[str, NDArray[np.bool_]]
Data: TypeAlias = Mapping[str, Any] | Any | None
"""Arrays `[batch, …]` by the names of layers, or one array where there is one layer to give it to."""


Pull: TypeAlias = tuple[float, Array]
"""A strength, and the data or the target to which a softly clamped layer is pulled, `[batch, units]`."""


class Interpreter:
    """Runs one plan. `absent` marks weights that do not exist by edge (True: absent); `draws` serves activations.

    `margin` keeps the smallest distance by which any decision so far could have fallen the other way. Raises ValueError
    where two edges without labels join one pair.
    """

    def __init__(self, plan: Plan, *, absent: Absent | None = None, draws: Draws = no_draws) -> None:
        self.plan = plan
        self.layers: dict[str, Layer] = {layer.name: layer for layer in layers_of(plan)}
        self.edges: dict[str, Edge] = edges_of(plan)
        self.absent = {name: np.asarray(mask, np.bool_) for name, mask in (absent or {}).items()}
        self.draws = draws
        self.margin = Margin()
        self._names = tuple(self.layers)
        self._found: dict[str, Synapses] = {}

    # --- states -------------------------------------------------------------------------------------------------------

    def start(self, x: Data = None, y: Data = None, *, batch: int | None = None) -> State:
        """The state before a protocol: inputs hold `x`, outputs `y` (zero without), constants their value.

        All else is zero or its `start`. `batch` is needed where there are no data. Raises ValueError for data that no
        layer takes, a missing input, or sizes that disagree.
        """
        given = {**self._by_name(x, "input"), **self._by_name(y, "output")}
        missing = [n for n, layer in self.layers.items() if layer.role == "input" and n not in given]
        sizes = {len(array) for array in given.values()} | ({batch} if batch is not None else set())
        if missing or len(sizes) != 1:
            raise ValueError(f"inputs without data: {missing}; sizes of the batch: {sorted(sizes)}")
        (size,) = sizes
        first = {name: self._first(layer, given, size) for name, layer in self.layers.items()}
        keys = ((layer, key) for layer in self.layers.values() for key in layer.traces.values())
        return first | {key: np.zeros((size, layer.units)) for layer, key in keys}

    def _by_name(self, data: Data, role: Literal["input", "output"]) -> State:
        takers = [name for name, layer in self.layers.items() if layer.role == role]
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            if len(takers) != 1:
                raise ValueError(f"one array for {len(takers)} layers: {takers}")
            data = {takers[0]: data}
        if not set(data) <= set(takers):
            raise ValueError(f"{sorted(set(data) - set(takers))} is no {role}")
        return {name: self._flat(self.layers[name], array) for name, array in data.items()}

    @staticmethod
    def _flat(layer: Layer, array: Any) -> Array:
        values = np.asarray(array, np.float64)
        if values.shape[1:] not in (layer.shape, (layer.units,)):
            raise ValueError(f"{layer.name} has the shape {layer.shape} an example, the data {values.shape[1:]}")
        return values.reshape(len(values), layer.units)

    @staticmethod
    def _first(layer: Layer, given: State, size: int) -> Array:
        if layer.role == "constant":
            return np.full((size, layer.units), layer.value)
        if layer.start is not None:
            return given[layer.start].reshape(size, layer.units).copy()
        return given[layer.name].copy() if layer.name in given else np.zeros((size, layer.units))

    # --- messages, fields, steps --------------------------------------------------------------------------------------

    def message(self, edge: Edge, state: Mapping[str, Array], weights: Weights) -> Array:
        """What an edge brings to its receiver, `[batch, units of receiver]`."""
        sender = state[edge.sender.name]

        def read(symbol: Symbol) -> Array:
            return sender if symbol.name == "state" else sent_of(edge.sender, state, self.margin)

        sent = np.broadcast_to(evaluate(edge.sends, read, edge.sends_parameters, self.margin), sender.shape)
        if edge.kind in ("pool", "unpool"):
            return pooled(edge, sent)
        if edge.inner is not None:
            return self._answer(edge.inner, sent, weights[edge.name])
        if edge.foreign is not None:
            return answer(edge, weights[edge.name], sent)
        message = np.zeros((len(sent), edge.receiver.units))
        synapses = self.synapses(edge)
        sums = sent[:, synapses.sender] * self.values(edge, weights)
        for one, summands in zip(message, sums, strict=True):
            np.add.at(one, synapses.receiver, summands)
        return message

    def _answer(self, inner: Plan, sent: Array, row: Any) -> Array:
        """What a network answers whose input holds what is sent."""
        asked = Interpreter(inner)
        asked.margin = self.margin
        (output,) = (name for name, layer in asked.layers.items() if layer.role == "output")
        return asked.relax("infer", asked.start(sent), weights_of_row(inner, row)).state[output]

    def synapses(self, edge: Edge) -> Synapses:
        """The synapses of an edge."""
        if edge.name not in self._found:
            self._found[edge.name] = synapses_of(edge)
        return self._found[edge.name]

    def values(self, edge: Edge, weights: Weights) -> Array:
        """The weight of each synapse of an edge, its own or its owner's."""
        owner = self.owner(edge)
        weight = np.asarray(weights[owner.name], np.float64)
        if owner.rank is not None:
            weight = weight[: owner.sender.units] @ weight[owner.sender.units :].T
        else:
            weight = np.broadcast_to(weight, owner.shape)
        return weight.reshape(-1)[self.synapses(edge).weight]

    def owner(self, edge: Edge) -> Edge:
        """The edge whose weights an edge uses: itself, unless it is tied."""
        return edge if edge.owner is None else self.edges[edge.owner]

    def field(
        self,
        layer: str,
        state: State,
        weights: Weights,
        messages: MessageFilter = "all",
        silent: Collection[str] = (),
        into: str = "",
        past: Past = (),
    ) -> Array:
        """The sum of the messages that reach a layer in its field `into`, `[batch, units]`; zero where none does."""
        total = np.zeros_like(state[layer])
        for edge in self.edges.values():
            arrives = (edge.receiver.name, edge.into) == (layer, into)
            if arrives and edge.speaks(messages) and edge.sender.name not in silent:
                total = total + self.message(edge, carried(state, past, edge.delay), weights)
        return total

    def named_fields(
        self,
        layer: str,
        state: State,
        weights: Weights,
        messages: MessageFilter,
        silent: Collection[str] = (),
        past: Past = (),
    ) -> dict[str, Array]:
        """The fields with names into which edges to a layer send, by their names."""
        names = {edge.into for edge in self.edges.values() if edge.receiver.name == layer and edge.into}
        return {name: self.field(layer, state, weights, messages, silent, name, past) for name in sorted(names)}

    def fields(self, state: State, weights: Weights, messages: MessageFilter | None = None, past: Past = ()) -> State:
        """The fields of all layers, by default with the messages that the rules see; `h.apical` is one with a name."""
        heard = self.plan.structure.rule_messages if messages is None else messages
        found = {name: self.field(name, state, weights, heard, past=past) for name in self.layers}
        for layer in self.layers:
            named = self.named_fields(layer, state, weights, heard, past=past)
            found |= {f"{layer}.{name}": field for name, field in named.items()}
        return found

    def step(
        self,
        state: State,
        weights: Weights,
        messages: MessageFilter = "all",
        silent: Collection[str] = (),
        clamped: Collection[str] | None = None,
        soft: Mapping[str, Pull] | None = None,
        past: Past = (),
    ) -> State:
        """One step, wave by wave; the layers of a wave all read the state from before it.

        `clamped` layers do not move, by default every input and output; constants never do. `soft` are those that are
        pulled to a target: to their field comes the strength times what they lack of it.
        """
        began = state
        still = [n for n, layer in self.layers.items() if layer.held] if clamped is None else clamped
        for wave in self.plan.structure.waves:
            movers = [self._names[n] for n in wave if self._names[n] not in still]
            state = self._update(movers, state, weights, messages, silent, soft or {}, past or (began,))
        return dict(state)

    def _update(
        self,
        movers: list[str],
        state: State,
        weights: Weights,
        messages: MessageFilter,
        silent: Collection[str],
        soft: Mapping[str, Pull],
        past: Past,
    ) -> State:
        """The state after these layers moved at once."""
        new = dict(state)
        for name in movers:
            if self.layers[name].role != "constant":
                field = self.field(name, state, weights, messages, silent, past=past)
                if name in soft:
                    strength, target = soft[name]
                    field = field + strength * (target - state[name])
                named = self.named_fields(name, state, weights, messages, silent, past)
                new |= call_of(self.layers[name], field, state, self.draws, self.margin, named).moved()
        return new

    def predict(self, state: State, weights: Weights, past: Past = ()) -> State:
        """The read-out: the state with every output updated once, at the same time, from all messages."""
        outputs = [name for name, layer in self.layers.items() if layer.role == "output"]
        return self._update(outputs, state, weights, "all", (), {}, past)

    # --- phases and protocols -----------------------------------------------------------------------------------------

    def relax(
        self, protocol: Literal["train", "infer"], state: State, weights: Weights, held: State | None = None
    ) -> Relaxation:
        """A whole protocol from `state`; `infer` ends with the read-out.

        `held` are the values that inputs and outputs take where a phase clamps them, by default those in `state`.
        Raises ValueError where the network has no such protocol.
        """
        numbers = self.plan.structure.train if protocol == "train" else self.plan.structure.infer
        if numbers is None:
            raise ValueError(f"the network has no {protocol}")
        values = {n: (held or state)[n] for n, layer in self.layers.items() if layer.held}
        was_clamped = set(values)
        snapshots: dict[str, State] = {}
        past: Past = ()
        pasts: dict[str, Past] = {}
        rules = Plasticity(self, weights)
        beside = rules.nothing(state, values)
        steps = []
        for phase in (self.plan.structure.phases[n] for n in numbers):
            clamped = {self._names[n] for n in phase.clamped}
            if phase.origin is not None:
                state, was_clamped = snapshots[self.plan.structure.phases[phase.origin].name], set()
            state = self._enter(state, values, was_clamped, clamped)
            past = past or (state,)
            before = len(past)
            for after in self._run(phase, state, weights, clamped, self._pulls(phase, values), past):
                state, past = after, (*past, after)
                if protocol == "train":
                    beside = rules.stepped(phase.name, state, past, snapshots, pasts, beside)
            snapshots[phase.name], pasts[phase.name] = state, past
            steps.append(len(past) - before)
            was_clamped = clamped
        if protocol == "infer":
            state = self.predict(state, weights, past)
        return Relaxation(state, snapshots, tuple(steps), past, pasts, beside)

    def _enter(self, state: State, held: State, before: set[str], now: set[str]) -> State:
        """The state at the beginning of a phase: what it clamps takes its held value, an output let go starts at 0.

        `before` were clamped until now; a phase that starts from the end of another lets nothing go by that.
        """
        new = dict(state)
        for name, value in held.items():
            if name in now:
                new[name] = value
            elif name in before and self.layers[name].role == "output":
                new[name] = np.zeros_like(value)
        return new

    def _pulls(self, phase: PhasePlan, held: State) -> dict[str, Pull]:
        """The layers that a phase softly clamps."""
        strengths = self.plan.numbers[f"phase.{phase.name}.soft"] if phase.soft else ()
        names = [self._names[n] for n in phase.soft]
        return {name: (strength, held[name]) for name, strength in zip(names, strengths, strict=True)}

    def _run(
        self,
        phase: PhasePlan,
        state: State,
        weights: Weights,
        clamped: set[str],
        soft: Mapping[str, Pull],
        past: Past,
    ) -> Iterator[State]:
        """The state after each step of a phase."""
        silent = {self._names[n] for n in phase.silent}
        for _ in range(phase.steps):
            new = self.step(state, weights, phase.messages, silent, clamped, soft, past)
            settled = phase.settle and self._settled(phase, state, new)
            state, past = new, (*past, new)
            yield state
            if settled:
                return

    def _settled(self, phase: PhasePlan, before: State, after: State) -> bool:
        moved = max((float(np.max(np.abs(after[n] - before[n]), initial=0.0)) for n in self.layers), default=0.0)
        within = self.plan.numbers[f"phase.{phase.name}.within"][0]
        if moved > 0:
            self.margin.see(np.asarray(moved), np.asarray(within))
        return not moved > within

    # --- learning -----------------------------------------------------------------------------------------------------

    def updates(
        self,
        state: State,
        weights: Weights,
        snapshots: Mapping[str, State] | None = None,
        past: Past = (),
        pasts: Mapping[str, Past] | None = None,
        beside: Beside | None = None,
    ) -> dict[str, Array]:
        """The rule's change of each learning edge's weight; zero at fixed diagonals and absent weights.

        `snapshots` are the states at the ends of the phases that rules name with `@`; `past` and `pasts` what a
        protocol did until now and until then, for edges with a delay; `beside` the targets, traces and sums that it
        left, by default no steps and the outputs' own states.
        """
        rules = Plasticity(self, weights)
        held = {name: state[name] for name, layer in self.layers.items() if layer.held}
        moments = rules.moments(state, past, snapshots or {}, pasts or {})
        found = rules.updates(moments, rules.nothing(state, held) if beside is None else beside)
        return {name: np.where(self.moves(self.edges[name]), change, 0.0) for name, change in found.items()}

    def moves(self, edge: Edge) -> NDArray[np.bool_]:
        """Which weights of an edge can learn, in its shape: not the absent ones, not a fixed diagonal."""
        free = np.full(edge.shape, edge.learns)
        if edge.name in self.absent:
            free &= ~self.absent[edge.name]
        if edge.diagonal is not None:
            free &= ~np.eye(edge.sender.units, dtype=np.bool_)
        return free

    def pseudo_gradients(
        self,
        state: State,
        weights: Weights,
        snapshots: Mapping[str, State] | None = None,
        past: Past = (),
        pasts: Mapping[str, Past] | None = None,
        beside: Beside | None = None,
    ) -> dict[str, Array]:
        """`rate * (decay * weight - update)` for every edge with weights of its own, zero for those that never move."""
        updates = self.updates(state, weights, snapshots, past, pasts, beside)
        gradients = {}
        for name, edge in self.edges.items():
            if edge.owner is not None or edge.kind in ("pool", "unpool"):
                continue
            weight = np.broadcast_to(np.asarray(weights[name], np.float64), edge.shape)
            change = edge.rate * (edge.decay * weight - updates.get(name, np.zeros(edge.shape)))
            gradients[name] = np.where(self.moves(edge), change, 0.0)
        return gradients
