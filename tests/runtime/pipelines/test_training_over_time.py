"""Trainings on series: what they measure, that they go on to the bit, side by side too, and what they refuse."""

import json

import numpy as np
import pytest

import dync
from dync.runtime.checkpoint import load_checkpoint
from dync.runtime.records import load_records
from dync.runtime.reporter import Reporter

TEXT = """
network Echo {
  param strength = 0.5
  input  u (1) over time
  layer  h (12) leaky_tanh(leak = 0.9)
  output y (1) over time
  edge u -> h dense(strength = 0.5)
  edge h -> h dense(strength = strength)
  edge h -> y dense(strength = 0) learn delta
  phase rest { until settled within 0.1 max 3 per sample  messages forward }
  train rest
  infer rest
  skip 3
  BETWEEN
}
pipeline fit training {
  network Echo
  data narma(length = 100) then split(test = 0.2, validation = 0.1) then windows(10)
  epochs 3
  batch 2
  optimizer adam(learning_rate = 0.01)
  evaluate every 1
}
"""
RESET = TEXT.replace("BETWEEN", "")
CARRY = TEXT.replace("BETWEEN", "between sequences carry")


class Interrupting(Reporter):
    """Ctrl-C in the middle of the second epoch."""

    def __init__(self):
        self.calls = 0

    def progress(self, progress):
        self.calls += 1
        if self.calls == 5:
            raise KeyboardInterrupt


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "fit.dyn"
    path.write_text(RESET)
    return path


def arrays(path):
    return {name: array.tobytes() for name, array in load_checkpoint(path).arrays.items()}


def without_seconds(result):
    return [{k: v for k, v in record.items() if k != "seconds"} for record in result.outputs["history"]]


def test_it_measures_every_part_over_time(spec, tmp_path):
    result = dync.run(spec, out=tmp_path / "run")
    assert result.is_success(), result.errors
    measures = result.outputs["evaluation_results"]
    assert set(measures) == {"validation", "test"}
    assert set(measures["test"]) == {"mse", "agreement", "nrmse"}
    history = result.outputs["history"]
    assert [record["updates"] for record in history] == [3, 6, 9]  # seven windows, two a batch
    assert all(1 <= record["steps"]["rest"] <= 3 for record in history)
    assert history[-1]["validation"]["nrmse"] < history[0]["validation"]["nrmse"]


def test_an_interrupted_training_goes_on_to_the_bit(spec, tmp_path, monkeypatch):
    monkeypatch.setattr("dync.runtime.schedule_of_batches.CALL", 1)
    whole = dync.run(spec, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        dync.run(spec, out=tmp_path / "half", reporter=Interrupting())
    resumed = dync.run(spec, out=tmp_path / "half", resume=True)
    assert arrays(tmp_path / "half" / "final") == arrays(tmp_path / "whole" / "final")
    assert without_seconds(resumed) == without_seconds(whole)
    events = (tmp_path / "half" / "events.jsonl").read_text().splitlines()
    assert any(json.loads(line).get("event") == "resumed" for line in events)


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_trials_side_by_side_are_single_runs(mode, spec, tmp_path):
    spec.write_text(
        f"""{RESET}
pipeline tune sweep {{
  base fit
  search network.strength in {{ 0.2, 0.5, 0.9 }}
  objective minimize test.nrmse
  fused {mode}
}}
"""
    )
    tuned = dync.run(spec, "tune", out=tmp_path / "tune")
    assert tuned.is_success(), tuned.errors
    values = {trial["params"]["network.strength"]: trial["value"] for trial in tuned.outputs["trials"]}
    single = dync.run(spec, "fit", out=tmp_path / "fit").outputs["evaluation_results"]["test"]["nrmse"]
    assert values[0.5] == (single if mode == "exact" else pytest.approx(single, rel=1e-4))
    assert tuned.outputs["best_value"] == min(values.values())
    assert len(set(values.values())) == 3


def test_a_state_that_carries_on_makes_one_series_of_the_windows(spec, tmp_path):
    """Two streams of three windows are two series of thirty samples, whose transient is passed over once."""
    from dync.runtime.data.narma import narma

    content = narma(tmp_path, length=100)
    train = {name: content.train[name][0, :60].reshape(2, 30, 1) for name in ("data", "target")}
    np.savez(tmp_path / "joined.npz", **train)
    spec.write_text(RESET.replace("evaluate every 1", ""))
    long = dync.run(spec, out=tmp_path / "long", data='series("joined.npz")')
    spec.write_text(CARRY.replace("evaluate every 1", ""))
    carried = dync.run(spec, out=tmp_path / "carried")
    assert [record["updates"] for record in carried.outputs["history"]] == [1, 2, 3]
    assert [r["updates"] for r in long.outputs["history"]] == [1, 2, 3]
    a, b = (load_checkpoint(tmp_path / run / "final").arrays for run in ("long", "carried"))
    for name in a:
        np.testing.assert_allclose(np.asarray(a[name], np.float64), np.asarray(b[name], np.float64), atol=1e-6)


def test_states_are_recorded_at_the_end_of_a_sequence(spec, tmp_path):
    spec.write_text(RESET.replace("evaluate every 1", "record h every 2"))
    result = dync.run(spec, out=tmp_path / "run")
    assert result.is_success(), result.errors
    records = load_records(tmp_path / "run")
    assert records["h"].shape[-1] == 12
    assert np.abs(records["h"]).max() > 0


def test_shapes_over_time_can_come_from_the_data(spec, tmp_path):
    spec.write_text(RESET.replace("u (1)", "u (*)").replace("y (1)", "y (*)"))
    np.savez(tmp_path / "wide.npz", u=np.random.default_rng(0).normal(size=(8, 20, 3)), y=np.ones((8, 20, 2)))
    result = dync.run(spec, out=tmp_path / "run", data='series("wide.npz") then split(test = 0.25)')
    assert result.is_success(), result.errors
    assert set(result.outputs["evaluation_results"]["test"]) == {"mse", "agreement"}  # a target that never varies
    assert dync.load(tmp_path / "run").predict(np.zeros((1, 4, 3)))["y"].shape == (1, 4, 2)


def test_a_saved_network_predicts_series(spec, tmp_path):
    dync.run(spec, out=tmp_path / "run")
    model = dync.load(tmp_path / "run")
    u = np.random.default_rng(0).uniform(0, 0.5, (2, 9, 1))
    found = model.predict(u)["y"]
    assert found.shape == (2, 9, 1)
    shorter = model.predict({"u": u[:, :5]})["y"]
    np.testing.assert_allclose(found[:, :5], shorter, atol=1e-6)  # what comes later is not heard earlier
    with pytest.raises(ValueError, match=r"u takes an array \[batch, time, 1\], not \[2, 9\]"):
        model.predict(u[:, :, 0])
    with pytest.raises(ValueError, match="give every input over time"):
        model.predict({})


@pytest.mark.parametrize(
    ("settings", "phrase"),
    [
        ({"batch": 8}, "a batch of 8 is more than the 7 training sequences: make it smaller"),
        ({"data.windows.length": 3}, "skip 3 leaves nothing of the train part, whose sequences have 3 samples"),
        ({"data.split.validation": 0.02}, "skip 3 leaves nothing of the validation part, whose sequences have 2"),
    ],
)
def test_what_cannot_be_trained_is_refused(settings, phrase, spec, tmp_path):
    result = dync.run(spec, out=tmp_path / "run", **settings)
    assert result.status == "failed"
    assert any(phrase in str(error) for error in result.errors), result.errors


def test_a_batch_of_streams_needs_as_many_sequences(spec, tmp_path):
    spec.write_text(CARRY)
    result = dync.run(spec, out=tmp_path / "run", batch=9)
    assert any("a batch of 9 streams needs as many sequences" in str(error) for error in result.errors)


def test_a_measure_that_there_is_not_is_told(spec, tmp_path):
    still = RESET.replace(" over time", "").replace(" per sample", "").replace("  skip 3\n", "")
    spec.write_text(still.replace(" then windows(10)", "").replace("narma(length = 100)", 'npz("x.npz")'))
    np.savez(tmp_path / "x.npz", data=np.zeros((50, 1)), target=np.zeros((50, 1)))
    with pytest.raises(dync.CompileError, match="there is no measure `nrmse`"):
        dync.run(spec, out=tmp_path / "run", **{"checkpoint.best": "test.nrmse"})
