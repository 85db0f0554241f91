"""The trials of a sweep, as `outputs.trials` tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from dync.runtime.error import RunError
from dync.runtime.report.charts.trial_charts import Choice, Tried
from dync.runtime.report.fields import LARGEST, Field
from dync.runtime.report.wording import shown

Status = Literal["complete", "pruned", "failed"]
MOST: Final = 100_000


@dataclass(frozen=True)
class Trial:
    """A trial. `seeds` are its values, one a seed, `intermediate` its evaluations on the way by epoch."""

    tried: Tried
    seeds: tuple[float, ...]
    intermediate: tuple[tuple[float, float], ...]
    error: str
    seconds: float | None


def trials(found: Field) -> tuple[Trial, ...]:
    """All of them; raises RunError for what is no list of trials."""
    items = found.items()
    if len(items) > MOST:
        raise RunError(f"{found.place} has {len(items):,} trials, more than the {MOST:,} of which a report is made")
    return tuple(_trial(item, place) for place, item in enumerate(items))


def _trial(item: Field, place: int) -> Trial:
    status: Status = next((known for known in get_args(Status) if item["status"].text() == known), "failed")
    number = item["number"].whole()
    params = {key: choice(value) for key, value in item["params"].fields().items()}
    steps = [step.interval() for step in item["intermediate"].items()]
    left = next((step[1] for step in reversed(steps) if step is not None), None) if status == "pruned" else None
    tried = Tried(place if number is None else number, params, status, item["value"].number(), left)
    return Trial(
        tried,
        tuple(item["seeds"].numbers()),
        tuple(step for step in steps if step is not None),
        item["error"].text(),
        item["seconds"].number(),
    )


def choice(found: Field) -> Choice:
    """The value of a searched key: a number where it is one or is written as one, otherwise a text."""
    if isinstance(found.value, bool):
        return shown(found.value)
    if isinstance(found.value, int | float):
        value = found.number()
        return shown(found.value) if value is None else value
    try:
        number = float(found.text())
    except ValueError:
        return found.text()
    return number if abs(number) <= LARGEST else found.text()


def keys_of(found: Sequence[Mapping[str, Choice]]) -> list[str]:
    """The keys that take more than one value, in the order of coming; all of them where none does."""
    values: dict[str, set[Choice]] = {}
    for params in found:
        for key, value in params.items():
            values.setdefault(key, set()).add(value)
    return [key for key, distinct in values.items() if len(distinct) > 1] or list(values)
