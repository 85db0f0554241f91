"""What the training pipeline costs beside the bare loop over the same compiled program, on one long training.

`python -m benchmarks.overhead`: both train long.dyn, 1125 batches an epoch, in one process, in turns, after both have
compiled; the evaluations belong to both. The pipeline also checks, logs, and saves a checkpoint every 5 epochs, as the
spec says, and others to go on from; it reports nothing to a screen.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter, process_time

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.result import Overhead
from benchmarks.table import overhead_sentence
from dync.compiled import compilation
from dync.compiler import driver
from dync.compiler.pipeline_plan import TrainingPlan
from dync.grammar.reader import load_source
from dync.runtime.learner import Feed, learning_program, start_learner
from dync.runtime.network import Network
from dync.runtime.optimizers import make_optimizer
from dync.runtime.pipelines.training import TrainingJob, run_training
from dync.runtime.pipelines.training.measuring import measures
from dync.runtime.pipelines.training.parts import read_parts
from dync.runtime.pipelines.training.preparation import Preparation, schedule_of
from dync.runtime.run_folder import RunFolder

SPEC = Path(__file__).parent / "long.dyn"


def main() -> None:
    """Measure, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()
    print(overhead_sentence(measure_overhead(arguments.epochs, arguments.repetitions)))


def measure_overhead(epochs: int, repetitions: int) -> Overhead:
    """Both in turns; the first turn, which compiles, does not count."""
    model = driver.bind_training(compilation(load_source(SPEC)), "long", {"epochs": str(epochs)})
    plan, network = model.plan, Network(driver.plan_of(model.network))
    turns = range(repetitions + 1)
    pairs = [(*seconds(lambda: piped(plan, network)), *seconds(lambda: bare(plan, network))) for _ in turns]
    return Overhead(*(tuple(side) for side in zip(*pairs[1:], strict=True)))


def piped(plan: TrainingPlan, network: Network) -> None:
    """The pipeline, in a folder of its own."""
    result = run_training(TrainingJob(plan, network, RunFolder(Path(mkdtemp()))))
    assert result.is_success(), result.errors


def bare(plan: TrainingPlan, network: Network) -> None:
    """The same batches, evaluations as often, and nothing else."""
    found = read_parts(plan, network)
    dataset, held_out = found.dataset, found.held_out
    key, optimizer = jax.random.key(plan.seed), make_optimizer(plan.optimizer)
    batches = schedule_of(plan, dataset, network.plan.structure)
    prepared = Preparation(key, optimizer, dataset, held_out, batches)
    train = dataset.parts["train"].arrays
    arrays = {name: jnp.asarray(array.reshape(len(array), -1)) for name, array in train.items()}
    program, learner = learning_program(optimizer), start_learner(network.init(key), optimizer)
    own = jax.random.fold_in(key, 1)
    for epoch in range(batches.epochs):
        for rows, count in batches.calls(epoch):
            learner, outcome = program(Feed(arrays, rows, np.int32(count), own), learner)
            assert bool(outcome.finite)
        if plan.evaluate_every and (epoch + 1) % plan.evaluate_every == 0:
            measures(plan, prepared, learner.orchestrator)
    measures(plan, prepared, learner.orchestrator)


def seconds(work: Callable[[], None]) -> tuple[float, float]:
    """How long it takes, and how long the processors work for it."""
    start, worked = perf_counter(), process_time()
    work()
    return perf_counter() - start, process_time() - worked


if __name__ == "__main__":
    main()
