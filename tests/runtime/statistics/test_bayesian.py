"""The Bayesian alternative against baycomp, where it is installed, and by its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_1samp

from dync.runtime.statistics.bayesian import bayesian_signed, correlated_t

drawn = arrays(np.float64, st.integers(2, 15), elements=st.integers(-20, 20).map(lambda n: n / 100))


@given(drawn, st.sampled_from([0.0, 0.01, 0.1]), st.sampled_from([0.0, 0.1, 0.5]))
def test_probabilities_sum_to_one_and_turn_with_the_sign(differences, rope, correlation):
    found = correlated_t(differences, rope, correlation)
    assert found.left + found.rope + found.right == pytest.approx(1)
    turned = correlated_t(-differences, rope, correlation)
    assert (turned.left, turned.right) == pytest.approx((found.right, found.left))


def test_independent_seeds_without_a_rope_give_the_t_tests_p():
    differences = np.random.default_rng(0).normal(0.1, 1, size=9)
    assert correlated_t(differences, 0.0).left == pytest.approx(
        ttest_1samp(differences, 0, alternative="greater").pvalue
    )


def test_differences_all_alike_leave_no_doubt():
    assert correlated_t(np.full(4, 0.2), 0.1).right == 1.0
    assert correlated_t(np.full(4, 0.05), 0.1).rope == 1.0
    assert correlated_t(np.zeros(4), 0.0).rope == 1.0


@pytest.mark.parametrize("rope", [0.0, 0.3])
def test_the_correlated_t_is_baycomps(rope):
    baycomp = pytest.importorskip("baycomp")
    differences = np.random.default_rng(1).normal(0.4, 1, size=10)
    found = correlated_t(differences, rope, correlation=1 / 10)
    theirs = baycomp.CorrelatedTTest.probs(np.zeros(10), differences, rope=rope)
    ours = (found.left, found.rope, found.right) if rope else (found.left, found.right)
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize("rope", [0.05, 0.3])
def test_the_signed_test_is_baycomps(rope):
    baycomp = pytest.importorskip("baycomp")
    differences = np.random.default_rng(2).normal(0.2, 0.4, size=9)
    found = bayesian_signed(differences, rope, seed=0)
    theirs = baycomp.SignTest.probs(np.zeros(9), differences, rope=rope)
    assert (found.left, found.rope, found.right) == pytest.approx(theirs, abs=0.01)


def test_the_signed_test_is_the_same_for_the_same_seed():
    differences = np.array([0.1, 0.2, -0.1, 0.3])
    assert bayesian_signed(differences, 0.05, seed=3) == bayesian_signed(differences, 0.05, seed=3)
    assert bayesian_signed(differences, 0.05, seed=3) != bayesian_signed(differences, 0.05, seed=4)
