"""A training that is killed at any moment, over and over, and resumed ends in the same bits."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dync.runtime.checkpoint import load_checkpoint
from dync.runtime.error import RunError
from dync.runtime.pipelines.clock import StageTimeoutError
from dync.runtime.records import load_records
from dync.runtime.reporter import Reporter
from tests.runtime.pipelines.conftest import a_plan, run, settled_plan

SETTINGS = {
    "epochs": 12,
    "record": [["h", "y"], 5],
    "stop": [6, "validation.mse"],
    "checkpoint_best": "validation.mse",
}


def left_behind(folder, result):
    """All that depends on nothing but the spec."""
    outputs = json.loads(json.dumps(dict(result.outputs)))
    for record in outputs["history"]:
        del record["seconds"]
    records = {path.name: path.read_bytes() for path in sorted((folder / "records").iterdir())}
    weights = {
        (place, name): array.tobytes()
        for place in ("final", "best")
        for name, array in load_checkpoint(folder / place).arrays.items()
    }
    return outputs, records, weights


@pytest.fixture
def whole(short_calls, network, tmp_path):
    folder = tmp_path / "whole"
    result = run(settled_plan(SETTINGS), folder, network=network)
    assert result.is_success(), result.errors
    return left_behind(folder, result)


def kill(folder, number):
    """Run in a process of its own that dies at its n-th write; whether it did."""
    script = Path(__file__).with_name("conftest.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), json.dumps(SETTINGS), str(number)], check=False, cwd=Path.cwd()
    )
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


def killed_again_and_again(network, folder, seed, times):
    draw = random.Random(seed)
    deaths = sum(kill(folder, draw.randint(1, 60)) for _ in range(times))
    assert deaths
    return run(settled_plan(SETTINGS), folder, network=network, resume=(folder / "spec.json").exists())


def test_killed_twice(whole, network, tmp_path):
    result = killed_again_and_again(network, tmp_path / "run", seed=4, times=2)
    assert left_behind(tmp_path / "run", result) == whole


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_killed_at_many_random_moments(whole, network, tmp_path, seed):
    result = killed_again_and_again(network, tmp_path / "run", seed=seed, times=4)
    assert left_behind(tmp_path / "run", result) == whole


class Interrupter(Reporter):
    """Presses Ctrl-C after so many calls."""

    def __init__(self, number):
        self.left = number

    def progress(self, progress):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("number", [1, 7, 30])
def test_interrupted_by_ctrl_c(whole, network, tmp_path, events, number):
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        run(settled_plan(SETTINGS), out, network=network, reporter=Interrupter(number))
    cut_off = json.loads((out / "result.json").read_text())
    assert cut_off["status"] == "failed"
    assert cut_off["errors"] == ["training: interrupted; go on with --resume"]
    assert [event["event"] for event in events(out)][-2:] == ["stage_interrupted", "run_finished"]
    result = run(settled_plan(SETTINGS), out, network=network, resume=True)
    assert left_behind(out, result) == whole
    # nothing that was learned before is learned again
    resumed = next(event for event in events(out) if event["event"] == "resumed")
    assert resumed["updates"] > 0


def test_the_limit_of_time_ends_a_stage_and_it_goes_on(whole, network, tmp_path, monkeypatch):
    """The clock says after the tenth call that the time is up."""
    out = tmp_path / "run"
    left = [10]

    def check(clock, outputs=None):
        left[0] -= 1
        if left[0] == 0:
            raise StageTimeoutError("the time is up", outputs)

    with monkeypatch.context() as patch:
        patch.setattr("dync.runtime.pipelines.clock.StageClock.check", check)
        cut_off = run(settled_plan(SETTINGS), out, network=network)
    assert (cut_off.status, cut_off.stages_failed, cut_off.errors) == (
        "failed", ("training",), ("training: the time is up",),
    )  # fmt: skip
    assert len(cut_off.outputs["history"]) >= 1
    assert load_checkpoint(out / "resume").facts["step"] > 0
    result = run(settled_plan(SETTINGS), out, network=network, resume=True)
    assert left_behind(out, result) == whole


def test_nothing_unasked_is_left_of_a_whole_run(short_calls, network, tmp_path):
    run(a_plan(), tmp_path / "run", network=network)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "events.jsonl", "final", "record.json", "result.json", "spec.json", "stages.json",
    ]  # fmt: skip
    with pytest.raises(RunError):
        load_records(tmp_path / "run")
