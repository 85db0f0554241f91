"""Splitting and shortening."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dync.runtime.data import DataError
from dync.runtime.data.rows import Folds, Limit, Split
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


@given(st.lists(st.integers(0, 3), min_size=10, max_size=80), st.integers(2, 10), st.integers(0, 99))
def test_folds_take_turns(labels: list[int], k: int, seed: int) -> None:
    tests = []
    for fold in range(k):
        parts = Folds(k, fold, seed).apply(table(labels, len(labels))).parts
        assert set(parts) == {"train", "test"}
        held_out, rest = numbers(parts["test"]), numbers(parts["train"])
        assert sorted(held_out + rest) == list(range(len(labels)))
        assert (held_out, rest) == (sorted(held_out), sorted(rest))
        assert abs(len(held_out) - len(labels) / k) < 1
        assert parts["test"].classes is not None
        for label in set(labels):
            assert abs(np.sum(parts["test"].classes == label) - labels.count(label) / k) < 1
        tests.extend(held_out)
    assert sorted(tests) == list(range(len(labels)))


def test_folds_of_another_seed_and_without_classes() -> None:
    first, again, other = (numbers(Folds(4, 1, s).apply(table(None, 40)).parts["test"]) for s in (0, 0, 1))
    assert first == again != other
    assert len(first) == 10


def test_folds_after_a_validation_part() -> None:
    parts = Folds(3, 0).apply(Split(validation=0.25).apply(table([0, 1] * 20, 40))).parts
    assert {name: part.count for name, part in parts.items()} == {"train": 20, "validation": 10, "test": 10}


def test_folds_that_cannot_be() -> None:
    for arguments in ((1, 0), (3, 3), (3, -1)):
        with pytest.raises(DataError, match="folds has"):
            Folds(*arguments)
    with pytest.raises(DataError, match="one already"):
        Folds(3, 0).apply(Split(test=0.5).apply(table(None, 10)))
    with pytest.raises(DataError, match="10 examples"):
        Folds(11, 0).apply(table(None, 10))
