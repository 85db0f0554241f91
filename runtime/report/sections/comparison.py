"""What a comparison or a benchmark found: claims, distributions, pairs, ranks, the leaderboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dync.runtime.report.blocks import Badge, Badges, Block, Cell, Chart, Charts, Prose, Section, Table, Tone, head
from dync.runtime.report.charts.distribution_chart import distributions
from dync.runtime.report.charts.rank_chart import critical_differences
from dync.runtime.report.fields import Field
from dync.runtime.report.run_data import RunData
from dync.runtime.report.scores import Pair, Ranking, TaskScore, pairs, ranking, task_scores
from dync.runtime.report.sections.overview import larger_is_better, objective_of
from dync.runtime.report.wording import NONE, counted, measured, number, shown, span

MOST_TASKS: Final = 12
MOST_ROWS: Final = 400
MOST_RANKED: Final = 20
_VERDICTS: Final[dict[str, tuple[Tone, str]]] = {
    "confirmed": ("good", "✓"), "refuted": ("bad", "✕"), "undecided": ("warn", "?"),
}  # fmt: skip


def leaderboard(run: RunData) -> Section | None:
    """Who came first in a benchmark."""
    rows = run.outputs["leaderboard"].items()
    if not rows:
        return None
    objective = objective_of(run)
    more = list(dict.fromkeys(key for row in rows for key in row.fields()))
    more = [key for key in more if key not in ("rank", "entry", "score", "interval")][:10]
    cells = tuple(
        (
            Cell(shown(row["rank"].value), form="number"),
            Cell(shown(row["entry"].value, 60)),
            Cell(measured(objective, row["score"].number()), form="number"),
            Cell(span(objective, row["interval"].interval()), form="number"),
            *(_more_of_place(objective, key, row[key]) for key in more),
        )
        for row in rows[:MOST_ROWS]
    )
    names = head("rank", "entry", objective, "interval", *map(_heading, more), numbers=(0, 2, 3))
    blocks: list[Block] = [Table("Leaderboard", names, cells)]
    package = run.outputs["package"]
    if isinstance(package.value, str):
        blocks.append(Prose(f"The best is packaged in the run's folder: {package.text()}", "soft"))
    return Section("leaderboard", "Leaderboard", tuple(blocks))


def _heading(key: str) -> str:
    return key.replace("_", " ").replace("iqm", "IQM")


def _more_of_place(objective: str, key: str, found: Field) -> Cell:
    """A further fact of a place: intervals as such, numbers at the right."""
    if key.endswith("interval"):
        return Cell(span("" if key.startswith("rank") else objective, found.interval()), form="number")
    if isinstance(found.value, float):
        return Cell(measured(objective, found.number()), form="number")
    return Cell(shown(found.value, 80) or NONE, form="number" if isinstance(found.value, int) else "")


def comparison(run: RunData) -> Section | None:
    """The statistics of a comparison or a benchmark."""
    found = statistics_blocks(run, run.outputs)
    return Section("comparison", "Comparison", tuple(found)) if found else None


def best_compared(run: RunData) -> Section | None:
    """The best trials of a sweep, trained again with fresh seeds."""
    again = run.outputs["comparison_results"]
    if not isinstance(again.value, dict):
        return None
    within = again if again["summary_statistics"].present() or again["pairwise"].present() else None
    if within is None:
        within = Field(again.place, {"summary_statistics": again.value})
    found = statistics_blocks(run, within)
    return Section("again", "The best again, with fresh seeds", tuple(found)) if found else None


def statistics_blocks(run: RunData, outputs: Field) -> list[Block]:
    """Claims, charts and tables of what these outputs hold."""
    objective = objective_of(run)
    scores = task_scores(outputs["summary_statistics"])
    compared = pairs(outputs["pairwise"])
    blocks: list[Block] = [*_claims(outputs["claims"])]
    why = outputs["summary_statistics"]["why"].text()
    if why:
        blocks.append(Prose(why))
    charts = _distributions(objective, scores)
    ranks = _ranks(ranking(outputs["ranks"], scores, compared, larger_is_better(run)))
    if charts or ranks:
        blocks.append(Charts((*charts, *ranks)))
    if scores:
        blocks.append(_scores_table(objective, scores))
    if compared:
        blocks.append(_pairs_table(objective, compared))
    blocks += [*_power(outputs["power"]), *_failures(outputs["scores"])]
    return blocks


def _claims(found: Field) -> list[Block]:
    badges = []
    for claim in found.items():
        verdict = claim["verdict"].text() or "undecided"
        tone, sign = _VERDICTS.get(verdict, ("warn", "?"))
        badges.append(Badge(shown(verdict, 40), shown(claim["text"].value), shown(claim["why"].value, 600), tone, sign))
    return [Badges("Claims", tuple(badges))] if badges else []


def _distributions(objective: str, scores: Sequence[TaskScore]) -> list[Chart]:
    tasks = list(dict.fromkeys(score.task for score in scores))[:MOST_TASKS]
    charts = []
    for task in tasks:
        samples = [score.sample for score in scores if score.task == task]
        if any(len(sample.values) > 0 for sample in samples):
            charts.append(distributions(f"{objective} on {task}" if task else objective, objective, samples))
    return charts


def _ranks(found: Ranking) -> list[Chart]:
    if not 2 < len(found.ranks) <= MOST_RANKED:
        return []
    return [critical_differences(found.ranks, found.different, found.over, found.friedman_p)]


def _scores_table(objective: str, scores: Sequence[TaskScore]) -> Table:
    rows = tuple(
        (
            Cell(score.entry), Cell(score.task or NONE), Cell(measured(objective, score.mean), form="number"),
            Cell(span(objective, score.interval), form="number"), Cell(measured(objective, score.std), form="number"),
            Cell(measured(objective, score.median), form="number"), Cell(measured(objective, score.iqm), form="number"),
            Cell(str(score.seeds), form="number"), Cell(str(score.failed), "bad" if score.failed else "", "number"),
        )
        for score in scores[:MOST_ROWS]
    )  # fmt: skip
    names = head(
        "entry", "task", f"mean {objective}", "interval", "std", "median", "IQM", "seeds", "failed",
        numbers=tuple(range(2, 9)),
    )  # fmt: skip
    return Table("Entries on tasks", names, rows, _more(len(scores)))


def _pairs_table(objective: str, compared: Sequence[Pair]) -> Table:
    tests = sorted({pair.test for pair in compared if pair.test})
    rows = tuple(
        (
            Cell(f"{pair.a} − {pair.b}"),
            Cell(pair.task or "all"),
            Cell(shown(pair.said), "good" if pair.different else "soft", "word"),
            Cell(measured(objective, pair.difference), form="number"),
            Cell(span(objective, pair.interval), form="number"),
            Cell(number(pair.p, 3), form="number"),
            Cell(number(pair.p_holm, 3), form="number"),
            Cell(NONE if pair.improvement is None else f"{pair.improvement:.0%}", form="number"),
            Cell(number(pair.effect, 3), form="number"),
            Cell(NONE if pair.belief is None else " / ".join(f"{share:.0%}" for share in pair.belief), form="number"),
            *([Cell(pair.test or NONE, form="word")] if len(tests) > 1 else []),
        )
        for pair in compared[:MOST_ROWS]
    )
    names = head(
        "pair", "task", "decision", "difference", "interval", "p", "p (Holm)", "P(better)", "effect", "belief",
        *(["test"] if len(tests) > 1 else []), numbers=tuple(range(3, 10)),
    )  # fmt: skip
    note = (
        "Differences are positive where the first is better. P(better): that a training of the first beats one of the"
        " second. Belief: posterior probabilities that the first is better, neither, the second."
        f"{f' Test: {tests[0]}.' if len(tests) == 1 else ''} {_more(len(compared))}"
    )
    return Table("Pairs", names, rows, note.strip())


def _power(found: Field) -> list[Block]:
    """What differences the seeds could have shown."""
    if isinstance(found.value, str):
        return [Prose(found.text(), "soft")]
    if isinstance(found["words"].value, str) and found["words"].present():
        return [Prose(found["words"].text(), "soft")]
    rows = tuple((Cell(key.replace("_", " ")), Cell(shown(value.value))) for key, value in found.fields().items())
    return [Table("What these seeds can detect", head("", ""), rows)] if rows else []


def _failures(found: Field) -> list[Block]:
    """The trainings that failed, and why."""
    failed = [score for score in found.items() if score["status"].text() == "failed"]
    if not failed:
        return []
    rows = tuple(
        (
            Cell(score["entry"].text()), Cell(score["task"].text()), Cell(shown(score["seed"].value), form="number"),
            Cell(shown(score["error"].value), "bad", "long"),
        )
        for score in failed[:MOST_ROWS]
    )  # fmt: skip
    names = head("entry", "task", "seed", "why", numbers=(2,))
    return [Table(f"{counted(len(failed), 'seed')} failed", names, rows, _more(len(failed)), folded=len(failed) > 12)]


def _more(count: int) -> str:
    return "" if count <= MOST_ROWS else f"The first {MOST_ROWS} of {count:,}."
