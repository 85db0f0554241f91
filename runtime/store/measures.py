"""What came out of a run as numbers by name, and the one that people look at first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from dync.compiler.expression import JSON
from dync.runtime.store.run_data import Measured

MOST_MEASURES: Final = 2_000
"""Of more measures only the first are kept."""

LONGEST: Final = 300
"""A measure with a longer name is left out."""

_PARTS: Final = ("test", "validation", "train")
_MEASURES: Final = ("accuracy", "agreement", "nrmse", "mse")


def measures_of(outputs: Mapping[str, JSON]) -> dict[str, float]:
    """The numbers among a pipeline's outputs by dotted names.

    `test.accuracy` of a training or of a sweep's best, `best_value`, and `ENTRY.TASK.mean` or `ENTRY.score` of
    comparisons and benchmarks. What has another form than `result.json` promises is left out.
    """
    short = ((name, value) for name, value in _found(outputs) if len(name) <= LONGEST)
    return dict(islice(short, MOST_MEASURES))


def main_measure(outputs: Mapping[str, JSON]) -> Measured | None:
    """The measure that people look at first: of the best, on the held-out part."""
    match outputs:
        case {"leaderboard": [{"entry": str(entry), "score": score}, *_]} if (value := number(score)) is not None:
            return Measured(f"{entry}.score", value)
        case {"summary_statistics": {"best": str(best), "entries": dict(entries)}}:
            return next((Measured(*found) for found in _of_entry(best, entries.get(best))), None)
        case {"best_value": best} if (value := number(best)) is not None:
            return Measured(_objective(outputs.get("objective")), value)
    return _headline(dict(_by_part(outputs.get("evaluation_results"))))


def number(value: JSON) -> float | None:
    """A finite number as such, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _found(outputs: Mapping[str, JSON]) -> Iterator[tuple[str, float]]:
    yield from _by_part(outputs.get("evaluation_results"))
    yield from _by_part(outputs.get("test_results"))
    for name in ("best_value", "best_epoch"):
        if (value := number(outputs.get(name))) is not None:
            yield name, value
    match outputs.get("summary_statistics"):
        case {"entries": dict(entries)}:
            for entry, tasks in entries.items():
                yield from _of_entry(entry, tasks)
    match outputs.get("leaderboard"):
        case list(rows):
            for row in rows:
                match row:
                    case {"entry": str(entry), "score": score} if (value := number(score)) is not None:
                        yield f"{entry}.score", value


def _by_part(results: JSON) -> Iterator[tuple[str, float]]:
    """`{part: {measure: value}}`, or `{measure: value}` alone, by dotted names."""
    for part, measures in results.items() if isinstance(results, dict) else ():
        if (alone := number(measures)) is not None:
            yield part, alone
        for name, found in measures.items() if isinstance(measures, dict) else ():
            if (value := number(found)) is not None:
                yield f"{part}.{name}", value


def _of_entry(entry: str, tasks: JSON) -> Iterator[tuple[str, float]]:
    for task, statistics in tasks.items() if isinstance(tasks, dict) else ():
        match statistics:
            case {"mean": mean} if (value := number(mean)) is not None:
                yield f"{entry}.{task}.mean", value


def _objective(objective: JSON) -> str:
    """The name of what a sweep looked for: `validation.accuracy`."""
    match objective:
        case str() if objective:
            return objective.rpartition(" ")[2]
        case {"part": str(part), "measure": str(measure)}:
            return f"{part}.{measure}"
        case {"metric": dict(metric)}:
            return _objective(metric)
    return "best_value"


def _headline(measures: Mapping[str, float]) -> Measured | None:
    names = [f"{part}.{name}" for part in _PARTS for name in _MEASURES]
    name = next((name for name in (*names, *measures) if name in measures), None)
    return None if name is None else Measured(name, measures[name])
