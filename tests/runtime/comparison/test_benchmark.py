"""The benchmark pipeline: its stages, its leaderboard, and a package that runs where dync is not."""

import json
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import dync
from dync.compiler.pipeline_plan import BaselineEntry, BenchmarkPlan, SavedEntry, TrainedEntry
from dync.runtime.comparison.job import ComparisonJob
from dync.runtime.data.dataset import load
from dync.runtime.lanes.lane import LaneResult
from dync.runtime.pipelines.benchmark import BenchmarkJob, run_benchmark
from dync.runtime.run_folder import RunFolder
from tests.runtime.comparison.conftest import WINE, OneByOne, call, comparison

STAGES = ("environment_check", "training", "evaluation", "comparison", "deployment")
ENTRIES = {
    "wide": TrainedEntry("fit", {"network.hidden": "24"}),
    "narrow": TrainedEntry("fit", {"network.hidden": "1"}),
}
BASELINES = {"linear": BaselineEntry(call("linear")), "mlp": BaselineEntry(call("mlp", hidden=8))}


def benchmark(folder, door, plan=None, executor=None, *, package=True, baselines=BASELINES, **more):
    plan = plan or comparison(ENTRIES, seeds=2, name="suite")
    own = ComparisonJob(plan, RunFolder(folder), door.bind, executor=executor or OneByOne(), **more)
    return BenchmarkJob(BenchmarkPlan(plan, dict(baselines), package), own)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, door):
    folder = tmp_path_factory.mktemp("benchmark")
    return folder, run_benchmark(benchmark(folder, door))


def test_a_benchmark_that_succeeds(whole):
    folder, result = whole
    assert (result.status, result.stages_completed, result.errors) == ("success", STAGES, ())
    board = result.outputs["leaderboard"]
    assert {line["entry"] for line in board} == {"wide", "narrow", "linear", "mlp"}
    assert [line["rank"] for line in board] == sorted(line["rank"] for line in board)
    assert [line["score"] for line in board] == sorted((line["score"] for line in board), reverse=True)
    assert all(line["interval"][0] <= line["score"] <= line["interval"][1] for line in board)
    assert {line["entry"] for line in board if line["kind"] == "baseline"} == {"linear", "mlp"}
    means = result.outputs["entry_measures"]["wide"]["wine"]["test"]
    summary = result.outputs["summary_statistics"]["entries"]["wide"]["wine"]
    assert means["accuracy"] == pytest.approx(summary["mean"])
    assert json.loads((folder / "result.json").read_text())["outputs"]["package"] == "package"


def test_the_package_is_of_the_best_entry_that_is_no_baseline(whole):
    folder, result = whole
    own = [line["entry"] for line in result.outputs["leaderboard"] if line["kind"] != "baseline"]
    assert result.outputs["packaged_entry"] == own[0] == "wide"
    made = json.loads((folder / "package" / "results.json").read_text())
    assert (made["entry"], made["task"], made["seed"]) == ("wide", "wine", 0)
    verified = result.outputs["package_verification"]["wine"]
    assert verified == made["verification"]
    assert verified["equal"]
    assert verified["examples"] == 71  # all of the test part


def test_the_package_says_what_it_is(whole):
    folder, _ = whole
    card = (folder / "package" / "MODEL_CARD.md").read_text()
    for words in (
        "wine then split(test = 0.4) then normalize(\"standard\")", "SHA-256", "95% interval", "jax",
        "`delta`: Δw = (post - predicted) * slope * pre / batch", "every bit", "2 training seeds",
        "None was chosen by its result", "sgd(learning_rate = 0.3)",
    ):  # fmt: skip
        assert words in card
    assert "python predict.py" in (folder / "package" / "README.md").read_text()


def test_the_artefact_in_the_package_is_the_trained_network(whole):
    folder, _ = whole
    model = dync.load(folder / "package" / "artefact")
    again = dync.load(folder / "models" / "wide-wine-0")
    x = np.random.default_rng(0).standard_normal((5, 13)).astype(np.float32)
    assert np.array_equal(model.predict(x)["y"], again.predict(x)["y"])
    learned = model.orchestrator.lmap["y", "h"].weight
    assert not np.array_equal(learned, model.network.init(jax.random.key(0)).lmap["y", "h"].weight)


def test_predict_runs_by_its_command_and_reaches_the_measure(whole, tmp_path):
    folder, result = whole
    part = load(WINE, {"x": (13,)}, {"y": (3,)}, Path()).parts["test"]
    np.save(tmp_path / "x.npy", part.arrays["x"])
    command = [sys.executable, str(folder / "package" / "predict.py"), "x.npy", "y.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "y.npz", allow_pickle=False) as found:
        y = found["y"]
    accuracy = (y.argmax(axis=1) == part.arrays["y"].argmax(axis=1)).mean()
    (score,) = [s for s in result.outputs["scores"] if (s["entry"], s["seed"]) == ("wide", 0)]
    assert accuracy == pytest.approx(score["measures"]["test"]["accuracy"])


def test_an_interrupted_benchmark_goes_on(tmp_path, door):
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(benchmark(tmp_path, door, executor=OneByOne(stop_after=3)))
    executor = OneByOne()
    result = run_benchmark(benchmark(tmp_path, door, executor=executor, resume=True))
    assert result.is_success()
    assert executor.trained == ["narrow/wine/1", *(f"{name}/wine/{seed}" for name in BASELINES for seed in (0, 1))]
    assert (tmp_path / "package" / "predict.py").is_file()


def test_several_tasks_have_a_package_each_and_saved_weights_can_win(whole, tmp_path, door):
    folder, _ = whole
    tasks = {"wine": WINE, "again": WINE}
    entries = {"saved": SavedEntry("models/wide-wine-0"), "narrow": ENTRIES["narrow"]}
    plan = comparison(entries, seeds=1, tasks=tasks, base=str(folder))
    result = run_benchmark(benchmark(tmp_path, door, plan, baselines={}))
    assert result.is_success()
    assert result.outputs["packaged_entry"] == "saved"
    assert set(result.outputs["package_verification"]) == set(tasks)
    assert (tmp_path / "package" / "again" / "predict.py").is_file()


def test_where_there_are_only_baselines_to_package_the_run_is_partial(tmp_path, door):
    class Failing(OneByOne):
        def run(self, lanes, mode, watch):
            of_baseline = {lane.name: lane.baseline is not None for lane in lanes}
            for result in super().run(lanes, mode, watch):
                lost = LaneResult(result.lane, "failed", (), {}, {}, 0.0, "no luck")
                yield result if of_baseline[result.lane] else lost

    plan = comparison({"wide": ENTRIES["wide"]}, seeds=1)
    result = run_benchmark(benchmark(tmp_path, door, plan, Failing()))
    assert (result.status, result.stages_failed) == ("partial", ("deployment",))
    assert "nothing to package" in result.errors[0]
    assert not (tmp_path / "package").exists()


def test_without_package_best_there_is_none(tmp_path, door):
    result = run_benchmark(benchmark(tmp_path, door, comparison({"wide": ENTRIES["wide"]}, seeds=1), package=False))
    assert result.is_success()
    assert result.outputs["package"] is None
    assert not (tmp_path / "models").exists()
