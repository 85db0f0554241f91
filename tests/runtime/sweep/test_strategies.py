"""What proposes trials: each strategy does what its name says, and what it did can be made again from the log."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
import pytest

from dync.compiler.pipeline_plan import CallPlan, Choices, Interval, SearchPlan, SweepPlan
from dync.runtime.error import RunError
from dync.runtime.sweep.strategy import make_strategy
from dync.runtime.sweep.trial import History, Proposal, Trial, flat
from tests.runtime.sweep.sweeps import HIDDEN, RATE, STRENGTH, sweep, under

X = SearchPlan("x", Interval(-5.0, 5.0, False, None, False))
Y = SearchPlan("y", Interval(-5.0, 5.0, False, None, False))
BACK = ("tpe", "cma", "nsgaii")
"""Those that make something of earlier trials (and need no package beyond the extra)."""


def bowl(params: dict[str, str]) -> float:
    """Least, 0, at x = 2, y = -1."""
    return (float(params["x"]) - 2) ** 2 + (float(params["y"]) + 1) ** 2


def done(proposal: Proposal, value: float | None) -> Trial:
    status = "failed" if value is None else "complete"
    return Trial(proposal.number, proposal.params, status, value, (value,), (), {}, None, 0.0, proposal.notes)  # type: ignore[arg-type]


def searched(plan: SweepPlan, trials: int, value: Callable[[dict[str, str]], float | None] = bowl) -> list[Trial]:
    """A whole search, with a formula in place of a training."""
    strategy, history = make_strategy(plan), History()
    for first in range(0, trials, plan.together):
        proposals = [strategy.propose(first + n, history) for n in range(plan.together)]
        history = (*history, tuple(done(p, value(dict(p.params))) for p in proposals))
    return flat(history)


def best(trials: list[Trial]) -> float:
    return min(trial.value for trial in trials if trial.value is not None)


def shown(trials: list[Trial]) -> list[dict[str, str]]:
    return [dict(trial.params) for trial in trials]


@pytest.mark.parametrize("name", ["tpe", "cma"])
def test_strategies_that_look_back_beat_chance(name: str) -> None:
    """Over seeds: the median of the best of 48 trials in a bowl is far below that of random ones."""
    medians = {
        strategy: np.median([
            best(searched(sweep(strategy=strategy, seed=seed, search=(X, Y), together=4), 48)) for seed in range(5)
        ])
        for strategy in (name, "random")
    }  # fmt: skip
    assert medians[name] < medians["random"] / 2


@pytest.mark.parametrize("name", BACK)
def test_what_is_proposed_follows_from_the_results(name: str) -> None:
    plan = sweep(strategy=CallPlan(name, (), {"population": 8} if name == "nsgaii" else {}), search=(X, Y), together=4)
    one, again = searched(plan, 40), searched(plan, 40)
    other = searched(plan, 40, lambda params: -bowl(params))
    assert shown(one) == shown(again)
    assert shown(one) != shown(other)


@pytest.mark.parametrize("name", ["random", "qmc", "grid", "bruteforce", *BACK])
def test_a_search_goes_on_from_its_log(name: str) -> None:
    """Trials that went through JSON, in a strategy made anew, lead to the same next ones."""
    spaces = (X, Y) if name not in ("grid", "bruteforce") else (SearchPlan("x", Interval(1, 5, False, None, True)),) * 1
    plan = sweep(strategy=name, search=spaces, together=1, seed=3)

    def value(params: dict[str, str]) -> float:
        return bowl({"y": "0", **params})

    whole = searched(plan, 5 if len(spaces) == 1 else 24, value)
    for cut in (1, 4, 13):
        logged = tuple((Trial.from_json(trial.to_json()),) for trial in whole[:cut])
        if cut < len(whole):
            assert make_strategy(plan).propose(cut, logged) == Proposal(cut, whole[cut].params, whole[cut].notes)


@pytest.mark.parametrize("name", ["random", "tpe", "nsgaii", "nsgaiii", "qmc"])
def test_every_kind_of_space_gives_its_own_values(name: str) -> None:
    spaces = (
        HIDDEN, RATE, under("network.hidden", "6", STRENGTH), SearchPlan("n", Interval(2, 8, False, 2, True)),
        SearchPlan("f", Interval(0.0, 0.5, False, 0.25, False)), SearchPlan("g", Interval(1, 100, True, None, True)),
    )  # fmt: skip
    trials = searched(sweep(strategy=name, search=spaces, together=5), 30, lambda params: float(params["n"]))
    assert {trial.params["network.hidden"] for trial in trials} == {"4", "6"}
    assert {trial.params["n"] for trial in trials} == {"2", "4", "6", "8"}
    assert {trial.params["f"] for trial in trials} == {"0.0", "0.25", "0.5"}
    assert all(1e-3 <= float(trial.params["optimizer.learning_rate"]) <= 1 for trial in trials)
    assert all(1 <= int(trial.params["g"]) <= 100 for trial in trials)
    for trial in trials:
        assert ("network.strength" in trial.params) == (trial.params["network.hidden"] == "6")


def test_grid_and_bruteforce_try_everything_once() -> None:
    spaces = (HIDDEN, under("network.hidden", "6", SearchPlan("k", Choices(("a", "b", "c")))))
    everything = [("4", None), ("6", "a"), ("6", "b"), ("6", "c")]
    for name in ("grid", "bruteforce"):
        strategy = make_strategy(sweep(strategy=name, search=spaces, seed=4))
        assert strategy.most() == 4
        found = [strategy.propose(n, ()).params for n in range(4)]
        pairs = [(params["network.hidden"], params.get("k")) for params in found]
        assert sorted(pairs, key=str) == sorted(everything, key=str)
        assert (pairs == everything) == (name == "grid")


def test_sequences_fill_the_space_more_evenly_than_chance() -> None:
    def unevenness(name: str) -> float:
        trials = searched(sweep(strategy=name, search=(X, Y), together=64, seed=1), 64)
        cells = [(int(float(t.params["x"]) + 5) // 2, int(float(t.params["y"]) + 5) // 2) for t in trials]
        counts = np.zeros((6, 6))
        np.add.at(counts, tuple(np.array(cells).T), 1)
        return float(counts[:5, :5].std())

    assert unevenness("qmc") < 0.7 * unevenness("random")


@pytest.mark.parametrize("name", ["tpe", "cma"])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_strategies_leave_what_fails(name: str, direction: str) -> None:
    """Half of the space fails; failed trials must not look good in either direction, nor be forgotten."""
    sign = 1 if direction == "minimize" else -1
    plan = sweep(strategy=name, search=(X, Y), together=1, seed=2, direction=direction)
    trials = searched(plan, 60, lambda p: sign * bowl(p) if float(p["x"]) > 0 else None)
    late = [float(trial.params["x"]) for trial in trials[30:]]
    assert np.mean(np.array(late) > 0) > 0.7


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strategy": "tep"}, "did you mean 'tpe'"),
        ({"strategy": CallPlan("tpe", (), {"start": 3})}, "tpe takes startup, multivariate, not start"),
        ({"strategy": CallPlan("qmc", ("square",), {})}, "sobol and halton"),
        ({"strategy": "cma", "search": (RATE,)}, "one alone is searched"),
        ({"strategy": "cma", "search": (RATE, HIDDEN)}, "network.hidden is a set"),
        ({"strategy": "grid"}, "give the range a `step`"),
        (
            {"strategy": "grid", "search": (SearchPlan("n", Interval(1, 1.1e5, False, None, True)),), "trials": None},
            "more than 100,000",
        ),
    ],
)
def test_mistakes(changes: dict[str, object], words: str) -> None:
    with pytest.raises(RunError, match=words):
        make_strategy(sweep(**changes))


@pytest.mark.parametrize(("name", "package"), [("tpe", "optuna"), ("cma", "cmaes"), ("gp", "torch")])
def test_a_missing_package_is_said_with_the_way_out(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(RunError, match=rf"needs the package {package}, which is not installed: pip install"):
        make_strategy(sweep(strategy=name))


def test_grid_and_random_need_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("optuna", "cmaes", "scipy"):
        monkeypatch.setitem(sys.modules, package, None)
    assert math.isclose(float(make_strategy(sweep(strategy="random")).propose(0, ()).params["network.strength"]), 0.9,
                        abs_tol=0.5)  # fmt: skip
    assert make_strategy(sweep(strategy="grid", search=(HIDDEN,))).propose(1, ()).params == {"network.hidden": "6"}
