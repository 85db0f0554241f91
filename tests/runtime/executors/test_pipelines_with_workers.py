"""Whole pipelines whose lanes train in real worker processes: the time limit, the mode of a group, baselines."""

import json
import os
import signal
import time
from datetime import datetime
from pathlib import Path

import pytest

from dync.executors import executor_of
from dync.jobs import jobs
from dync.running import Means, run_job
from dync.runtime.executors.local import LocalWorkers
from dync.runtime.lanes.executor import InProcess
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.reporter import Reporter

TEXT = """
network Fit {
  param hidden = 6 in 1..64
  input  x (8)
  layer  h (hidden) tanh
  output y (2)
  edge x -> h dense learn hebbian rate 0.1 decay 0.1
  edge readout: h -> y dense learn delta
  phase free { steps 1 messages forward }
  train free
  infer free
}
pipeline fit training {
  network Fit
  data prototypes(classes = 2, units = 8, samples = 40, flip = 0.2) then split(test = 0.2)
  epochs 2
  batch 4
  optimizer sgd(learning_rate = 0.05)
}
pipeline long sweep {
  base fit
  search epochs in { 2, 1000000 }
  strategy grid
  objective minimize test.mse
  limit stage_seconds 10
}
pipeline tune sweep {
  base fit
  with { epochs = 40 }
  search optimizer.learning_rate in 0.01..0.1
  strategy random
  trials 8
  objective minimize test.mse
}
pipeline duel comparison {
  entry wide fit with { network.hidden = 12 }
  entry twin baseline mlp(hidden = 8)
  entry plain baseline linear
  entry pool baseline reservoir
  seeds 3
  task shapes prototypes(classes = 2, units = 8, samples = 40, flip = 0.2) then split(test = 0.2)
  measure test.mse
}
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "study.dyn"
    path.write_text(TEXT)
    return path


def run(spec, name, folder, executor, *, resume=False):
    """A pipeline of the file."""
    (job,) = [one for one in jobs(spec, name, {}) if one.name == name]
    return run_job(job, folder, resume=resume, means=Means(executor=executor, recorded=False))


def events(folder, kind):
    lines = (folder / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


def gone(numbers):
    until = time.monotonic() + 20
    while any(Path(f"/proc/{number}").exists() for number in numbers) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(Path(f"/proc/{number}").exists() for number in numbers)


def test_the_limit_of_a_stage_binds_while_workers_are_busy(spec, tmp_path, monkeypatch):
    """What was finished is in the result and is not done again; no worker is left."""
    began = []
    given = LocalWorkers._give_out

    def seen(self, *arguments):
        given(self, *arguments)
        began.extend(self.processes)

    monkeypatch.setattr(LocalWorkers, "_give_out", seen)
    folder = tmp_path / "run"
    with executor_of(2, None) as choose:
        result = run(spec, "long", folder, choose)
    assert (result.status, result.stages_failed) == ("failed", ("sweep_execution",))
    assert "its limit of 10 s (`limit stage_seconds`)" in result.errors[0]
    started, failed = (events(folder, kind)[-1]["time"] for kind in ("stage_started", "stage_failed"))
    assert 10 <= seconds_between(started, failed) < 12
    assert [trial["status"] for trial in result.outputs["trials"]] == ["complete"]
    assert began
    assert gone(began)
    spec.write_text(TEXT.replace("stage_seconds 10", "stage_seconds 1"))
    with executor_of(2, None) as choose:
        again = run(spec, "long", folder, choose, resume=True)
    assert again.outputs["trials"] == result.outputs["trials"]
    assert len(events(folder, "trial")) == 1


def seconds_between(first, second):
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


def test_the_limit_binds_within_a_training_of_this_process(spec, tmp_path):
    folder = tmp_path / "run"
    spec.write_text(TEXT.replace("stage_seconds 10", "stage_seconds 4"))
    with executor_of(1, None) as choose:
        run(spec, "long", folder, choose)
    started, failed = (events(folder, kind)[-1]["time"] for kind in ("stage_started", "stage_failed"))
    assert 4 <= seconds_between(started, failed) < 6


@pytest.mark.slow
def test_a_group_has_one_mode_in_the_log_and_a_resumed_run_keeps_to_it(spec, tmp_path):
    with executor_of(2, None) as choose:
        whole = run(spec, "tune", tmp_path / "whole", choose)
    assert whole.is_success()
    (chosen,) = events(tmp_path / "whole", "fused")
    assert whole.outputs["fused"] == {"mode": chosen["mode"], "why": chosen["why"]}
    folder, other = tmp_path / "half", {"off": "exact"}.get(chosen["mode"], "off")
    kept = []
    for line in (tmp_path / "whole" / "events.jsonl").read_text().splitlines():
        kept.append(json.dumps({**json.loads(line), "mode": other}) if '"fused"' in line else line)
        if '"event": "trial"' in line:
            break
    folder.mkdir()
    for name in ("spec.json", "spec.dyn"):
        (folder / name).write_bytes((tmp_path / "whole" / name).read_bytes())
    (folder / "events.jsonl").write_text("\n".join(kept) + "\n")
    with executor_of(2, None) as choose:
        result = run(spec, "tune", folder, choose, resume=True)
    assert result.outputs["fused"]["mode"] == other
    assert len(events(folder, "fused")) == 1
    assert len(events(folder, "trial")) == 8


@pytest.mark.slow
def test_baselines_go_to_the_same_workers_and_come_to_the_same_bits(spec, tmp_path):
    """One worker is killed on the way."""
    alone = run(spec, "duel", tmp_path / "alone", lambda job, reporter, clock: InProcess())
    killed = []

    def tick():
        for worker, portion in workers._busy.items():
            if worker.ready and not killed and any(lane.baseline is not None for lane in portion.lanes):
                killed.append(worker.number)
                os.kill(worker.number, signal.SIGKILL)

    with LocalWorkers(2, tick=tick) as workers:
        result = run(spec, "duel", tmp_path / "workers", lambda job, reporter, clock: workers)
        assert workers.attempts
    assert killed
    assert result.is_success(), result.errors
    assert timeless(result) == timeless(alone)
    assert {score["entry"] for score in result.outputs["scores"]} == {"wide", "twin", "plain", "pool"}
    assert len(events(tmp_path / "workers", "score")) == 12


def timeless(result):
    return [{k: v for k, v in score.items() if k != "seconds"} for score in result.outputs["scores"]]


def test_a_pipeline_bounds_its_processes_and_the_workers_of_the_one_before_are_ended(spec):
    limited = TEXT.replace("limit stage_seconds 10", "limit parallel_jobs 2")
    spec.write_text(limited)
    found = {job.name: job for job in jobs(spec, None, {})}
    with executor_of(3, None) as choose:
        first = choose(found["long"], Reporter(), StageClock())
        second = choose(found["tune"], Reporter(), StageClock())
        assert (first.jobs, second.jobs) == (2, 3)
        spec.write_text(limited.replace("parallel_jobs 2", "parallel_jobs 1"))
        (one,) = [job for job in jobs(spec, None, {}) if job.name == "long"]
        assert isinstance(choose(one, Reporter(), StageClock()), InProcess)
