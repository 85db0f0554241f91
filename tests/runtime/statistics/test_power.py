"""What a design can find, against simulation with the tests themselves."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import nct, t

from dync.runtime.statistics.design import Design
from dync.runtime.statistics.power import CHANCE, power_of


def found_by_the_test(design, size, samples=1500):
    """How often the test of a pair finds a difference of this size at the level that Holm's first step leaves it."""
    rows = np.random.default_rng(9).standard_normal((samples, design.units)) + size
    p = design.test(0).p(rows)
    return ((p.two_sided() <= design.alpha_of_a_pair) & (p.greater < p.less)).mean()


@pytest.mark.parametrize(
    "design", [Design(2, 1, 6), Design(2, 1, 10), Design(4, 1, 10), Design(3, 2, 12), Design(2, 6, 3), Design(3, 12, 2)]
)
def test_what_is_said_to_be_found_is_found_that_often(design):
    power = power_of(design)
    assert found_by_the_test(design, power.detectable) == pytest.approx(CHANCE, abs=0.04)
    assert found_by_the_test(design, 0.8 * power.detectable) < CHANCE - 0.05
    assert f"{power.detectable:.2f} standard deviations" in power.words


def test_across_folds_what_is_said_to_be_found_is_found_that_often():
    design, rng = Design(2, 1, 10, folds=5), np.random.default_rng(0)
    shared = rng.normal(0, np.sqrt(1 / 5), size=(3000, 1))
    rows = shared + rng.normal(0, np.sqrt(4 / 5), size=(3000, 10)) + power_of(design).detectable
    assert (design.test(0).p(rows).two_sided() <= 0.05).mean() == pytest.approx(CHANCE, abs=0.04)


def test_twenty_seeds_find_what_the_t_test_finds():
    def chance(d):
        return nct.sf(t.isf(0.025, 19), 19, d * np.sqrt(20)) - 0.8

    assert power_of(Design(2, 1, 20)).detectable == pytest.approx(brentq(chance, 0.1, 3), abs=0.01)


def test_more_seeds_find_smaller_differences_and_more_pairs_larger_ones():
    found = [power_of(Design(3, 1, seeds)).detectable for seeds in (7, 9, 11, 15, 20, 40, 200)]
    assert found == sorted(found, reverse=True)
    assert power_of(Design(2, 1, 20)).detectable < power_of(Design(5, 1, 20)).detectable


@pytest.mark.parametrize(
    ("design", "p", "needed"),
    [
        (Design(2, 1, 5), 0.0625, 6),
        (Design(2, 5, 5), 0.0625, 6),
        (Design(4, 1, 8), 2 / 2**8, 8),
        (Design(3, 1, 3), 0.25, 7),
    ],
)
def test_where_no_claim_can_be_made_it_is_said(design, p, needed):
    power = power_of(design)
    assert power.smallest_p == p
    assert power.seeds_needed == needed
    assert power.can_decide == (needed <= design.seeds)
    if not power.can_decide:
        assert power.detectable is None
        assert power.words.startswith("No claim can be made")
        assert f"at least {needed} seeds" in power.words


def test_six_tasks_are_enough_for_one_pair_and_more_pairs_take_more():
    assert [Design(2, tasks, 20).unit for tasks in (1, 5, 6)] == ["seeds", "seeds", "tasks"]
    assert [Design(4, tasks, 20).unit for tasks in (6, 8, 9)] == ["seeds", "seeds", "tasks"]


def test_one_entry_has_nothing_to_be_compared_with():
    power = power_of(Design(1, 1, 3))
    assert (power.can_decide, power.detectable) == (False, None)
    assert "nothing to compare" in power.words


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"tasks": 0}, {"folds": 0}, {"alpha": 0.0}, {"alpha": 1.0}])
def test_a_design_without_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="at least one"):
        Design(**{"entries": 2, "tasks": 1, "seeds": 5, **wrong})
