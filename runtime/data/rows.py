"""Transforms that choose examples: `split` and `folds` make parts, `limit` shortens the training part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dync.runtime.data.error import DataError
from dync.runtime.data.randomness import generator
from dync.runtime.data.table import Examples, PartName, Table
from dync.runtime.data.time_order import split_in_time


@dataclass(frozen=True)
class Split:
    """`split(test, validation, seed, stratify)`: held-out fractions of the training part, drawn at random.

    Each part keeps the order of the source and has `fraction * examples` of them, to within one. With `stratify` each
    class gives every part the same share, to within one example; data without classes count as one class. Series are
    split in the order of time instead.
    """

    test: float = 0
    validation: float = 0
    seed: int = 0
    stratify: bool = True

    def __post_init__(self) -> None:
        fractions = {"test": self.test, "validation": self.validation}
        for name, fraction in fractions.items():
            if not 0 <= fraction < 1:
                raise DataError(f"split has {name} = {fraction}: give a fraction from 0 to below 1, such as 0.2")
        if not 0 < self.test + self.validation < 1:
            raise DataError(
                f"split has test = {self.test} and validation = {self.validation}: their sum must be above 0 and below"
                " 1, so that a training part is left"
            )

    def apply(self, table: Table) -> Table:
        """Cut the held-out parts off the training part; raises DataError where one would be empty or is there."""
        fractions: dict[PartName, float] = {"test": self.test, "validation": self.validation}
        wanted = {part: fraction for part, fraction in fractions.items() if fraction > 0}
        for part in wanted:
            if part in table.parts:
                raise DataError(f"split makes a {part} part, but the data have one already: leave {part} out of it")
        if table.over_time:
            if self.seed:
                raise DataError("series are split in the order of time, nothing is drawn: leave the seed of split out")
            return split_in_time(table, wanted)
        rows, parts = self._order(table.train), dict(table.parts)
        left = 1.0
        for part, fraction in wanted.items():
            chosen = _evenly(len(rows), fraction / left)
            parts[part] = _some(table.train, rows[chosen], part, self)
            rows, left = rows[~chosen], left - fraction
        parts["train"] = _some(table.train, rows, "train", self)
        return Table(table.layers, parts)

    def _order(self, train: Examples) -> NDArray[np.int64]:
        order = generator(self.seed, "split").permutation(train.count)
        return _by_class(order, train) if self.stratify else order


@dataclass(frozen=True)
class Folds:
    """`folds(k, fold, seed)`: of k parts of the training part, drawn at random, the fold-th (from 0) is the test part.

    The folds of one seed are disjoint and make up all the examples; each keeps the order of the source and has a k-th
    of the examples, and of every class, to within one. M. Stone, J. R. Stat. Soc. B 36 (1974).
    """

    k: int
    fold: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.k < 2:
            raise DataError(f"folds has k = {self.k}: give at least 2")
        if not 0 <= self.fold < self.k:
            raise DataError(f"folds has fold = {self.fold}: give a whole number from 0 to {self.k - 1}")

    def apply(self, table: Table) -> Table:
        """Cut one fold off the training part; raises DataError where there is a test part or too little to cut."""
        train = table.train
        if "test" in table.parts:
            raise DataError("folds makes a test part, but the data have one already: leave it out of split")
        if train.count < self.k:
            raise DataError(f"folds cannot make {self.k} parts of {train.count} examples: make k smaller")
        order = _by_class(generator(self.seed, "folds").permutation(train.count), train)
        chosen = np.arange(train.count) % self.k == self.fold
        parts: dict[PartName, Examples] = {
            "test": train.take(np.sort(order[chosen])),
            "train": train.take(np.sort(order[~chosen])),
        }
        return Table(table.layers, {**table.parts, **parts})


@dataclass(frozen=True)
class Limit:
    """`limit(n)`: the first n examples of the training part; `limit(n, per = "class")`: the first n of each class.

    Held-out parts stay whole, so a small training set is still measured well; before `split` it shortens all of them.
    """

    n: int
    per: str | None = None

    def __post_init__(self) -> None:
        if self.n < 1:
            raise DataError(f"limit has n = {self.n}: give at least 1")
        if self.per not in (None, "class"):
            raise DataError(f'limit has per = "{self.per}": the only choice is per = "class"')

    def apply(self, table: Table) -> Table:
        """The table with a shorter training part."""
        train = table.train
        if self.per is None:
            rows = np.arange(min(self.n, train.count))
        elif train.classes is None:
            raise DataError('limit has per = "class", but the data have no classes: leave per out')
        else:
            rows = np.sort(np.concatenate([np.flatnonzero(train.classes == c)[: self.n] for c in set(train.classes)]))
        return Table(table.layers, {**table.parts, "train": train.take(rows)})


def _by_class(order: NDArray[np.int64], train: Examples) -> NDArray[np.int64]:
    """The same order within each class, one class after the other; data without classes count as one class."""
    return order if train.classes is None else order[np.argsort(train.classes[order], kind="stable")]


def _evenly(count: int, fraction: float) -> NDArray[np.bool_]:
    """Mark `round(fraction * count)` of `count` places, spread evenly, so that every stretch has its share."""
    marks = np.floor(np.arange(count + 1) * fraction + 0.5)
    chosen: NDArray[np.bool_] = marks[1:] > marks[:-1]
    return chosen


def _some(train: Examples, rows: NDArray[np.int64], part: PartName, split: Split) -> Examples:
    if len(rows) == 0:
        raise DataError(
            f"split(test = {split.test}, validation = {split.validation}) of {train.count} examples leaves the {part}"
            " part empty: take another fraction or more data"
        )
    return train.take(np.sort(rows))
