"""The tests of paired differences against scipy, and against counting by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import permutation_test, rankdata, ttest_1samp, wilcoxon

from dync.runtime.statistics.corrected_t import CorrectedT
from dync.runtime.statistics.sign_flip import EXACT_UNITS, SignFlip
from dync.runtime.statistics.signed_rank import SignedRank

few = arrays(np.float64, st.integers(1, 7), elements=st.integers(-6, 6).map(lambda n: n / 10))


def by_hand(values, signed):
    """p values from every way to give the values signs."""
    observed = signed.sum()
    sums = np.array([np.dot(signs, values) for signs in product((-1, 1), repeat=len(values))])
    return (sums >= observed - 1e-9).mean(), (sums <= observed + 1e-9).mean()


@given(few)
def test_sign_flips_are_counted_out(differences):
    p = SignFlip().p(differences[None])
    assert (p.greater[0], p.less[0]) == pytest.approx(by_hand(np.abs(differences), differences))


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_sign_flips_are_scipys(alternative):
    differences = np.random.default_rng(2).normal(0.3, 1, size=9)
    p = SignFlip().p(differences[None])
    ours = {"greater": p.greater, "less": p.less, "two-sided": p.two_sided()}[alternative][0]
    theirs = permutation_test(
        (differences,), lambda x, axis: x.mean(axis=axis), permutation_type="samples", alternative=alternative
    )
    assert ours == pytest.approx(theirs.pvalue)


def test_drawn_signs_are_close_to_the_t_test_and_never_zero():
    rng = np.random.default_rng(0)
    rows = np.stack([rng.normal(shift, 1, size=40) for shift in (0.0, 0.2, 0.4)] + [np.full(40, 0.1)])
    found = SignFlip(seed=1).p(rows)
    assert found.two_sided()[:3] == pytest.approx(ttest_1samp(rows[:3], 0, axis=1).pvalue, abs=0.01)
    assert found.greater[3] == 2.0**-EXACT_UNITS
    assert np.array_equal(found.greater, SignFlip(seed=1).p(rows).greater)
    assert not np.array_equal(found.greater, SignFlip(seed=2).p(rows).greater)


@given(few)
def test_signed_ranks_are_counted_out_with_ties_and_without_zeros(differences):
    p = SignedRank().p(differences[None])
    kept = differences[differences != 0]
    ranks = rankdata(np.abs(kept))
    expected = by_hand(ranks, np.sign(kept) * ranks) if kept.size else (1.0, 1.0)
    assert (p.greater[0], p.less[0]) == pytest.approx(expected)


@pytest.mark.parametrize("n", [6, 13, 40])
def test_signed_ranks_are_scipys(n):
    differences = np.random.default_rng(n).normal(0.3, 1, size=n)
    assert SignedRank().p(differences[None]).two_sided()[0] == pytest.approx(
        wilcoxon(differences, method="exact").pvalue
    )


def test_the_corrected_t_test_without_correlation_is_the_paired_t_test():
    rows = np.random.default_rng(0).normal(0.2, 1, size=(4, 8))
    found = CorrectedT(0.0).p(rows)
    assert found.two_sided() == pytest.approx(ttest_1samp(rows, 0, axis=1).pvalue)
    assert found.greater == pytest.approx(ttest_1samp(rows, 0, axis=1, alternative="greater").pvalue)


def test_the_corrected_t_test_keeps_to_its_level_where_folds_hang_together():
    rng, folds = np.random.default_rng(0), 5
    shared = rng.normal(0, np.sqrt(1 / folds), size=(4000, 1))
    rows = shared + rng.normal(0, np.sqrt(1 - 1 / folds), size=(4000, 10))
    assert 0.03 < (CorrectedT(1 / folds).p(rows).two_sided() <= 0.05).mean() < 0.065
    assert (CorrectedT(0.0).p(rows).two_sided() <= 0.05).mean() > 0.2


def test_differences_all_alike_prove_nothing_across_folds():
    assert CorrectedT(0.2).p(np.array([[0.1, 0.1, 0.1], [0.0, 0.0, 0.0]])).two_sided().tolist() == [1.0, 1.0]


@pytest.mark.parametrize("test", [SignFlip(), SignedRank(), CorrectedT(0.2)])
def test_a_difference_without_a_number_proves_nothing(test):
    rows = np.array([[0.1, 0.2, 0.3, np.inf], [0.1, 0.2, 0.3, -np.inf], [0.1, 0.2, np.nan, 0.4], [0.1, 0.2, 0.3, 0.4]])
    assert test.p(rows).two_sided()[:3].tolist() == [1.0, 1.0, 1.0]
    assert test.p(rows).two_sided()[3] < 0.5


@settings(max_examples=25)
@given(st.integers(1, 18), st.sampled_from([SignFlip(), SignedRank()]))
def test_the_smallest_p_value_is_reached_and_not_passed(units, test):
    p = test.p(np.arange(1.0, units + 1)[None]).two_sided()[0]
    if test == SignFlip() and units > EXACT_UNITS:
        assert test.smallest(units) <= p < 3 * test.smallest(units)  # the same signs may be drawn once more
    else:
        assert p == pytest.approx(test.smallest(units))
