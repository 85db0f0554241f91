"""`compare best N`: the best settings trained again with fresh seeds, and whether their difference is real."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from dync.compiler.pipeline_plan import Metric
from dync.runtime.error import RunError
from dync.runtime.lanes.lane import Lane, LaneResult, Measures
from dync.runtime.lanes.train import watch_nothing
from dync.runtime.pipelines.training.decisions import value_of
from dync.runtime.statistics.analysis import analyse
from dync.runtime.statistics.scores import scale_of
from dync.runtime.sweep.best import ranked
from dync.runtime.sweep.outcome import lane_of
from dync.runtime.sweep.search import Search
from dync.runtime.sweep.trial import Trial, flat

SEEDS: Final = 8
"""Fresh seeds at least: with 8 the permutation test can find a difference among three, with 5 it cannot."""


def compare_best(search: Search) -> Mapping[str, Any]:
    """Train the best few on seeds that no trial had, and judge them on the test part where there is one.

    Raises RunError where fewer than two trials have a value.
    """
    plan, metric = search.plan, search.plan.objective
    chosen = ranked(flat(search.history), plan)[: plan.compare_best]
    if metric is None or len(chosen) < 2:
        raise RunError("there are not two trials with a value to compare: prune less, or try more")
    seeds = range(plan.seeds, plan.seeds + max(SEEDS, plan.seeds))
    lanes = [lane for trial in chosen for lane in _lanes(search, trial, seeds)]
    left = [lane for lane in lanes if lane_of(lane.name) not in search.log.compared]
    for result in search.executor.run(left, plan.fused, watch_nothing):
        search.log.decided(search.decisions)
        _note(search, result)
        search.clock.check()
    judged = _judged_by(search, metric, chosen[0])
    found = _analysed(search, chosen, seeds, judged)
    _say(search, found)
    return {"comparison_results": found}


def _lanes(search: Search, trial: Trial, seeds: range) -> list[Lane]:
    training, network = search.bind(trial.params)
    start = search.start(training)
    return [search.lane(trial.number, seed, training, network, start) for seed in seeds]


def _note(search: Search, result: LaneResult) -> None:
    trial, seed = lane_of(result.lane)
    search.log.compare(trial, seed, status=result.status, measures=result.evaluation, error=result.error)


def _judged_by(search: Search, metric: Metric, trial: Trial) -> Metric:
    """The same measure on the test part, on which nothing was chosen; where there is none, the objective."""
    return replace(metric, part="test") if metric.measure in trial.measures.get("test", {}) else metric


def _analysed(search: Search, chosen: list[Trial], seeds: range, metric: Metric) -> dict[str, Any]:
    scores = {}
    for trial in chosen:
        pairs = [(seed, _value(search.log.compared[trial.number, seed], metric)) for seed in seeds]
        scores[f"trial {trial.number}"] = {"data": pairs}
    upward = search.plan.direction == "maximize"
    found = analyse(scores, upward, seed=search.plan.seed, scale=scale_of(metric.measure)).to_json()
    return {"measure": f"{metric.part}.{metric.measure}", "seeds": len(seeds)} | {
        name: found[name] for name in ("summary_statistics", "pairwise", "power")
    }


def _value(logged: Mapping[str, Any], metric: Metric) -> float | None:
    measures: Measures = logged["measures"]
    return value_of(measures, metric) if logged["status"] == "complete" else None


def _say(search: Search, found: Mapping[str, Any]) -> None:
    for pair in found["pairwise"]:
        if pair["task"] is None:
            search.job.reporter.message(_sentence(pair, found["measure"]))


def _sentence(pair: Mapping[str, Any], measure: str) -> str:
    """What is known of two trials."""
    a, b = pair["a"], pair["b"]
    words = {"a": f"{a} is better than {b}", "b": f"{b} is better than {a}", "equivalent": f"{a} and {b} are alike"}
    said = words.get(pair["decision"], f"whether {a} or {b} is better is undecided")
    return f"{said} (fresh seeds, {measure}, p = {pair['p_holm']:.2g})"
