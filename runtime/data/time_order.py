"""Transforms of series that keep the order of time: how `split` cuts them, and `windows`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dync.runtime.data.error import DataError
from dync.runtime.data.table import Examples, PartName, Table


def split_in_time(table: Table, wanted: Mapping[PartName, float]) -> Table:
    """Parts of these fractions, cut off the end of the training part: the test part last, the validation before it.

    Of several sequences the last ones are the part; a single one is cut in time, so that whatever is held out lies
    later than all that is learned. Raises DataError where a part would be empty.
    """
    whole, over_time = table.train, table.over_time
    in_time = whole.count == 1
    length = samples_of(whole, over_time) if in_time else whole.count
    parts, end = dict(table.parts), length
    for part in (name for name in ("test", "validation") if name in wanted):
        start = end - round(wanted[part] * length)
        parts[part] = _some(whole, start, end, over_time, in_time=in_time)
        end = start
    parts["train"] = _some(whole, 0, end, over_time, in_time=in_time)
    for name in ("train", *wanted):
        examples = parts[name]
        if examples.count == 0 or samples_of(examples, over_time) == 0:
            of = f"{length} samples" if in_time else f"{length} sequences"
            raise DataError(f"split of {of} leaves the {name} part empty: take another fraction or longer series")
    return Table(table.layers, parts)


def samples_of(examples: Examples, over_time: frozenset[str]) -> int:
    """How long the sequences of a part are."""
    return int(examples.arrays[min(over_time)].shape[1])


def _some(whole: Examples, start: int, end: int, over_time: frozenset[str], *, in_time: bool) -> Examples:
    if not in_time:
        return whole.take(np.arange(start, end))
    return whole.replace({name: whole.arrays[name][:, start:end] for name in over_time})


@dataclass(frozen=True)
class Windows:
    """`windows(length)`: each sequence of the training part cut into shorter ones, one after the other.

    Samples at the end that fill no window are left out. Held-out parts stay whole.
    """

    length: int

    def __post_init__(self) -> None:
        if self.length < 1:
            raise DataError(f"windows has length = {self.length}: give at least 1")

    def apply(self, table: Table) -> Table:
        """The table with more and shorter sequences to train on."""
        train, over_time = table.train, table.over_time
        if not over_time:
            raise DataError("windows cuts series, but no layer of the network is over time: leave it out")
        count = samples_of(train, over_time) // self.length
        if count == 0:
            found = samples_of(train, over_time)
            raise DataError(f"windows has length = {self.length}, but the training part has {found} samples a sequence")
        rows = np.repeat(np.arange(train.count), count)
        cut = {name: self._cut(train.arrays[name], count) for name in over_time}
        return Table(table.layers, {**table.parts, "train": train.take(rows).replace(cut)})

    def _cut(self, array: np.ndarray, count: int) -> np.ndarray:
        whole = array[:, : count * self.length]
        return whole.reshape(len(array) * count, self.length, *array.shape[2:])
