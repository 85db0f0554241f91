"""What the statistics promise, by simulation: few false findings, and real differences found.

Seeds share a part of their luck among entries, as trainings from the same seed do. The full forms are marked slow.
"""

import numpy as np
import pytest

from dync.compiler.pipeline_plan import ClaimPlan, Metric
from dync.runtime.statistics import analyse

CLAIMS = [ClaimPlan("e0", "e1", Metric("test", "score")), ClaimPlan("e1", "e0", Metric("test", "score"), 0.1)]


def simulated(rng, entries, tasks, seeds, ahead=0.0):
    """Normal scores; the first entry is ahead by so many standard deviations of the paired difference."""
    shared = rng.standard_normal((tasks, seeds))
    values = shared + rng.standard_normal((entries, tasks, seeds))
    values[0] += ahead * np.sqrt(2)
    return {f"e{e}": {f"t{t}": list(enumerate(values[e, t].tolist())) for t in range(tasks)} for e in range(entries)}


def called_different(comparisons, entries, tasks, seeds, larger_is_better=True):
    """In what share of comparisons of identical entries anything at all is called different, or a claim confirmed."""
    rng, found = np.random.default_rng(entries * 1000 + tasks * 100 + seeds), 0
    for number in range(comparisons):
        scores = simulated(rng, entries, tasks, seeds)
        analysis = analyse(scores, larger_is_better, seed=number, claims=CLAIMS, resamples=20)
        decided = any(pair.decision in ("a", "b") for pair in analysis.pairwise)
        found += decided or any(claim.verdict == "confirmed" for claim in analysis.claims)
    return found / comparisons


def found_different(comparisons, entries, tasks, seeds, ahead):
    """In what share of comparisons the entry ahead is found to be so, against each other entry; and wrongly behind."""
    rng, found = np.random.default_rng(entries * 1000 + tasks * 100 + seeds), []
    for number in range(comparisons):
        analysis = analyse(simulated(rng, entries, tasks, seeds, ahead), True, seed=number, resamples=20)
        found += [pair.decision for pair in analysis.pairwise if pair.a == "e0" and pair.task is None]
    return found.count("a") / len(found), found.count("b") / len(found)


@pytest.mark.parametrize(("entries", "tasks", "seeds"), [(4, 1, 9), (3, 2, 9)])
def test_identical_entries_are_seldom_called_different(entries, tasks, seeds):
    assert called_different(120, entries, tasks, seeds) <= 0.05


def test_one_standard_deviation_is_found_with_twenty_seeds():
    found, wrong = found_different(40, 3, 1, 20, ahead=1.0)
    assert found >= 0.8
    assert wrong == 0


def test_a_failed_seed_is_no_reason_to_call_entries_different():
    """Entries whose trainings fail by chance, on a scale from 0 to 1: bounded, they are never told apart wrongly."""
    rng, found = np.random.default_rng(0), 0
    for number in range(60):
        values = np.clip(0.8 + 0.05 * rng.standard_normal((3, 12)), 0, 1)
        failed = rng.random((3, 12)) < 0.1
        scores = {
            f"e{e}": {"t": [(s, None if failed[e, s] else float(values[e, s])) for s in range(12)]} for e in range(3)
        }
        found += any(pair.decision in ("a", "b") for pair in analyse(scores, True, seed=number, resamples=20).pairwise)
    assert found / 60 <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("entries", "tasks", "seeds"), [(3, 1, 10), (4, 1, 10), (4, 1, 20), (4, 3, 10), (3, 8, 3)])
def test_identical_entries_are_called_different_in_at_most_5_percent_of_400_comparisons(entries, tasks, seeds):
    assert called_different(400, entries, tasks, seeds) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("entries", "tasks"), [(2, 1), (4, 1), (4, 3)])
def test_one_standard_deviation_is_found_with_twenty_seeds_in_400_comparisons(entries, tasks):
    found, wrong = found_different(400, entries, tasks, 20, ahead=1.0)
    assert found >= 0.8
    assert wrong == 0
