"""Small real trainings, as lanes; and a program that trains some in worker processes until it is ended."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from msgspec import structs

import dync
from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainingPlan
from dync.runtime.lanes.lane import Lane

TEXT = """
network Flowers {
  param hidden = 6 in 1..4096
  param margin = 1 in 0..1000000000000000000
  input  x (4)
  layer  h (hidden) tanh
  output y (3)
  edge x -> h dense(strength = 2) learn perceptron(margin = margin)
  edge h -> y dense learn perceptron(margin = margin)
  edge y -> h dense
  phase clamped { steps 3 }
  phase free { steps 2 messages forward }
  train clamped, free
  infer free
}
"""
PROGRAM = dync.compile_text(TEXT)


def lane(name, *, seed=0, rate=0.01, epochs=3, evaluate_every=1, start=None, optimizer="sgd", **parameters):
    """A training of iris flowers."""
    transforms = (CallPlan("split", (), {"test": 0.2, "validation": 0.2, "seed": 0}),)
    pipeline = TrainingPlan(
        name="fit", network="Flowers", data=DataPlan(CallPlan("iris", (), {}), {}, transforms), epochs=epochs,
        updates=None, batch=10, optimizer=CallPlan(optimizer, (), {"learning_rate": rate}), seed=seed,
        evaluate_every=evaluate_every, evaluate_on={}, checkpoint_every=0, keep=1, base=str(Path.cwd()),
    )  # fmt: skip
    return Lane(name, pipeline, PROGRAM.network("Flowers", **parameters).plan, start)


def baseline(name, model, *, seed=0, **settings):
    """A training of a model of another kind on the same flowers."""
    like = lane(name, seed=seed)
    return replace(like, baseline=CallPlan(model, (), settings))


def baselines():
    """One of each kind, an `mlp` with two seeds, and one that cannot be made."""
    kinds = [baseline(f"{kind} 0", kind) for kind in ("mlp", "linear", "reservoir", "random_features")]
    return [*kinds, baseline("mlp 1", "mlp", seed=1), baseline("odd", "mlp", hidden=0)]


def several(count, **settings):
    """Lanes that differ in their seeds, and every other one in its learning rate."""
    return [lane(f"lane {n}", seed=n, rate=0.01 if n % 2 else 0.02, **settings) for n in range(count)]


def long(lanes):
    """The same for so many epochs that they do not end by themselves within a test."""
    return [replace(one, pipeline=structs.replace(one.pipeline, epochs=100_000, evaluate_every=0)) for one in lanes]


def same(result, expected):
    """Whether two results are the same to the bit, but for the time that they took."""
    assert (result.lane, result.status, result.error) == (expected.lane, expected.status, expected.error)
    assert result.evaluation == expected.evaluation
    timeless = [
        [{k: v for k, v in record.items() if k != "seconds"} for record in r.history] for r in (result, expected)
    ]
    assert timeless[0] == timeless[1]
    assert result.arrays.keys() == expected.arrays.keys()
    for name, array in result.arrays.items():
        np.testing.assert_array_equal(array, expected.arrays[name], err_msg=name)
        assert array.dtype == expected.arrays[name].dtype


if __name__ == "__main__":
    from dync.runtime.executors.local import LocalWorkers

    with LocalWorkers(2, tick=lambda: print(*workers.processes, flush=True)) as workers:
        try:
            list(workers.run(long(several(2)), sys.argv[1]))
        except KeyboardInterrupt:
            print("interrupted", *workers.processes, flush=True)
    print("closed", flush=True)
