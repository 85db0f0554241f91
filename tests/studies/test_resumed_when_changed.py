"""`--resume` of what is complete: only what stands on something else now is done again, and it says so."""

import json
from pathlib import Path

import pytest

from dync.runtime.error import RunError
from dync.runtime.event_log import read_events
from tests.studies.conftest import KINDS, STUDY, Study, write_data


def since(folder: Path, number: int) -> list[tuple[object, object]]:
    """What happened after so many events: the stages, and the units of work."""
    kinds = ("stage_skipped", "stage_outdated", "stage_started", "epoch", "trial", "score")
    found = read_events(folder / "events.jsonl")[number:]
    return [(event["event"], event.get("stage")) for event in found if event["event"] in kinds]


def lines(study: Study) -> dict[str, int]:
    return {name: len(read_events(study.out / name / "events.jsonl")) for name in KINDS if (study.out / name).exists()}


def test_comments_and_layout_change_nothing(whole):
    before = {path: path.read_bytes() for path in sorted(whole.out.rglob("*")) if path.is_file()}
    lined_out = STUDY.replace("  epochs     3\n", "\n  # three are enough\n  epochs 3\n")
    assert lined_out != STUDY
    whole.path.write_text("# a study\n" + lined_out)
    _, said = whole.run()
    assert said == [f"{name} in {whole.out / name} is complete already: there is nothing to resume" for name in KINDS]
    assert {path: path.read_bytes() for path in sorted(whole.out.rglob("*")) if path.is_file()} == before


def test_other_data_are_used_from_the_stage_that_they_enter(whole):
    """Those of `evaluate` enter a training in its last stage, a comparison in the scores of a task."""
    begun = lines(whole)
    before = json.loads((whole.out / "fit" / "result.json").read_text())["outputs"]
    write_data(whole.folder / "more.npz", 3)
    results, said = whole.run()
    assert all(result.is_success() for result in results.values())
    assert since(whole.out / "fit", begun["fit"]) == [
        ("stage_started", "environment_check"), ("stage_skipped", "training"), ("stage_skipped", "checkpoint_save"),
        ("stage_started", "evaluation"), ("stage_outdated", "evaluation"),
    ]  # fmt: skip
    assert "evaluation is done again, for these changed: data of evaluate (more)" in said
    now = results["fit"].outputs["evaluation_results"]
    assert now["test"] == before["evaluation_results"]["test"]
    assert now["more"] != before["evaluation_results"]["more"]
    tune = since(whole.out / "tune", begun["tune"])
    assert tune.count(("stage_outdated", "sweep_execution")) == 1
    assert tune.count(("trial", None)) == len(results["tune"].outputs["trials"]) == 4
    scored = read_events(whole.out / "duel" / "events.jsonl")[begun["duel"] :]
    again = {(e["entry"], e["task"]) for e in scored if e["event"] == "score"}
    assert ("still", "two") in again
    given = read_events(whole.out / "suite" / "events.jsonl")[begun["suite"] :]
    assert not [e for e in given if e["event"] == "score" and e["entry"] == "given"]
    _, said = whole.run()
    assert [text for text in said if "complete already" not in text] == []


def test_a_training_and_the_sweep_that_starts_from_it_begin_anew_on_other_data(study, tmp_path):
    study.run("tune")
    weights = (study.out / "fit" / "final" / "arrays.safetensors").read_bytes()
    write_data(study.folder / "data.npz", 4)
    results, said = study.run("tune")
    assert "training is done again, for these changed: data" in said
    assert "sweep_execution is done again, for these changed: data, start" in said
    assert (study.out / "fit" / "earlier" / "1" / "final" / "arrays.safetensors").read_bytes() == weights
    (tmp_path / "fresh").mkdir()
    fresh = Study(tmp_path / "fresh")
    write_data(fresh.folder / "data.npz", 4)
    expected, _ = fresh.run("tune")
    assert results["fit"].outputs["evaluation_results"] == expected["fit"].outputs["evaluation_results"]
    for name in ("best_config", "best_value", "test_results", "comparison_results"):
        assert results["tune"].outputs[name] == expected["tune"].outputs[name]
    assert len(results["tune"].outputs["trials"]) == 4
    assert study.run("tune")[1][0].endswith("there is nothing to resume")


def test_other_versions_and_lost_weights_are_noticed(study, monkeypatch):
    study.run("fit")
    events = study.out / "fit" / "events.jsonl"
    kept = (study.out / "fit" / "final" / "arrays.safetensors").read_bytes()
    (study.out / "fit" / "final" / "manifest.json").unlink()
    with pytest.warns(UserWarning, match="final is passed over"):
        assert study.run("fit")[0]["fit"].is_success()
    assert (study.out / "fit" / "final" / "arrays.safetensors").read_bytes() == kept
    monkeypatch.setattr("dync.runtime.pipelines.training.standing.package_versions", lambda: [("jax", "9.9")])
    count = len(read_events(events))
    _, said = study.run("fit")
    assert any(text.startswith("training is done again, for these changed: versions (") for text in said)
    assert [e["epoch"] for e in read_events(events)[count:] if e["event"] == "epoch"] == [1, 2, 3]


def test_another_spec_and_data_that_are_gone_are_refused(study):
    study.run("fit")
    with pytest.raises(RunError, match="holds a run of another spec: give the spec that it began with"):
        study.run("fit", epochs=4)
    (study.folder / "more.npz").unlink()
    with pytest.raises(RunError, match=r"fit in .* is complete, but whether it would come out the same now cannot be"):
        study.run("fit")
