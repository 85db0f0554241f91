"""Scores as one array, and the bounds of failed seeds."""

from math import inf

import numpy as np
import pytest

from dync.runtime.statistics.evidence import Differences
from dync.runtime.statistics.scores import ScoreTable, scale_of


def table(larger_is_better=True, scale=None, **entries):
    """Entries by name, their scores on one task; None for a failed seed."""
    scores = {name: {"t": list(enumerate(values))} for name, values in entries.items()}
    return ScoreTable.of(scores, larger_is_better, scale)


def test_seeds_are_put_in_order_and_so_paired():
    found = ScoreTable.of({"a": {"t": [(7, 0.7), (3, 0.3)]}, "b": {"t": [(3, 0.4), (7, 0.8)]}}, True)
    assert found.seeds == (3, 7)
    assert found.values.tolist() == [[[0.3, 0.7]], [[0.4, 0.8]]]


def test_a_failed_seed_is_bounded_by_the_scale():
    differences = Differences.between(table(a=[0.9, None], b=[0.8, 0.7]), [(0, 1)])
    assert differences.low[0, 0] == pytest.approx([0.1, -0.7])
    assert differences.high[0, 0] == pytest.approx([0.1, 0.3])
    assert differences.usual[0, 0] == pytest.approx([0.1, -0.7])


def test_a_seed_that_failed_in_both_can_go_either_way():
    differences = Differences.between(table(a=[0.9, None], b=[0.8, None]), [(0, 1)])
    assert (differences.low[0, 0, 1], differences.usual[0, 0, 1], differences.high[0, 0, 1]) == (-1, 0, 1)


def test_where_less_is_better_the_worst_is_the_largest():
    found = table(larger_is_better=False, scale=(0.0, 4.0), a=[1.0, None], b=[2.0, 2.0])
    assert found.with_failed_at("worst")[0, 0].tolist() == [1.0, 4.0]
    assert found.with_failed_at("best")[0, 0].tolist() == [1.0, 0.0]
    differences = Differences.between(found, [(0, 1)])
    assert (differences.low[0, 0].tolist(), differences.high[0, 0].tolist()) == ([1.0, -2.0], [1.0, 2.0])


def test_a_scale_without_an_end_has_bounds_without_an_end():
    differences = Differences.between(table(larger_is_better=False, a=[1.0, None], b=[2.0, None]), [(0, 1)])
    assert differences.low[0, 0].tolist() == [1.0, -inf]
    assert differences.high[0, 0].tolist() == [1.0, inf]
    assert differences.usual[0, 0].tolist() == [1.0, 0.0]


def test_scales():
    assert scale_of("accuracy") == scale_of("noisy.accuracy") == (0.0, 1.0)
    assert scale_of("mse") == (0.0, inf)
    assert scale_of("overlap") == (-inf, inf)
    assert table(a=[0.5, -0.5]).scale == (-inf, inf)
    assert table(a=[0.5, 1.0]).scale == (0.0, 1.0)
    with pytest.raises(ValueError, match=r"between -0\.5 and 0\.5, outside the scale 0\.\.1"):
        table(scale=(0.0, 1.0), a=[0.5, -0.5])


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"a": {"t": [(0, 0.5)]}, "b": {"u": [(0, 0.5)]}}, "same tasks"),
        ({"a": {}}, "at least one"),
        ({"a": {"t": []}}, "one score for each seed"),
        ({"a": {"t": [(0, 0.5)]}, "b": {"t": [(1, 0.5)]}}, "seeds are shared"),
        ({"a": {"t": [(0, 0.5), (0, 0.6)]}}, "one score for each seed"),
        ({"a": {"t": [(0, 0.5)], "u": [(0, 0.5), (1, 0.5)]}}, "one score for each seed"),
        ({"a": {"t": [(0, float("nan"))]}}, "a on t is not a finite number"),
    ],
)
def test_scores_that_are_not_paired_are_refused(scores, message):
    with pytest.raises(ValueError, match=message):
        ScoreTable.of(scores, True)


def test_no_entry_loses_a_seed():
    found = table(a=[None, None, None], b=[0.5, 0.6, 0.7])
    assert found.failed.sum() == 3
    assert np.isfinite(found.goodness("worst")).all()
