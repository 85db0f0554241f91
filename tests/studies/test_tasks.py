"""What a training brings along to a task of a comparison, and what stays at home."""

from __future__ import annotations

import json

import dync

NETWORK = """
network Small {
  input x (*)
  output y (*)
  edge x -> y dense learn perceptron(margin = 1)
  phase free { steps 1 messages forward }
  train free
  infer free
}
"""
FIT = """
pipeline fit training {
  network Small
  data digits then limit(60) then split(test = 0.5)
  epochs 2
  batch 5
  optimizer sgd(0.1)
  evaluate every 1
  evaluate noisy digits then limit(40) then flip(0.1)
"""
DUEL = """
pipeline duel comparison {
  entry one fit
  entry two fit with { batch = 10 }
  task digits digits then limit(60) then split(test = 0.5)
  task wine wine then split(test = 0.3)
  seeds 2
}
"""


def run(folder, text):
    spec = folder / "duel.dyn"
    spec.write_text(text)
    return dync.run(spec, "duel", out=folder / "out")


def test_further_data_are_measured_on_tasks_of_their_source_and_weights_fail_where_they_do_not_fit(tmp_path):
    fit = NETWORK + FIT + "}\n"
    (tmp_path / "fit.dyn").write_text(fit)
    dync.run(tmp_path / "fit.dyn", "fit", out=tmp_path / "fit")
    result = run(tmp_path, fit + DUEL.replace("entry two fit", 'entry saved checkpoint "fit/final"\n  entry two fit'))
    assert result.is_success(), result.errors
    lines = (tmp_path / "out" / "events.jsonl").read_text().splitlines()
    scores = [event for event in map(json.loads, lines) if event["event"] == "score"]
    parts = {(score["task"], part) for score in scores for part in score["measures"]}
    assert parts == {("digits", "test"), ("digits", "noisy"), ("wine", "test")}
    assert {(score["entry"], score["task"]) for score in scores if score["status"] == "failed"} == {("saved", "wine")}


def test_a_training_that_is_stopped_by_other_data_than_the_task_is_refused(tmp_path):
    result = run(tmp_path, NETWORK + FIT + "  stop after 2 without better noisy.accuracy\n}\n" + DUEL)
    assert result.stages_failed == ("environment_check",)
    assert "noisy is of other data than the task" in result.errors[0]
