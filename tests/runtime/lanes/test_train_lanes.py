"""Lanes against single runs of the training pipeline: the same bits, whatever goes on beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from dync.compiled import compilation
from dync.compiler import driver
from dync.compiler.pipeline_plan import Metric, StopPlan
from dync.grammar.reader import load_source
from dync.runtime import learner
from dync.runtime.checkpoint import load_checkpoint
from dync.runtime.lanes.decision import Decision
from dync.runtime.lanes.groups import groups
from dync.runtime.lanes.lane import Lane, LaneReport, LaneResult
from dync.runtime.lanes.train import train_lanes
from dync.runtime.network import Network
from dync.runtime.pipelines.training import TrainingJob, run_training
from dync.runtime.run_folder import RunFolder

TEXT = """
network Fit {
  param strength = 1.0
  input  x (8)
  layer  h (6) tanh
  output y (2)
  edge x -> h dense(strength = strength, density = 0.7) learn hebbian rate 0.1 decay 0.1
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
}
"""


@pytest.fixture(autouse=True)
def short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three batches a call: an epoch of eight has three calls, the last of them short."""
    monkeypatch.setattr("dync.runtime.schedule_of_batches.CALL", 3)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "fit.dyn"
    path.write_text(TEXT)
    return path


def lane(spec: Path, name: str, **settings: object) -> Lane:
    changes = {key.replace("__", "."): str(value) for key, value in settings.items()}
    model = driver.bind_training(compilation(load_source(spec)), "fit", changes)
    return Lane(name, model.plan, driver.plan_of(model.network))


def some_lanes(spec: Path) -> list[Lane]:
    """Lanes that differ in seed, rate, strength: numbers alone."""
    settings = [
        {"seed": 0},
        {"seed": 1, "optimizer__learning_rate": 0.1},
        {"seed": 2, "network__strength": 2.0},
        {"seed": 0, "network__strength": 0.5, "optimizer__learning_rate": 0.005},
        {"seed": 3},
    ]
    return [lane(spec, f"lane {n}", **some) for n, some in enumerate(settings)]


def go_on(report: LaneReport) -> str:
    del report
    return "go on"


def by_name(found: Iterator[LaneResult]) -> dict[str, LaneResult]:
    return {result.lane: result for result in found}


def settled(history: Sequence[object]) -> list[object]:
    """Records without what depends on the clock."""
    return [{k: v for k, v in record.items() if k != "seconds"} for record in history]  # type: ignore[attr-defined]


def single(spec: Path, out: Path, **settings: object) -> tuple[dict[str, bytes], dict[str, object], list[object]]:
    """Weights, measures and history of a run of the training pipeline."""
    one = lane(spec, "single", **settings)
    out.mkdir()
    result = run_training(TrainingJob(one.pipeline, Network(one.plan), RunFolder(out)))
    assert result.is_success(), result.errors
    arrays = {n: a for n, a in load_checkpoint(out / "final").arrays.items() if not n.startswith("optimizer.")}
    return bits(arrays), result.outputs["evaluation_results"], settled(result.outputs["history"])


def bits(arrays: object) -> dict[str, bytes]:
    return {name: np.asarray(array).tobytes() for name, array in arrays.items()}  # type: ignore[attr-defined]


@pytest.mark.parametrize("mode", ["exact", "off"])
def test_every_lane_comes_to_the_bits_of_a_single_run(spec: Path, tmp_path: Path, mode: str) -> None:
    lanes = some_lanes(spec)
    found = by_name(train_lanes(lanes, mode, go_on, width=2))  # type: ignore[arg-type]
    settings = ({"seed": 0}, {"seed": 1, "optimizer__learning_rate": 0.1}, {"seed": 2, "network__strength": 2.0})
    for n, some in enumerate(settings):
        arrays, measures, history = single(spec, tmp_path / f"run-{n}", **some)
        result = found[f"lane {n}"]
        assert result.status == "complete"
        assert bits(result.arrays) == arrays
        assert result.evaluation == measures
        assert settled(result.history) == history


def test_fast_lanes_come_to_the_same_numbers_and_to_the_same_bits_again(spec: Path) -> None:
    lanes = some_lanes(spec)
    fast, again = (by_name(train_lanes(lanes, "fast", go_on, width=2)) for _ in range(2))
    exact = by_name(train_lanes(lanes, "exact", go_on, width=2))
    for name, result in fast.items():
        assert bits(result.arrays) == bits(again[name].arrays)
        for key, array in result.arrays.items():
            np.testing.assert_allclose(array, exact[name].arrays[key], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("mode", ["exact", "fast", "off"])
def test_a_lane_that_diverges_fails_alone(spec: Path, mode: str) -> None:
    lanes = some_lanes(spec)
    wild = lane(spec, "wild", network__strength=1e30, optimizer__learning_rate=1e38)
    found = by_name(train_lanes([lanes[0], wild, *lanes[1:]], mode, go_on, width=2))  # type: ignore[arg-type]
    alone = by_name(train_lanes(lanes, mode, go_on, width=2))  # type: ignore[arg-type]
    failed = found.pop("wild")
    assert (failed.status, failed.evaluation, failed.arrays) == ("failed", {}, {})
    assert failed.error is not None
    assert "diverged between the updates 1 and " in failed.error
    assert {name: result.status for name, result in found.items()} == dict.fromkeys(alone, "complete")
    if mode != "fast":
        assert {name: bits(r.arrays) for name, r in found.items()} == {n: bits(r.arrays) for n, r in alone.items()}


@pytest.mark.parametrize("mode", ["exact", "fast", "off"])
def test_a_pruned_lane_ends_at_its_evaluation_and_gives_its_place_away(spec: Path, mode: str) -> None:
    heard: list[LaneReport] = []

    def watch(report: LaneReport) -> str:
        heard.append(report)
        return "prune" if report.lane in ("lane 0", "lane 2") and report.epoch == 2 else "go on"

    lanes = some_lanes(spec)
    found = by_name(train_lanes(lanes, mode, watch, width=2))  # type: ignore[arg-type]
    assert {n: r.status for n, r in found.items()} == {
        "lane 0": "pruned", "lane 1": "complete", "lane 2": "pruned", "lane 3": "complete", "lane 4": "complete",
    }  # fmt: skip
    assert [len(found[f"lane {n}"].history) for n in range(5)] == [2, 3, 2, 3, 3]
    assert [r.epoch for r in heard if r.lane == "lane 0"] == [1, 2]
    assert [r.epoch for r in heard if r.lane == "lane 4"] == [1, 2, 3]
    for report in heard:
        assert report.measures == {"test": found[report.lane].history[report.epoch - 1]["test"]}
    if mode != "fast":
        whole = by_name(train_lanes(lanes[3:], mode, go_on))  # type: ignore[arg-type]
        assert all(bits(found[name].arrays) == bits(result.arrays) for name, result in whole.items())


@pytest.mark.parametrize("mode", ["exact", "fast", "off"])
def test_lanes_that_follow_compile_nothing_anew(spec: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    traced = []
    inner = learner._learn

    def counting(*arguments: object) -> object:
        traced.append(1)
        return inner(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(learner, "_learn", counting)
    spec.write_text(TEXT.replace("h (6)", {"exact": "h (7)", "fast": "h (9)", "off": "h (11)"}[mode]))
    lanes = some_lanes(spec)
    list(train_lanes(lanes[:2], mode, go_on))  # type: ignore[arg-type]
    once = len(traced)
    assert once > 0
    list(train_lanes(lanes, mode, go_on, width=2))  # type: ignore[arg-type]
    other = [lane(spec, f"other {n}", seed=9 + n, optimizer__learning_rate=0.3 + n / 10) for n in range(3)]
    list(train_lanes(other, mode, go_on, width=2))  # type: ignore[arg-type]
    assert len(traced) == once


def test_lanes_are_grouped_by_what_is_compiled_and_by_their_data(spec: Path) -> None:
    lanes = some_lanes(spec)
    assert [group.lanes for group in groups(lanes)] == [tuple(lanes)]
    apart = [
        lane(spec, "batch", batch=8),
        lane(spec, "length", epochs=2),
        lane(spec, "kind", optimizer="sgd(learning_rate = 0.1)"),
        lane(spec, "data", data="prototypes(classes = 2, units = 8, samples = 20, flip = 0.1) then split(test = 0.3)"),
    ]
    found = groups([lanes[0], *apart, lanes[1]])
    assert [len(group.lanes) for group in found] == [2, 1, 1, 1, 1]
    assert len({group.key for group in found}) == 5


@pytest.mark.parametrize("mode", ["exact", "fast", "off"])
def test_a_last_epoch_may_end_early(spec: Path, tmp_path: Path, mode: str) -> None:
    lanes = [lane(spec, f"seed {n}", seed=n, updates=13) for n in range(3)]
    found = by_name(train_lanes(lanes, mode, go_on, width=2))  # type: ignore[arg-type]
    assert [record["updates"] for record in found["seed 2"].history] == [8, 13]
    if mode != "fast":
        assert bits(found["seed 1"].arrays) == single(spec, tmp_path / "run", seed=1, updates=13)[0]


def test_lanes_may_start_from_weights(spec: Path) -> None:
    first = by_name(train_lanes(some_lanes(spec)[:1], "off", go_on))["lane 0"]
    nothing = replace(lane(spec, "again", epochs=0), start=first.arrays)
    found = by_name(train_lanes([nothing], "exact", go_on))["again"]
    assert bits(found.arrays) == bits(first.arrays)
    assert found.evaluation == first.evaluation
    other = replace(lane(spec, "torn"), start={"weights.0": np.zeros(3)})
    torn = by_name(train_lanes([other], "exact", go_on))["torn"]
    assert torn.status == "failed"
    assert torn.error is not None
    assert "weights of another network" in torn.error


def test_stop_and_best_decide_as_in_a_single_run(spec: Path, tmp_path: Path) -> None:
    metric = Metric("validation", "mse")
    lanes = [replace(one, pipeline=structs.replace(
        one.pipeline, epochs=8, stop=StopPlan(2, metric), checkpoint_best=metric, evaluate_every=0
    )) for one in some_lanes(spec)]  # fmt: skip
    found = by_name(train_lanes(lanes, "exact", go_on, width=2))
    assert len({len(result.history) for result in found.values()}) > 1  # they stop at different epochs
    for one in lanes[:3]:
        out = tmp_path / one.name
        out.mkdir()
        run = run_training(TrainingJob(one.pipeline, Network(one.plan), RunFolder(out)))
        result = found[one.name]
        assert settled(result.history) == settled(run.outputs["history"])
        assert result.evaluation == run.outputs["evaluation_results"]
        best = load_checkpoint(out / "best").arrays
        assert bits(result.arrays) == bits({name: best[name] for name in result.arrays})


def test_what_cannot_be_trained_is_a_failed_result(spec: Path) -> None:
    found = by_name(train_lanes([lane(spec, "wide", batch=400), *some_lanes(spec)[:1]], "exact", go_on))
    assert found["lane 0"].status == "complete"
    assert found["wide"].status == "failed"
    assert found["wide"].error == "a batch of 400 is more than the 32 training examples: make it smaller"


def test_auto_measures_says_what_it_chose_and_keeps_to_it(spec: Path) -> None:
    said: list[str] = []
    decisions: dict[str, Decision] = {}
    lanes = some_lanes(spec)
    list(train_lanes(lanes, "auto", go_on, decisions=decisions, say=said.append))
    list(train_lanes(lanes, "auto", go_on, decisions=decisions, say=said.append))
    assert len(said) == 1
    (decision,) = decisions.values()
    assert f"`fused {decision.mode}`: {decision.why}" in said[0]
    assert decision.seconds["off"] > 0
