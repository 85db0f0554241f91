"""Each entry on each task, and which entry is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dync.runtime.statistics.aggregate import Floats, describe
from dync.runtime.statistics.intervals import Interval
from dync.runtime.statistics.pairwise import Pair, Pairing
from dync.runtime.statistics.ranking import Place


@dataclass(frozen=True)
class EntryOnTask:
    """The scores of an entry on a task, in the measure's unit. Failed seeds count as the worst of the scale (accuracy
    0) in every number; in `values`, one a seed in the order of seeds, they are None. `interval` is the 95% interval of
    the mean (None of a single seed); `seeds` and `failed` count trainings."""

    mean: float
    std: float
    median: float
    iqm: float
    interval: Interval | None
    seeds: int
    failed: int
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Summary:
    """All entries on all tasks. `best` has the best mean score; `best_is_decided` where every other entry is decided to
    be worse, and `why` says so or who may be as good."""

    best: str
    best_is_decided: bool
    why: str
    entries: Mapping[str, Mapping[str, EntryOnTask]]


def summarise(pairing: Pairing, pairs: Sequence[Pair], places: Sequence[Place]) -> Summary:
    """Describe every entry on every task (intervals: Efron & Tibshirani 1993, Hesterberg 2015)."""
    table = pairing.table
    filled = table.with_failed_at("worst")
    drawn = pairing.resamples.by_task
    entries = {
        name: {
            task: _on_task(table.values[i, t], filled[i, t], drawn[t].interval(drawn[t].means(filled[i, [t]])))
            for t, task in enumerate(table.tasks)
        }
        for i, name in enumerate(table.entries)
    }
    best = places[0].entry
    rivals = tuple(place.entry for place in places[1:] if not _beats(best, place.entry, pairs))
    return Summary(best, not rivals and len(places) > 1, _why(best, rivals, alone=len(places) == 1), entries)


def _on_task(values: Floats, filled: Floats, interval: Interval | None) -> EntryOnTask:
    description = describe(filled)
    return EntryOnTask(
        mean=description.mean,
        std=description.std,
        median=description.median,
        iqm=description.iqm,
        interval=interval,
        seeds=values.size,
        failed=int(np.isnan(values).sum()),
        values=tuple(None if np.isnan(value) else float(value) for value in values),
    )


def _beats(best: str, other: str, pairs: Sequence[Pair]) -> bool:
    decided = {(pair.a, pair.b, pair.decision) for pair in pairs if pair.task is None}
    return (best, other, "a") in decided or (other, best, "b") in decided


def _why(best: str, rivals: tuple[str, ...], alone: bool) -> str:
    if alone:
        return f"{best} is the only entry."
    if not rivals:
        return f"{best} is decided to be better than every other entry."
    return f"{best} has the best mean, but is not decided to be better than {', '.join(rivals)}."
