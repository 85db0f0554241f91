"""The bootstrap: what it draws, its intervals against scipy's, and how often they hold the truth."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from dync.runtime.statistics.aggregate import interquartile_mean
from dync.runtime.statistics.intervals import expanded_interval, percentile_interval
from dync.runtime.statistics.resampling import Resamples


@pytest.fixture
def scores():
    return np.random.default_rng(3).normal(0.8, 0.05, size=(3, 12))


def test_every_task_draws_its_own_seeds_and_as_many(scores):
    drawn = Resamples.draw(3, 12, 500, seed=0)
    assert drawn.seeds.shape == (500, 3, 12)
    assert drawn.weights.sum(axis=2) == pytest.approx(np.ones((500, 3)))
    assert not np.array_equal(drawn.seeds[:, 0], drawn.seeds[:, 1])
    # Were seeds drawn across tasks, a task's mean would turn up in another's resamples.
    apart = scores + np.array([[0.0], [10.0], [20.0]])
    for task, alone in enumerate(drawn.by_task):
        assert np.abs(alone.means(apart[task : task + 1]) - apart[task].mean()).max() < 1


def test_the_same_seed_draws_the_same():
    assert np.array_equal(Resamples.draw(2, 5, 50, seed=4).seeds, Resamples.draw(2, 5, 50, seed=4).seeds)
    assert not np.array_equal(Resamples.draw(2, 5, 50, seed=4).seeds, Resamples.draw(2, 5, 50, seed=5).seeds)


def test_statistics_of_resamples_are_those_of_what_was_drawn(scores):
    drawn = Resamples.draw(3, 12, 40, seed=0)
    of_each = [np.take_along_axis(scores, seeds, axis=1) for seeds in drawn.seeds]
    assert drawn.means(scores) == pytest.approx([part.mean() for part in of_each])
    assert drawn.interquartile_means(scores) == pytest.approx([float(interquartile_mean(p.ravel())) for p in of_each])


def test_percentiles_are_scipys(scores):
    ours = percentile_interval(Resamples.draw(1, 12, 40_000, seed=0).means(scores[:1]))
    theirs = bootstrap((scores[0],), np.mean, n_resamples=40_000, method="percentile", rng=np.random.default_rng(1))
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=5e-4)


def test_stratified_percentiles_have_the_spread_of_a_mean_of_means(scores):
    low, high = percentile_interval(Resamples.draw(3, 12, 40_000, seed=0).means(scores))
    expected = 2 * 1.96 * np.sqrt(scores.var(axis=1).sum() / 12) / 3
    assert high - low == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("seeds", [5, 20])
def test_expanded_intervals_hold_the_truth_as_often_as_they_say(seeds):
    """Nearly, with 5 seeds; their plain percentiles are far too narrow, which is why they are not used."""
    rng = np.random.default_rng(0)
    drawn = Resamples.draw(1, seeds, 1500, seed=0)
    samples = rng.standard_normal((1500, 1, seeds))
    means = [drawn.means(sample) for sample in samples]
    wide = np.mean([low <= 0 <= high for low, high in (expanded_interval(part, seeds) for part in means)])
    plain = np.mean([low <= 0 <= high for low, high in (percentile_interval(part) for part in means)])
    assert {5: 0.9, 20: 0.93}[seeds] < wide < 0.975
    assert plain < wide - {5: 0.06, 20: 0.01}[seeds]


def test_intervals_across_folds_hold_the_truth_as_often_as_they_say():
    rng, folds = np.random.default_rng(0), 5
    shared = rng.normal(0, np.sqrt(1 / folds), size=(1000, 1, 1))
    samples = shared + rng.normal(0, np.sqrt(1 - 1 / folds), size=(1000, 1, 10))
    drawn = Resamples.draw(1, 10, 1500, seed=0, correlation=1 / folds)
    plain = Resamples(drawn.seeds)
    held = [[ends.interval(ends.means(sample)) for sample in samples] for ends in (drawn, plain)]
    correct, wrong = (np.mean([low <= 0 <= high for low, high in part]) for part in held)
    assert 0.92 < correct < 0.975
    assert wrong < 0.8


def test_an_interval_takes_two_values():
    with pytest.raises(ValueError, match="at least 2"):
        expanded_interval(np.zeros(10), 1)
    assert Resamples.draw(1, 1, 10, seed=0).interval(np.zeros(10)) is None


def test_infinite_scores_leave_an_end_open_and_no_warning():
    drawn = Resamples.draw(1, 6, 2000, seed=0)
    scores = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, np.inf]])
    low, high = percentile_interval(drawn.means(scores))
    assert np.isfinite(low)
    assert high == np.inf
    assert all(np.isnan(percentile_interval(np.array([-np.inf, np.nan, np.inf]))))
