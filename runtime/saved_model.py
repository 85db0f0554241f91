"""The network and weights that a run, a checkpoint or an artefact holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
from jax import Array

from dync.runtime.artefact import is_artefact, load_artefact
from dync.runtime.checkpoint import CheckpointError, latest_checkpoint, load_checkpoint
from dync.runtime.error import RunError
from dync.runtime.network import Data, Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.run_folder import SPEC, RunFolder
from dync.runtime.saved_weights import restored_orchestrator
from dync.runtime.sequences import predict_sequences
from dync.runtime.state import State
from dync.runtime.training_state import network_of


@dataclass(frozen=True)
class Model:
    """A trained network: what it is, its weights, and how far its training was.

    `progress` has the number of updates (`step`), whole epochs and the history; it is empty for an artefact.
    """

    network: Network
    orchestrator: WaveOrchestrator
    progress: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        """One line: the network, and how far its training was."""
        step, epoch = self.progress.get("step"), self.progress.get("epoch")
        trained = "" if step is None else f", after {step:,} updates" + ("" if epoch is None else f" in {epoch} epochs")
        return f"Model({self.orchestrator!r}{trained})"

    def state(self, x: Data | None = None, y: Data | None = None, *, batch: int | None = None) -> State:
        """The state before the first step; see `Network.state`."""
        return self.network.state(x, y, batch=batch)

    def predict(self, x: Data | None = None, *, rng: Array | None = None, batch: int | None = None) -> dict[str, Array]:
        """What `infer` reads out from the inputs: `[batch, *shape]` for every output, by name.

        Layers over time take and give `[batch, time, *shape]`.
        """
        key = jax.random.key(0) if rng is None else rng
        if self.network.plan.structure.time is not None:
            return predict_sequences(self.network, self.orchestrator, x, key)
        state, _ = self.orchestrator.relax("infer", self.state(x, batch=batch), rng=key)
        return {name: state[name] for name in self.network.layers("output")}


def load_model(path: str | Path) -> Model:
    """Read back a run's folder (its final checkpoint, or the latest), a checkpoint or an artefact.

    Every hash is compared. Raises RunError for what is missing, damaged or something else.
    """
    folder = Path(path)
    if is_artefact(folder):
        artefact = load_artefact(folder)
        return Model(artefact.network, artefact.orchestrator)
    try:
        checkpoint = load_checkpoint(_checkpoint_in(folder))
    except CheckpointError as error:
        raise RunError(str(error)) from error
    network = network_of(checkpoint)
    progress = {name: checkpoint.facts[name] for name in ("step", "epoch", "history") if name in checkpoint.facts}
    return Model(network, restored_orchestrator(network, checkpoint.arrays), progress)


def _checkpoint_in(folder: Path) -> Path:
    """The checkpoint that a path means: itself, or of a run the final one or else the latest."""
    if not (folder / SPEC).is_file():
        return folder
    run = RunFolder(folder)
    if run.final.is_dir():
        return run.final
    found = latest_checkpoint(run.checkpoints)
    if found is None and run.resume_point.is_dir():
        return run.resume_point
    if found is None:
        raise RunError(f"the run in {folder} has no checkpoint yet")
    return found
