"""Orchestrators: Equinox modules that route messages, move the state and gather the local updates of a network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from dync.compiler.plan import MessageFilter, ScheduleKind, Structure
from dync.runtime.engine import Machine
from dync.runtime.gradients import run_training
from dync.runtime.layer_map import LayerMap, Parameters, Weights, with_weights
from dync.runtime.layout import EdgeKey, layer_number, unknown
from dync.runtime.phases import outer_layers, read_out, run_protocol, run_step
from dync.runtime.state import State
from dync.runtime.step_program import step_program
from dync.runtime.updates import updates


class AbstractOrchestrator(eqx.Module):
    """What every orchestrator offers. It is a PyTree: its structure is static, its arrays can be replaced and mapped.

    Every function that moves the state takes a key and gives back an advanced one.
    """

    lmap: eqx.AbstractVar[LayerMap]

    @abstractmethod
    def step(
        self, state: State, *, rng: Array, messages: MessageFilter = "all", silent: Sequence[str] = ()
    ) -> tuple[State, Array]:
        """One step of all layers that move; by default inputs and outputs are clamped and all messages are sent."""

    @abstractmethod
    def step_inference(self, state: State, *, rng: Array) -> tuple[State, Array]:
        """One step with forward messages alone: no layer hears from a layer later in the order."""

    @abstractmethod
    def predict(self, state: State, *, rng: Array) -> tuple[State, Array]:
        """The read-out: every output updated once, together, from all its messages."""

    @abstractmethod
    def backward(self, state: State, *, rng: Array) -> LayerMap:
        """Local updates in a map like `lmap`, ready for Optax: `rate * (decay * weight - update)` for every edge."""


class WaveOrchestrator(AbstractOrchestrator):
    """An orchestrator that moves a network wave by wave: the one engine behind all schedules.

    `lmap` holds the weights, `parameters` the numbers of the plan by key (margins, strengths, rates, leaks), one value
    a member of a block or an edge of a family; `structure` is static. Two orchestrators of equal structure share
    compiled programs.
    """

    lmap: LayerMap
    parameters: Parameters
    structure: Structure = eqx.field(static=True)

    schedule: ClassVar[ScheduleKind]

    def __check_init__(self) -> None:
        if self.structure.schedule != self.schedule:
            raise ValueError(f"{type(self).__name__} runs the schedule {self.schedule}, not {self.structure.schedule}")

    def __getattribute__(self, name: str) -> object:
        found = super().__getattribute__(name)
        if name == "lmap" and isinstance(found, LayerMap):
            found.bind(super().__getattribute__("parameters"))
        return found

    def __repr__(self) -> str:
        """One line: the network, its layers and edges, and for how many weights there is room."""
        structure = super().__getattribute__("structure")
        edges = sum(len(family.edges) for family in structure.families)
        weights = sum(int(getattr(leaf, "size", 0)) for leaf in super().__getattribute__("lmap").weights)
        found = f"{len(structure.layers)} layers, {edges} edges, room for {weights:,} weights"
        return f"{type(self).__name__}({structure.network}: {found})"

    @property
    def machine(self) -> Machine:
        """The parts that the engine moves."""
        return Machine(self.structure, self.lmap, self.parameters)

    @property
    def learnable(self) -> LayerMap:
        """A mask for `optax.masked`, true for the weights of edges that learn.

        Absent weights and fixed diagonals are zero in those and get no update, so optimizers that work element by
        element leave them alone.
        """
        families = self.structure.families
        learns = tuple(None if family.weightless else family.learns for family in families)
        fixed = tuple(None if d is None else False for d in self.lmap.diagonals)
        nothing = tuple(None for _ in learns)
        return LayerMap(learns, fixed, nothing, nothing, nothing, self.structure)  # type: ignore[arg-type]

    @eqx.filter_jit
    def step(
        self, state: State, *, rng: Array, messages: MessageFilter = "all", silent: Sequence[str] = ()
    ) -> tuple[State, Array]:
        """One step in which inputs and outputs are clamped. `silent` names layers that send nothing (`except y`)."""
        if messages not in ("all", "forward", "backward"):
            raise ValueError(f"messages are all, forward or backward, not {messages!r}")
        rng, key = jax.random.split(rng)
        quiet = frozenset(layer_number(self.structure, name) for name in silent)
        program = step_program(self.structure, messages, quiet, outer_layers(self.structure))
        return run_step(self.machine, state, program, key), rng

    def step_inference(self, state: State, *, rng: Array) -> tuple[State, Array]:
        """One step with forward messages alone."""
        return self.step(state, rng=rng, messages="forward")

    @eqx.filter_jit
    def predict(self, state: State, *, rng: Array) -> tuple[State, Array]:
        """The read-out of the present state."""
        rng, key = jax.random.split(rng)
        return read_out(self.machine, state, key), rng

    @eqx.filter_jit
    def relax(self, protocol: Literal["train", "infer"], state: State, *, rng: Array) -> tuple[State, Array]:
        """A whole protocol; `infer` ends with the read-out. Raises ValueError where the network does not have it."""
        if protocol not in ("train", "infer"):
            raise ValueError(f"the protocols are train and infer, not {protocol!r}")
        rng, key = jax.random.split(rng)
        if protocol == "train":
            return run_training(self.machine, state, key), rng
        return run_protocol(self.machine, state, protocol, key), rng

    @eqx.filter_jit
    def backward(self, state: State, *, rng: Array) -> LayerMap:
        """Local updates at a state that went through `train`; zero for edges that do not learn."""
        found = updates(self.machine, state, rng)
        weights: list[Array | None] = []
        for f, weight in enumerate(self.lmap.weights):
            if weight is None:
                weights.append(None)
            elif f in found:
                rate, decay = (self._per_edge(f, name, weight) for name in ("rate", "decay"))
                weights.append(rate * (decay * weight - found[f]))
            else:
                weights.append(jnp.zeros_like(weight))
        diagonals = tuple(None if d is None else jnp.zeros_like(d) for d in self.lmap.diagonals)
        return LayerMap(
            tuple(weights), diagonals, self.lmap.masks, self.lmap.senders, self.lmap.crowded, self.structure
        )

    def with_weights(self, weights: Weights) -> WaveOrchestrator:
        """A new orchestrator with the weights of some edges, by (receiver, sender) or label, replaced.

        Where weights can be absent, those given as zero are. Raises KeyError for an unknown edge, ValueError for
        another shape or another fixed diagonal.
        """
        lmap = with_weights(self.lmap, weights)
        return type(self)(lmap, self.parameters, self.structure)

    def with_parameters(self, place: EdgeKey | str, **numbers: ArrayLike) -> WaveOrchestrator:
        """A new orchestrator with numbers of a layer (its activation's) or an edge (its rule's, rate, decay) changed.

        `place` is a layer, a label or (receiver, sender). Nothing is compiled anew. Raises KeyError for an unknown
        name. The strength, density and radius of a `dense` edge only say how weights are drawn, so changing them here
        would do nothing: they are refused.
        """
        found = dict(self.parameters)
        for name, number in numbers.items():
            key, index = self._number(place, name)
            found[key] = found[key].at[index].set(number)
        own = self.lmap.with_family_weights(self.lmap.weights)  # a map notes whose it is, so two must not share one
        return type(self)(own, found, self.structure)

    def _number(self, place: EdgeKey | str, name: str) -> tuple[str, int]:
        """The key of a number, and the place in its array."""
        if isinstance(place, str) and place in self.structure.layer_numbers:
            layer = self.structure.layers[self.structure.layer_numbers[place]]
            owners, index = [f"block.{layer.block}"], layer.member
        else:
            _, edge = self.lmap.place(place)
            family, index = f"family.{edge.family}", edge.index
            owners = [family, f"{family}.sends", f"{family}.rule"]
        parts = [key.rpartition(".") for key in self.parameters]
        known = {n: f"{o}.{n}" for owner in owners for o, _, n in parts if o == owner and not _only_drawn(o, n)}
        if name not in known:
            raise KeyError(f"{unknown('number', name, known)}; {place!r} has {', '.join(known) or 'none'}")
        return known[name], index

    def _per_edge(self, f: int, name: str, weight: Array) -> Array:
        return self.parameters[f"family.{f}.{name}"].reshape(-1, *(1,) * (weight.ndim - 1))


_DRAWN = frozenset({"strength", "density", "diagonal", "radius", "given"})


def _only_drawn(owner: str, name: str) -> bool:
    """Whether a number of an edge says how its weights are drawn, and nothing after that."""
    return owner.count(".") == 1 and owner.startswith("family.") and name in _DRAWN


class SequentialOrchestrator(WaveOrchestrator):
    """Each layer is a wave of its own, in the order of declaration."""

    schedule = "sequential"


class SynchronousOrchestrator(WaveOrchestrator):
    """All layers move at once, each from the old states of the others."""

    schedule = "synchronous"


class GroupedOrchestrator(WaveOrchestrator):
    """Groups of layers move one after the other, the layers of a group at once."""

    schedule = "grouped"


ORCHESTRATORS: Final[Mapping[ScheduleKind, type[WaveOrchestrator]]] = {
    cls.schedule: cls for cls in (SequentialOrchestrator, SynchronousOrchestrator, GroupedOrchestrator)
}
