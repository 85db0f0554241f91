"""What a comparison found, as far as it says: the values of entries on tasks, pairs, claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dync.runtime.report.charts.distribution_chart import Sample
from dync.runtime.report.charts.rank_chart import average_ranks
from dync.runtime.report.fields import Field

TOLD_APART = 0.05
"""The level of the tests, adjusted for how many there were."""


@dataclass(frozen=True)
class TaskScore:
    """An entry on a task: what the statistics say of it, and the values, one a seed."""

    entry: str
    task: str
    mean: float | None
    std: float | None
    median: float | None
    iqm: float | None
    interval: tuple[float, float] | None
    seeds: int
    failed: int
    values: tuple[float, ...]

    def sample(self, place: int | None) -> Sample:
        """What is drawn of it, in the colour of this place."""
        return Sample(self.entry, self.values, self.mean, self.interval, self.failed, place)


@dataclass(frozen=True)
class Pair:
    """Two entries compared, on a task or over all (empty); `different` where a test told them apart."""

    a: str
    b: str
    task: str
    difference: float | None
    interval: tuple[float, float] | None
    p: float | None
    p_holm: float | None
    improvement: float | None
    effect: float | None
    belief: tuple[float, float, float] | None
    test: str
    decision: str

    @property
    def different(self) -> bool:
        """Whether the tests tell the two apart: as the decision says, and where there is none by p."""
        if self.decision:
            return self.decision in ("a", "b", "different")
        adjusted = self.p_holm if self.p_holm is not None else self.p
        return adjusted is not None and adjusted <= TOLD_APART

    @property
    def said(self) -> str:
        """The decision in words."""
        match self.decision:
            case "a" | "b":
                return f"{self.a if self.decision == 'a' else self.b} is better"
            case "":
                return "told apart" if self.different else "not told apart"
        return self.decision


def places_of(outputs: Field) -> dict[str, int]:
    """The places of entries, from 0, in the order in which all of the page shows them: the best first, as far as the
    leaderboard or the mean ranks say."""
    board = [row["entry"].text() for row in outputs["leaderboard"].items()]
    ranks = outputs["ranks"]["mean_ranks"].measures()
    names = [*board, *sorted(ranks, key=lambda name: (ranks[name], name))]
    names += outputs["summary_statistics"]["entries"].fields()
    return {name: place for place, name in enumerate(dict.fromkeys(names))}


def task_scores(statistics: Field, places: Mapping[str, int]) -> tuple[TaskScore, ...]:
    """The scores that `summary_statistics` holds, entry by entry in the order of their places."""
    entries = statistics["entries"].fields()
    return tuple(
        _task_score(entry, task, entries[entry][task])
        for entry in sorted(entries, key=lambda name: places.get(name, len(places)))
        for task in entries[entry].fields()
    )


def _task_score(entry: str, task: str, found: Field) -> TaskScore:
    values = tuple(found["values"].numbers())
    seeds = _count(found["seeds"])
    return TaskScore(
        entry,
        task,
        found["mean"].number(),
        found["std"].number(),
        found["median"].number(),
        found["iqm"].number(),
        found["interval"].interval(),
        len(values) if seeds is None else seeds,
        _count(found["failed"]) or 0,
        values,
    )


def _count(found: Field) -> int | None:
    """How many: a number, or the length of a list of them."""
    return len(found.value) if isinstance(found.value, list) else found.whole()


def pairs(found: Field) -> tuple[Pair, ...]:
    """The pairs that `pairwise` holds."""
    return tuple(
        Pair(
            item["a"].text(),
            item["b"].text(),
            item["task"].text(),
            item["difference"].number(),
            item["interval"].interval(),
            item["p"].number(),
            item["p_holm"].number(),
            item["probability_of_improvement"].number(),
            item["effect_size"].number(),
            _belief(item["bayesian"]),
            item["test"].text(),
            item["decision"].text(),
        )
        for item in found.items()
    )


def _belief(found: Field) -> tuple[float, float, float] | None:
    """Posterior probabilities that the first is better, neither, or the second."""
    a, rope, b = (found[name].number() for name in ("a", "rope", "b"))
    return None if a is None or rope is None or b is None else (a, rope, b)


@dataclass(frozen=True)
class Ranking:
    """Mean ranks, what they are over, and the pairs that are told apart. `friedman_p`: against all being alike."""

    ranks: Mapping[str, float]
    over: str
    different: frozenset[frozenset[str]]
    friedman_p: float | None = None


def ranking(found: Field, scores: Sequence[TaskScore], compared: Sequence[Pair], larger_is_better: bool) -> Ranking:
    """The ranks that the outputs hold, otherwise those of the scores."""
    overall = [pair for pair in compared if not pair.task] or list(compared)
    different = frozenset(frozenset((pair.a, pair.b)) for pair in overall if pair.different)
    ranks = found["mean_ranks"].measures()
    if ranks:
        blocks = found["blocks"].whole()
        over = f"{blocks} {found['unit'].text()}" if blocks else "all scores"
        return Ranking(ranks, over, different, found["friedman_p"].number())
    blocks_of_scores, over = rank_blocks(scores)
    return Ranking(average_ranks(blocks_of_scores, larger_is_better), over, different)


def rank_blocks(scores: Sequence[TaskScore]) -> tuple[list[dict[str, float]], str]:
    """What entries are ranked over, and its name: the means of several tasks, or of one task the seeds."""
    tasks = list(dict.fromkeys(score.task for score in scores))
    by_task = [{s.entry: s.mean for s in scores if s.task == task and s.mean is not None} for task in tasks]
    if len(tasks) > 1:
        return by_task, f"{len(tasks)} tasks"
    lengths = {len(score.values) for score in scores}
    if len(lengths) == 1 and max(lengths) > 1:
        (count,) = lengths
        return [{s.entry: s.values[place] for s in scores} for place in range(count)], f"{count} seeds"
    return by_task, "one task"
