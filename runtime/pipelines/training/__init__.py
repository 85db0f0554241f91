"""The `training` pipeline: check the environment, train, save the final checkpoint, evaluate."""

from dync.runtime.pipelines.training.job import Rehearsal, TrainingJob
from dync.runtime.pipelines.training.stages import rehearse_training, run_training

__all__ = ["Rehearsal", "TrainingJob", "rehearse_training", "run_training"]
