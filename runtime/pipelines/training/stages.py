"""The stages of a training, and what they hand to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax

from dync.runtime.checkpoint import CheckpointError, load_checkpoint
from dync.runtime.error import RunError
from dync.runtime.joined_processes import verify_joined_alike
from dync.runtime.learner import Learner
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.earlier import set_aside
from dync.runtime.pipelines.ledger import Basis
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import Stage, run_stages
from dync.runtime.pipelines.training.decisions import best_epoch
from dync.runtime.pipelines.training.job import Rehearsal, TrainingJob
from dync.runtime.pipelines.training.learning import Learning
from dync.runtime.pipelines.training.measuring import measures
from dync.runtime.pipelines.training.preparation import Preparation, prepare, record
from dync.runtime.pipelines.training.saving import latest
from dync.runtime.pipelines.training.shown import listed
from dync.runtime.pipelines.training.standing import bases, inputs_of
from dync.runtime.records import FOLDER
from dync.runtime.run_folder import RECORD
from dync.runtime.saved_weights import restored_orchestrator
from dync.runtime.training_state import Position, restore_training


def run_training(job: TrainingJob) -> PipelineResult:
    """Run the four stages; what a failed stage leaves undone is in the result."""
    training = _Training(job)
    try:
        return run_stages(
            job.plan.name, training.stages(), job.folder, job.reporter,
            limits=job.plan.limits, clock=training.clock, resume=job.resume,
        )  # fmt: skip
    finally:
        job.reporter.close()


def rehearse_training(job: TrainingJob) -> Rehearsal:
    """Only the first stage: everything that can be known to fail before work starts. Raises RunError."""
    training = _Training(job)
    training.check()
    batches, held_out = training.prepared.batches, training.prepared.held_out
    counts = {name: some.count for name, some in held_out.items() if name != "train"}
    return Rehearsal({"train": batches.examples} | counts, batches.per_epoch, batches.total)


class _Training:
    """The stages, and what they hand to each other."""

    def __init__(self, job: TrainingJob) -> None:
        self.job = job
        self.clock = StageClock(job.plan.limits.stage_seconds)
        self.prepared: Preparation
        self.learning: Learning
        self.attempts = 0

    def stages(self) -> list[Stage]:
        """The four of them."""
        checked = ("environment_check", "training")
        return [
            Stage("environment_check", self.check),
            Stage(
                "training", self.train, True, lambda: self.basis("training"), lambda: self.learning.is_done,
                bound=frozenset({"data", "start", "data of evaluate"}), anew=self.begin_anew,
            ),
            Stage(
                "checkpoint_save", self.save, False, lambda: self.basis("checkpoint_save"), self._is_saved,
                needs=checked,
            ),
            Stage("evaluation", self.evaluate, False, lambda: self.basis("evaluation"), needs=checked),
        ]  # fmt: skip

    def basis(self, stage: str) -> Basis:
        """What the outcome of a stage after the first depends on."""
        return bases(self.job, inputs_of(self.prepared))[stage]

    # --- environment_check ---

    def check(self) -> Mapping[str, Any]:
        """Everything that can be known to fail before work starts."""
        self.prepared, learner = prepare(self.job)
        verify_joined_alike(self.basis("evaluation"))
        depends = record(self.job, self.prepared)
        self.job.folder.event("environment", **depends)
        if not (self.job.folder.path / RECORD).exists():
            self.job.folder.write_json(RECORD, depends)
        if self.prepared.made_validation:
            self.job.reporter.message("a tenth of the training part serves as the validation part")
        self.learning = self._learning(learner, self.job.resume)
        return {}

    def _learning(self, fresh: Learner, resume: bool) -> Learning:
        """Go on from the latest checkpoint, where the run is to be resumed and has one."""
        learner, position = fresh, Position()
        found = latest(self.job) if resume else None
        if found is not None:
            path, checkpoint = found
            learner, position = restore_training(self.job.network, self.prepared.optimizer, checkpoint)
            self.job.folder.event("resumed", checkpoint=path.name, updates=int(learner.count))
            self.job.reporter.message(f"resumed at update {int(learner.count)}, from {path.name}")
        return Learning(self.job, self.prepared, self.clock, learner, position)

    # --- training ---

    def train(self) -> Mapping[str, Any]:
        """All epochs that are left. A further attempt goes on from the latest checkpoint."""
        self.attempts += 1
        if self.attempts > 1:
            self.learning = self._learning(prepare(self.job)[1], resume=True)
        try:
            self.learning.run()
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise RunError("the memory of the device is full: make the batch or the layers smaller") from error
        recorded = {"recorded": FOLDER} if self.job.plan.record is not None else {}
        return {"history": list(self.learning.position.history), **recorded}

    def begin_anew(self) -> None:
        """Nothing of the earlier training counts any more; what it left is set aside."""
        folder = self.job.folder
        set_aside(folder, (folder.final, folder.best, folder.checkpoints, folder.resume_point, folder.path / FOLDER))
        folder.write_json(RECORD, record(self.job, self.prepared))
        self.learning = self._learning(prepare(self.job)[1], resume=False)

    # --- checkpoint_save and evaluation ---

    def save(self) -> Mapping[str, Any]:
        """The final checkpoint; the best one was kept on the way."""
        self.learning.saver.final(self.learning.learner, self.learning.position)
        final = self.job.folder.final.name
        metric = self.job.plan.checkpoint_best
        if metric is None:
            return {"final_checkpoint": final}
        epoch = best_epoch(self.learning.position.history, metric)
        best = final if epoch is None else self.job.folder.best.name
        return {"final_checkpoint": final, "best_checkpoint": best, "best_epoch": epoch or 0}

    def _is_saved(self) -> bool:
        """Whether the final checkpoint is there, whole, and that of the training."""
        try:
            return load_checkpoint(self.job.folder.final).facts.get("step") == int(self.learning.learner.count)
        except CheckpointError:
            return False

    def evaluate(self) -> Mapping[str, Any]:
        """The measures on every held-out part, or on the training part where none was held out."""
        found = measures(self.job.plan, self.prepared, self._evaluated())
        for name, values in found.items():
            self.job.reporter.message(f"{name}: {listed(values)}")
        return {"evaluation_results": found}

    def _evaluated(self) -> WaveOrchestrator:
        """The best of the training where it was to be kept, else the last."""
        metric = self.job.plan.checkpoint_best
        epoch = None if metric is None else best_epoch(self.learning.position.history, metric)
        if epoch is None:
            return self.learning.learner.orchestrator
        try:
            checkpoint = load_checkpoint(self.job.folder.best)
        except CheckpointError as error:
            raise RunError(str(error)) from error
        if checkpoint.facts.get("epoch") != epoch:
            raise RunError(f"{self.job.folder.best} is not the checkpoint of epoch {epoch}, the best: train once more")
        return restored_orchestrator(self.job.network, checkpoint.arrays)
