"""Strategies of Optuna: for every trial a fresh study in memory that replays the log, and a sampler seeded for it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dync.compiler.expression import JSON
from dync.compiler.pipeline_plan import Choices, Interval, SearchPlan, SweepPlan
from dync.runtime.sweep.extra import package
from dync.runtime.sweep.space import Space, number_text
from dync.runtime.sweep.strategy import Strategy, arguments, seed_of
from dync.runtime.sweep.trial import History, Proposal, Trial, flat

if TYPE_CHECKING:
    import optuna

SAMPLERS: Final[Mapping[str, tuple[str, dict[str, str], dict[str, Any]]]] = {
    "tpe": ("TPESampler", {"startup": "n_startup_trials"}, {"startup": 10, "multivariate": False}),
    "gp": ("GPSampler", {"startup": "n_startup_trials"}, {"startup": 10}),
    "nsgaii": ("NSGAIISampler", {"population": "population_size"}, {"population": 50}),
    "nsgaiii": ("NSGAIIISampler", {"population": "population_size"}, {"population": 50}),
}
"""By the strategy's name: Optuna's class, what Optuna calls the arguments, and their defaults."""


def make(plan: SweepPlan, space: Space) -> Strategy:
    """The strategy of a plan; raises RunError where Optuna or what its sampler needs is missing."""
    package("optuna", plan.strategy.name)
    if plan.strategy.name == "gp":
        package("torch", "gp")
    return _Studies(plan, space)


def quiet_optuna() -> Any:
    """Optuna, which has nothing to say of its own."""
    optuna = package("optuna", "this sweep")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


class _Studies:
    """One of Optuna's samplers."""

    looks_back = True

    def __init__(self, plan: SweepPlan, space: Space) -> None:
        self._plan, self._space = plan, space
        self._sampler(0)  # arguments that make no sense are known before the first trial

    def most(self) -> None:
        """There is no end."""
        return

    def propose(self, number: int, history: History) -> Proposal:
        """What the sampler suggests after these trials."""
        optuna = quiet_optuna()
        study = optuna.create_study(sampler=self._sampler(number), direction=self._plan.direction)
        for trial in flat(history):
            study.add_trial(frozen(trial, self._space))
        asked = study.ask()
        params: dict[str, str] = {}
        for search in self._space.searches:
            if self._space.active(search, params):
                params[search.key] = suggest(asked, search)
        notes = study._storage.get_trial(asked._trial_id).system_attrs
        return Proposal(number, params, {key: note for key, note in notes.items() if _is_plain(note)})

    def _sampler(self, number: int) -> Any:
        optuna = quiet_optuna()
        name, words, defaults = SAMPLERS[self._plan.strategy.name]
        given = arguments(self._plan.strategy, **defaults)
        seed = seed_of(self._plan.seed, number)
        with warnings.catch_warnings():  # that Optuna may still change a sampler is nothing that its users can act on
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return getattr(optuna.samplers, name)(seed=seed, **{words.get(key, key): v for key, v in given.items()})


def suggest(trial: optuna.Trial, search: SearchPlan) -> str:
    """Ask for a value of a setting, as the language writes it."""
    found = trial._suggest(search.key, distribution(search))
    match search.space:
        case Choices():
            return str(found)
        case Interval(integer=integer):
            return number_text(found, integer=integer)


def distribution(search: SearchPlan) -> Any:
    """The space of a setting in Optuna's terms."""
    optuna = quiet_optuna()
    match search.space:
        case Choices(values):
            return optuna.distributions.CategoricalDistribution(values)
        case Interval(low, high, log, step, True):
            return optuna.distributions.IntDistribution(int(low), int(high), log, 1 if step is None else int(step))
        case Interval(low, high, log, step, False):
            return optuna.distributions.FloatDistribution(low, high, log, step)


def frozen(trial: Trial, space: Space) -> Any:
    """A trial of the log as Optuna keeps it.

    One that failed stands there as pruned before its first value: no score, but worse than all that have one. Optuna
    itself passes over failed trials, and so proposes where they failed again and again.
    """
    optuna = quiet_optuna()
    states = optuna.trial.TrialState
    searches = {search.key: search for search in space.searches if search.key in trial.params}
    pruned = trial.status == "pruned" and bool(trial.intermediate)
    return optuna.trial.create_trial(
        state=states.COMPLETE if trial.status == "complete" else states.PRUNED,
        value=trial.value if trial.status == "complete" else trial.intermediate[-1][1] if pruned else None,
        params={key: _internal(search, trial.params[key]) for key, search in searches.items()},
        distributions={key: distribution(search) for key, search in searches.items()},
        intermediate_values={} if trial.status == "failed" else dict(trial.intermediate),
        system_attrs=dict(trial.notes),
    )


def _internal(search: SearchPlan, text: str) -> Any:
    match search.space:
        case Choices():
            return text
        case Interval(integer=integer):
            return int(text) if integer else float(text)


def _is_plain(note: JSON) -> bool:
    return isinstance(note, bool | int | float | str) and not (isinstance(note, str) and len(note) > 256)
