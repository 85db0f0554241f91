"""Descriptions, effect sizes and the probability of improvement, against scipy and by their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import mannwhitneyu, trim_mean, wilcoxon

from dync.runtime.statistics.aggregate import describe, interquartile_mean
from dync.runtime.statistics.effect_size import cliffs_delta, cohen_d_z, matched_rank_biserial
from dync.runtime.statistics.improvement import probability_of_improvement, resampled_probability
from dync.runtime.statistics.resampling import Resamples

scores = arrays(np.float64, st.integers(1, 30), elements=st.integers(-50, 50).map(lambda n: n / 8))


@given(scores)
def test_the_interquartile_mean_is_the_trimmed_mean_of_scipy(values):
    assert interquartile_mean(values) == pytest.approx(trim_mean(values, 0.25))


@given(scores)
def test_a_description_has_the_textbook_numbers(values):
    found = describe(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.median == np.median(values)
    assert np.isnan(found.std) if values.size == 1 else found.std == pytest.approx(np.std(values, ddof=1))


def test_a_median_outlives_an_infinite_score_and_a_mean_does_not():
    found = describe(np.array([1.0, 2.0, 3.0, 4.0, np.inf]))
    assert (found.mean, found.median, found.iqm) == (np.inf, 3.0, 3.0)
    assert np.isnan(found.std)


@given(scores, scores)
def test_the_probability_of_improvement_is_mann_and_whitneys(a, b):
    u = mannwhitneyu(a, b, method="asymptotic").statistic if np.unique(np.r_[a, b]).size > 1 else a.size * b.size / 2
    assert probability_of_improvement(a[None], b[None]) == pytest.approx(u / (a.size * b.size))


@given(scores, scores)
def test_one_is_better_or_the_other_is(a, b):
    chance = probability_of_improvement(a[None], b[None])
    assert chance + probability_of_improvement(b[None], a[None]) == pytest.approx(1)
    assert cliffs_delta(a[None], b[None]) == pytest.approx(np.sign(np.subtract.outer(a, b)).mean())


def test_a_resampled_probability_is_that_of_the_resample():
    rng = np.random.default_rng(0)
    a, b = rng.integers(5, size=(2, 3, 6)).astype(float)
    drawn = Resamples.draw(3, 6, 20, seed=1)
    found = resampled_probability(a, b, drawn.weights)
    for at, seeds in zip(found, drawn.seeds, strict=True):
        of_a, of_b = (np.take_along_axis(part, seeds, axis=1) for part in (a, b))
        assert at == pytest.approx(probability_of_improvement(of_a, of_b))


def test_cohens_d_is_the_mean_over_the_deviation():
    assert cohen_d_z(np.array([1.0, 2.0, 3.0])) == 2.0
    assert cohen_d_z(np.array([0.5, 0.5])) == np.inf
    assert cohen_d_z(np.array([-0.1, -0.1, -0.1])) == -np.inf
    assert cohen_d_z(np.zeros(4)) == 0.0
    assert np.isnan(cohen_d_z(np.array([1.0])))


@given(arrays(np.float64, st.integers(2, 12), elements=st.integers(-9, 9).map(float)))
def test_the_rank_biserial_goes_with_wilcoxons_sum(differences):
    found = matched_rank_biserial(differences)
    n = int((differences != 0).sum())
    if n == 0:
        assert found == 0
    else:
        positive = wilcoxon(differences[differences != 0], alternative="greater", method="asymptotic").statistic
        assert found == pytest.approx(4 * positive / (n * (n + 1)) - 1)
