"""What the scores of a comparison say: statistics of entries and pairs, and what becomes of the claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dync.compiler.pipeline_plan import ComparisonPlan, Metric, SavedEntry
from dync.runtime.comparison.contender import Contender
from dync.runtime.comparison.line_up import metrics_of, seeds_of
from dync.runtime.comparison.score import Score, Unit
from dync.runtime.error import RunError
from dync.runtime.plain_json import plain_json
from dync.runtime.statistics.analysis import Analysis, analyse
from dync.runtime.statistics.claims import JudgedClaim
from dync.runtime.statistics.design import Design
from dync.runtime.statistics.power import Power, power_of
from dync.runtime.statistics.scores import Scores, scale_of

ALPHA: Final = 0.05
"""The chance of any false finding in a comparison, which the measures that decide something share."""


@dataclass(frozen=True)
class Verdicts:
    """The analysis of the comparison's own metric, those of further metrics that claims are about, and all claims in
    the order of the spec."""

    main: Analysis
    further: Mapping[Metric, Analysis]
    claims: tuple[JudgedClaim, ...]

    def outputs(self) -> dict[str, Any]:
        """All of it as outputs of a stage."""
        further = {f"{m.part}.{m.measure}": analysis.to_json() for m, analysis in self.further.items()}
        found = {**self.main.to_json(), "claims": plain_json(self.claims)}
        return found | ({"further_metrics": further} if further else {})


def detectable(plan: ComparisonPlan, tasks: int) -> Power:
    """What differences the seeds can tell apart, known before the run."""
    return power_of(Design(len(plan.entries), tasks, plan.seeds, plan.folds, _alpha(plan)))


def verdicts(plan: ComparisonPlan, contenders: Sequence[Contender], scores: Mapping[Unit, Score]) -> Verdicts:
    """Analyse the scores; raises RunError for what cannot be analysed."""
    analyses = {metric: _analysis(plan, metric, contenders, scores) for metric in metrics_of(plan)}
    left = {metric: list(analysis.claims) for metric, analysis in analyses.items()}
    claims = tuple(left[claim.metric].pop(0) for claim in plan.claims)
    main = analyses.pop(plan.metric)
    return Verdicts(main, analyses, claims)


def _analysis(
    plan: ComparisonPlan, metric: Metric, contenders: Sequence[Contender], scores: Mapping[Unit, Score]
) -> Analysis:
    single = {name for name, entry in plan.entries.items() if isinstance(entry, SavedEntry)}
    try:
        return analyse(
            _table(plan, metric, contenders, scores),
            metric.larger_is_better,
            plan.rope,
            plan.seed,
            [claim for claim in plan.claims if claim.metric == metric],
            scale=scale_of(metric.measure),
            folds=plan.folds,
            single=single,
            alpha=_alpha(plan),
        )
    except ValueError as error:
        raise RunError(f"{metric.part}.{metric.measure} cannot be analysed: {error}") from None


def _table(
    plan: ComparisonPlan, metric: Metric, contenders: Sequence[Contender], scores: Mapping[Unit, Score]
) -> Scores:
    """The value of every seed, None where it failed: an entry on a task has as many as any other."""
    found: dict[str, dict[str, list[tuple[int, float | None]]]] = {name: {} for name in plan.entries}
    for contender in contenders:
        place = contender.place
        found[place.entry][place.task] = [
            (trial.seed, scores[place.entry, place.task, trial.seed].value(metric)) for trial in seeds_of(plan)
        ]
    return found


def _alpha(plan: ComparisonPlan) -> float:
    return ALPHA / len(metrics_of(plan))
