"""Splitting and shortening."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dync.runtime.data import DataError
from dync.runtime.data.rows import Limit, Split
from dync.runtime.data.table import BoundLayer, Examples, Table

fractions = st.integers(0, 90).map(lambda percent: percent / 100)


def table(labels: list[int] | None, count: int) -> Table:
    """Examples that are their own numbers."""
    classes = None if labels is None else np.array(labels, dtype=np.int64)
    numbers = np.arange(count, dtype=np.float32)[:, None]
    return Table((BoundLayer("x", "input", (1,), "data", False),), {"train": Examples(count, {"x": numbers}, classes)})


def numbers(examples: Examples) -> list[int]:
    return [int(value) for value in examples.arrays["x"][:, 0]]


@given(st.lists(st.integers(0, 4), min_size=20, max_size=200), fractions, fractions, st.integers(0, 9), st.booleans())
def test_parts_are_disjoint_complete_and_fair(
    labels: list[int], test: float, validation: float, seed: int, stratify: bool
) -> None:
    assume(0 < test + validation <= 0.9)
    assume(all(fraction == 0 or fraction >= 0.1 for fraction in (test, validation)))
    split = Split(test, validation, seed, stratify)
    parts = split.apply(table(labels, len(labels))).parts
    rows = [row for part in parts.values() for row in numbers(part)]
    assert sorted(rows) == list(range(len(labels)))
    assert all(numbers(part) == sorted(numbers(part)) for part in parts.values())
    for name, fraction in (("test", test), ("validation", validation)):
        assert (name in parts) == (fraction > 0)
    for name, part in parts.items():
        share = {"test": test, "validation": validation, "train": 1 - test - validation}[name]
        assert abs(part.count - share * len(labels)) <= 1 + 1e-9
        assert part.classes is not None
        assert part.classes.tolist() == [labels[row] for row in numbers(part)]
        if stratify:
            for label in set(labels):
                assert abs(np.sum(part.classes == label) - share * labels.count(label)) <= 2 + 1e-9


@given(st.integers(10, 60), st.integers(0, 99))
def test_seeds_and_order(count: int, seed: int) -> None:
    first, again, other = (Split(0.5, seed=s).apply(table(None, count)).parts for s in (seed, seed, seed + 1))
    assert numbers(first["test"]) == numbers(again["test"])
    assert count < 20 or numbers(first["test"]) != numbers(other["test"])


def test_no_class_is_left_out() -> None:
    labels = [0] * 90 + [1] * 10
    parts = Split(test=0.2).apply(table(labels, 100)).parts
    assert np.bincount(parts["test"].classes).tolist() == [18, 2]  # type: ignore[arg-type]


def test_splits_in_turn() -> None:
    parts = Split(validation=0.5).apply(Split(test=0.2).apply(table(None, 100))).parts
    assert {name: part.count for name, part in parts.items()} == {"train": 40, "validation": 40, "test": 20}
    with pytest.raises(DataError, match="test part, but the data have one already"):
        Split(test=0.5).apply(Split(test=0.2).apply(table(None, 100)))


@pytest.mark.parametrize(
    ("test", "validation", "phrase"),
    [(1.0, 0.0, "test = 1.0"), (-0.1, 0.2, "test = -0.1"), (0.5, 0.5, "sum"), (0, 0, "sum"), (float("nan"), 0, "nan")],
)
def test_fractions_out_of_range(test: float, validation: float, phrase: str) -> None:
    with pytest.raises(DataError, match=phrase):
        Split(test, validation)


@pytest.mark.parametrize(("fraction", "part"), [(0.01, "test"), (0.99, "train")])
def test_no_part_may_be_empty(fraction: float, part: str) -> None:
    with pytest.raises(DataError, match=f"leaves the {part} part empty"):
        Split(test=fraction).apply(table(None, 10))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=50), st.integers(1, 12))
def test_limit_takes_the_first(labels: list[int], n: int) -> None:
    whole = table(labels, len(labels))
    assert numbers(Limit(n).apply(whole).train) == list(range(min(n, len(labels))))
    expected = [row for row, label in enumerate(labels) if labels[:row].count(label) < n]
    assert numbers(Limit(n, "class").apply(whole).train) == expected


def test_limit_leaves_held_out_parts_whole(call: Any, data: Any) -> None:
    parts = data(call("digits"), call("split", test=0.2), call("limit", 3, per="class")).parts
    assert (parts["train"].examples, parts["test"].examples) == (30, 359)


def test_limits_that_make_no_sense(call: Any, refused: Any) -> None:
    refused(["n = 0"], call("digits"), call("limit", 0))
    refused(['per = "unit"'], call("digits"), call("limit", 1, per="unit"))
    with pytest.raises(DataError, match="no classes"):
        Limit(1, "class").apply(table(None, 4))
