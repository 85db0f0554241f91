"""The `training` pipeline: check the environment, train, save the final checkpoint, evaluate."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax

from dync.compiler.pipeline_plan import TrainingPlan
from dync.runtime.checkpoint import CheckpointError, latest_checkpoint, load_checkpoint
from dync.runtime.data.dataset import Dataset, Part, load
from dync.runtime.data.error import DataError
from dync.runtime.environment import environment_record, verify_room
from dync.runtime.error import RunError
from dync.runtime.evaluation import Examples, evaluate_examples, examples
from dync.runtime.learner import Feed, Learner, find_divergence, learning_program, start_learner
from dync.runtime.network import Network
from dync.runtime.optimizers import OptimizerError, make_optimizer
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.phases import settling_phases
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.stages import Stage, run_stages
from dync.runtime.reporter import Reporter, TrainingProgress
from dync.runtime.run_folder import RECORD, RunFolder
from dync.runtime.schedule_of_batches import BatchSchedule
from dync.runtime.training_state import Position, restore_training, save_training, write_training


@dataclass(frozen=True)
class TrainingJob:
    """All that a training run is given. `start` are the weights that it starts from; None: drawn from the seed."""

    plan: TrainingPlan
    network: Network
    folder: RunFolder
    reporter: Reporter = field(default_factory=Reporter)
    start: WaveOrchestrator | None = None
    resume: bool = False


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


@dataclass(frozen=True)
class Rehearsal:
    """What a training run would do: the examples of each part by name, the updates of an epoch and of the whole run."""

    examples: Mapping[str, int]
    updates_per_epoch: int
    updates: int


def rehearse_training(job: TrainingJob) -> Rehearsal:
    """Only the first stage: everything that can be known to fail before work starts. Raises RunError."""
    training = _Training(job)
    training.check()
    batches = training.batches
    held_out = {name: some.count for name, some in training.held_out.items()}
    return Rehearsal({"train": batches.examples} | held_out, batches.per_epoch, batches.total)


class _Training:
    """The stages, and what they hand to each other."""

    def __init__(self, job: TrainingJob) -> None:
        self.job = job
        self.key = jax.random.key(job.plan.seed)
        self.dataset: Dataset
        self.held_out: dict[str, Examples]
        self.optimizer: optax.GradientTransformation
        self.batches: BatchSchedule
        self.learner: Learner
        self.position = Position()
        self.safe: tuple[Learner, Position] | None = None

    # --- environment_check ---

    def check(self) -> Mapping[str, Any]:
        """Everything that can be known to fail before work starts: protocols, data, optimizer, room."""
        plan, structure = self.job.plan, self.job.network.plan.structure
        for name, protocol in (("train", structure.train), ("infer", structure.infer)):
            if protocol is None:
                raise RunError(
                    f"the network {structure.network} has no `{name}` protocol: declare one, {name} PHASE, …"
                )
        try:
            self.optimizer = make_optimizer(plan.optimizer)
            self.dataset = self._load()
        except (OptimizerError, DataError) as error:
            raise RunError(str(error)) from error
        self.batches = self._schedule()
        orchestrator = self.job.start if self.job.start is not None else self.job.network.init(self.key)
        self.learner = start_learner(orchestrator, self.optimizer)
        self._verify_room()
        self.job.folder.write_json(RECORD, self._record())
        self._restore()
        return {}

    def _load(self) -> Dataset:
        network, plan = self.job.network, self.job.plan
        inputs, outputs = network.layers("input"), network.layers("output")
        dataset = load(plan.data, inputs, outputs, Path(plan.base))
        held_out: dict[str, Part] = {name: part for name, part in dataset.parts.items() if name != "train"}
        for name, data in plan.evaluate_on.items():
            held_out[name] = load(data, inputs, outputs, Path(plan.base)).held_out
        found = held_out or {"train": dataset.parts["train"]}
        self.held_out = {name: examples(network.plan.structure, part) for name, part in found.items()}
        return dataset

    def _schedule(self) -> BatchSchedule:
        plan, count = self.job.plan, self.dataset.parts["train"].examples
        if plan.batch > count:
            raise RunError(f"a batch of {plan.batch} is more than the {count} training examples: make it smaller")
        per_epoch = count // plan.batch
        total = plan.updates if plan.updates is not None else (plan.epochs or 0) * per_epoch
        return BatchSchedule(count, plan.batch, total, plan.seed)

    def _verify_room(self) -> None:
        state = sum(leaf.nbytes for leaf in jax.tree.leaves(self.learner))
        data = sum(array.nbytes for array in self.dataset.parts["train"].arrays.values())
        verify_room(3 * state + data, (self.job.plan.keep + 2) * state, self.job.folder.path)

    def _record(self) -> dict[str, Any]:
        return {
            **environment_record(),
            "seed": self.job.plan.seed,
            "plan": self.job.network.plan.digest,
            "data": {"digest": self.dataset.digest, "files": self.dataset.files},
        }

    def _restore(self) -> None:
        """Go on from the latest checkpoint, where the run is to be resumed and has one."""
        found = latest_checkpoint(self.job.folder.checkpoints) if self.job.resume else None
        if found is None:
            return
        try:
            checkpoint = load_checkpoint(found)
        except CheckpointError as error:
            raise RunError(str(error)) from error
        self.learner, self.position = restore_training(self.job.network, self.optimizer, checkpoint)
        self.job.folder.event("resumed", checkpoint=found.name, updates=int(self.learner.count))
        self.job.reporter.message(f"resumed at update {int(self.learner.count)}, from {found.name}")

    # --- training ---

    def train(self) -> Mapping[str, Any]:
        """All epochs that are left; an interruption leaves a checkpoint of the last call."""
        program = learning_program(self.optimizer)
        arrays = {
            name: jnp.asarray(array.reshape(len(array), -1))
            for name, array in self.dataset.parts["train"].arrays.items()
        }
        meter = _Meter(self.batches.total, int(self.learner.count))
        try:
            while self.position.epoch < self.batches.epochs:
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

    def _epoch(self, program: Any, arrays: dict[str, jax.Array], meter: _Meter) -> None:
        epoch, began = self.position.epoch, time.monotonic()
        for rows, count in self.batches.calls(epoch, self.position.batch):
            feed = Feed(arrays, jnp.asarray(rows), jnp.int32(count), jax.random.fold_in(self.key, 1))
            before = jax.tree.map(lambda leaf: jnp.array(leaf, copy=True), self.learner)
            self.safe = before, self.position
            self.learner, outcome = program(feed, self.learner)
            if not bool(outcome.finite):
                self._diverged(feed, before)
            self.position = self.position.at_batch(self.position.batch + count, outcome.steps.tolist())
            meter.add(count)
            self.job.reporter.progress(meter.progress(epoch + 1, self.batches.epochs))
        self._end_epoch(epoch, time.monotonic() - began, meter)

    def _end_epoch(self, epoch: int, seconds: float, meter: _Meter) -> None:
        plan, done = self.job.plan, self.batches.in_epoch(epoch)
        record: dict[str, Any] = {"epoch": epoch + 1, "updates": int(self.learner.count), "seconds": round(seconds, 3)}
        structure = self.job.network.plan.structure
        if settling := settling_phases(structure):
            names = [structure.phases[n].name for n in settling]
            record["steps"] = {name: n / done for name, n in zip(names, self.position.steps, strict=True)}
        if plan.evaluate_every and (epoch + 1) % plan.evaluate_every == 0:
            record |= self._measures()
            meter.measured = _headline(record)
        self.position = self.position.after_epoch(record)
        self.job.folder.event("epoch", **record)
        self.job.reporter.epoch(meter.progress(epoch + 1, self.batches.epochs))
        if plan.checkpoint_every and (epoch + 1) % plan.checkpoint_every == 0:
            self._checkpoint()

    def _checkpoint(self) -> None:
        path = save_training(
            self.job.folder.checkpoints, self.job.network, self.learner, self.position, keep=self.job.plan.keep
        )
        self.job.folder.event("checkpoint", path=f"checkpoints/{path.name}", updates=int(self.learner.count))

    def _diverged(self, feed: Feed, before: Learner) -> None:
        """Say where the first value that is not finite arose, and leave the last good checkpoint."""
        found = find_divergence(self.optimizer, feed, before)
        first = int(before.count) + 1
        where = (
            f"at update {found.update}: {found.place}"
            if found is not None
            else f"between the updates {first} and {first + int(feed.count) - 1}: a state or weight"
        )
        self.learner = before
        good = latest_checkpoint(self.job.folder.checkpoints)
        outputs: dict[str, Any] = {"history": list(self.position.history)}
        kept = "no checkpoint was written before"
        if good is not None:
            outputs["last_good_checkpoint"] = f"checkpoints/{good.name}"
            kept = f"the last good checkpoint is checkpoints/{good.name}"
        raise RunError(
            f"the training diverged {where} is no longer finite; {kept}. Lower the learning rate or the strengths",
            outputs,
        )

    # --- checkpoint_save and evaluation ---

    def save(self) -> Mapping[str, Any]:
        """The final checkpoint."""
        write_training(self.job.folder.final, self.job.network, self.learner, self.position)
        return {"final_checkpoint": self.job.folder.final.name}

    def evaluate(self) -> Mapping[str, Any]:
        """The measures on every held-out part, or on the training part where none was held out."""
        found = self._measures()
        for name, measures in found.items():
            self.job.reporter.message(f"{name}: {_listed(measures)}")
        return {"evaluation_results": found}

    def _measures(self) -> dict[str, dict[str, float]]:
        key = jax.random.fold_in(self.key, 2)
        return {name: evaluate_examples(self.learner.orchestrator, some, key) for name, some in self.held_out.items()}


class _Meter:
    """Batches a second, over the last calls, and what was last measured."""

    def __init__(self, total: int, done: int) -> None:
        self.total, self.done, self.measured = total, done, ""
        self._times = [(time.monotonic(), done)]

    def add(self, count: int) -> None:
        """Some more batches are done."""
        self.done += count
        self._times = [*self._times[-20:], (time.monotonic(), self.done)]

    def progress(self, epoch: int, epochs: int) -> TrainingProgress:
        """Where the training stands now."""
        (first, before), (last, after) = self._times[0], self._times[-1]
        speed = (after - before) / (last - first) if last > first else 0.0
        return TrainingProgress(epoch, epochs, self.done, self.total, speed, self.measured)


def _headline(record: Mapping[str, Any]) -> str:
    """The measure that people look at first, on the first part that was measured."""
    for part, measures in record.items():
        if isinstance(measures, dict) and part != "steps":
            for name in ("accuracy", "agreement", "mse"):
                if name in measures:
                    return f"{part} {name} {_number(name, measures[name])}"
    return ""


def _listed(measures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {_number(name, value)}" for name, value in measures.items())


def _number(name: str, value: float) -> str:
    return f"{value:.2%}" if name.endswith(("accuracy", "agreement")) else f"{value:.4g}"
