"""The whole analysis of a comparison."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, fields

from dync.compiler.expression import JSON
from dync.compiler.pipeline_plan import ClaimPlan
from dync.runtime.plain_json import plain_json
from dync.runtime.statistics.claims import JudgedClaim, judge
from dync.runtime.statistics.design import Design
from dync.runtime.statistics.pairwise import Pair, Pairing
from dync.runtime.statistics.power import Power, power_of
from dync.runtime.statistics.ranking import Place, Ranks, leaderboard, rank_entries
from dync.runtime.statistics.resampling import Resamples
from dync.runtime.statistics.scores import Scale, Scores, ScoreTable
from dync.runtime.statistics.summary import Summary, summarise


@dataclass(frozen=True)
class Analysis:
    """All that a comparison says of one measure."""

    summary_statistics: Summary
    pairwise: tuple[Pair, ...]
    claims: tuple[JudgedClaim, ...]
    power: Power
    ranks: Ranks
    leaderboard: tuple[Place, ...]

    def to_json(self) -> dict[str, JSON]:
        """The same as plain JSON data under these names; what is not finite becomes null."""
        return {part.name: plain_json(getattr(self, part.name)) for part in fields(self)}


def analyse(
    scores: Scores,
    metric_larger_is_better: bool,
    rope: float = 0.0,
    seed: int = 0,
    claims: Sequence[ClaimPlan] = (),
    *,
    scale: Scale | None = None,
    folds: int = 1,
    single: Set[str] = frozenset(),
    alpha: float = 0.05,
    resamples: int = 10_000,
) -> Analysis:
    """Analyse the scores of entries on tasks, paired by training seed; the same arguments give the same analysis.

    A difference within `rope` (in the measure's unit) is practically none. `claims` are those about this measure.
    `scale` is the lowest and highest value a score can have (`scale_of(measure)`), which bounds failed seeds. `folds`
    above 1 says that each seed stands for a fold of a cross-validation; `single` are entries that are one training
    each, such as saved weights, given the same value for every seed. With claims on several measures give each of their
    analyses a part of `alpha`. Raises ValueError where scores are not paired or a number is out of range.

    Enough tasks (6 for two entries): Wilcoxon over per-task means; fewer: permutations by seed; Holm over all pairs
    (Demšar 2006; Agarwal et al. 2021).
    """
    if not scores or rope < 0 or resamples < 1 or seed < 0:
        raise ValueError("an analysis has at least one entry and resample, and neither rope nor seed is negative")
    if single - set(scores):
        raise ValueError(f"single trainings that are no entries: {', '.join(sorted(single - set(scores)))}")
    table = ScoreTable.of(scores, metric_larger_is_better, scale)
    tasks, seeds = len(table.tasks), len(table.seeds)
    design = Design(len(table.entries), tasks, seeds, folds, alpha)
    pairing = Pairing(
        table, design, rope, seed, single, Resamples.draw(tasks, seeds, resamples, seed, design.correlation)
    )
    pairs = pairing.compare()
    places = leaderboard(pairing, pairs)
    return Analysis(
        summary_statistics=summarise(pairing, pairs, places),
        pairwise=pairs,
        claims=judge(claims, pairing, pairs),
        power=power_of(design),
        ranks=rank_entries(pairing, pairs),
        leaderboard=places,
    )
