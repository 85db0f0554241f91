"""A small file with trainings, and comparisons of them as the front door would start them."""

import tempfile
from pathlib import Path

import pytest
from msgspec.structs import replace

import dync
from dync.compiler import driver
from dync.compiler.pipeline_plan import (
    BaselineEntry,
    CallPlan,
    ComparisonPlan,
    DataPlan,
    Limits,
    Metric,
    TrainedEntry,
)
from dync.runtime.baselines.lanes import train_baselines
from dync.runtime.checkpoint import load_checkpoint
from dync.runtime.comparison.job import ComparisonJob
from dync.runtime.lanes.lane import LaneResult
from dync.runtime.network import Network
from dync.runtime.pipelines.training import TrainingJob, run_training
from dync.runtime.run_folder import RunFolder

TEXT = """
network Net {
  param hidden = 6 in 1..64
  param rate = 0.1 in 0..100000
  input x (13)
  layer h (hidden) tanh
  output y (3)
  edge x -> h dense learn hebbian rate 0 decay 0
  edge h -> y dense learn delta rate rate
  phase free { steps 2 messages forward }
  train free
  infer free
}
pipeline fit training {
  network Net
  data wine then split(test = 0.4) then normalize(standard)
  epochs 2
  batch 16
  optimizer sgd(learning_rate = 0.3)
  evaluate every 1
}
"""


class OneByOne:
    """Trains lanes one after the other, networks with the training pipeline, and remembers which."""

    def __init__(self, *, stop_after=None):
        self.trained, self.modes, self.stop_after = [], set(), stop_after
        self.total, self.decisions, self.needs = 0, {}, []

    def verify(self, need):
        self.needs.append(need)

    def run(self, lanes, mode, watch):
        self.modes.add(mode)
        for lane in lanes:
            if self.stop_after is not None and len(self.trained) >= self.stop_after:
                raise KeyboardInterrupt
            self.trained.append(lane.name)
            yield train(lane)


def train(lane):
    if lane.baseline is not None:
        (result,) = train_baselines([lane])
        return result
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Path(name))
        result = run_training(TrainingJob(lane.pipeline, Network(lane.plan), folder))
        if not result.is_success():
            return LaneResult(lane.name, "failed", (), {}, {}, 0.0, result.errors[0])
        arrays = load_checkpoint(folder.final).arrays
        kept = {key: array for key, array in arrays.items() if not key.startswith("optimizer")}
        outputs = result.outputs
        return LaneResult(lane.name, "complete", tuple(outputs["history"]), outputs["evaluation_results"], kept, 0.1)


class Door:
    """Binds trainings of the text."""

    def __init__(self, text=TEXT):
        self.found = dync.compile_text(text).compilation

    def bind(self, name, changes, data):
        model = driver.bind_pipeline(self.found, {"tune": "fit"}.get(name, name), dict(changes))
        plan = model.plan if data is None else replace(model.plan, data=data)
        return plan, driver.plan_of(model.network)


def call(name, *positional, **named):
    return CallPlan(name, positional, named)


WINE = DataPlan(call("wine"), {}, (call("split", test=0.4), call("normalize", "standard")))


def comparison(entries=None, **changes):
    plan = {
        "name": "duel",
        "entries": entries
        or {
            "wide": TrainedEntry("fit", {"network.hidden": "24"}),
            "narrow": TrainedEntry("fit", {"network.hidden": "1"}),
            "twin": BaselineEntry(call("mlp")),
        },
        "tasks": {"wine": WINE},
        "seeds": 3,
        "seed": 0,
        "metric": Metric("test", "accuracy"),
        "rope": 0.0,
        "claims": (),
        "folds": 1,
        "base": ".",
        "limits": Limits(),
    }
    return ComparisonPlan(**plan | changes)


@pytest.fixture(scope="session")
def door():
    return Door()


@pytest.fixture
def job(tmp_path, door):
    """A job of a comparison in a folder of its own."""

    def make(plan=None, *, folder=None, executor=None, **more):
        return ComparisonJob(
            plan or comparison(),
            RunFolder(folder or tmp_path),
            more.pop("bind", door.bind),
            executor=executor or OneByOne(),
            **more,
        )

    return make
