"""The sweep pipeline on real trainings: what it claims of trials, of the best, and of going on from its log."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

import dync
from dync.compiler.pipeline_plan import CallPlan, Choices, Condition, Interval, Metric, SearchPlan, SweepPlan
from dync.runtime.checkpoint import load_checkpoint
from dync.runtime.data.validation import with_validation
from dync.runtime.error import RunError
from dync.runtime.lanes.decision import Decision
from dync.runtime.lanes.executor import InProcess
from dync.runtime.lanes.lane import Lane, LaneResult, Watch
from dync.runtime.network import Network
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.sweep import SweepJob, run_sweep
from dync.runtime.pipelines.training import TrainingJob, run_training
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder
from dync.runtime.store import StoredModes
from tests.runtime.sweep import sweeps
from tests.runtime.sweep.sweeps import HIDDEN, KILLED, RATE, STRENGTH, binder, run, sweep

WILD = SearchPlan("optimizer.learning_rate", Choices(("0.05", "1e38")))


class Heard(Reporter):
    """Keeps the messages."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def message(self, text: str) -> None:
        self.said.append(text)


def settled(result: PipelineResult) -> dict[str, Any]:
    """Outputs without what depends on the clock."""
    found = dict(result.outputs)
    found["trials"] = [{k: v for k, v in trial.items() if k != "seconds"} for trial in found["trials"]]
    found.pop("fused")
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def best_bits(folder: Path) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in load_checkpoint(folder / "run" / "best").arrays.items()}


def as_written(params: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in params.items()}


def events(folder: Path, kind: str) -> list[dict[str, Any]]:
    lines = (folder / "run" / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


def test_every_trial_is_the_training_with_its_settings(tmp_path: Path) -> None:
    """The values that a sweep reports are those of single runs with the very settings that it reports."""
    plan = sweep(search=(RATE, STRENGTH, HIDDEN), seeds=2)
    result = run(tmp_path, plan)
    assert result.status == "success", result.errors
    assert result.stages_completed == ("environment_check", "sweep_execution", "best_config_extraction")
    assert [trial["number"] for trial in result.outputs["trials"]] == list(range(6))
    assert len({trial["value"] for trial in result.outputs["trials"]}) == 6
    bind = binder(tmp_path)
    for trial in result.outputs["trials"][:2]:
        training, network = bind(as_written(trial["params"]))
        values = []
        for seed in range(2):
            out = tmp_path / f"single-{trial['number']}-{seed}"
            out.mkdir()
            alone = replace(training, seed=training.seed + seed, data=with_validation(training.data))
            single = run_training(TrainingJob(alone, Network(network), RunFolder(out)))
            values.append(single.outputs["evaluation_results"]["validation"]["mse"])
        assert trial["seeds"] == values
        assert trial["value"] == np.mean(values)


def test_the_best_is_chosen_on_validation_reported_on_test_and_can_be_loaded(tmp_path: Path) -> None:
    result = run(tmp_path, sweep())
    trials = result.outputs["trials"]
    best = min(trials, key=lambda trial: trial["value"])
    assert result.outputs["best_config"] == best["params"]
    assert result.outputs["best_value"] == best["value"]
    assert result.outputs["best_checkpoint"] == "best"
    assert set(result.outputs["test_results"]) == {"validation", "test"}
    assert result.outputs["test_results"]["validation"]["mse"] == best["value"]
    model = dync.load(tmp_path / "run" / "best")
    training, network = binder(tmp_path)(as_written(best["params"]))
    assert model.network.plan.digest == network.digest
    out = tmp_path / "single"
    out.mkdir()
    alone = replace(training, data=with_validation(training.data))
    run_training(TrainingJob(alone, Network(network), RunFolder(out)))
    final = {n: a.tobytes() for n, a in load_checkpoint(out / "final").arrays.items() if not n.startswith("optimizer")}
    assert best_bits(tmp_path) == final


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_a_trial_that_diverges_has_failed_and_is_no_score(tmp_path: Path, direction: str) -> None:
    plan = sweep(search=(WILD, HIDDEN), strategy="grid", trials=None, direction=direction)
    result = run(tmp_path, plan)
    assert result.status == "success"
    found = {trial["params"]["optimizer.learning_rate"]: trial for trial in result.outputs["trials"]}
    assert (found[1e38]["status"], found[1e38]["value"]) == ("failed", None)
    assert "diverged" in found[1e38]["error"]
    assert result.outputs["best_config"]["optimizer.learning_rate"] == 0.05


def test_where_all_fail_the_stage_fails(tmp_path: Path) -> None:
    wild = SearchPlan("optimizer.learning_rate", Choices(("1e37", "1e38")))
    result = run(tmp_path, sweep(search=(wild,), strategy="grid", trials=None))
    assert (result.status, result.stages_failed) == ("failed", ("sweep_execution",))
    assert "every trial failed; trial 0: the training diverged" in result.errors[0]
    assert [trial["status"] for trial in result.outputs["trials"]] == ["failed", "failed"]
    assert "best_config" not in result.outputs


def test_without_an_objective_it_is_a_map(tmp_path: Path) -> None:
    grid = SearchPlan("network.strength", Interval(0.5, 1.5, False, 0.5, False))
    result = run(tmp_path, sweep(search=(grid,), strategy="grid", trials=None, objective=None, seeds=2))
    assert result.status == "success"
    assert [entry["params"] for entry in result.outputs["map"]] == [{"network.strength": s} for s in (0.5, 1.0, 1.5)]
    assert len({entry["measures"]["test"]["mse"] for entry in result.outputs["map"]}) == 3
    assert result.outputs["best_config"] is result.outputs["best_checkpoint"] is None
    assert all(trial["status"] == "complete" for trial in result.outputs["trials"])


def test_what_is_searched_under_a_condition_reaches_the_training_only_there(tmp_path: Path) -> None:
    under = replace(STRENGTH, condition=Condition("network.hidden", "6"))
    result = run(tmp_path, sweep(search=(under, HIDDEN), trials=8, strategy="tpe"))
    for trial in result.outputs["trials"]:
        assert ("network.strength" in trial["params"]) == (trial["params"]["network.hidden"] == 6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strategy": "tep"}, "did you mean 'tpe'"),
        ({"prune": "medan"}, "did you mean 'median'"),
        ({"objective": Metric("validation", "accurcy")}, "did you mean 'accuracy'"),
        ({"objective": Metric("tests", "mse")}, "the data have no part 'tests'"),
        ({"trials": None}, "say how many trials"),
    ],
)
def test_what_cannot_work_is_said_before_the_first_trial(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    result = run(tmp_path, sweep(**changes))
    assert (result.status, result.stages_failed) == ("failed", ("environment_check",))
    assert words in result.errors[0]
    assert not events(tmp_path, "trial")


def test_an_impossible_trial_has_failed_with_its_reason(tmp_path: Path) -> None:
    inner = binder(tmp_path)

    def bind(changes: Any) -> Any:
        if changes["network.hidden"] == "6":
            raise RunError("six is right out")
        return inner(changes)

    (tmp_path / "run").mkdir()
    plan = sweep(search=(HIDDEN,), strategy="grid", trials=None)
    result = run_sweep(SweepJob(plan, bind, RunFolder(tmp_path / "run")))
    assert [(trial["status"], trial["error"]) for trial in result.outputs["trials"]] == [
        ("complete", None),
        ("failed", "six is right out"),
    ]


PRUNED = sweep(
    search=(replace(RATE, space=Interval(1e-5, 0.1, True, None, False)),), trials=12, together=4, seeds=2,
    changes={"epochs": "6"}, prune=CallPlan("median", (), {"startup": 2}),
)  # fmt: skip


def test_pruned_trials_end_early_in_the_same_epochs_whatever_trains_them(tmp_path: Path) -> None:
    """Side by side, one after another, in another order: the same trials to the bit."""

    class Backwards(InProcess):
        """The last lane first, one at a time."""

        def run(self, lanes: Sequence[Lane], mode: Any, watch: Watch) -> Iterator[LaneResult]:
            for lane in reversed(lanes):
                yield from super().run([lane], "off", watch)

    ways: dict[str, InProcess | None] = {"side by side": None, "narrow": InProcess(width=3), "backwards": Backwards()}
    found = {}
    for name, executor in ways.items():
        (tmp_path / name).mkdir()
        result = run(tmp_path / name, PRUNED, executor=executor)
        assert result.status == "success", result.errors
        found[name] = settled(result), best_bits(tmp_path / name)
    assert found["side by side"] == found["narrow"] == found["backwards"]
    trials = found["narrow"][0]["trials"]
    pruned = [trial for trial in trials if trial["status"] == "pruned"]
    assert pruned
    assert all(trial["value"] is None and len(trial["intermediate"]) < 6 for trial in pruned)
    assert {trial["status"] for trial in trials[:4]} == {"complete"}


def test_pruned_lanes_stop_learning(tmp_path: Path) -> None:
    seen: list[LaneResult] = []

    class Watched(InProcess):
        """Keeps what it trained."""

        def run(self, lanes: Sequence[Lane], mode: Any, watch: Watch) -> Iterator[LaneResult]:
            for result in super().run(lanes, mode, watch):
                seen.append(result)
                yield result

    result = run(tmp_path, PRUNED, executor=Watched())
    trained = sum(len(lane.history) for lane in seen)
    pruned = [trial for trial in result.outputs["trials"] if trial["status"] == "pruned"]
    assert trained <= 12 * 2 * 6 - len(pruned)


# --- going on from the log ---


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, PipelineResult]]:
    """Uninterrupted sweeps by mode."""
    found = {}
    for mode in ("exact", "fast"):
        folder = tmp_path_factory.mktemp(mode)
        found[mode] = folder, run(folder, replace(KILLED, fused=mode))  # type: ignore[arg-type]
        assert found[mode][1].status == "success", found[mode][1].errors
    return found


@pytest.mark.parametrize("mode", ["exact", "fast"])
@pytest.mark.parametrize("cut", [1, 4, 7, 10])
def test_a_sweep_goes_on_from_any_line_of_its_log(whole: Any, tmp_path: Path, mode: str, cut: int) -> None:
    """The log is cut after so many trials, in the middle of the next line; the best weights are left out."""
    before, result = whole[mode]
    lines = (before / "run" / "events.jsonl").read_text().splitlines(keepends=True)
    trials = [n for n, line in enumerate(lines) if json.loads(line)["event"] == "trial"]
    (tmp_path / "run").mkdir()
    torn = "".join(lines[: trials[cut - 1] + 1]) + lines[trials[cut - 1] + 1][:9]
    (tmp_path / "run" / "events.jsonl").write_text(torn)
    if cut in (1, 10):
        (before / "run" / "best").exists()
        subprocess.run(["cp", "-r", str(before / "run" / "best"), str(tmp_path / "run" / "best")], check=True)
    again = run(tmp_path, replace(KILLED, fused=mode), resume=True)  # type: ignore[arg-type]
    if cut in (1, 10):
        assert settled(again) == settled(result)
        assert best_bits(tmp_path) == best_bits(before)
    else:
        assert settled(again)["trials"] == settled(result)["trials"]
    assert sorted(event["number"] for event in events(tmp_path, "trial")) == list(range(10))


def test_a_log_of_other_trials_is_refused(whole: Any, tmp_path: Path) -> None:
    before, _ = whole["exact"]
    lines = (before / "run" / "events.jsonl").read_text().splitlines()
    first = next(json.loads(line) for line in lines if json.loads(line)["event"] == "trial")
    first["params"]["network.strength"] = "1.0"
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "events.jsonl").write_text(json.dumps(first) + "\n")
    result = run(tmp_path, KILLED, resume=True)
    assert "begin anew with --out" in result.errors[0]


def killed_at_random(folder: Path, mode: str, kills: int, seed: int) -> int:
    """Run the sweep in processes that are killed at random moments, the last one not; how many were killed."""
    rng, done = random.Random(seed), 0
    (folder / "run").mkdir(parents=True)
    command = [sys.executable, str(Path(sweeps.__file__)), str(folder), mode]
    log = folder / "run" / "events.jsonl"
    for _ in range(kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        target = (log.stat().st_size if log.exists() else 0) + rng.randrange(1, 2500)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if log.exists() and log.stat().st_size >= target:
                time.sleep(rng.random() * 0.05)
                break
            time.sleep(0.001)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            done += 1
        process.communicate()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return done


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_killed_sweep_comes_to_the_same_trials_and_the_same_best(whole: Any, tmp_path: Path, kills: int) -> None:
    assert killed_at_random(tmp_path / "exact", "exact", kills, seed=kills) > 0
    before, result = whole["exact"]
    same_as(before, result, tmp_path / "exact")


@pytest.mark.slow
def test_so_does_one_whose_mode_was_measured(tmp_path: Path) -> None:
    """Before the first kill, or by another sweep: the same modes are taken in the end, though times differ."""
    memory = StoredModes(tmp_path / "runs.sqlite", pytest.fail)
    result = run(tmp_path / "whole", replace(KILLED, fused="auto"), beside=tmp_path, memory=memory)
    assert killed_at_random(tmp_path / "auto", "auto", 20, seed=3) > 0
    same_as(tmp_path / "whole", result, tmp_path / "auto")


def same_as(before: Path, result: PipelineResult, folder: Path) -> None:
    """The sweep in a folder came to this result, and its best to the same bits."""
    stored = PipelineResult.from_json((folder / "run" / "result.json").read_text())
    assert stored.status == "success"
    assert settled(stored) == settled(result)
    assert best_bits(folder) == best_bits(before)


def test_auto_keeps_to_what_it_measured(tmp_path: Path) -> None:
    plan: SweepPlan = sweep(fused="auto", trials=4, changes={"epochs": "40"})
    result = run(tmp_path, plan)
    (chosen,) = events(tmp_path, "fused")
    assert result.outputs["fused"] == {"mode": chosen["mode"], "why": chosen["why"]}
    other = {"off": "exact"}.get(chosen["mode"], "off")
    log = tmp_path / "run" / "events.jsonl"
    log.write_text(json.dumps({**chosen, "mode": other}) + "\n")
    executor = InProcess()
    again = run(tmp_path, plan, resume=True, executor=executor)
    assert again.outputs["fused"]["mode"] == other
    assert {decision.mode for decision in executor.decisions.values()} == {other}


def test_auto_keeps_to_what_another_run_measured(tmp_path: Path) -> None:
    """Whatever is faster now; other conditions are measured anew."""
    memory = StoredModes(tmp_path / "runs.sqlite", pytest.fail)
    plan: SweepPlan = sweep(fused="auto", trials=4, changes={"epochs": "40"})
    run(tmp_path / "one", plan, beside=tmp_path, memory=memory)
    ((conditions, lanes),) = changed_modes(tmp_path / "runs.sqlite", "fast")
    again = run(tmp_path / "two", plan, beside=tmp_path, memory=memory)
    assert again.outputs["fused"] == {"mode": "fast", "why": "says the test"}
    assert memory.keep(conditions, lanes, Decision("off", "no more", {"off": 1.0})).mode == "fast"
    assert memory.recall("elsewhere", lanes) is None
    run(tmp_path / "more", replace(plan, trials=5), beside=tmp_path, memory=memory)
    assert len(changed_modes(tmp_path / "runs.sqlite", "fast")) == 2
    said: list[str] = []
    (tmp_path / "no.sqlite").write_text("not a database, but long enough to be one" * 99)
    broken = StoredModes(tmp_path / "no.sqlite", said.append)
    assert run(tmp_path / "three", plan, memory=broken).status == "success"
    assert len(said) == 1
    assert "is not remembered" in said[0]


def changed_modes(store: Path, mode: str) -> list[tuple[str, str]]:
    """Put another mode into what is remembered; what that was about."""
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE modes SET mode = ?, why = 'says the test'", (mode,))
        return connection.execute("SELECT conditions, lanes FROM modes").fetchall()


# --- comparing the best ---


def test_the_best_are_compared_on_fresh_seeds(tmp_path: Path) -> None:
    """A rate that learns and one that hardly does differ; the comparison says so, and goes on from its log."""
    rates = SearchPlan("optimizer.learning_rate", Choices(("0.05", "0.00001")))
    reporter = Heard()
    plan = sweep(search=(rates,), strategy="grid", trials=None, compare_best=2)
    result = run(tmp_path, plan, reporter=reporter)
    assert result.status == "success", result.errors
    found = result.outputs["comparison_results"]
    assert (found["measure"], found["seeds"]) == ("test.mse", 8)
    (pair,) = [pair for pair in found["pairwise"] if pair["task"] is None] or found["pairwise"]
    assert (pair["a"], pair["b"], pair["decision"]) == ("trial 0", "trial 1", "a")
    assert any("trial 0 is better than trial 1 (fresh seeds, test.mse, p = " in text for text in reporter.said)
    compared = events(tmp_path, "compared")
    assert len(compared) == 16
    assert min(event["seed"] for event in compared) == plan.seeds
    again = run(tmp_path, plan, resume=True)
    assert again.outputs["comparison_results"] == found
    assert len(events(tmp_path, "compared")) == 16


def test_one_trial_cannot_be_compared(tmp_path: Path) -> None:
    result = run(tmp_path, sweep(search=(WILD,), strategy="grid", trials=None, compare_best=2))
    assert (result.status, result.stages_failed) == ("partial", ("comparison",))
    assert "not two trials" in result.errors[0]
    assert result.outputs["best_config"] == {"optimizer.learning_rate": 0.05}
