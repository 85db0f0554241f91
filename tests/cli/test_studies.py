"""Sweeps, comparisons and benchmarks from one file with one command, each built on what others made."""

from __future__ import annotations

import json
import re

import pytest

import dync as package

DATA = (
    "prototypes(classes = 3, units = 16, samples = 20, flip = 0.1, seed = 1) then split(test = 0.2, validation = 0.2)"
)

CHAIN = f"""
pipeline duel comparison {{
  entry best tune.best
  entry linear baseline linear(learning_rate = 0.01)
  entry kept checkpoint "runs-before/final"
  task  toys {DATA}
  seeds 3
  claim best > linear on test.accuracy
}}
pipeline tune sweep {{
  base longer
  search optimizer.learning_rate in {{ 0, 0.3 }}
  search hidden in {{ 12 }}
  seeds 2
  objective maximize validation.accuracy
}}
pipeline longer training {{ base fit  from fit  epochs 1 }}
pipeline on training {{ base fit  from tune.best  epochs 0 }}
"""


@pytest.fixture
def study(write, tiny, fit):
    """Written in an order in which nothing could run."""
    data = "prototypes(classes = 3, units = 16, samples = 20, flip = 0.1, seed = 1) then split(test = 0.2)"
    return write("study.dyn", CHAIN + fit.replace(data, DATA) + tiny)


def outputs(folder):
    return json.loads((folder / "result.json").read_text())["outputs"]


def test_train_then_sweep_from_its_checkpoint_then_compare(dync, study, tmp_path):
    assert dync("run", study, "fit", "--out", "runs-before").status == 0
    ended = dync("run", study, "duel", "--out", "all")
    assert ended.status == 0, ended.err
    assert re.findall(r"^\d/3: (\w+)$", ended.out, re.MULTILINE) == ["fit", "tune", "duel"]
    tune, duel = outputs(tmp_path / "all" / "tune"), outputs(tmp_path / "all" / "duel")
    assert tune["best_config"] == {"optimizer.learning_rate": 0.3, "hidden": 12}
    assert {trial["status"] for trial in tune["trials"]} == {"complete"}
    assert dync("run", study, "on", "--out", "on").status == 0, "the network has the size that the sweep found"
    weights = [package.load(place).orchestrator.lmap["y", "h"].weight for place in ("on/on", "on/tune/best")]
    assert weights[0].shape == (12, 3)
    assert (weights[0] == weights[1]).all()
    first = package.load(tmp_path / "all" / "fit").orchestrator.lmap["y", "h"].weight
    still = next(t for t in tune["trials"] if t["params"]["optimizer.learning_rate"] in (0, "0"))
    assert still["value"] == pytest.approx(
        outputs(tmp_path / "all" / "fit")["evaluation_results"]["validation"]["accuracy"]
    )
    assert first.shape == (12, 3)
    assert set(duel["summary_statistics"]["entries"]) == {"best", "linear", "kept"}
    assert len(duel["scores"]) == 9
    assert [claim["verdict"] for claim in duel["claims"]] == ["undecided"]  # three seeds can show nothing
    assert (tmp_path / "all" / "duel" / "report.html").is_file()


def test_the_parts_of_a_study_resume_as_one(dync, study, tmp_path):
    assert dync("run", study, "tune", "--out", "all").status == 0
    before = (tmp_path / "all" / "tune" / "result.json").read_bytes()
    ended = dync("run", study, "tune", "--out", "all", "--resume")
    assert ended.status == 0
    assert ended.out.count("is complete already") == 2
    assert (tmp_path / "all" / "tune" / "result.json").read_bytes() == before


def test_settings_go_to_the_pipelines_that_know_them(dync, study, tmp_path):
    ended = dync("run", study, "tune", "--set", "seeds=1", "--set", "fit.epochs=1", "--set", "batch=4", "--out", "all")
    assert ended.status == 0, ended.err
    assert len(outputs(tmp_path / "all" / "fit")["history"]) == 1
    assert [len(trial["seeds"]) for trial in outputs(tmp_path / "all" / "tune")["trials"]] == [1, 1]
    spec = json.loads((tmp_path / "all" / "tune" / "spec.json").read_text())
    assert spec["pipeline"]["changes"]["batch"] == "4"
    ended = dync("run", study, "tune", "--set", "nonsense=1")
    assert (ended.status, "nonsense" in ended.err) == (1, True)


def test_rehearsal_says_what_each_would_do_and_writes_nothing(dync, study, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    ended = dync("run", study, "--dry-run")
    assert ended.status == 0
    for words in ("fit: would train", "tune: would sweep", "duel: would compare"):
        assert words in ended.out
    assert sorted(tmp_path.rglob("*")) == before


def test_what_ran_is_in_the_store_with_its_parents(dync, study):
    assert dync("run", study, "tune", "--out", "all").status == 0
    found = json.loads(dync("runs", "--format", "json").out)
    rows = {run["name"]: run for run in found["runs"]}
    assert set(rows) == {"fit", "tune"}
    assert rows["tune"]["kind"] == "sweep"
