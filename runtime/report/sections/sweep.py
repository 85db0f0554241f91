"""What a sweep tried and found."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, cast

from dync.runtime.report.blocks import Block, Cell, Chart, Charts, Prose, Section, Table, Tone, head
from dync.runtime.report.charts.curve_chart import intermediate_curves, learning_curves
from dync.runtime.report.charts.heat_chart import MOST_CELLS, heat_map
from dync.runtime.report.charts.trial_charts import (
    Choice,
    Tried,
    is_logarithmic,
    over_key,
    parallel_coordinates,
    progress,
)
from dync.runtime.report.fields import Field
from dync.runtime.report.run_data import RunData
from dync.runtime.report.sections.overview import larger_is_better, objective_of
from dync.runtime.report.trials import Trial, choice, keys_of, trials
from dync.runtime.report.wording import NONE, counted, measured, number, shown

MOST_ROWS: Final = 300
MOST_KEYS: Final = 8
MOST_MAPS: Final = 6
_FUSED: Final = {
    "off": "were trained one after another",
    "fast": "were trained side by side, as one program",
    "exact": "were trained in one program, each to the bits of a run of its own",
}
_TONES: Final[dict[str, Tone]] = {"complete": "good", "pruned": "soft", "failed": "bad"}

Point = tuple[dict[str, Choice], dict[str, float]]
"""A point of a map: the values of the keys, and what was measured there, by `part.measure`."""


def sweep(run: RunData) -> Section | None:
    """The section, None where there are no trials."""
    found = trials(run.trials)
    if not found:
        return None
    objective = objective_of(run)
    blocks: list[Block] = [*_best(run)]
    charts = _charts(run, objective, found)
    if charts:
        blocks.append(Charts(tuple(charts)))
    maps = _maps(run, found) if all(trial.tried.value is None for trial in found) or _is_map(run) else []
    if maps:
        blocks.append(Charts(tuple(maps)))
    blocks.append(_table(objective, found, larger_is_better(run)))
    return Section("sweep", "Sweep", tuple(blocks))


def _is_map(run: RunData) -> bool:
    return run.outputs["map"].present()


def _best(run: RunData) -> list[Block]:
    blocks: list[Block] = []
    best = run.outputs["best_config"].fields()
    if best:
        rows = tuple((Cell(key, form="code"), Cell(shown(value.value), form="code")) for key, value in best.items())
        blocks.append(Table("The best settings", head("key", "value"), rows))
    fused = run.outputs["fused"]
    if isinstance(fused.value, dict) and fused["mode"].present():
        why = list(dict.fromkeys(fused["why"].text().split("; ")))
        more = f" and {len(why) - 3} more reasons" if len(why) > 3 else ""
        mode = fused["mode"].text()
        how = _FUSED.get(mode, f"ran {shown(mode, 40)}")
        blocks.append(Prose(f"Trials that differ only in numbers {how}: {'; '.join(why[:3])}{more}."[:600], "soft"))
    return blocks


def _charts(run: RunData, objective: str, found: Sequence[Trial]) -> list[Chart]:
    tried = [trial.tried for trial in found]
    if all(trial.value is None for trial in tried):
        return []
    keys = keys_of([trial.params for trial in tried])[:MOST_KEYS]
    logs = _logarithmic(run)
    charts = [progress(objective, tried, larger_is_better(run))]
    lines = [trial.intermediate for trial in found if len(trial.intermediate) > 0]
    if any(len(line) > 1 for line in lines):
        charts.append(intermediate_curves(objective, lines, _best_line(run, found)))
    charts += [over_key(key, objective, tried, logs.get(key)) for key in keys]
    if len(keys) > 1 and sum(trial.status == "complete" and trial.value is not None for trial in tried) > 1:
        charts.append(parallel_coordinates(objective, keys, logs, tried))
    return charts


def _best_line(run: RunData, found: Sequence[Trial]) -> tuple[tuple[float, float], ...]:
    valued = [trial for trial in found if trial.tried.status == "complete" and trial.tried.value is not None]
    sign = 1.0 if larger_is_better(run) else -1.0
    best = max(valued, key=lambda trial: sign * cast(float, trial.tried.value), default=None)
    return () if best is None else best.intermediate


def _logarithmic(run: RunData) -> dict[str, bool]:
    """Which keys the spec searched on a logarithmic scale, as far as it says."""
    found = {}
    for search in run.spec["search"].items() if isinstance(run.spec["search"].value, list) else []:
        space = search["space"]
        if isinstance(space.value, dict) and isinstance(space["log"].value, bool):
            found[search["key"].text()] = bool(space["log"].value)
    return found


def _table(objective: str, found: Sequence[Trial], larger: bool) -> Table:
    keys = list(dict.fromkeys(key for trial in found for key in trial.tried.params))[:40]
    sign = -1.0 if larger else 1.0
    ordered = sorted(
        found, key=lambda t: (t.tried.status != "complete", t.tried.value is None, sign * (t.tried.value or 0.0))
    )
    valued = any(trial.tried.value is not None for trial in found)
    several = any(len(trial.seeds) > 1 for trial in found)
    errors = any(trial.error for trial in found)
    names = [
        "trial",
        "status",
        *([objective] if valued else []),
        *(["seeds"] if several else []),
        *keys,
        "seconds",
        *(["error"] if errors else []),
    ]
    right = {0, *range(2, 2 + valued + several + len(keys) + 1)}
    rows = tuple(_row(trial, objective if valued else "", keys, several, errors) for trial in ordered[:MOST_ROWS])
    note = "" if len(found) <= MOST_ROWS else f"The best {MOST_ROWS} of {counted(len(found), 'trial')}."
    caption = f"All {counted(len(found), 'trial')}{', the best first' if valued else ''}"
    return Table(caption, head(*names, numbers=tuple(right)), rows, note, folded=len(found) > 12)


def _row(trial: Trial, objective: str, keys: Sequence[str], several: bool, errors: bool) -> tuple[Cell, ...]:
    tried = trial.tried
    cells = [
        Cell(str(tried.number), form="number"),
        Cell(tried.status, _TONES[tried.status]),
    ]
    if objective:
        cells.append(Cell(measured(objective, tried.value), form="number"))
    if several:
        cells.append(Cell(" ".join(measured(objective, value) for value in trial.seeds[:12]) or NONE, form="number"))
    cells += [Cell(_shown(tried, key), form="number") for key in keys]
    cells.append(Cell(number(trial.seconds, 3), form="number"))
    if errors:
        cells.append(Cell(shown(trial.error or None), form="long"))
    return tuple(cells)


def _shown(tried: Tried, key: str) -> str:
    value = tried.params.get(key)
    return NONE if value is None else value if isinstance(value, str) else number(value)


def _maps(run: RunData, found: Sequence[Trial]) -> list[Chart]:
    """Of two keys and more a heat map of each measure over the first two, of one key a line."""
    points = _points(run.outputs["map"]) or _points(run.trials)
    keys = keys_of([params for params, _ in points])
    measures = list(dict.fromkeys(name for _, measures in points for name in measures))[:MOST_MAPS]
    if not keys or not measures:
        return []
    if len(keys) == 1:
        return [chart for measure in measures if (chart := _line(keys[0], measure, points)) is not None]
    rest = keys[2:]
    caption = f"Means over {', '.join(rest)}." if rest else ""
    charts = []
    for measure in measures:
        cells = _cells(keys[0], keys[1], measure, points)
        if cells and all(len({cell[place] for cell in cells}) <= MOST_CELLS for place in (0, 1)):
            charts.append(heat_map(measure, keys[0], keys[1], cells, caption))
    return charts


def _points(found: Field) -> list[Point]:
    if isinstance(found.value, dict):
        inner = next((found[name] for name in ("points", "cells", "trials") if found[name].present()), None)
        return [] if inner is None else _points(inner)
    points = []
    for item in found.items():
        params = {key: choice(value) for key, value in item["params"].fields().items()}
        measures = _flat(
            next((item[n] for n in ("measures", "results", "evaluation") if item[n].present()), item["value"])
        )
        if params and measures:
            points.append((params, measures))
    return points


def _flat(found: Field) -> dict[str, float]:
    """Numbers of objects in objects, by their names joined with dots."""
    if isinstance(found.value, dict):
        inner = {
            name: _flat(value) for name, value in found.fields().items() if isinstance(value.value, dict | int | float)
        }
        return {
            f"{name}.{rest}" if rest else name: number for name, part in inner.items() for rest, number in part.items()
        }
    value = found.number()
    return {} if value is None else {"": value}


def _cells(across: str, down: str, measure: str, points: Sequence[Point]) -> dict[tuple[Choice, Choice], float]:
    values: dict[tuple[Choice, Choice], list[float]] = {}
    for params, measures in points:
        if across in params and down in params and measure in measures:
            values.setdefault((params[across], params[down]), []).append(measures[measure])
    return {cell: sum(found) / len(found) for cell, found in values.items()}


def _line(key: str, measure: str, points: Sequence[Point]) -> Chart | None:
    found = sorted(
        (value, measures[measure])
        for params, measures in points
        if measure in measures and isinstance(value := params.get(key), float)
    )
    tried = [Tried(n, params, "complete", measures.get(measure)) for n, (params, measures) in enumerate(points)]
    if not found or is_logarithmic([place for place, _ in found]) or any(a[0] == b[0] for a, b in pairwise(found)):
        return over_key(key, measure, tried, None)
    return learning_curves(f"{measure} over {key}", measure, {measure: [found]}, across=key)
