"""The training pipeline: its stages, what it leaves, what it refuses, and how it ends when something goes wrong."""

import json
import os
import re
import signal
import subprocess
import sys

import jax
import numpy as np
import pytest

import dync
from dync.runtime.checkpoint import load_checkpoint
from dync.runtime.error import RunError
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.training import measuring
from dync.runtime.reporter import Reporter

TEXT = """
network Fit {
  input  x (8)
  layer  h (6) tanh
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
pipeline fit training {
  network Fit
  data prototypes(classes = 2, units = 8, samples = 20, flip = 0.1) then split(test = 0.2)
  epochs 3
  batch 4
  optimizer adam(learning_rate = 0.02)
  evaluate every 1
  checkpoint every 1 keep 2
}
"""
STAGES = ("environment_check", "training", "checkpoint_save", "evaluation")


@pytest.fixture(autouse=True)
def short_calls(monkeypatch):
    """Three batches a call, so that a run of 24 updates has many moments to be cut off at."""
    monkeypatch.setattr("dync.runtime.schedule_of_batches.CALL", 3)


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "fit.dyn"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An uninterrupted run: its folder and result."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "fit.dyn").write_text(TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dync.runtime.schedule_of_batches.CALL", 3)
        return folder / "run", dync.run(folder / "fit.dyn", out=folder / "run")


def arrays(path):
    return {name: array.tobytes() for name, array in load_checkpoint(path).arrays.items()}


def settled(result):
    """What of a result depends on nothing but the spec."""
    history = [{k: v for k, v in record.items() if k != "seconds"} for record in result.outputs["history"]]
    return result.outputs["evaluation_results"], history


def events(folder):
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_a_run_that_succeeds(whole):
    folder, result = whole
    assert (result.status, result.stages_completed, result.stages_failed, result.errors) == ("success", STAGES, (), ())
    assert result.outputs["final_checkpoint"] == "final"
    assert [record["updates"] for record in result.outputs["history"]] == [8, 16, 24]
    assert all(1 <= record["steps"]["clamped"] <= 8 for record in result.outputs["history"])
    assert result.outputs["history"][-1]["test"] == result.outputs["evaluation_results"]["test"]
    assert sorted(p.name for p in (folder / "checkpoints").iterdir()) == ["step-00000016", "step-00000024"]
    assert arrays(folder / "final") == arrays(folder / "checkpoints" / "step-00000024")
    kinds = [event["event"] for event in events(folder)]
    assert kinds[0] == "run_started"
    assert kinds[-1] == "run_finished"
    assert kinds.count("epoch") == kinds.count("checkpoint") == 3
    assert {"versions", "device", "seed", "plan", "data"} <= set(json.loads((folder / "record.json").read_text()))


def test_a_result_goes_through_json(whole):
    folder, result = whole
    assert PipelineResult.from_json(result.to_json()) == result
    assert PipelineResult.from_json((folder / "result.json").read_text()) == result
    good = json.loads(result.to_json())
    for name, wrong in {"status": "fine", "errors": "none", "stages_completed": [1], "outputs": []}.items():
        with pytest.raises(ValueError, match="not a pipeline's result"):
            PipelineResult.from_json(json.dumps({**good, name: wrong}))
    for text in ("[]", "{}", "nothing"):
        with pytest.raises(ValueError):
            PipelineResult.from_json(text)


def test_the_same_seed_gives_the_same_bits_and_another_others(whole, spec, tmp_path):
    folder, result = whole
    again = dync.run(spec, out=tmp_path / "again")
    assert arrays(tmp_path / "again" / "final") == arrays(folder / "final")
    assert settled(again) == settled(result)
    dync.run(spec, out=tmp_path / "other", seed=1)
    assert arrays(tmp_path / "other" / "final") != arrays(folder / "final")


def test_calls_of_another_size_change_nothing(whole, spec, tmp_path, monkeypatch):
    monkeypatch.setattr("dync.runtime.schedule_of_batches.CALL", 64)
    result = dync.run(spec, out=tmp_path / "run")
    assert arrays(tmp_path / "run" / "final") == arrays(whole[0] / "final")
    assert settled(result) == settled(whole[1])


class Interrupter(Reporter):
    """Presses Ctrl-C at the n-th call of one of its methods."""

    def __init__(self, method, number):
        self.left = number

        def press(_):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

        setattr(self, method, press)


@pytest.mark.parametrize(("method", "number"), [("progress", 1), ("progress", 5), ("epoch", 1), ("epoch", 3)])
def test_an_interrupted_run_goes_on_to_the_same_bits(whole, spec, tmp_path, method, number):
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        dync.run(spec, out=out, reporter=Interrupter(method, number))
    assert PipelineResult.from_json((out / "result.json").read_text()).status == "failed"
    with pytest.raises(RunError, match="holds a run already"):
        dync.run(spec, out=out)
    result = dync.run(spec, out=out, resume=True)
    assert result.is_success()
    assert arrays(out / "final") == arrays(whole[0] / "final")
    assert settled(result) == settled(whole[1])
    assert dync.run(spec, out=out, resume=True).timestamp == result.timestamp


KILLED = """
import os, signal, sys
import dync
from dync.runtime import schedule_of_batches
from dync.runtime.reporter import Reporter
schedule_of_batches.CALL = 3
class Killer(Reporter):
    def progress(self, progress):
        if progress.updates >= 14:
            os.kill(os.getpid(), signal.SIGKILL)
dync.run(sys.argv[1], out=sys.argv[2], reporter=Killer())
"""


def test_a_killed_run_goes_on_to_the_same_bits(whole, spec, tmp_path):
    out = tmp_path / "run"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(spec), str(out)], env=dict(os.environ), check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not (out / "final").exists()
    result = dync.run(spec, out=out, resume=True)
    assert any(event["event"] == "resumed" for event in events(out))
    assert arrays(out / "final") == arrays(whole[0] / "final")
    assert settled(result) == settled(whole[1])


def test_an_optimizer_that_draws_goes_on_with_its_own_key(spec, tmp_path):
    spec.write_text(TEXT.replace("adam(learning_rate = 0.02)", "noisy_sgd(learning_rate = 0.1, key = 0)"))
    dync.run(spec, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        dync.run(spec, out=tmp_path / "run", reporter=Interrupter("progress", 5))
    assert dync.run(spec, out=tmp_path / "run", resume=True).is_success()
    assert arrays(tmp_path / "run" / "final") == arrays(tmp_path / "whole" / "final")


def test_another_spec_does_not_go_on(spec, tmp_path):
    dync.run(spec, out=tmp_path / "run", epochs=0)
    with pytest.raises(RunError, match="a run of another spec"):
        dync.run(spec, out=tmp_path / "run", epochs=1, resume=True)


def test_no_epochs_only_evaluate(spec, tmp_path):
    result = dync.run(spec, out=tmp_path / "run", epochs=0)
    assert result.is_success()
    assert result.outputs["history"] == []
    model = dync.load(tmp_path / "run")
    drawn = model.network.init(jax.random.key(0))
    for a, b in zip(jax.tree.leaves(model.orchestrator), jax.tree.leaves(drawn), strict=True):
        np.testing.assert_array_equal(a, b)


def test_updates_end_in_the_middle_of_an_epoch(spec, tmp_path):
    spec.write_text(TEXT.replace("epochs 3", "updates 11"))
    result = dync.run(spec, out=tmp_path / "run")
    assert [record["updates"] for record in result.outputs["history"]] == [8, 11]
    assert dync.load(tmp_path / "run").progress["step"] == 11


@pytest.mark.parametrize("optimizer", [
    "adamw(learning_rate = 0.05, weight_decay = 0.1)", "sgd(learning_rate = 0.1, momentum = 0.9)",
    "noisy_sgd(learning_rate = 0.1, key = 0)",
])  # fmt: skip
def test_what_does_not_learn_does_not_move(spec, tmp_path, optimizer):
    spec.write_text(TEXT.replace("adam(learning_rate = 0.02)", optimizer))
    result = dync.run(spec, out=tmp_path / "run", epochs=1)
    assert result.is_success(), result.errors
    model = dync.load(tmp_path / "run")
    before, after = model.network.init(jax.random.key(0)).lmap, model.orchestrator.lmap
    np.testing.assert_array_equal(after["h", "y"].weight, before["h", "y"].weight)
    for key in (("h", "x"), ("h", "h")):
        absent = ~np.asarray(before[key].mask)
        old, new = np.asarray(before[key].weight), np.asarray(after[key].weight)
        assert absent.any()
        np.testing.assert_array_equal(new[absent], old[absent])
        assert (new[~absent] != old[~absent]).all()


def failed_at_once(spec, tmp_path, old, new):
    spec.write_text(TEXT.replace(old, new))
    result = dync.run(spec, out=tmp_path / "run")
    assert (result.status, result.stages_completed, result.stages_failed) == ("failed", (), ("environment_check",))
    (error,) = result.errors
    return error


DATA = "prototypes(classes = 2, units = 8, samples = 20, flip = 0.1) then split(test = 0.2)"


@pytest.mark.parametrize(("old", "new", "sentence"), [
    (DATA, 'npz("nowhere.npz")', "nowhere.npz"),
    (DATA, 'npz("wide.npz")', "x has the shape .*8.* 9 "),
    ("batch 4", "batch 400", "a batch of 400 is more than the 32 training examples"),
])  # fmt: skip
def test_errors_before_work_starts(spec, tmp_path, old, new, sentence):
    np.savez(tmp_path / "wide.npz", x=np.zeros((10, 9), np.float32), y=np.zeros((10, 2), np.float32))
    assert re.search(sentence, failed_at_once(spec, tmp_path, old, new))
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.parametrize(("old", "new", "place"), [
    ("adam(learning_rate = 0.02)", "sgd(learning_rate = 1e30)", r"at update \d+: the (state of|weights of the edge) "),
    ("learn delta\n", "learn wild rate 1e6\n", r"at update \d+: the weights of the edge h -> y"),
])  # fmt: skip
def test_a_run_that_diverges(spec, tmp_path, old, new, place):
    wild = "rule wild { update weight**3 / (post - post + 1e-30) }\n"
    spec.write_text(
        (wild if "wild" in new else "")
        + TEXT.replace(old, new).replace("adam(learning_rate = 0.02)", "sgd(learning_rate = 1e30)")
    )
    result = dync.run(spec, out=tmp_path / "run")
    assert (result.status, result.stages_failed) == ("failed", ("training",))
    (error,) = result.errors
    assert re.search(place, error), error
    assert "no longer finite" in error


GROWS = """
rule grow { update weight }
network Grow {
  input x (2)  output y (2)
  edge x -> y dense learn grow
  phase hold { steps 1 }  train hold  infer hold
}
pipeline fit training {
  network Grow
  data prototypes(classes = 2, units = 2, samples = 8, flip = 0)
  epochs 40  batch 4  optimizer sgd(learning_rate = 9)  checkpoint every 1 keep 2
}
"""


def test_the_last_good_checkpoint_stays(spec, tmp_path):
    """Every update multiplies the weights by 37, so the 25th overflows: the first of the seventh epoch."""
    spec.write_text(GROWS)
    result = dync.run(spec, out=tmp_path / "run")
    (error,) = result.errors
    assert result.status == "failed"
    good = tmp_path / "run" / result.outputs["last_good_checkpoint"]
    assert good.name in error
    assert "at update 25: the weights of the edge x -> y" in error
    for model in (dync.load(good), dync.load(tmp_path / "run")):
        assert np.isfinite(model.orchestrator.lmap["y", "x"].weight).all()
        assert model.progress["step"] == int(good.name[5:]) == 24


def test_a_failed_evaluation_leaves_what_was_trained(spec, tmp_path, monkeypatch):
    def fail(*_):
        raise RunError("the measures cannot be taken")

    monkeypatch.setattr(measuring, "evaluate_examples", fail)
    spec.write_text(TEXT.replace("  evaluate every 1\n", ""))
    result = dync.run(spec, out=tmp_path / "run", epochs=1)
    assert (result.status, result.stages_failed) == ("partial", ("evaluation",))
    assert result.stages_completed == STAGES[:3]
    assert result.errors == ("evaluation: the measures cannot be taken",)
    assert dync.load(tmp_path / "run").progress["step"] == 8
    monkeypatch.undo()
    assert dync.run(spec, out=tmp_path / "run", epochs=1, resume=True).is_success()


def test_a_full_disk_is_no_bug_of_ours(spec, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dync.runtime.checkpoint.write_folder", full)
    result = dync.run(spec, out=tmp_path / "run", epochs=0)
    assert (result.status, result.stages_failed) == ("partial", ("checkpoint_save",))
    assert "No space left on device" in result.errors[0]


def test_a_bug_of_ours_is_recorded_and_raised(spec, tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "evaluate_examples", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        dync.run(spec, out=tmp_path / "run", epochs=0)
    assert "ZeroDivisionError" in json.loads((tmp_path / "run" / "result.json").read_text())["errors"][0]
