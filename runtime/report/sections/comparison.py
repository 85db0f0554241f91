"""What a comparison or a benchmark found: claims, distributions, pairs, ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dync.runtime.report.blocks import Badge, Badges, Block, Cell, Chart, Charts, Prose, Section, Table, Tone, head
from dync.runtime.report.charts.distribution_chart import distributions
from dync.runtime.report.charts.rank_chart import critical_differences
from dync.runtime.report.fields import Field
from dync.runtime.report.run_data import RunData
from dync.runtime.report.scores import Pair, Ranking, TaskScore, pairs, places_of, ranking, task_scores
from dync.runtime.report.sections.overview import larger_is_better, more_is_better, objective_of
from dync.runtime.report.sections.so_far import compared_so_far, scored_so_far
from dync.runtime.report.wording import NONE, counted, is_share, measured, number, shown, span

MOST_TASKS: Final = 12
MOST_ROWS: Final = 400
MOST_RANKED: Final = 20
MOST_FURTHER: Final = 6
_OF_FURTHER: Final = ("summary_statistics", "pairwise", "ranks", "leaderboard", "power")
_VERDICTS: Final[dict[str, tuple[Tone, str]]] = {
    "confirmed": ("good", "✓"), "refuted": ("bad", "✕"), "undecided": ("warn", "?"),
}  # fmt: skip


def comparison(run: RunData) -> Section | None:
    """The statistics of a comparison or a benchmark; where there are none yet, the scores until now."""
    found = statistics_blocks(objective_of(run), larger_is_better(run), run.outputs, places_of(run.outputs))
    if not run.outputs["summary_statistics"].present():
        found = [*scored_so_far(run), *found]
    return Section("comparison", "Comparison", tuple(found)) if found else None


def further(run: RunData) -> Iterator[Section]:
    """The statistics of the further measures that claims are about, a section each."""
    for place, (metric, found) in enumerate(list(run.outputs["further_metrics"].fields().items())[:MOST_FURTHER]):
        kept = {key: value.value for key, value in found.fields().items() if key in _OF_FURTHER}
        known = Field(found.place, kept)
        blocks = statistics_blocks(shown(metric, 60), more_is_better(run, metric), known, places_of(run.outputs))
        if blocks:
            why = Prose("Claims above are about this measure too; what they say is with the other claims.", "soft")
            yield Section(f"further-{place + 1}", f"Comparison by {shown(metric, 60)}", (why, *blocks))


def best_compared(run: RunData) -> Section | None:
    """The best trials of a sweep, trained again with fresh seeds."""
    again = run.outputs["comparison_results"]
    if not again.present():
        found = compared_so_far(run)
    elif not isinstance(again.value, dict):
        return None
    else:
        whole = again["summary_statistics"].present() or again["pairwise"].present()
        within = again if whole else Field(again.place, {"summary_statistics": again.value})
        found = statistics_blocks(objective_of(run), larger_is_better(run), within, places_of(within))
    return Section("again", "The best again, with fresh seeds", tuple(found)) if found else None


def statistics_blocks(objective: str, larger: bool, outputs: Field, places: Mapping[str, int]) -> list[Block]:
    """Claims, charts and tables of what these outputs hold, by a measure of which more is better if `larger`.

    `places` are those of the entries among all of the page, which give them their colours.
    """
    scores = task_scores(outputs["summary_statistics"], places_of(outputs))
    compared = pairs(outputs["pairwise"])
    blocks: list[Block] = [*_claims(outputs["claims"])]
    why = outputs["summary_statistics"]["why"].text()
    if why:
        blocks.append(Prose(why))
    charts = _distributions(objective, scores, places)
    ranks = _ranks(ranking(outputs["ranks"], scores, compared, larger))
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


def _distributions(objective: str, scores: Sequence[TaskScore], places: Mapping[str, int]) -> list[Chart]:
    tasks = list(dict.fromkeys(score.task for score in scores))[:MOST_TASKS]
    charts = []
    for task in tasks:
        samples = [score.sample(places.get(score.entry)) for score in scores if score.task == task]
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
        "entry", "task", f"mean {objective}", "95% interval", "std", "median", "IQM", "seeds", "failed",
        numbers=tuple(range(2, 9)),
    )  # fmt: skip
    return Table("Entries on tasks", names, rows, _more(len(scores)))


def _pairs_table(objective: str, compared: Sequence[Pair]) -> Table:
    tests = sorted({pair.test for pair in compared if pair.test})
    rows = tuple(
        (
            Cell(f"{pair.a} −\u00a0{pair.b}"),
            Cell(pair.task or "all"),
            Cell(shown(pair.said), "good" if pair.different else "soft", "word"),
            Cell(measured(objective, pair.difference), form="number"),
            Cell(span(objective, pair.interval), form="number"),
            Cell(number(pair.p, 3), form="number"),
            Cell(number(pair.p_holm, 3), form="number"),
            Cell(NONE if pair.improvement is None else f"{pair.improvement:.0%}", form="number"),
            Cell(NONE if pair.effect is None else f"{pair.effect:.2f}", form="number"),
            Cell(NONE if pair.belief is None else " / ".join(f"{share:.0%}" for share in pair.belief), form="number"),
            *([Cell(pair.test or NONE, form="word")] if len(tests) > 1 else []),
        )
        for pair in compared[:MOST_ROWS]
    )
    names = head(
        "pair", "task", "decision", "difference", "95% interval", "p", "p (Holm)", "P(better)", "effect", "belief",
        *(["test"] if len(tests) > 1 else []), numbers=tuple(range(3, 10)),
    )  # fmt: skip
    note = (
        f"Differences{' are in percentage points, and' if is_share(objective) else ' are'} positive where the first is"
        " better. P(better): that a training of the first beats one of the"
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
