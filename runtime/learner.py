"""Learning: one compiled program that takes a network through many batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, reduce
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from numpy.typing import NDArray

from dync.compiler.plan import Structure
from dync.runtime.activation import is_stochastic
from dync.runtime.arrays import gathered, only, per_member
from dync.runtime.engine import Machine
from dync.runtime.gradients import run_training, with_gradients
from dync.runtime.kinds.of_family import kinds
from dync.runtime.layout import layout
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.phases import settling_phases
from dync.runtime.samples import begin, by_sample, run_sample, samples_in
from dync.runtime.state import State, Values, initial_state
from dync.runtime.updates import updates

_TINY = 1e-30

SUMMANDS = 4096
"""From so many on XLA compiles a sum for a CPU as one loop (measured: 10 ms less of 50 for a sum of 1000)."""

Weights: TypeAlias = dict[str, Array]
"""The weights of the families that learn, by number: what the optimizer sees."""


class Learner(eqx.Module):
    """A network in training: its orchestrator, the optimizer's state, the number of updates made."""

    orchestrator: WaveOrchestrator
    optimizer_state: optax.OptState
    count: Array


class Feed(eqx.Module):
    """Batches to learn from: whole arrays `[examples, units]` by layer, the rows of each batch `[batches, batch]`.

    Only the first `count` batches are used. `key` is the run's; every update makes one of its own from its number.
    """

    arrays: dict[str, Array]
    rows: Array | NDArray[np.int32]
    count: Array | np.int32
    key: Array


class Outcome(eqx.Module):
    """What became of a feed: whether states and weights stayed finite, and the steps of `settling_phases`, summed."""

    finite: Array
    steps: Array


def start_learner(orchestrator: WaveOrchestrator, optimizer: optax.GradientTransformation) -> Learner:
    """A learner before its first update. It owns its arrays: the orchestrator's are copied."""
    owned = jax.device_put(orchestrator, may_alias=False)
    return Learner(owned, optimizer.init(learning_weights(owned)), jnp.int32(0))


def learning_weights(orchestrator: WaveOrchestrator) -> Weights:
    """The weights of the families that learn."""
    families = orchestrator.structure.families
    owned = enumerate(orchestrator.lmap.weights)
    return {str(f): w for f, w in owned if w is not None and families[f].learns}


Update: TypeAlias = Callable[..., Any]
"""The update of an optimizer, which knows its numbers from its state."""

Program: TypeAlias = Callable[[Feed, Learner], tuple[Learner, Outcome]]

_Learnt: TypeAlias = tuple[Weights, optax.OptState, Array]
"""What of a learner changes while it learns: weights, the optimizer's state, the count."""

_Progress: TypeAlias = tuple[Learner, State, Array]
"""The learner, the state and whether all was finite until now."""


def learning_program(optimizer: optax.GradientTransformation) -> Program:
    """The compiled program: many batches a call, the learner donated, so that its arrays are updated in place.

    Optimizers that share their `update` share the program.
    """
    return _compiled(learning_function(optimizer))


@lru_cache(maxsize=64)
def _compiled(learn: Program) -> Program:
    found: Program = eqx.filter_jit(learn, donate="all-except-first")
    return found


def learning_function(optimizer: optax.GradientTransformation) -> Program:
    """What `learning_program` compiles, for programs that are made of it; the same one for the same `update`."""
    return _learning_function(optimizer.update)


@lru_cache(maxsize=64)
def _learning_function(update: Update) -> Program:
    def learn(feed: Feed, learner: Learner) -> tuple[Learner, Outcome]:
        def body(batch: Array, carry: tuple[_Learnt, Outcome]) -> tuple[_Learnt, Outcome]:
            before, outcome = carry
            present = _with_rates_at_hand(_taught(learner, before))
            after, state, finite = _learn(update, present, _rows(feed, batch), feed.key)
            steps = outcome.steps + state.steps[settling] if len(settling) else outcome.steps
            return _learnt(after), Outcome(outcome.finite & finite, steps)

        settling = np.array(settling_phases(learner.orchestrator.structure), np.int32)
        start = _learnt(learner), Outcome(jnp.bool_(True), jnp.asarray(np.zeros_like(settling)))
        last, outcome = lax.fori_loop(0, feed.count, body, start)
        finite = outcome.finite & _all_finite(last[0])
        return _taught(learner, last), Outcome(finite, outcome.steps)

    return learn


def _learnt(learner: Learner) -> _Learnt:
    return learning_weights(learner.orchestrator), learner.optimizer_state, learner.count


def _taught(learner: Learner, learnt: _Learnt) -> Learner:
    weights, optimizer_state, count = learnt
    return Learner(_with_weights(learner.orchestrator, weights), optimizer_state, count)


def _with_rates_at_hand(learner: Learner) -> Learner:
    """The same learner, whose rates seem to come of its count: else XLA multiplies them by the optimizer's constants
    before the first update, and compiles a kernel for each (measured: 5% of its time for the program of a chain)."""
    orchestrator = learner.orchestrator
    families = enumerate(orchestrator.structure.families)
    keys = [f"family.{f}.rate" for f, family in families if family.learns]
    given = {key: orchestrator.parameters[key] for key in keys}, learner.count
    rates, count = lax.optimization_barrier(given)  # type: ignore[no-untyped-call]
    own = type(orchestrator)(orchestrator.lmap, orchestrator.parameters | rates, orchestrator.structure)
    return Learner(own, learner.optimizer_state, count)


def learn_batch(update: Update, learner: Learner, data: Mapping[str, Array], run_key: Array) -> tuple[Learner, State]:
    """One batch: the training protocol, the local updates, the optimizer. Gives the final state too.

    Of a network over time the batch holds sequences, and the weights learn after each sample; the state's counts of
    steps are then the sums over the samples.
    """
    return _learn(update, learner, data, run_key)[:2]


def _learn(update: Update, learner: Learner, data: Mapping[str, Array], run_key: Array) -> tuple[Learner, State, Array]:
    """`learn_batch`, and whether what moved stayed finite."""
    if learner.orchestrator.structure.time is not None:
        return _learn_sequences(update, learner, data, run_key)
    orchestrator = learner.orchestrator
    structure = orchestrator.structure
    relaxing, updating = _keys(structure, run_key, learner.count)
    batch = next(iter(data.values())).shape[0]
    state = initial_state(structure, orchestrator.parameters, data, batch)
    state = run_training(orchestrator.machine, state, relaxing, at_rest=True, targets=data.keys())
    found = updates(orchestrator.machine, state, updating)
    after, optimizer_state = _apply(update, learner, found)
    return Learner(after, optimizer_state, learner.count + 1), state, _all_finite(_moving(state))


def _learn_sequences(
    update: Update, learner: Learner, data: Mapping[str, Array], run_key: Array
) -> tuple[Learner, State, Array]:
    """The training protocol sample by sample; after each that is not skipped, the local updates and the optimizer."""
    structure = learner.orchestrator.structure
    assert structure.time is not None
    skip = structure.time.skip
    sampled = np.isin(np.arange(len(structure.phases)), structure.time.phases)
    relaxing, updating = _keys(structure, run_key, learner.count)
    batch = next(iter(data.values())).shape[0]
    state = begin(learner.orchestrator.machine, data, "train", batch, relaxing)

    def learnt(before: Learner, state: State, number: Array) -> Learner:
        key = None if updating is None else jax.random.fold_in(updating, number)
        after, optimizer_state = _apply(update, before, updates(before.orchestrator.machine, state, key))
        return Learner(after, optimizer_state, before.count)

    def body(carry: _Progress, item: tuple[Array, dict[str, Array]]) -> tuple[_Progress, None]:
        (before, state, finite), (number, sample) = carry, item

        def run(machine: Machine) -> State:
            return run_sample(machine, state, sample, number, "train", relaxing)

        after = with_gradients(before.orchestrator.machine, run, targets=data.keys())
        if skip:
            weights = lax.cond(number >= skip, learnt, lambda same, *_: same, before, after, number)
        else:
            weights = learnt(before, after, number)
        steps = after.steps + jnp.where(sampled, state.steps, 0)
        after = replace(after, steps=steps)
        return (weights, after, finite & _all_finite(_moving(after))), None

    numbers = jnp.arange(samples_in(structure, data), dtype=jnp.int32)
    start = learner, state, _all_finite(_moving(state))
    (after, state, finite), _ = lax.scan(body, start, (numbers, by_sample(structure, data)))
    return Learner(after.orchestrator, after.optimizer_state, learner.count + 1), state, finite


def _keys(structure: Structure, run_key: Array, count: Array) -> tuple[Array, Array] | tuple[None, None]:
    """The keys of one update; none where nothing is drawn, for a key that nobody reads still costs time to compile."""
    if not is_stochastic(structure):
        return None, None
    relaxing, updating = jax.random.split(jax.random.fold_in(run_key, count))
    return relaxing, updating


def _apply(update: Update, learner: Learner, found: Mapping[int, Array]) -> tuple[WaveOrchestrator, optax.OptState]:
    """The optimizer gets `decay * weight - update`; the step that it returns is multiplied by the edge's rate."""
    orchestrator = learner.orchestrator
    structure, lmap = orchestrator.structure, orchestrator.lmap
    weights = learning_weights(orchestrator)
    gradients = {
        str(f): lax.sub(lax.mul(_per_edge(orchestrator, f, "decay"), weights[str(f)]), u) for f, u in found.items()
    }
    steps, optimizer_state = update(gradients, learner.optimizer_state, weights)
    changed: Weights = {}
    for f in found:
        step = lax.mul(_per_edge(orchestrator, f, "rate"), steps[str(f)])
        changed[str(f)] = lax.add(weights[str(f)], kinds(structure)[f].confine(lmap.stored(f), step))
    return _with_weights(orchestrator, changed), optimizer_state


def _with_weights(orchestrator: WaveOrchestrator, weights: Weights) -> WaveOrchestrator:
    """The orchestrator with these weights of families that learn, by number."""
    lmap = orchestrator.lmap
    changed = [weights.get(str(f), old) for f, old in enumerate(lmap.weights)]
    return type(orchestrator)(lmap.with_family_weights(changed), orchestrator.parameters, orchestrator.structure)


def _per_edge(orchestrator: WaveOrchestrator, f: int, name: str) -> Array:
    return per_member(orchestrator.parameters[f"family.{f}.{name}"], len(kinds(orchestrator.structure)[f].shape))


def _rows(feed: Feed, batch: Array) -> dict[str, Array]:
    size = 1, feed.rows.shape[1]
    rows = lax.dynamic_slice(feed.rows, (batch, np.int32(0)), size, allow_negative_indices=False)
    return {name: gathered(array, only(rows)) for name, array in feed.arrays.items()}


def _all_finite(tree: object) -> Array:
    """Whether no array of a tree holds an infinity or a not-a-number.

    Both survive a sum, and summands this small cannot overflow it. `all(isfinite(…))` says the same, but XLA takes
    far longer to compile it on a CPU (measured: a third of the time for the whole program of a chain).
    """
    sums = [_small_sum(leaf) for leaf in jax.tree.leaves(tree)]
    return lax.is_finite(reduce(lax.add, sums)) if sums else jnp.bool_(True)


def _small_sum(leaf: Array) -> Array:
    """The sum of tiny multiples of an array, at least `SUMMANDS` of them: XLA makes several loops of a shorter one,
    which takes longer to compile."""
    repeats = -(-SUMMANDS // leaf.size)
    if repeats == 1:
        summands = lax.mul(leaf, np.float32(_TINY))
    else:
        summands = lax.mul(lax.reshape(leaf, (leaf.size, 1)), _TINY * np.arange(1, repeats + 1, dtype=np.float32)[None])
    return lax.reduce_sum(summands, tuple(range(summands.ndim)))


def _moving(state: State) -> Values:
    """The values that the network computes; inputs that are never let go are data, which were checked when read."""
    structure = state.structure
    never = frozenset.intersection(*(frozenset(phase.clamped) for phase in structure.phases))
    moving = {structure.layers[n].block for wave in structure.waves for n in wave if n not in never}
    return tuple(state.values[b] for b in sorted(moving))


class Divergence(eqx.Module):
    """Where a run stopped being finite: the number of the update, and the edge or layer."""

    update: int = eqx.field(static=True)
    place: str = eqx.field(static=True)


def find_divergence(optimizer: optax.GradientTransformation, feed: Feed, learner: Learner) -> Divergence | None:
    """Repeat a feed batch by batch from the learner that it began with, and find the first value that is not finite."""
    step = eqx.filter_jit(lambda before, data, key: learn_batch(optimizer.update, before, data, key))
    for batch in range(int(feed.count)):
        learner, state = step(learner, _rows(feed, jnp.int32(batch)), feed.key)
        place = _not_finite(learner.orchestrator, state)
        if place is not None:
            return Divergence(int(learner.count), place)
    return None


def _not_finite(orchestrator: WaveOrchestrator, state: State) -> str | None:
    structure: Structure = orchestrator.structure
    for name in structure.layer_numbers:
        if not np.isfinite(np.asarray(state[name])).all():
            return f"the state of {name}"
    for (receiver, sender, *label), place in layout(structure).edges.items():
        weights = orchestrator.lmap.weights[place.family]
        if weights is not None and not np.isfinite(np.asarray(weights[place.index])).all():
            return f"the weights of the edge {': '.join([*label, f'{sender} -> {receiver}'])}"
    return None
