"""A small training, made without any `.dyn` pipeline: the plan is what the runtime reads.

As a program it runs one: `python conftest.py FOLDER SETTINGS N`, with the settings as JSON (see `settled_plan`), and
kills itself when it puts something on the disk for the N-th time.
"""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

import dync
from dync.compiler.pipeline_plan import CallPlan, DataPlan, Metric, RecordPlan, StopPlan, TrainingPlan
from dync.runtime import schedule_of_batches
from dync.runtime.pipelines.training import TrainingJob, run_training
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import open_run_folder

NETWORK = """
activation shaky { next tanh(field + 0.5 * normal) }
network Fit {
  input  x (8)
  layer  h (6) ACTIVATION
  output y (2)
  edge x -> h dense(density = 0.7) learn hebbian rate 0.1 decay 0.1
  edge h -> h dense(diagonal = 0.2, density = 0.5) learn hebbian rate 0.1
  edge y -> h dense
  edge readout: h -> y dense learn delta
  phase clamped { until settled within 0.01 max 8 }
  phase free { steps 2 messages forward }
  train clamped, free
  infer free
}
"""


def call(name, *positional, **named):
    return CallPlan(name, positional, named)


def a_network(activation="tanh", text=NETWORK):
    return dync.compile_text(text.replace("ACTIVATION", activation), name="fit.dyn").network("Fit")


def a_plan(**changes):
    """24 updates in three epochs, on 32 training examples and 8 test examples."""
    source = call("prototypes", classes=2, units=8, samples=20, flip=0.1)
    made = {
        "name": "fit", "network": "Fit", "data": DataPlan(source, {}, (call("split", test=0.2),)), "epochs": 3,
        "updates": None, "batch": 4, "optimizer": call("adam", learning_rate=0.02), "seed": 0, "evaluate_every": 1,
        "evaluate_on": {}, "checkpoint_every": 0, "keep": 1, "base": ".",
    }  # fmt: skip
    return TrainingPlan(**made | changes)


def settled_plan(settings):
    """A plan from settings that JSON can hold: metrics as `PART.MEASURE`, `record` as layers and a number."""
    found = dict(settings)
    if "record" in found:
        found["record"] = RecordPlan(tuple(found["record"][0]), found["record"][1])
    if "stop" in found:
        found["stop"] = StopPlan(found["stop"][0], Metric(*found["stop"][1].split(".")))
    if "checkpoint_best" in found:
        found["checkpoint_best"] = Metric(*found["checkpoint_best"].split("."))
    return a_plan(**found)


def run(plan, out, *, network=None, resume=False, start=None, reporter=None, on_event=()):
    net = network if network is not None else a_network()
    folder = open_run_folder(Path(out), net.plan.digest, resume=resume, on_event=on_event)
    if not (folder.path / "spec.json").exists():
        folder.write_json("spec.json", {"digest": net.plan.digest})
    return run_training(TrainingJob(plan, net, folder, reporter or Reporter(), start, resume))


@pytest.fixture(scope="session")
def network():
    return a_network()


@pytest.fixture
def short_calls(monkeypatch):
    """Three batches a call, so that a run has many moments to be cut off at."""
    monkeypatch.setattr(schedule_of_batches, "CALL", 3)


@pytest.fixture
def events():
    return lambda folder: [json.loads(line) for line in (Path(folder) / "events.jsonl").read_text().splitlines()]


def killed_at(number):
    """Kill this process in the middle of the n-th time that something is put on the disk."""
    left, sync = [number], os.fsync

    def fsync(descriptor):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        sync(descriptor)

    os.fsync = fsync


if __name__ == "__main__":
    out, given, kill = Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
    schedule_of_batches.CALL = 3
    killed_at(kill)
    run(settled_plan(given), out, resume=(out / "spec.json").exists())
