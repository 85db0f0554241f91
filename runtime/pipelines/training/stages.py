"""The stages of a training, and what they hand to each other."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from dync.runtime.checkpoint import CheckpointError, latest_checkpoint, load_checkpoint
from dync.runtime.error import RunError
from dync.runtime.evaluation import evaluate_examples
from dync.runtime.learner import Feed, Learner, learning_program
from dync.runtime.phases import settling_phases
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import Stage, run_stages
from dync.runtime.pipelines.training.divergence import diverged
from dync.runtime.pipelines.training.job import Rehearsal, TrainingJob
from dync.runtime.pipelines.training.meter import Meter
from dync.runtime.pipelines.training.preparation import Preparation, prepare, record
from dync.runtime.pipelines.training.shown import headline, listed
from dync.runtime.run_folder import RECORD
from dync.runtime.training_state import Position, restore_training, save_training, write_training


def run_training(job: TrainingJob) -> PipelineResult:
    """Run the four stages; what a failed stage leaves undone is in the result."""
    training = _Training(job)
    stages = [
        Stage("environment_check", training.check),
        Stage("training", training.train, essential=True),
        Stage("checkpoint_save", training.save),
        Stage("evaluation", training.evaluate),
    ]
    try:
        return run_stages(job.plan.name, stages, job.folder, job.reporter)
    finally:
        job.reporter.close()


def rehearse_training(job: TrainingJob) -> Rehearsal:
    """Only the first stage: everything that can be known to fail before work starts. Raises RunError."""
    training = _Training(job)
    training.check()
    batches, held_out = training.prepared.batches, training.prepared.held_out
    counts = {name: some.count for name, some in held_out.items()}
    return Rehearsal({"train": batches.examples} | counts, batches.per_epoch, batches.total)


class _Training:
    """The stages, and what they hand to each other."""

    def __init__(self, job: TrainingJob) -> None:
        self.job = job
        self.prepared: Preparation
        self.learner: Learner
        self.position = Position()
        self.safe: tuple[Learner, Position] | None = None

    # --- environment_check ---

    def check(self) -> Mapping[str, Any]:
        """Everything that can be known to fail before work starts."""
        self.prepared, self.learner = prepare(self.job)
        self.job.folder.write_json(RECORD, record(self.job, self.prepared))
        self._restore()
        return {}

    def _restore(self) -> None:
        """Go on from the latest checkpoint, where the run is to be resumed and has one."""
        found = latest_checkpoint(self.job.folder.checkpoints) if self.job.resume else None
        if found is None:
            return
        try:
            checkpoint = load_checkpoint(found)
        except CheckpointError as error:
            raise RunError(str(error)) from error
        self.learner, self.position = restore_training(self.job.network, self.prepared.optimizer, checkpoint)
        self.job.folder.event("resumed", checkpoint=found.name, updates=int(self.learner.count))
        self.job.reporter.message(f"resumed at update {int(self.learner.count)}, from {found.name}")

    # --- training ---

    def train(self) -> Mapping[str, Any]:
        """All epochs that are left; an interruption leaves a checkpoint of the last call."""
        program = learning_program(self.prepared.optimizer)
        arrays = {
            name: jnp.asarray(array.reshape(len(array), -1))
            for name, array in self.prepared.dataset.parts["train"].arrays.items()
        }
        meter = Meter(self.prepared.batches.total, int(self.learner.count))
        try:
            while self.position.epoch < self.prepared.batches.epochs:
                self._epoch(program, arrays, meter)
        except KeyboardInterrupt:
            self._save_safe()
            raise
        return {"history": list(self.position.history)}

    def _save_safe(self) -> None:
        """Keep what was learned before the call that was interrupted (whose learner it had already taken over)."""
        if self.safe is not None:
            self.learner, self.position = self.safe
            self._checkpoint()

    def _epoch(self, program: Any, arrays: dict[str, jax.Array], meter: Meter) -> None:
        epoch, began, batches = self.position.epoch, time.monotonic(), self.prepared.batches
        for rows, count in batches.calls(epoch, self.position.batch):
            feed = Feed(arrays, jnp.asarray(rows), jnp.int32(count), jax.random.fold_in(self.prepared.key, 1))
            before = jax.tree.map(lambda leaf: jnp.array(leaf, copy=True), self.learner)
            self.safe = before, self.position
            self.learner, outcome = program(feed, self.learner)
            if not bool(outcome.finite):
                self.learner = before
                good = latest_checkpoint(self.job.folder.checkpoints)
                outputs = {"history": list(self.position.history)}
                raise diverged(self.prepared.optimizer, feed, before, good, outputs)
            self.position = self.position.at_batch(self.position.batch + count, outcome.steps.tolist())
            meter.add(count)
            self.job.reporter.progress(meter.progress(epoch + 1, batches.epochs))
        self._end_epoch(epoch, time.monotonic() - began, meter)

    def _end_epoch(self, epoch: int, seconds: float, meter: Meter) -> None:
        plan, done = self.job.plan, self.prepared.batches.in_epoch(epoch)
        record: dict[str, Any] = {"epoch": epoch + 1, "updates": int(self.learner.count), "seconds": round(seconds, 3)}
        structure = self.job.network.plan.structure
        if settling := settling_phases(structure):
            names = [structure.phases[n].name for n in settling]
            record["steps"] = {name: n / done for name, n in zip(names, self.position.steps, strict=True)}
        if plan.evaluate_every and (epoch + 1) % plan.evaluate_every == 0:
            record |= self._measures()
            meter.measured = headline(record)
        self.position = self.position.after_epoch(record)
        self.job.folder.event("epoch", **record)
        self.job.reporter.epoch(meter.progress(epoch + 1, self.prepared.batches.epochs))
        if plan.checkpoint_every and (epoch + 1) % plan.checkpoint_every == 0:
            self._checkpoint()

    def _checkpoint(self) -> None:
        path = save_training(
            self.job.folder.checkpoints, self.job.network, self.learner, self.position, keep=self.job.plan.keep
        )
        self.job.folder.event("checkpoint", path=f"checkpoints/{path.name}", updates=int(self.learner.count))

    # --- checkpoint_save and evaluation ---

    def save(self) -> Mapping[str, Any]:
        """The final checkpoint."""
        write_training(self.job.folder.final, self.job.network, self.learner, self.position)
        return {"final_checkpoint": self.job.folder.final.name}

    def evaluate(self) -> Mapping[str, Any]:
        """The measures on every held-out part, or on the training part where none was held out."""
        found = self._measures()
        for name, measures in found.items():
            self.job.reporter.message(f"{name}: {listed(measures)}")
        return {"evaluation_results": found}

    def _measures(self) -> dict[str, dict[str, float]]:
        key = jax.random.fold_in(self.prepared.key, 2)
        held_out = self.prepared.held_out
        return {name: evaluate_examples(self.learner.orchestrator, some, key) for name, some in held_out.items()}
