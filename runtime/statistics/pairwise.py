"""Every pair of entries: how much better one is, how sure that is, and what may be said."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dync.runtime.statistics.aggregate import Floats
from dync.runtime.statistics.bayesian import Posterior, bayesian_signed, correlated_t
from dync.runtime.statistics.design import Design
from dync.runtime.statistics.effect_size import cliffs_delta, cohen_d_z, matched_rank_biserial
from dync.runtime.statistics.evidence import Differences, Evidence
from dync.runtime.statistics.improvement import probability_of_improvement, resampled_probability
from dync.runtime.statistics.intervals import Interval
from dync.runtime.statistics.paired_test import PairedTest
from dync.runtime.statistics.resampling import Resamples
from dync.runtime.statistics.scores import ScoreTable

Decision = Literal["a", "b", "equivalent", "undecided"]


@dataclass(frozen=True)
class Belief:
    """Posterior probabilities that one entry is better by more than the rope, or that neither is; `test` names the
    model (Benavoli et al. 2017)."""

    a: float
    rope: float
    b: float
    test: str


@dataclass(frozen=True)
class Pair:
    """Entry `a` against `b`, on a task or (None) over all of them.

    `difference` is by how much a is better, in the measure's unit and whatever its direction; positive means a is
    better. Failed seeds count as the worst of the scale in it; `bounds` is what it could be with them anywhere on the
    scale, and `interval` (95%, not adjusted for the number of pairs; None of a single seed, and between two entries
    that are one training each, of which nothing is believed either) holds both bounds'.
    `p` is two-sided, against a difference within the rope, the larger of both bounds'; `p_holm` is that in the family
    of all pairs. `probability_of_improvement` is of a training of a beating one of b. `effect_size` is Cohen's d_z.
    `decision` says who is better by more than the rope, that they are `equivalent`, or that it is `undecided`.
    """

    a: str
    b: str
    task: str | None
    difference: float
    interval: Interval | None
    bounds: Interval
    p: float
    p_holm: float
    probability_of_improvement: float
    probability_interval: Interval | None
    effect_size: float
    cliffs_delta: float
    rank_biserial: float
    bayesian: Belief | None
    test: str
    decision: Decision


@dataclass(frozen=True)
class Family:
    """A test with its p values, row by row: two-sided against a difference within the rope, against one beyond it, and
    whether it is the first entry that leads."""

    test: PairedTest
    p: Floats
    p_equivalent: Floats
    first_is_better: NDArray[np.bool_]


@dataclass(frozen=True)
class Pairing:
    """What all pairs have in common: scores, design, the tests, and the seeds drawn again.

    `single` are the entries that are one training each (saved weights): between two of them there is nothing to test.
    """

    table: ScoreTable
    design: Design
    rope: float
    seed: int
    single: Set[str]
    resamples: Resamples

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """All pairs of entries, by position."""
        return list(combinations(range(len(self.table.entries)), 2))

    @property
    def untested(self) -> Floats:
        """1 for pairs that cannot be tested, 0 for others."""
        names = self.table.entries
        return np.array([float({names[i], names[j]} <= self.single) for i, j in self.pairs])

    @cached_property
    def overall(self) -> Evidence:
        """The evidence over all tasks, a row a pair."""
        differences = Differences.between(self.table, self.pairs)
        return Evidence.of(self.design.test(self.seed), differences.over(self.design.unit))

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """What is tested: the pairs over all tasks and, with several tasks, the pairs on each."""
        found = [self.overall]
        if len(self.table.tasks) > 1:
            differences = Differences.between(self.table, self.pairs).on_tasks()
            found.append(Evidence.of(self.design.test_of_seeds(self.seed), differences))
        return tuple(self._family(evidence) for evidence in found)

    def _family(self, evidence: Evidence) -> Family:
        barred = np.repeat(self.untested, len(evidence.low) // len(self.pairs))
        different = evidence.different(self.rope)
        return Family(
            evidence.test,
            np.maximum(different.two_sided(), barred),
            np.maximum(evidence.equivalent(self.rope), barred),
            different.greater <= different.less,
        )

    def adjusted(self, overall: Floats, p_values: Sequence[Floats]) -> list[Floats]:
        """Holm's p values of the families, of which the first is `overall` here, from p values of each."""
        rest = p_values[1] if len(p_values) > 1 else np.zeros(0)
        return list(self.design.adjusted(overall, rest))[: len(p_values)]

    def compare(self) -> tuple[Pair, ...]:
        """Compare every pair over all tasks and then, with several tasks, on each."""
        if not self.pairs:
            return ()
        p, same = ([family.p for family in self.families], [family.p_equivalent for family in self.families])
        adjusted = zip(self.adjusted(p[0], p), self.adjusted(same[0], same), strict=True)
        found: list[Pair] = []
        for family, (holm, same_holm) in zip(self.families, adjusted, strict=True):
            for row, (i, j, task) in enumerate(self._places(over_all=family is self.families[0])):
                decision = _decision(self.design.alpha, holm[row], same_holm[row], bool(family.first_is_better[row]))
                found.append(self._pair(i, j, task, family.test, float(family.p[row]), float(holm[row]), decision))
        return tuple(found)

    def _places(self, over_all: bool) -> list[tuple[int, int, int | None]]:
        if over_all:
            return [(i, j, None) for i, j in self.pairs]
        return [(i, j, task) for i, j in self.pairs for task in range(len(self.table.tasks))]

    def _pair(
        self, i: int, j: int, task: int | None, test: PairedTest, p: float, p_holm: float, decision: Decision
    ) -> Pair:
        rows = slice(None) if task is None else slice(task, task + 1)
        whole = Differences.between(self.table, [(i, j)])
        low, high, usual = (part[0][rows] for part in (whole.low, whole.high, whole.usual))
        a, b = (self.table.goodness("worst")[entry][rows] for entry in (i, j))
        drawn = self.resamples if task is None else self.resamples.by_task[task]
        units = _units(usual, self.design.unit if task is None else "seeds")
        untested = {self.table.entries[i], self.table.entries[j]} <= self.single
        with np.errstate(invalid="ignore"):
            difference, bounds = float(usual.mean()), (float(low.mean()), float(high.mean()))
        return Pair(
            a=self.table.entries[i],
            b=self.table.entries[j],
            task=None if task is None else self.table.tasks[task],
            difference=difference,
            interval=None if untested else _interval(drawn, low, high),
            bounds=bounds,
            p=p,
            p_holm=p_holm,
            probability_of_improvement=probability_of_improvement(a, b),
            probability_interval=None if untested else _chance_interval(drawn, a, b),
            effect_size=cohen_d_z(units),
            cliffs_delta=cliffs_delta(a, b),
            rank_biserial=matched_rank_biserial(units[~np.isnan(units)]),
            bayesian=None if untested else self._belief(units, task is None and self.design.unit == "tasks"),
            test=test.name,
            decision=decision,
        )

    def _belief(self, units: Floats, over_tasks: bool) -> Belief | None:
        if over_tasks:
            return _named(bayesian_signed(units, self.rope, self.seed), "Bayesian signed test over tasks")
        if units.size < 2 or not np.isfinite(units).all():
            return None
        return _named(correlated_t(units, self.rope, self.design.correlation), "Bayesian correlated t")


def _decision(alpha: float, p_different: float, p_same: float, first_is_better: bool) -> Decision:
    if p_different <= alpha:
        return "a" if first_is_better else "b"
    return "equivalent" if p_same <= alpha else "undecided"


def _units(differences: Floats, unit: str) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(differences.mean(axis=0 if unit == "seeds" else 1))


def _interval(drawn: Resamples, low: Floats, high: Floats) -> Interval | None:
    """From the lower end of the one bound's to the upper end of the other's."""
    of_low = drawn.interval(drawn.means(low))
    of_high = of_low if np.array_equal(low, high) else drawn.interval(drawn.means(high))
    return None if of_low is None or of_high is None else (of_low[0], of_high[1])


def _chance_interval(drawn: Resamples, a: Floats, b: Floats) -> Interval | None:
    found = drawn.interval(resampled_probability(a, b, drawn.weights))
    return None if found is None else (max(0.0, found[0]), min(1.0, found[1]))


def _named(posterior: Posterior, test: str) -> Belief:
    return Belief(a=posterior.right, rope=posterior.rope, b=posterior.left, test=test)
