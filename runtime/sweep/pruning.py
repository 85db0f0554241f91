"""Pruning: which trials are not worth going on with, by Optuna's pruners.

A trial is compared with the trials of earlier rounds alone, and by the mean over its seeds. So whether and where it is
pruned follows from the spec, the log and its own course: not from what runs beside it, where, or how fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from dync.compiler.pipeline_plan import CallPlan
from dync.grammar.diagnostic import nearest
from dync.runtime.error import RunError
from dync.runtime.sweep.strategy import arguments
from dync.runtime.sweep.studies import quiet_optuna
from dync.runtime.sweep.trial import History, Trial

Steps = Sequence[tuple[int, float]]
"""Epochs, and the objective after them."""


def _median(optuna: Any, call: CallPlan) -> Any:
    given = arguments(call, startup=5, warmup=0)
    return optuna.pruners.MedianPruner(given["startup"], given["warmup"])


def _percentile(optuna: Any, call: CallPlan) -> Any:
    given = arguments(call, percent=None, startup=5, warmup=0)
    if given["percent"] is None:
        raise RunError("percentile needs a percent: prune percentile(25) keeps the best quarter")
    return optuna.pruners.PercentilePruner(given["percent"], given["startup"], given["warmup"])


def _halving(optuna: Any, call: CallPlan) -> Any:
    given = arguments(call, minimum=None, reduction=4)
    least = "auto" if given["minimum"] is None else given["minimum"]
    return optuna.pruners.SuccessiveHalvingPruner(least, given["reduction"])


def _hyperband(optuna: Any, call: CallPlan) -> Any:
    given = arguments(call, minimum=1, maximum=None, reduction=3)
    most = "auto" if given["maximum"] is None else given["maximum"]
    return optuna.pruners.HyperbandPruner(given["minimum"], most, given["reduction"])


PRUNERS: Final[Mapping[str, Callable[[Any, CallPlan], Any]]] = {
    "median": _median, "percentile": _percentile, "halving": _halving, "hyperband": _hyperband,
}  # fmt: skip
"""What makes each pruner."""


def verify_pruner(call: CallPlan) -> None:
    """Raise RunError for a pruner that there is not, arguments that make no sense, or where Optuna is missing."""
    if call.name not in PRUNERS:
        guess = nearest(call.name, PRUNERS)
        hint = f"did you mean {guess!r}?" if guess else f"take {', '.join(PRUNERS)}"
        raise RunError(f"there is no pruner {call.name!r}: {hint}")
    _pruner(call)


def _pruner(call: CallPlan) -> Any:
    try:
        return PRUNERS[call.name](quiet_optuna(), call)
    except (TypeError, ValueError) as error:
        raise RunError(f"prune {call.name}: {error}") from None


class Pruning:
    """The decisions about the trials of one round after another."""

    def __init__(self, call: CallPlan, direction: Literal["maximize", "minimize"], sweep: str) -> None:
        self._call, self._optuna = call, quiet_optuna()
        self._study = self._optuna.create_study(study_name=sweep, direction=direction)
        self._trials: list[int] = []

    def start_round(self, count: int) -> None:
        """So many trials begin, whose numbers follow those before them."""
        self._trials += [self._study.ask()._trial_id for _ in range(count)]

    def pruned_at(self, number: int, steps: Steps) -> int | None:
        """The epoch in which a trial of this round is pruned, None where it is to go on.

        `steps` are its values so far, in the order of the epochs.
        """
        found = self._first_pruned(self._trials[number], steps)
        self._wipe(self._trials[number])
        return found

    def end_round(self, trials: Sequence[Trial]) -> None:
        """What became of the trials of this round: from now on others are compared with them."""
        notes = [self._notes(trial) for trial in trials]
        for trial, found in zip(trials, notes, strict=True):
            self._end(trial, found)

    def _notes(self, trial: Trial) -> dict[str, Any]:
        """What the pruner notes of a trial on its way (halving: which rungs it reached), nobody else looking on."""
        place = self._trials[trial.number]
        if trial.status != "failed":
            self._first_pruned(place, trial.intermediate)
        found = dict(self._frozen(place).system_attrs)
        self._wipe(place)
        return found

    def _end(self, trial: Trial, notes: Mapping[str, Any]) -> None:
        place, storage, states = self._trials[trial.number], self._study._storage, self._optuna.trial.TrialState
        if trial.status == "failed":
            storage.set_trial_state_values(place, states.FAIL)
            return
        for epoch, value in trial.intermediate:
            storage.set_trial_intermediate_value(place, epoch, value)
        for key, note in notes.items():
            storage.set_trial_system_attr(place, key, note)
        last = trial.value if trial.status == "complete" else trial.intermediate[-1][1]
        state = states.COMPLETE if trial.status == "complete" else states.PRUNED
        storage.set_trial_state_values(place, state, [last])

    def _first_pruned(self, place: int, steps: Steps) -> int | None:
        pruner = _pruner(self._call)  # a fresh one, for some keep what they saw first
        for epoch, value in steps:
            self._study._storage.set_trial_intermediate_value(place, epoch, value)
            if pruner.prune(self._study, self._frozen(place)):
                return epoch
        return None

    def _frozen(self, place: int) -> Any:
        return self._study._storage.get_trial(place)

    def _wipe(self, place: int) -> None:
        """Make a trial that runs look as it did when it began: those beside it must not see how far it is."""
        trial = self._frozen(place)
        trial.intermediate_values, trial.system_attrs = {}, {}


def pruning_after(
    call: CallPlan, direction: Literal["maximize", "minimize"], sweep: str, history: History, count: int
) -> Pruning:
    """The decisions about a round of so many trials after these rounds: from the log alone."""
    found = Pruning(call, direction, sweep)
    for trials in history:
        found.start_round(len(trials))
        found.end_round(trials)
    found.start_round(count)
    return found
