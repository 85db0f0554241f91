"""Entries in order: mean ranks with their critical difference, and the leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from dync.runtime.statistics.aggregate import Floats, interquartile_mean
from dync.runtime.statistics.intervals import Interval, percentile_interval
from dync.runtime.statistics.mean_ranks import friedman_p, mean_ranks, nemenyi_difference
from dync.runtime.statistics.pairwise import Pair, Pairing

ENOUGH_BLOCKS = 6
"""From so many blocks on a critical difference is given."""


@dataclass(frozen=True)
class Ranks:
    """Mean ranks of entries (1 is best) over `blocks` tasks or seeds, whichever the test over all tasks counts.

    `friedman_p` is against all entries being alike, `critical_difference` Nemenyi's; None, and `why` says why, where
    there are too few entries or blocks. `groups` are the runs of entries, in the order of their ranks, of which no
    two are told apart by the pairs' decisions: the bars of a critical difference diagram.
    """

    unit: str
    blocks: int
    mean_ranks: Mapping[str, float]
    friedman_p: float | None
    critical_difference: float | None
    why: str | None
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Place:
    """A line of the leaderboard. `score` is the mean over seeds, then tasks, in the measure's unit, a failed seed
    counting as the worst of the scale; `iqm` the interquartile mean over all of them; `rank_interval` the ranks that it
    takes in the middle 95% of resamples. `not_told_apart_from` are the entries it is not decided against. Intervals are
    None of a single seed."""

    rank: int
    entry: str
    score: float
    interval: Interval | None
    iqm: float
    iqm_interval: Interval | None
    rank_interval: Interval | None
    failed: int
    not_told_apart_from: tuple[str, ...]


def rank_entries(pairing: Pairing, pairs: Sequence[Pair]) -> Ranks:
    """The mean ranks (Friedman 1937; Demšar 2006)."""
    table, design = pairing.table, pairing.design
    with np.errstate(invalid="ignore"):
        blocks = table.goodness("worst").mean(axis=2 if design.unit == "tasks" else 1)
    ranks = mean_ranks(_ordered(blocks))
    count, entries = blocks.shape[1], len(table.entries)
    why = _why_not(entries, count, dependent=design.folds > 1 and design.unit == "seeds")
    order = [table.entries[i] for i in np.argsort(ranks, kind="stable")]
    return Ranks(
        unit=design.unit,
        blocks=count,
        mean_ranks={name: float(rank) for name, rank in zip(table.entries, ranks, strict=True)},
        friedman_p=None if why else friedman_p(_ordered(blocks)),
        critical_difference=None if why else nemenyi_difference(entries, count, design.alpha),
        why=why,
        groups=_groups(order, _told_apart(pairs)),
    )


def leaderboard(pairing: Pairing, pairs: Sequence[Pair]) -> tuple[Place, ...]:
    """Entries by their mean score, best first; entries of the same score share their rank (Agarwal et al. 2021)."""
    table, drawn = pairing.table, pairing.resamples
    goodness = table.goodness("worst")
    with np.errstate(invalid="ignore"):
        scores = _ordered(goodness.mean(axis=(1, 2)))
    ranks = rankdata(-scores, method="min")
    resampled = _ordered(np.stack([drawn.means(of_entry) for of_entry in goodness]))
    places = rankdata(-resampled, axis=0, method="min")
    apart = _told_apart(pairs)
    return tuple(
        _place(pairing, int(entry), int(ranks[entry]), resampled[entry], places[entry], apart)
        for entry in np.argsort(-scores, kind="stable")
    )


def _place(
    pairing: Pairing, entry: int, rank: int, resampled: Floats, places: Floats, apart: frozenset[frozenset[str]]
) -> Place:
    table, drawn = pairing.table, pairing.resamples
    name, scores, sign = (
        table.entries[entry],
        table.with_failed_at("worst")[entry],
        1.0 if table.larger_is_better else -1.0,
    )
    with np.errstate(invalid="ignore"):
        score, iqm = float(scores.mean()), float(interquartile_mean(scores.ravel()))
    return Place(
        rank=rank,
        entry=name,
        score=score,
        interval=drawn.interval(sign * resampled),
        iqm=iqm,
        iqm_interval=drawn.interval(drawn.interquartile_means(scores)),
        rank_interval=percentile_interval(places) if len(table.seeds) > 1 else None,
        failed=int(table.failed[entry].sum()),
        not_told_apart_from=tuple(
            other for other in table.entries if other != name and frozenset({name, other}) not in apart
        ),
    )


def _ordered(scores: Floats) -> Floats:
    """Scores that can be ranked: what no arithmetic gives a value, as failed trainings on a scale without an end, is
    last."""
    return np.where(np.isnan(scores), -np.inf, scores)


def _why_not(entries: int, blocks: int, dependent: bool) -> str | None:
    if entries < 3:
        return "ranks of fewer than 3 entries say no more than the pair does"
    if dependent:
        return "folds of a cross-validation are not independent blocks"
    if blocks < ENOUGH_BLOCKS:
        return f"a critical difference takes at least {ENOUGH_BLOCKS} tasks or seeds"
    return None


def _told_apart(pairs: Sequence[Pair]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset({pair.a, pair.b}) for pair in pairs if pair.task is None and pair.decision in ("a", "b"))


def _groups(order: Sequence[str], apart: frozenset[frozenset[str]]) -> tuple[tuple[str, ...], ...]:
    """The longest runs of at least two entries, none of them told apart."""
    found: list[tuple[int, int]] = []
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and all(frozenset({order[end], other}) not in apart for other in order[start:end]):
            end += 1
        if end - start > 1 and not (found and found[-1][1] >= end):
            found.append((start, end))
    return tuple(tuple(order[start:end]) for start, end in found)
