"""Pruning: what Optuna's pruners say, from the log and a trial's own course alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dync.compiler.pipeline_plan import CallPlan, TrainingPlan
from dync.runtime.error import RunError
from dync.runtime.lanes.lane import LaneReport, LaneResult
from dync.runtime.sweep.outcome import TrialWatch, lane_name, outcome
from dync.runtime.sweep.pruning import PRUNERS, pruning_after, verify_pruner
from dync.runtime.sweep.trial import History, Proposal, Trial
from tests.runtime.sweep.sweeps import SWEEP, binder

EPOCHS = 9


def call(name: str) -> CallPlan:
    arguments: Mapping[str, dict[str, int]] = {
        "median": {"startup": 2}, "percentile": {"percent": 25, "startup": 2},
        "halving": {"minimum": 1, "reduction": 3}, "hyperband": {"minimum": 1, "maximum": EPOCHS},
    }  # fmt: skip
    return CallPlan(name, (), dict(arguments[name]))


def course(level: float) -> tuple[tuple[int, float], ...]:
    return tuple((epoch, level - epoch / 100) for epoch in range(1, EPOCHS + 1))


def trial(number: int, level: float) -> Trial:
    return Trial(number, {}, "complete", course(level)[-1][1], (level,), course(level), {}, None, 0.0)


def rounds(levels: list[float], size: int = 3) -> History:
    trials = [trial(number, level) for number, level in enumerate(levels)]
    return tuple(tuple(trials[first : first + size]) for first in range(0, len(trials), size))


@pytest.mark.parametrize("name", sorted(PRUNERS))
def test_bad_trials_end_early_and_good_ones_go_on(name: str) -> None:
    """Nine earlier trials between 1 and 2, smaller being better: over many numbers, for hyperband draws by number."""
    history = rounds([1 + n / 9 for n in range(9)])
    deciding = pruning_after(call(name), "minimize", "s", history, 20)
    bad = [deciding.pruned_at(9 + n, course(3.0)) for n in range(20)]
    good = [deciding.pruned_at(9 + n, course(0.5)) for n in range(20)]
    assert good == [None] * 20
    early = [epoch for epoch in bad if epoch is not None and epoch < EPOCHS]
    assert len(early) >= (10 if name == "hyperband" else 20)
    upward = pruning_after(call(name), "maximize", "s", history, 20)
    assert [upward.pruned_at(9 + n, course(3.0)) for n in range(20)] == [None] * 20


@pytest.mark.parametrize("name", sorted(PRUNERS))
def test_the_first_round_has_nobody_to_be_compared_with(name: str) -> None:
    deciding = pruning_after(call(name), "minimize", "s", (), 4)
    assert [deciding.pruned_at(n, course(9.0)) for n in range(4)] == [None] * 4


@pytest.mark.parametrize("name", sorted(PRUNERS))
@given(st.permutations(list(range(12))), st.integers(0, 10**6))
@settings(max_examples=5, deadline=None)
def test_decisions_hang_neither_on_order_nor_on_what_runs_beside(name: str, order: list[int], seed: int) -> None:
    """The twelve trials of a round, asked in any order, any number of times, epoch by epoch or at once."""
    rng = np.random.default_rng(seed)
    history = rounds(rng.uniform(1, 2, 9).tolist())
    levels = rng.uniform(0.5, 2.5, 12)
    apart = [
        pruning_after(call(name), "minimize", "s", history, 12).pruned_at(9 + n, course(levels[n])) for n in range(12)
    ]
    together = pruning_after(call(name), "minimize", "s", history, 12)
    found: dict[int, int | None] = {}
    for n in order:
        for epochs in (1, 4, EPOCHS):
            found[n] = together.pruned_at(9 + n, course(levels[n])[:epochs])
            if found[n] is not None:
                break
    assert [found[n] for n in range(12)] == apart


def test_decisions_follow_from_the_log_as_it_is_written() -> None:
    rng = np.random.default_rng(0)
    history = rounds(rng.uniform(1, 2, 12).tolist())
    logged = tuple(tuple(Trial.from_json(json.loads(json.dumps(t.to_json()))) for t in trials) for trials in history)
    for name in PRUNERS:
        before, after = (pruning_after(call(name), "minimize", "s", h, 8) for h in (history, logged))
        for n in range(8):
            level = 0.5 + n / 4
            assert before.pruned_at(12 + n, course(level)) == after.pruned_at(12 + n, course(level))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (CallPlan("medan", (), {}), "did you mean 'median'"),
        (CallPlan("percentile", (), {}), "percentile needs a percent"),
        (CallPlan("percentile", (120,), {}), "prune percentile: "),
        (CallPlan("median", (), {"start": 1}), "median takes startup, warmup, not start"),
    ],
)
def test_mistakes(made: CallPlan, words: str) -> None:
    with pytest.raises(RunError, match=words):
        verify_pruner(made)


def test_without_optuna_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(RunError, match="needs the package optuna"):
        verify_pruner(CallPlan("median", (), {}))


# --- seeds of a trial, in any order and at any pace ---


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> TrainingPlan:
    return binder(tmp_path_factory.mktemp("spec"))({"epochs": str(EPOCHS)})[0]


def reports(levels: list[float]) -> list[list[LaneReport]]:
    """Of three seeds, what each reports in its order."""
    return [
        [LaneReport(lane_name(9, seed), epoch, {"validation": {"mse": value}}) for epoch, value in course(level)]
        for seed, level in enumerate(levels)
    ]


@given(st.randoms(use_true_random=False), st.lists(st.floats(0.5, 3), min_size=3, max_size=3))
@settings(max_examples=25, deadline=None)
def test_the_pace_of_the_seeds_changes_no_outcome(training: TrainingPlan, random: object, levels: list[float]) -> None:
    """However the reports of three seeds come in, the trial ends the same, with the same values."""
    history = rounds([1 + n / 9 for n in range(9)])
    metric = SWEEP.objective
    assert metric is not None

    def ended(pace: object) -> Trial:
        deciding = pruning_after(call("median"), "minimize", "s", history, 1)
        watch = TrialWatch(metric, 3, deciding)
        left, histories, status = reports(levels), [list[dict[str, object]]() for _ in range(3)], ["complete"] * 3
        while any(left):
            seed = pace.choice([n for n in range(3) if left[n]]) if pace else min(n for n in range(3) if left[n])  # type: ignore[attr-defined]
            report = left[seed].pop(0)
            histories[seed].append({"epoch": report.epoch, "updates": 8 * report.epoch, **report.measures})
            if watch(report) == "prune" and left[seed]:
                left[seed], status[seed] = [], "pruned"
        results = [
            LaneResult(
                lane_name(9, n), status[n], tuple(histories[n]), {"validation": histories[n][-1]["validation"]}, {}, 0.0
            )
            for n in range(3)  # type: ignore[arg-type]
        ]
        return outcome(Proposal(9, {}), training, results, metric, deciding)

    assert ended(random) == ended(None)
