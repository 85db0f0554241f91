"""A learner on disk: everything that a run needs to go on to the same bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dync.compiler.plan_error import PlanError
from dync.compiler.plan_json import plan_from_json, plan_to_json
from dync.runtime.checkpoint import Checkpoint, CheckpointError, save_checkpoint, write_checkpoint
from dync.runtime.error import RunError
from dync.runtime.learner import Learner, start_learner
from dync.runtime.network import Network
from dync.runtime.plain_json import plain_json
from dync.runtime.saved_weights import restored_orchestrator, saved_arrays


@dataclass(frozen=True)
class Position:
    """How far a training is: whole epochs done, batches done in the next, and the history so far.

    `steps` are those that each phase took in the batches of the epoch that is not whole, summed.
    """

    epoch: int = 0
    batch: int = 0
    history: tuple[dict[str, Any], ...] = ()
    steps: tuple[int, ...] = ()

    def after_epoch(self, record: dict[str, Any]) -> Position:
        """The position when one more epoch is done."""
        return Position(self.epoch + 1, 0, (*self.history, record))

    def at_batch(self, batch: int, steps: Sequence[int]) -> Position:
        """The position further on in the same epoch; `steps` are those that each phase took on the way, summed."""
        before = self.steps or (0,) * len(steps)
        return replace(self, batch=batch, steps=tuple(a + int(b) for a, b in zip(before, steps, strict=True)))


def save_training(folder: Path, network: Network, learner: Learner, position: Position, *, keep: int) -> Path:
    """Write a checkpoint named after the number of updates, and drop all but the last `keep`; raises RunError."""
    try:
        return save_checkpoint(folder, _arrays(learner), _facts(network, learner, position), keep=keep)
    except CheckpointError as error:
        raise RunError(str(error)) from error


def write_training(path: Path, network: Network, learner: Learner, position: Position) -> None:
    """Write a checkpoint at exactly this path; raises RunError."""
    try:
        write_checkpoint(path, _arrays(learner), _facts(network, learner, position))
    except CheckpointError as error:
        raise RunError(str(error)) from error


def network_of(checkpoint: Checkpoint) -> Network:
    """The network that a checkpoint was made from; raises RunError where it holds none."""
    try:
        return Network(plan_from_json(checkpoint.facts.get("plan")))
    except PlanError as error:
        raise RunError(f"the checkpoint holds no plan that this dync reads: {error}") from None


def restore_training(
    network: Network, optimizer: optax.GradientTransformation, checkpoint: Checkpoint
) -> tuple[Learner, Position]:
    """Learner and position of a checkpoint; raises RunError where it belongs to another network or optimizer."""
    facts = checkpoint.facts
    if facts.get("plan_digest") != network.plan.digest:
        raise RunError("the checkpoint belongs to another network than the spec: give the spec that it was made with")
    orchestrator = restored_orchestrator(network, checkpoint.arrays)
    fresh = start_learner(orchestrator, optimizer)
    leaves, tree = jax.tree.flatten(fresh.optimizer_state)
    plain = _plain_leaves(leaves)
    saved = {name: checkpoint.arrays.get(name) for name in plain}
    if any(s is None or s.shape != plain[name].shape or s.dtype != plain[name].dtype for name, s in saved.items()):
        raise RunError("the checkpoint belongs to another optimizer than the spec: give the spec that it was made with")
    state = jax.tree.unflatten(tree, [_like(leaf, s) for leaf, s in zip(leaves, saved.values(), strict=True)])
    match facts:
        case {
            "step": int(count), "epoch": int(epoch), "batch": int(batch), "history": list(history), "steps": list(steps)
        }:  # fmt: skip
            learner = Learner(fresh.orchestrator, state, jnp.int32(count))
            done = tuple(h for h in history if isinstance(h, dict))
            return learner, Position(epoch, batch, done, tuple(s for s in steps if isinstance(s, int)))
    raise RunError("the checkpoint does not say where its training stood: it was not made by a training")


def _arrays(learner: Learner) -> dict[str, Any]:
    return saved_arrays(learner.orchestrator) | _plain_leaves(jax.tree.leaves(learner.optimizer_state))


def _plain_leaves(leaves: Sequence[Any]) -> dict[str, Any]:
    """The leaves of an optimizer's state by name; of a random key its data, under the name of its implementation."""
    found = {}
    for i, leaf in enumerate(leaves):
        if _is_key(leaf):
            found[f"optimizer.{i}.{jax.random.key_impl(leaf)}"] = np.asarray(jax.random.key_data(leaf))
        else:
            found[f"optimizer.{i}"] = np.asarray(leaf)
    return found


def _like(leaf: Any, saved: Any) -> Any:
    """What was saved of a leaf such as this one."""
    return jax.random.wrap_key_data(saved, impl=jax.random.key_impl(leaf)) if _is_key(leaf) else jnp.asarray(saved)


def _is_key(leaf: Any) -> bool:
    return bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def _facts(network: Network, learner: Learner, position: Position) -> dict[str, Any]:
    facts = {
        "step": int(learner.count),
        "epoch": position.epoch,
        "batch": position.batch,
        "history": position.history,
        "steps": position.steps,
        "plan": plan_to_json(network.plan),
        "plan_digest": network.plan.digest,
    }
    found = plain_json(facts)
    assert isinstance(found, dict)
    return found
