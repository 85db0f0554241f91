"""Small sweeps over a real training, for the tests of this folder; as a program, one that can be killed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from dync.compiled import compilation
from dync.compiler import driver
from dync.compiler.pipeline_plan import (
    CallPlan,
    Choices,
    Condition,
    Interval,
    Metric,
    SearchPlan,
    SweepPlan,
    TrainingPlan,
)
from dync.compiler.plan import Plan
from dync.grammar.reader import load_source
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.sweep import SweepJob, run_sweep
from dync.runtime.run_folder import RunFolder
from dync.runtime.store import StoredModes

TEXT = """
network Fit {
  param hidden = 6 in 1..64
  param strength = 1.0
  input  x (8)
  layer  h (hidden) tanh
  output y (2)
  edge x -> h dense(strength = strength, density = 0.7) learn hebbian rate 0.1 decay 0.1
  edge y -> h dense
  edge readout: h -> y dense learn delta
  phase clamped { steps 2 }
  phase free { steps 1 messages forward }
  train clamped, free
  infer free
}
pipeline fit training {
  network Fit
  data prototypes(classes = 2, units = 8, samples = 40, flip = 0.2) then split(test = 0.2)
  epochs 3
  batch 4
  optimizer sgd(learning_rate = 0.05)
}
"""
RATE = SearchPlan("optimizer.learning_rate", Interval(1e-3, 1.0, True, None, False))
STRENGTH = SearchPlan("network.strength", Interval(0.5, 2.0, False, None, False))
HIDDEN = SearchPlan("network.hidden", Choices(("4", "6")))

SWEEP = SweepPlan(
    name="tune", base="fit", changes={}, search=(RATE, STRENGTH), strategy=CallPlan("random", (), {}), trials=6,
    seeds=1, seed=0, together=2, objective=Metric("validation", "mse"), direction="minimize", prune=None,
    compare_best=0, fused="exact",
)  # fmt: skip

Bind = Callable[[Mapping[str, str]], tuple[TrainingPlan, Plan]]


def sweep(**changes: Any) -> SweepPlan:
    """The sweep with some settings changed; strategies and pruners by their names or calls."""
    for word in ("strategy", "prune"):
        if isinstance(changes.get(word), str):
            changes[word] = CallPlan(changes[word], (), {})
    return replace(SWEEP, **changes)


def under(key: str, value: str, search: SearchPlan) -> SearchPlan:
    """A setting that is searched under a condition."""
    return replace(search, condition=Condition(key, value))


def binder(folder: Path, text: str = TEXT) -> Bind:
    """What binds the training of a spec."""
    path = folder / "fit.dyn"
    path.write_text(text)
    found = compilation(load_source(path))

    def bind(changes: Mapping[str, str]) -> tuple[TrainingPlan, Plan]:
        model = driver.bind_training(found, "fit", changes)
        return model.plan, driver.plan_of(model.network)

    return bind


def run(folder: Path, plan: SweepPlan, *, text: str = TEXT, beside: Path | None = None, **more: Any) -> PipelineResult:
    """Run a sweep in a folder; its spec stands there too, or `beside`."""
    out = folder / "run"
    out.mkdir(parents=True, exist_ok=True)
    return run_sweep(SweepJob(plan, binder(beside or folder, text), RunFolder(out), **more))


KILLED = sweep(strategy="tpe", trials=10, seeds=2, prune=CallPlan("median", (), {"startup": 2}))
"""The sweep that the tests kill."""

if __name__ == "__main__":
    here = Path(sys.argv[1])
    memory = StoredModes(here.parent / "runs.sqlite", print)
    asked = replace(KILLED, fused=sys.argv[2])  # type: ignore[arg-type]
    run(here, asked, beside=here.parent, resume=True, memory=memory)
