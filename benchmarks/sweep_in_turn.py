"""The trainings of `benchmarks.sweep` one after another through one compiled program, by hand and without a pipeline.

`python -m benchmarks.sweep_in_turn SPEC`. Data are read once, the network is lowered once, nothing is written.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import jax
import jax.numpy as jnp

from benchmarks.sweep import RATES, SEEDS
from dync.compiled import compilation
from dync.compiler import driver
from dync.compiler.pipeline_plan import CallPlan, TrainingPlan
from dync.grammar.reader import load_source
from dync.runtime.data.dataset import load
from dync.runtime.evaluation import Examples, evaluate_examples, examples
from dync.runtime.learner import Feed, learning_program, start_learner
from dync.runtime.network import Network
from dync.runtime.optimizers import make_optimizer
from dync.runtime.schedule_of_batches import BatchSchedule


def main(spec: str) -> None:
    """Train and evaluate them all, and print the best accuracy."""
    model = driver.bind_training(compilation(load_source(Path(spec))), "short", {})
    plan, network = model.plan, Network(driver.plan_of(model.network))
    data = load(plan.data, network.layers("input"), network.layers("output"), Path(plan.base))
    arrays = {n: jnp.asarray(a.reshape(len(a), -1)) for n, a in data.parts["train"].arrays.items()}
    structure = network.plan.structure
    held_out: dict[str, Examples] = {
        name: examples(structure, part) for name, part in data.parts.items() if name != "train"
    }
    count = data.parts["train"].examples
    batches = BatchSchedule(count, plan.batch, (plan.epochs or 0) * (count // plan.batch), 0)
    found = [train(plan, network, arrays, held_out, batches, *pair) for pair in product(RATES, SEEDS)]
    print(max(found))


def train(
    plan: TrainingPlan, network: Network, arrays: dict[str, jax.Array], held_out: dict[str, Examples],
    batches: BatchSchedule, rate: float, seed: int,
) -> float:  # fmt: skip
    """One of them: its accuracy on the validation part."""
    optimizer = make_optimizer(CallPlan(plan.optimizer.name, (), {"learning_rate": rate}))
    program, key = learning_program(optimizer), jax.random.key(seed)
    learner = start_learner(network.init(key), optimizer)
    own = replace(batches, seed=seed)
    for epoch in range(own.epochs):
        for rows, count in own.calls(epoch):
            feed = Feed(arrays, jnp.asarray(rows), jnp.int32(count), jax.random.fold_in(key, 1))
            learner, outcome = program(feed, learner)
            assert bool(outcome.finite)
    measuring = jax.random.fold_in(key, 2)
    measured = {name: evaluate_examples(learner.orchestrator, some, measuring) for name, some in held_out.items()}
    return measured["validation"]["accuracy"]


if __name__ == "__main__":
    main(sys.argv[1])
