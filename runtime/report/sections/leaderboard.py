"""Who came first in a benchmark, and every measure of every entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dync.runtime.report.blocks import Block, Cell, Prose, Section, Table, head
from dync.runtime.report.fields import Field
from dync.runtime.report.run_data import RunData
from dync.runtime.report.scores import places_of
from dync.runtime.report.sections.overview import objective_of
from dync.runtime.report.wording import NONE, measured, shown, span

MOST_ROWS: Final = 400
MOST_COLUMNS: Final = 24
_ORDER: Final = ("iqm", "iqm_interval", "rank_interval", "failed", "not_told_apart_from", "kind", "complete")
_NUMBERS: Final = ("iqm", "iqm_interval", "rank_interval", "failed")


def leaderboard(run: RunData) -> Section | None:
    """Who came first in a benchmark, and every measure of every entry; where none is ranked yet, the measures alone."""
    rows = run.outputs["leaderboard"].items()
    measures = _measures_table(run.outputs["entry_measures"], places_of(run.outputs))
    blocks: list[Block] = [_board(objective_of(run), rows)] if rows else []
    if measures is not None:
        blocks.append(measures)
    package = run.outputs["package"]
    if blocks and isinstance(package.value, str):
        blocks.append(Prose(f"The best is packaged in the run's folder: {package.text()}", "soft"))
    return Section("leaderboard", "Leaderboard" if rows else "Measures", tuple(blocks)) if blocks else None


def _board(objective: str, rows: Sequence[Field]) -> Table:
    more = _telling(rows)
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
    right = (0, 2, 3, *(place for place, key in enumerate(more, start=4) if key in _NUMBERS))
    names = head("rank", "entry", objective, "95% interval", *map(_heading, more), numbers=right)
    return Table("Leaderboard", names, cells, _note(len(rows)))


def _telling(rows: Sequence[Field]) -> list[str]:
    """The further columns of a leaderboard, without those that say of everyone that all is well."""
    keys = dict.fromkeys(key for row in rows for key in row.fields())
    well = {"complete": True, "failed": 0}
    kept = [key for key in keys if key not in well or any(row[key].value != well[key] for row in rows)]
    kept = [key for key in kept if key not in ("rank", "entry", "score", "interval")]
    return sorted(kept, key=lambda key: _ORDER.index(key) if key in _ORDER else len(_ORDER))[:10]


def _heading(key: str) -> str:
    return shown(key.replace("_", " ").replace("iqm", "IQM"), 40)


def _measures_table(found: Field, places: Mapping[str, int]) -> Table | None:
    """Every measure of every entry on every task, the mean over its seeds."""
    rows = [(entry, task, _flat(parts)) for entry, t in found.fields().items() for task, parts in t.fields().items()]
    names = list(dict.fromkeys(name for _, _, measures in rows for name in measures))[:MOST_COLUMNS]
    if not names:
        return None
    rows.sort(key=lambda row: (row[1], places.get(row[0], len(places))))
    cells = tuple(
        (
            Cell(shown(entry, 60)),
            Cell(shown(task, 60)),
            *(Cell(measured(name.rpartition(" ")[2], measures.get(name)), form="number") for name in names),
        )
        for entry, task, measures in rows[:MOST_ROWS]
    )
    heads = head("entry", "task", *names, numbers=tuple(range(2, 2 + len(names))))
    return Table("All measures, means over the seeds", heads, cells, _note(len(rows)), folded=len(rows) > 12)


def _more_of_place(objective: str, key: str, found: Field) -> Cell:
    """A further fact of a place: intervals as such, numbers at the right."""
    if key.endswith("interval"):
        return Cell(span("" if key.startswith("rank") else objective, found.interval()), form="number")
    if isinstance(found.value, float):
        return Cell(measured(objective, found.number()), form="number")
    return Cell(shown(found.value, 80) or NONE, form="number" if isinstance(found.value, int) else "")


def _flat(parts: Field) -> dict[str, float | None]:
    """Measures by part and name, `test accuracy`."""
    return {
        f"{part} {name}": value.number()
        for part, measures in parts.fields().items()
        for name, value in measures.fields().items()
    }


def _note(count: int) -> str:
    return "" if count <= MOST_ROWS else f"The first {MOST_ROWS} of {count:,}."
