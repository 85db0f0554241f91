"""What a training measures, on the way and in the end."""

from __future__ import annotations

import jax

from dync.compiler.pipeline_plan import TrainingPlan
from dync.runtime.evaluation import evaluate_examples
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.pipelines.training.preparation import Preparation


def measures(plan: TrainingPlan, prepared: Preparation, orchestrator: WaveOrchestrator) -> dict[str, dict[str, float]]:
    """The measures of every part; the draws are the same at every evaluation."""
    key = jax.random.fold_in(prepared.key, 2)
    return {name: evaluate_examples(orchestrator, some, key, plan.repeat) for name, some in prepared.held_out.items()}
