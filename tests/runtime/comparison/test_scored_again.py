"""Scores are taken again where what they stand on changed, and nowhere else."""

import numpy as np
import pytest

from dync.compiler.pipeline_plan import CallPlan, DataPlan, TrainedEntry
from dync.runtime.comparison import contender
from dync.runtime.event_log import read_events
from dync.runtime.pipelines.comparison import run_comparison
from tests.runtime.comparison.conftest import OneByOne, comparison

ENTRIES = {"wide": TrainedEntry("fit", {"network.hidden": "8", "epochs": "1"})}


def write(path, seed):
    draw = np.random.default_rng(seed)
    labels = np.arange(60) % 3
    np.savez(path, data=(draw.normal(size=(60, 13)) + labels[:, None]).astype(np.float32), target=labels)


@pytest.fixture
def two_tasks(tmp_path, monkeypatch):
    """A comparison on two files of data."""
    monkeypatch.chdir(tmp_path)
    tasks = {}
    for seed, name in enumerate(("one", "two")):
        write(tmp_path / f"{name}.npz", seed)
        split = CallPlan("split", (), {"test": 0.2})
        tasks[name] = DataPlan(CallPlan("npz", (f"{name}.npz",), {}), {}, (split,))
    return comparison(ENTRIES, seeds=2, tasks=tasks)


def scored_again(job, plan):
    """The trainings of a run that is resumed, and its result."""
    executor = OneByOne()
    result = run_comparison(job(plan, executor=executor, resume=True))
    return sorted(executor.trained), result


def test_a_whole_comparison_scores_the_task_whose_data_changed(two_tasks, job, tmp_path):
    first = run_comparison(job(two_tasks))
    assert first.is_success()
    assert scored_again(job, two_tasks)[0] == []
    write(tmp_path / "two.npz", 7)
    trained, second = scored_again(job, two_tasks)
    assert (second.is_success(), trained) == (True, ["wide/two/0", "wide/two/1"])
    before, after = ([s["measures"] for s in some.outputs["scores"]] for some in (first, second))
    assert before[:2] == after[:2]
    assert before[2:] != after[2:]
    outdated = [e for e in read_events(tmp_path / "events.jsonl") if e["event"] == "stage_outdated"]
    assert [(e["stage"], e["changed"]) for e in outdated] == [("comparison", ["data", "scores"])]
    assert scored_again(job, two_tasks)[0] == []


def test_half_a_comparison_on_other_data_is_refused(two_tasks, job, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_comparison(job(two_tasks, executor=OneByOne(stop_after=1)))
    record = (tmp_path / "record.json").read_bytes()
    write(tmp_path / "two.npz", 7)
    trained, result = scored_again(job, two_tasks)
    assert (result.status, trained) == ("failed", [])
    assert "the data of this run changed since it began: put back" in result.errors[0]
    assert (tmp_path / "record.json").read_bytes() == record
    write(tmp_path / "two.npz", 1)
    assert len(scored_again(job, two_tasks)[0]) == 3


def test_other_versions_score_all_of_it(two_tasks, job, monkeypatch):
    run_comparison(job(two_tasks))
    monkeypatch.setattr(contender, "_versions", lambda: {"jax": "9.9"})
    trained, result = scored_again(job, two_tasks)
    assert (result.is_success(), len(trained)) == (True, 4)
