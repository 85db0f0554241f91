"""What a comparison, or the last stage of a sweep, had scored when it was cut off: no test, only what there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dync.runtime.report.blocks import Badge, Badges, Block, Cell, Chart, Charts, Prose, Table, head
from dync.runtime.report.charts.distribution_chart import Sample, distributions
from dync.runtime.report.fields import Field
from dync.runtime.report.run_data import RunData
from dync.runtime.report.sections.overview import larger_is_better, objective_of
from dync.runtime.report.wording import counted, measured, shown

MOST_TASKS: Final = 12
MOST_ROWS: Final = 400


@dataclass(frozen=True)
class Scored:
    """What an entry reached on a task, one value a seed, and with how many seeds it failed."""

    entry: str
    task: str
    values: tuple[float, ...]
    failed: int


def scored_so_far(run: RunData) -> list[Block]:
    """The scores that the log tells, of a comparison or a benchmark that has not come to its statistics."""
    scores = run.events.scores
    if not scores and run.events.claims is None:
        return []
    words = f"{len(scores):,}{_planned(run)} trainings have ended."
    more = " No test is made and no claim is judged before all of them are there."
    return [*_claims(run), Prose(words + more, "warn"), *_blocks(run, _gathered(run, scores))]


def compared_so_far(run: RunData) -> list[Block]:
    """The fresh trainings of the best trials, of a sweep that has not come to compare them."""
    again = run.events.compared
    if not again:
        return []
    words = (
        f"{counted(len(again), 'fresh training')} of the best have ended. No test is made before all of them are there."
    )
    named = [Field(one.place, {**one.value, "entry": f"trial {shown(one['trial'].value, 20)}"}) for one in again]
    return [Prose(words, "warn"), *_blocks(run, _gathered(run, named))]


def places_so_far(run: RunData) -> dict[str, int]:
    """The places of entries among all of the page, from 0, as the scores until now have them."""
    gathered = _gathered(run, run.events.scores)
    return {name: place for place, name in enumerate(dict.fromkeys(one.entry for one in gathered))}


def _planned(run: RunData) -> str:
    """` of 48`: entries times tasks times seeds, where the spec says."""
    spec = run.spec["comparison"] if isinstance(run.spec["comparison"].value, dict) else run.spec
    seeds = spec["seeds"].value
    entries = {*spec["entries"].fields(), *run.spec["baselines"].fields()}
    tasks = spec["tasks"].fields()
    whole = len(entries) * len(tasks) * seeds if isinstance(seeds, int) else 0
    return f" of {whole:,}" if whole else ""


def _claims(run: RunData) -> list[Block]:
    texts = run.events.claims["claims"].texts() if run.events.claims is not None else []
    badges = tuple(Badge("not judged", shown(text), "", "soft", "…") for text in texts)
    return [Badges("Claims", badges)] if badges else []


def _gathered(run: RunData, scores: Sequence[Field]) -> list[Scored]:
    """The values of the scores by entry and task, the highest means of what is sought first."""
    part, _, measure = objective_of(run).partition(".")
    found: dict[tuple[str, str], list[float | None]] = {}
    for score in scores:
        measures = score["measures"][part] if isinstance(score["measures"].value, dict) else score["measures"]
        value = measures[measure].number() if isinstance(measures.value, dict) else None
        done = score["status"].text() == "complete"
        found.setdefault((score["entry"].text(), score["task"].text()), []).append(value if done else None)
    gathered = [
        Scored(entry, task, known := tuple(v for v in values if v is not None), len(values) - len(known))
        for (entry, task), values in found.items()
    ]
    sign = -1.0 if larger_is_better(run) else 1.0
    return sorted(gathered, key=lambda one: (one.task, not one.values, sign * _mean(one), one.entry))


def _mean(scored: Scored) -> float:
    return sum(scored.values) / len(scored.values) if scored.values else 0.0


def _blocks(run: RunData, found: Sequence[Scored]) -> list[Block]:
    objective = objective_of(run)
    charts = _charts(objective, found)
    blocks: list[Block] = [Charts(tuple(charts))] if charts else []
    if found:
        blocks.append(_table(objective, found))
    return blocks


def _charts(objective: str, found: Sequence[Scored]) -> list[Chart]:
    places = {name: place for place, name in enumerate(dict.fromkeys(one.entry for one in found))}
    charts = []
    for task in list(dict.fromkeys(one.task for one in found))[:MOST_TASKS]:
        samples = [
            Sample(one.entry, one.values, failed=one.failed, place=places[one.entry])
            for one in found
            if one.task == task and one.values
        ]
        if samples:
            charts.append(distributions(f"{objective} on {task}" if task else objective, objective, samples))
    return charts


def _table(objective: str, found: Sequence[Scored]) -> Table:
    rows = tuple(
        (
            Cell(one.entry),
            Cell(one.task or "–"),
            Cell(measured(objective, _mean(one) if one.values else None), form="number"),
            Cell(measured(objective, min(one.values, default=None)), form="number"),
            Cell(measured(objective, max(one.values, default=None)), form="number"),
            Cell(f"{len(one.values):,}", form="number"),
            Cell(f"{one.failed:,}", "bad" if one.failed else "", "number"),
        )
        for one in found[:MOST_ROWS]
    )
    names = head("entry", "task", f"mean {objective}", "lowest", "highest", "seeds", "failed",
                 numbers=tuple(range(2, 7)))  # fmt: skip
    note = f"The first {MOST_ROWS} of {len(found):,}." if len(found) > MOST_ROWS else ""
    return Table("Entries on tasks, so far", names, rows, note)
