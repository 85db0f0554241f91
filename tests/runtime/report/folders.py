"""Folders as runs leave them, small ones: what a report is made of."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from dync.compiled import compilation
from dync.compiler import driver
from dync.compiler.pipeline_plan import ClaimPlan, Metric
from dync.compiler.plan_json import plan_to_json
from dync.grammar.source import Source
from dync.runtime.statistics.analysis import analyse
from dync.runtime.statistics.scores import scale_of

SPEC = """# A small network.
network Tiny {
  param hidden = 12 in 1..64
  input  x (16)
  layer  h[1..2] (hidden) sign
  output y (3)
  edge x -> h[1] dense learn perceptron(margin = 1) rate 0.3
  edge h[1] -> h[2] dense learn decaying(strength = 0.5)
  edge readout: h[2] -> y dense learn perceptron(margin = 2)
  phase clamped { steps 2 messages all }
  phase relax { steps 2 messages forward }
  train clamped, relax
  infer relax
}

rule decaying(strength = 0.1) {
  update (pre * post - strength * post ** 2 * weight) / batch
}
"""
SETTINGS = {"batch": 16, "seed": 0, "optimizer": {"name": "sgd", "positional": [], "named": {"learning_rate": 0.1}}}
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def plan_json() -> Any:
    """The plan of the small network."""
    compiled = compilation(Source("tiny.dyn", SPEC)).verify()
    return plan_to_json(driver.plan_of(driver.bind_settings(compiled, "Tiny", {})))


def write_run(
    folder: Path, name: str, outputs: Mapping[str, Any], stages: tuple[str, ...], spec: Any, events: Sequence[Any] = ()
) -> Path:
    """A folder with all of a run's files."""
    folder.mkdir(parents=True)
    result = {
        "pipeline_name": name, "status": "success", "stages_completed": list(stages), "stages_failed": [], "errors": [],
        "outputs": dict(outputs), "total_time_seconds": 83.25, "timestamp": "2026-01-02T03:05:28+00:00",
    }  # fmt: skip
    record = {
        "versions": {"dync": "0", "jax": "0.10"}, "device": {"platform": "cpu", "count": 1}, "seed": 0, "git": None,
        "data": {"files": [{"path": "digits.csv.gz", "sha256": "b6" * 32}]},
    }  # fmt: skip
    (folder / "result.json").write_text(json.dumps(result))
    (folder / "spec.json").write_text(json.dumps({"digest": "0" * 64, "pipeline": spec, "plan": plan_json()}))
    (folder / "spec.dyn").write_text(SPEC)
    (folder / "record.json").write_text(json.dumps(record))
    timed: list[dict[str, Any]] = [{"event": "run_started", "pipeline": name}]
    for stage in stages:
        timed += [{"event": "stage_started", "stage": stage}]
        timed += list(events) if stage == stages[1] else []
        timed += [{"event": "stage_completed", "stage": stage}]
    timed.append({"event": "run_finished", "status": "success"})
    lines = [json.dumps({"time": (START + timedelta(seconds=1.7 * n)).isoformat(), **e}) for n, e in enumerate(timed)]
    (folder / "events.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def history(epochs: int, seed: int, best: float = 0.95) -> list[dict[str, Any]]:
    """Records of epochs, as a training that gets better leaves them."""
    random = np.random.default_rng(seed)
    curve = [best * (1 - math.exp(-0.4 * epoch)) + float(random.normal(0, 0.01)) for epoch in range(1, epochs + 1)]
    return [
        {
            "epoch": epoch, "updates": 89 * epoch, "seconds": 0.2,
            "validation": {"accuracy": value - 0.02, "mse": 1 - value}, "test": {"accuracy": value, "mse": 1.1 - value},
        }
        for epoch, value in enumerate(curve, start=1)
    ]  # fmt: skip


def training(folder: Path, epochs: int = 12) -> Path:
    """A training."""
    found = history(epochs, 1)
    outputs = {
        "final_checkpoint": "final", "history": found,
        "evaluation_results": {"test": found[-1]["test"], "noisy": {"accuracy": 0.81, "mse": 0.4}},
    }  # fmt: skip
    stages = ("environment_check", "training", "checkpoint_save", "evaluation")
    events = [{"event": "epoch", **record} for record in found]
    return write_run(folder, "fit", outputs, stages, {"pipeline": "training", "epochs": epochs, **SETTINGS}, events)


def searched(count: int = 36) -> list[dict[str, Any]]:
    """Trials of a sweep over a rate, a width and an optimizer, some pruned, some failed."""
    random = np.random.default_rng(0)
    found = []
    for number in range(count):
        rate, width = float(10 ** random.uniform(-3, 0)), int(random.choice([100, 200, 400]))
        kind = str(random.choice(["sgd", "adam"]))
        value = 0.95 - 0.05 * (math.log10(rate) + 1.3) ** 2 + 0.00005 * width + float(random.normal(0, 0.006))
        status = "failed" if number % 11 == 5 else "pruned" if number % 4 == 3 else "complete"
        steps = [[epoch, value * (1 - math.exp(-0.7 * epoch))] for epoch in range(1, 4 if status == "pruned" else 9)]
        found.append(
            {
                "number": number,
                "params": {"optimizer.learning_rate": rate, "network.hidden": width, "optimizer": kind},
                "status": status, "value": value if status == "complete" else None,
                "seeds": [value - 0.004, value + 0.004] if status == "complete" else [],
                "intermediate": [] if status == "failed" else steps,
                "error": "the weights are not finite any more after 31 updates" if status == "failed" else None,
                "seconds": 3.21,
            }
        )  # fmt: skip
    return found


def sweep(folder: Path) -> Path:
    """A sweep with an objective."""
    trials = searched()
    best = max((t for t in trials if t["value"] is not None), key=lambda t: t["value"])
    outputs = {
        "best_config": best["params"], "best_checkpoint": "best", "best_value": best["value"], "trials": trials,
        "objective": "validation.accuracy", "test_results": {"test": {"accuracy": 0.934}},
        "fused": {"mode": "fast", "why": "It took 0.4 times as long as one after another."},
        "comparison_results": compared(("trial 3", "trial 8", "trial 1"), ("digits",), 6, (0.93, 0.929, 0.9)),
    }  # fmt: skip
    space = {"low": 0.001, "high": 1.0, "log": True, "step": None, "kind": "interval"}
    spec = {"pipeline": "sweep", "base": "fit", "search": [{"key": "optimizer.learning_rate", "space": space}],
            "direction": "maximize", "objective": {"part": "validation", "measure": "accuracy"}}  # fmt: skip
    stages = ("environment_check", "sweep_execution", "best_config_extraction", "comparison")
    return write_run(folder, "tune", outputs, stages, spec, [{"event": "trial", **trial} for trial in trials])


def mapped(folder: Path) -> Path:
    """A grid without an objective."""
    points = [
        {"params": {"network.hidden": width, "optimizer.learning_rate": rate},
         "measures": {"test": {"accuracy": 0.6 + 0.1 * math.log10(width) + 0.02 * place}}}
        for width in (50, 100, 200, 400) for place, rate in enumerate((0.001, 0.01, 0.1, 1.0))
    ]  # fmt: skip
    trials = [
        {"number": n, "params": p["params"], "status": "complete", "value": None, "seeds": [], "intermediate": [],
         "error": None, "seconds": 1.0} for n, p in enumerate(points)
    ]  # fmt: skip
    spec = {"pipeline": "sweep", "base": "fit", "search": [], "objective": None}
    stages = ("environment_check", "sweep_execution", "best_config_extraction", "comparison")
    return write_run(folder, "chart", {"trials": trials, "map": points}, stages, spec)


def compared(names: tuple[str, ...], tasks: tuple[str, ...], seeds: int, means: tuple[float, ...]) -> dict[str, Any]:
    """What the statistics say of made-up scores."""
    random = np.random.default_rng(1)
    scores: dict[str, dict[str, list[tuple[int, float | None]]]] = {}
    for name, mean in zip(names, means, strict=True):
        drawn = {task: random.normal(mean - 0.05 * place, 0.012, seeds) for place, task in enumerate(tasks)}
        scores[name] = {task: [(n, min(float(v), 1.0)) for n, v in enumerate(values)] for task, values in drawn.items()}
    scores[names[-1]][tasks[0]][2] = (2, None)
    claims = [
        ClaimPlan(names[0], names[-1], Metric("test", "accuracy")),
        ClaimPlan(names[0], names[1], Metric("test", "accuracy"), 0.05),
    ]
    found = analyse(scores, True, 0.005, 0, claims, scale=scale_of("accuracy"), resamples=500)
    return found.to_json()


ENTRIES = ("deep", "twin", "reservoir", "linear")


def comparison_outputs(seeds: int = 10) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Outputs of a comparison of four entries on two tasks, and the events with the histories."""
    means = (0.95, 0.947, 0.9, 0.86)
    outputs = compared(ENTRIES, ("digits", "wine"), seeds, means)
    events = [
        {"event": "score", "entry": entry, "task": task, "seed": seed, "status": "complete", "error": None,
         "seconds": 2.0, "key": "0",
         "measures": {"test": {"accuracy": means[place] - 0.01 * seed}},
         "history": history(10, 10 * seed + place, means[place])}
        for place, entry in enumerate(ENTRIES[:2]) for task in ("digits", "wine") for seed in range(seeds)
    ]  # fmt: skip
    failed = {"entry": "linear", "task": "digits", "seed": 2, "status": "failed", "error": "not finite", "seconds": 0.3}
    return {**outputs, "scores": [failed], "report": "report.html"}, events


def comparison(folder: Path) -> Path:
    """A comparison of four entries on two tasks."""
    outputs, events = comparison_outputs()
    del outputs["leaderboard"]
    stages = ("environment_check", "comparison", "statistical_analysis", "report_generation")
    spec = {"pipeline": "comparison", "metric": {"part": "test", "measure": "accuracy"}, "seeds": 10, "rope": 0.005}
    return write_run(folder, "duel", outputs, stages, spec, events)


def benchmark(folder: Path) -> Path:
    """A benchmark: a comparison with a leaderboard and a package."""
    outputs, events = comparison_outputs()
    stages = ("environment_check", "training", "evaluation", "comparison", "deployment")
    tasks = {"digits": {}, "wine": {}}
    inner = {"name": "suite", "metric": {"part": "test", "measure": "accuracy"}, "seeds": 10, "tasks": tasks,
             "entries": {"deep": {}, "twin": {}}}  # fmt: skip
    spec = {"pipeline": "benchmark", "comparison": inner, "baselines": {"reservoir": {}, "linear": {}}}
    further = compared(("deep", "twin", "linear"), ("digits", "wine"), 10, (0.3, 0.31, 0.6))
    measures = {"test": {"accuracy": 0.9321, "mse": 0.25}, "validation": {"accuracy": 0.9432}}
    outputs |= {
        "package": "package", "further_metrics": {"test.mse": further},
        "entry_measures": {entry: dict.fromkeys(tasks, measures) for entry in ENTRIES},
    }  # fmt: skip
    registered = {"event": "claims_registered", "claims": ["deep > linear on test.accuracy"], "hash": "0" * 64}
    return write_run(folder, "suite", outputs, stages, spec, [registered, *events])


def cut_off(folder: Path, *, after: Callable[[Mapping[str, Any]], bool], interrupted: bool = False) -> Path:
    """The folder as it is where the run was killed after the last event that is as asked; or by Ctrl-C, which leaves
    a result without outputs."""
    log = folder / "events.jsonl"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    kept = events[: max(place for place, event in enumerate(events) if after(event)) + 1]
    done = [event["stage"] for event in kept if event["event"] == "stage_completed"]
    begun = [event["stage"] for event in kept if event["event"] == "stage_started"][-1]
    if interrupted:
        last = kept[-1]["time"]
        kept.append({"time": last, "event": "stage_interrupted", "stage": begun, "error": "KeyboardInterrupt()"})
        kept.append({"time": last, "event": "run_finished", "status": "failed"})
        result = json.loads((folder / "result.json").read_text())
        result |= {"status": "failed", "stages_completed": done, "stages_failed": [begun], "outputs": {},
                   "errors": [f"{begun}: interrupted; go on with --resume"]}  # fmt: skip
        (folder / "result.json").write_text(json.dumps(result))
    else:
        (folder / "result.json").unlink()
    log.write_text("".join(json.dumps(event) + "\n" for event in kept))
    return folder


def cut_sweep(folder: Path) -> Path:
    """A sweep that Ctrl-C ended after its 20th trial."""
    return cut_off(sweep(folder), after=lambda event: event.get("number") == 19, interrupted=True)


def cut_benchmark(folder: Path) -> Path:
    """A benchmark that was killed amid its scores."""
    return cut_off(benchmark(folder), after=lambda event: event.get("entry") == "twin" and event["seed"] == 6)


KINDS: Mapping[str, Callable[[Path], Path]] = {
    "training": training, "sweep": sweep, "map": mapped, "comparison": comparison, "benchmark": benchmark,
    "cut sweep": cut_sweep, "cut benchmark": cut_benchmark,
}  # fmt: skip


def study(folder: Path) -> Path:
    """A folder with a run of every kind."""
    for name, make in KINDS.items():
        make(folder / name)
    return folder
