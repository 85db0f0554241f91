"""How a training learned: curves by epoch, and the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dync.runtime.report.blocks import Block, Cell, Chart, Charts, Prose, Section, Table, head
from dync.runtime.report.charts.curve_chart import learning_curves
from dync.runtime.report.fields import Field
from dync.runtime.report.run_data import RunData
from dync.runtime.report.scores import places_of
from dync.runtime.report.sections.overview import objective_of
from dync.runtime.report.sections.so_far import places_so_far
from dync.runtime.report.thinning import thinned
from dync.runtime.report.wording import counted, measured, number, shown

MOST_CHARTS: Final = 9
MOST_ROWS: Final = 150
MOST_RECORDS: Final = 200_000

Line = list[tuple[float, float]]
Curves = dict[tuple[str, str], Line]
"""Points by epoch of each part and measure."""


def learning(run: RunData) -> Section | None:
    """The section, None where nothing was measured on the way."""
    history = run.outputs["history"].items() or list(run.events.epochs)
    curves = curves_of(history)
    blocks: list[Block] = []
    charts = [
        learning_curves(measure, measure, {part: [line] for part, line in parts.items()})
        for measure, parts in _by_measure(curves).items()
    ]
    charts += _of_scores(run)
    if charts:
        blocks.append(Charts(tuple(charts[:MOST_CHARTS])))
    lost = _not_finite(history, curves)
    if lost:
        blocks.append(Prose(f"Not finite at any time, so that nothing can be drawn: {', '.join(lost)}.", "warn"))
    if curves:
        blocks.append(_table(history, list(curves)))
    return Section("learning", "Learning", tuple(blocks)) if blocks else None


def curves_of(history: Sequence[Field]) -> Curves:
    """The curves of a history of epochs: every object in a record is a part, its numbers are measures."""
    curves: Curves = {}
    for place, record in enumerate(thinned(history, MOST_RECORDS)):
        found = record["epoch"].number()
        epoch = float(place + 1) if found is None else found
        for part, measures in record.fields().items():
            if isinstance(measures.value, dict):
                for measure, value in measures.measures().items():
                    curves.setdefault((part, measure), []).append((epoch, value))
    return curves


def _not_finite(history: Sequence[Field], curves: Curves) -> list[str]:
    """Measures that were taken and never were a number: results have null in their place."""
    taken = {
        (part, measure): f"{part} {measure}"
        for record in thinned(history, MOST_ROWS)
        for part, measures in record.fields().items()
        if isinstance(measures.value, dict)
        for measure, value in measures.value.items()
        if value is None
    }
    return [shown(said, 60) for key, said in taken.items() if key not in curves][:MOST_ROWS]


def _by_measure(curves: Curves) -> dict[str, dict[str, Line]]:
    found: dict[str, dict[str, Line]] = {}
    for (part, measure), line in sorted(curves.items()):  # so that a part has its colour in every report
        found.setdefault(measure, {})[part] = line
    return found


def _of_scores(run: RunData) -> list[Chart]:
    """Curves of a comparison's entries, a chart a task, where its scores tell their histories."""
    objective = objective_of(run)
    part, _, measure = objective.partition(".")
    tasks: dict[str, dict[str, list[Line]]] = {}
    logged = {_unit(score): score for score in run.events.scores}  # the last of those that were tried again
    for score in run.outputs["scores"].items() if not logged else logged.values():
        curves = curves_of(score["history"].items()) if isinstance(score["history"].value, list) else {}
        line = curves.get((part, measure)) or curves.get(("validation", measure)) or next(iter(curves.values()), None)
        if line:
            tasks.setdefault(score["task"].text(), {}).setdefault(score["entry"].text(), []).append(line)
    places = places_of(run.outputs) or places_so_far(run)
    return [_of_task(task, measure or objective, entries, places) for task, entries in tasks.items()]


def _unit(score: Field) -> tuple[str, str, str]:
    return score["entry"].text(), score["task"].text(), shown(score["seed"].value)


def _of_task(task: str, measure: str, entries: Mapping[str, Sequence[Line]], places: Mapping[str, int]) -> Chart:
    ordered = dict(sorted(entries.items(), key=lambda entry: places.get(entry[0], len(places))))
    return learning_curves(f"{measure} on {task}" if task else measure, measure, ordered, places=places)


def _table(history: Sequence[Field], columns: Sequence[tuple[str, str]]) -> Table:
    rows = [_row(place, record, columns) for place, record in thinned(list(enumerate(history, start=1)), MOST_ROWS)]
    names = head(
        "epoch", *(f"{part} {measure}" for part, measure in columns), "seconds", numbers=tuple(range(len(columns) + 2))
    )
    note = "" if len(rows) == len(history) else f"{len(rows)} of {counted(len(history), 'epoch')}, evenly spaced."
    return Table(f"All {counted(len(history), 'epoch')} as numbers", names, tuple(rows), note, folded=True)


def _row(place: int, record: Field, columns: Sequence[tuple[str, str]]) -> tuple[Cell, ...]:
    epoch = record["epoch"].number()
    values = [
        measured(measure, record[part][measure].number() if isinstance(record[part].value, dict) else None)
        for part, measure in columns
    ]
    texts = [number(place if epoch is None else epoch), *values, number(record["seconds"].number(), 3)]
    return tuple(Cell(text, form="number") for text in texts)
