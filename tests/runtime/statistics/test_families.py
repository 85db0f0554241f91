"""Many tests at once, and ranks of many entries."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f as f_distribution
from scipy.stats import friedmanchisquare, rankdata

from dync.runtime.statistics.holm import holm
from dync.runtime.statistics.mean_ranks import friedman_p, mean_ranks, nemenyi_difference


def closed(p, weights):
    """Adjusted p values by the closure principle over weighted Bonferroni tests: what Holm's shortcut must equal."""
    adjusted = np.zeros(len(p))
    for size in range(1, len(p) + 1):
        for part in map(list, combinations(range(len(p)), size)):
            joint = min(1.0, (p[part] / weights[part]).min() * weights[part].sum())
            adjusted[part] = np.maximum(adjusted[part], joint)
    return adjusted


tested = st.lists(st.tuples(st.integers(0, 100), st.integers(1, 5)), min_size=1, max_size=6)


@given(tested)
def test_holm_is_the_closed_procedure(pairs):
    p, weights = np.array([a / 100 for a, _ in pairs]), np.array([float(b) for _, b in pairs])
    assert holm(p, weights) == pytest.approx(closed(p, weights))
    assert holm(p) == pytest.approx(closed(p, np.ones(len(p))))


def test_holm_is_that_of_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p = np.random.default_rng(0).uniform(0, 0.2, size=12)
    assert holm(p) == pytest.approx(multitest.multipletests(p, method="holm")[1])


def test_mean_ranks_have_one_for_the_best():
    scores = np.array([[0.9, 0.8, 0.7], [0.5, 0.8, 0.6], [0.1, 0.2, -np.inf]])
    assert mean_ranks(scores).tolist() == pytest.approx([3.5 / 3, 5.5 / 3, 3.0])


@pytest.mark.parametrize("levels", [3, 1000])
def test_friedman_is_scipys_in_the_form_of_iman_and_davenport(levels):
    scores = np.random.default_rng(1).integers(levels, size=(4, 12)).astype(float)
    chi = friedmanchisquare(*scores).statistic
    statistic = 11 * chi / (12 * 3 - chi)
    assert friedman_p(scores) == pytest.approx(f_distribution.sf(statistic, 3, 33))


def test_friedman_at_its_ends():
    assert friedman_p(np.ones((3, 6))) == 1.0
    assert friedman_p(np.array([[3.0] * 6, [2.0] * 6, [1.0] * 6])) == 0.0


def test_friedman_keeps_to_its_level():
    rng = np.random.default_rng(0)
    assert 0.03 < np.mean([friedman_p(rng.standard_normal((4, 10))) <= 0.05 for _ in range(2000)]) < 0.065


def test_critical_differences_are_those_of_demsars_table():
    for entries, q in [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)]:
        expected = q * np.sqrt(entries * (entries + 1) / (6 * 14))
        assert nemenyi_difference(entries, 14) == pytest.approx(expected, rel=1e-3)


def test_critical_differences_are_those_of_scikit_posthocs():
    posthocs = pytest.importorskip("scikit_posthocs")
    scores = np.random.default_rng(4).standard_normal((4, 15))
    p = np.asarray(posthocs.posthoc_nemenyi_friedman(scores.T))
    ranks = rankdata(-scores, axis=0).mean(axis=1)
    for i, j in combinations(range(4), 2):
        alpha = float(p[i, j])
        if 1e-4 < alpha < 0.99:
            assert abs(ranks[i] - ranks[j]) == pytest.approx(nemenyi_difference(4, 15, alpha), rel=1e-3)


def test_ranks_and_critical_differences_are_autoranks():
    autorank, pandas = pytest.importorskip("autorank"), pytest.importorskip("pandas")
    scores = np.random.default_rng(5).exponential(size=(4, 20)) ** 3
    found = autorank.autorank(
        pandas.DataFrame(scores.T, columns=list("abcd")), alpha=0.05, force_mode="nonparametric", verbose=False
    )
    assert found.cd == pytest.approx(nemenyi_difference(4, 20), rel=1e-3)
    ranks = found.rankdf["meanrank"]
    assert [ranks[name] for name in "abcd"] == pytest.approx(list(mean_ranks(scores)))
