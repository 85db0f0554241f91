"""A whole analysis: what is decided, what is not, and why."""

import json
from dataclasses import fields
from math import isclose
from time import process_time

import numpy as np
import pytest

from dync.compiler.pipeline_plan import ClaimPlan, Metric
from dync.runtime.statistics import analyse
from dync.runtime.statistics.holm import holm

ACCURACY = Metric("test", "accuracy")


def drawn(means, tasks=1, seeds=12, spread=0.02, seed=0):
    """Scores of entries about their means, and a part that each seed does alike to all."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(0, 0.03, size=(tasks, seeds))
    return {
        name: {
            f"t{task}": list(enumerate((mean + shared[task] + rng.normal(0, spread, seeds)).tolist()))
            for task in range(tasks)
        }
        for name, mean in means.items()
    }


def without(scores, entry, *seeds):
    """The scores after some of an entry's seeds failed on the first task."""
    first = next(iter(scores[entry]))
    failed = [(seed, None if seed in seeds else value) for seed, value in scores[entry][first]]
    return {**scores, entry: {**scores[entry], first: failed}}


def pair_of(analysis, a, b, task=None):
    (found,) = [pair for pair in analysis.pairwise if (pair.a, pair.b, pair.task) == (a, b, task)]
    return found


def verdict(scores, better, worse, margin=0.0, **settings):
    (judged,) = analyse(scores, True, claims=[ClaimPlan(better, worse, ACCURACY, margin)], **settings).claims
    return judged


def test_what_differs_is_decided_and_what_does_not_is_not():
    found = analyse(drawn({"deep": 0.85, "flat": 0.8, "twin": 0.8}), True)
    assert pair_of(found, "deep", "flat").decision == "a"
    assert pair_of(found, "deep", "twin").decision == "a"
    assert pair_of(found, "flat", "twin").decision == "undecided"
    assert [pair.p_holm for pair in found.pairwise] == pytest.approx(holm(np.array([p.p for p in found.pairwise])))
    assert min(pair.p_holm for pair in found.pairwise) == pytest.approx(3 * min(pair.p for pair in found.pairwise))
    assert found.summary_statistics.best == "deep"
    assert found.summary_statistics.best_is_decided
    assert found.leaderboard[0].entry == "deep"
    assert found.leaderboard[1].not_told_apart_from == (found.leaderboard[2].entry,)
    assert len(found.ranks.groups) == 1
    assert set(found.ranks.groups[0]) == {"flat", "twin"}


def test_the_numbers_of_a_pair_are_those_of_its_differences():
    scores = drawn({"a": 0.84, "b": 0.8}, tasks=2)
    pair = pair_of(analyse(scores, True), "a", "b")
    a, b = (np.array([[value for _, value in pairs] for pairs in scores[name].values()]) for name in "ab")
    by_seed = (a - b).mean(axis=0)
    assert pair.difference == pytest.approx((a - b).mean())
    assert pair.bounds == pytest.approx((pair.difference, pair.difference))
    assert pair.effect_size == pytest.approx(by_seed.mean() / by_seed.std(ddof=1))
    assert pair.interval[0] < pair.difference < pair.interval[1]
    assert pair.cliffs_delta == pytest.approx(2 * pair.probability_of_improvement - 1)


def test_turning_the_measure_turns_nothing_but_the_numbers():
    scores = drawn({"a": 0.3, "b": 0.35, "c": 0.35}, tasks=2)
    turned = {e: {t: [(s, 1 - v) for s, v in pairs] for t, pairs in tasks.items()} for e, tasks in scores.items()}
    less, more = (analyse(part, larger, scale=(0.0, 1.0)) for part, larger in ((scores, False), (turned, True)))
    for one, other in zip(less.pairwise, more.pairwise, strict=True):
        assert (one.p_holm, one.decision) == (other.p_holm, other.decision)
        assert one.difference == pytest.approx(other.difference)
        assert one.interval == pytest.approx(other.interval)
    assert [place.entry for place in less.leaderboard] == [place.entry for place in more.leaderboard]
    assert less.leaderboard[0].score == pytest.approx(1 - more.leaderboard[0].score)
    low, high = less.leaderboard[0].interval
    assert low < less.leaderboard[0].score < high


def test_the_order_of_entries_does_not_decide():
    scores = drawn({"a": 0.84, "b": 0.8, "c": 0.8})
    found = analyse(scores, True)
    turned = analyse(dict(reversed(scores.items())), True)
    for one, other in [("a", "b"), ("a", "c"), ("b", "c")]:
        ahead, behind = pair_of(found, one, other), pair_of(turned, other, one)
        assert ahead.p_holm == pytest.approx(behind.p_holm)
        assert ahead.difference == pytest.approx(-behind.difference)
        assert {"a": "b", "b": "a"}.get(ahead.decision, ahead.decision) == behind.decision


def test_a_region_of_practical_equivalence():
    close = drawn({"a": 0.805, "b": 0.8}, seeds=20, spread=0.003)
    assert pair_of(analyse(close, True), "a", "b").decision == "a"
    within = pair_of(analyse(close, True, rope=0.02), "a", "b")
    assert within.decision == "equivalent"
    assert within.bayesian.rope > 0.95
    assert pair_of(analyse(drawn({"a": 0.86, "b": 0.8}), True, rope=0.02), "a", "b").decision == "a"


def test_entries_that_give_the_same_are_not_told_apart():
    scores = drawn({"a": 0.8})
    found = analyse({"a": scores["a"], "b": scores["a"]}, True)
    assert (found.pairwise[0].p, found.pairwise[0].decision) == (1.0, "undecided")
    assert [place.rank for place in found.leaderboard] == [1, 1]


def test_several_tasks_have_rows_of_their_own_in_one_family():
    found = analyse(drawn({"a": 0.86, "b": 0.8}, tasks=3, seeds=14), True)
    assert [pair.task for pair in found.pairwise] == [None, "t0", "t1", "t2"]
    assert found.pairwise[0].p_holm == pytest.approx(found.pairwise[0].p / 0.8)
    assert all(pair.p_holm >= pair.p for pair in found.pairwise)
    assert analyse(drawn({"a": 0.86, "b": 0.8}), True).pairwise[0].task is None


def test_entries_that_win_on_different_tasks_are_told_apart_there():
    scores = drawn({"a": 0.8, "b": 0.8}, tasks=2, seeds=20)
    crossed = {
        "a": {"t0": scores["a"]["t0"], "t1": [(s, v - 0.1) for s, v in scores["a"]["t1"]]},
        "b": {"t0": [(s, v - 0.1) for s, v in scores["b"]["t0"]], "t1": scores["b"]["t1"]},
    }
    found = analyse(crossed, True)
    assert [pair.decision for pair in found.pairwise] == ["undecided", "a", "b"]


def test_enough_tasks_are_the_units():
    found = analyse(drawn({"a": 0.86, "b": 0.8}, tasks=8, seeds=3), True)
    assert found.pairwise[0].test == "Wilcoxon signed rank over tasks"
    assert found.pairwise[0].p == 2 / 2**8
    assert found.pairwise[0].decision == "a"
    assert found.pairwise[0].bayesian.test == "Bayesian signed test over tasks"
    assert (found.ranks.unit, found.ranks.blocks) == ("tasks", 8)
    assert {pair.decision for pair in found.pairwise[1:]} == {"undecided"}


def test_folds_are_tested_with_their_correlation():
    scores = drawn({"a": 0.815, "b": 0.8}, seeds=10)
    plain, folded = (analyse(scores, True, folds=folds).pairwise[0] for folds in (1, 5))
    assert folded.test == "corrected resampled t"
    assert folded.p > plain.p
    assert folded.bayesian.a < plain.bayesian.a
    assert folded.interval[0] < plain.interval[0] < plain.interval[1] < folded.interval[1]
    assert analyse(drawn(dict.fromkeys("abc", 0.8), seeds=10), True, folds=5).ranks.friedman_p is None


# Failed seeds


def test_a_failed_seed_is_counted_and_bounds_the_difference():
    found = analyse(without(drawn({"a": 0.86, "b": 0.8}), "a", 3), True)
    entry = found.summary_statistics.entries["a"]["t0"]
    assert (entry.seeds, entry.failed, entry.values[3]) == (12, 1, None)
    assert entry.mean == pytest.approx(sum(value for value in entry.values if value is not None) / 12)
    pair = found.pairwise[0]
    assert isclose(pair.difference, pair.bounds[0])
    assert pair.bounds[1] - pair.bounds[0] == pytest.approx(1 / 12)
    assert pair.interval[0] < pair.bounds[0] < pair.bounds[1] < pair.interval[1]
    assert found.leaderboard[1].failed == 1 or found.leaderboard[0].failed == 1


def test_a_decision_takes_both_bounds():
    """Two failures of twelve: dropped they would leave a clear winner, and counted they leave none."""
    scores = drawn({"a": 0.86, "b": 0.8})
    assert verdict(scores, "a", "b").verdict == "confirmed"
    judged = verdict(without(scores, "a", 2, 5), "a", "b")
    assert judged.verdict == "undecided"
    assert "2 of their trainings failed, and could have gone either way" in judged.why
    # Where the loser fails the winner stays ahead, whatever its failed seed had scored.
    clear = drawn({"a": 0.95, "b": 0.3}, spread=0.01)
    assert verdict(without(clear, "b", 2), "a", "b").verdict == "confirmed"


def test_on_a_scale_without_an_end_a_failure_leaves_it_open():
    found = analyse(without(drawn({"a": 0.1, "b": 0.9}), "b", 0), False)
    assert (found.pairwise[0].p, found.pairwise[0].decision) == (1.0, "undecided")
    assert found.leaderboard[0].entry == "a"
    assert found.to_json()["leaderboard"][1]["score"] is None


# Claims


def test_claims_are_confirmed_refuted_or_undecided():
    scores = drawn({"a": 0.86, "b": 0.8, "c": 0.8})
    assert verdict(scores, "a", "b").verdict == "confirmed"
    assert verdict(scores, "b", "a").verdict == "refuted"
    assert verdict(scores, "b", "c").verdict == "undecided"


def test_a_margin_is_claimed_too():
    scores = drawn({"a": 0.86, "b": 0.8}, seeds=20, spread=0.01)
    assert verdict(scores, "a", "b", 0.03).verdict == "confirmed"
    assert verdict(scores, "a", "b", 0.06).verdict == "undecided"
    refuted = verdict(scores, "a", "b", 0.1)
    assert refuted.verdict == "refuted"
    assert refuted.text == "a > b by 0.1 on test.accuracy"
    assert refuted.why.endswith("less than 0.1.")
    assert "a is better than b by 0.0571 (95% interval 0.05" in refuted.why
    assert verdict(scores, "b", "a", 0.1).why.endswith("after Holm).")


def test_a_difference_within_the_rope_refutes_a_claim():
    scores = drawn({"a": 0.805, "b": 0.8}, seeds=20, spread=0.003)
    assert verdict(scores, "a", "b").verdict == "confirmed"
    assert verdict(scores, "a", "b", rope=0.02).verdict == "refuted"


@pytest.mark.parametrize("seed", range(6))
def test_a_claim_without_a_margin_says_what_the_pair_says(seed):
    scores = drawn({"a": 0.82, "b": 0.8, "c": 0.81}, seed=seed)
    for better, worse in [("a", "b"), ("b", "a"), ("c", "a"), ("b", "c")]:
        found = analyse(scores, True, claims=[ClaimPlan(better, worse, ACCURACY)])
        pair = pair_of(found, *sorted((better, worse)))
        won = {"a": pair.a, "b": pair.b}.get(pair.decision)
        expected = "undecided" if won is None else "confirmed" if won == better else "refuted"
        assert found.claims[0].verdict == expected


def test_a_claim_that_the_seeds_cannot_bear_is_refused():
    judged = verdict(drawn({"a": 0.9, "b": 0.5}, seeds=5), "a", "b")
    assert judged.verdict == "undecided"
    assert judged.why.startswith("No claim can be made: with 5 seeds and 1 task the smallest two-sided p is 0.0625")


def test_two_single_trainings_are_not_compared():
    """The same value for every seed would otherwise pass for a difference that never varies."""
    scores = {name: {"t": [(seed, value) for seed in range(20)]} for name, value in (("a", 0.9), ("b", 0.5))}
    both = analyse(scores, True, claims=[ClaimPlan("a", "b", ACCURACY)], single={"a", "b"})
    pair = both.pairwise[0]
    assert (pair.interval, pair.probability_interval, pair.bayesian) == (None, None, None)
    assert both.pairwise[0].decision == "undecided"
    assert both.claims[0].verdict == "undecided"
    assert "one training each" in both.claims[0].why
    assert analyse(scores, True, single={"b"}).pairwise[0].decision == "a"


@pytest.mark.parametrize(("better", "worse", "message"), [("a", "z", "names z"), ("a", "a", "against itself")])
def test_a_claim_without_sense_is_refused(better, worse, message):
    with pytest.raises(ValueError, match=message):
        verdict(drawn({"a": 0.8, "b": 0.8}), better, worse)


@pytest.mark.parametrize("wrong", [{"rope": -0.1}, {"resamples": 0}, {"seed": -1}, {"single": {"z"}}, {"folds": 0}])
def test_settings_without_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=r"at least one|no entries"):
        analyse(drawn({"a": 0.8}), True, **wrong)


# The whole


def test_an_analysis_is_plain_json_under_the_names_of_the_outputs():
    scores = without(drawn({"a": 0.86, "b": 0.8, "c": 0.7}, tasks=2), "c", 1)
    found = analyse(scores, True, claims=[ClaimPlan("a", "b", ACCURACY)])
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert set(data) == {"summary_statistics", "pairwise", "claims", "power", "ranks", "leaderboard"}
    assert set(data["summary_statistics"]["entries"]["a"]["t1"]) == {
        "mean",
        "std",
        "median",
        "iqm",
        "interval",
        "seeds",
        "failed",
        "values",
    }
    assert set(data["pairwise"][0]) >= {
        "a",
        "b",
        "task",
        "difference",
        "interval",
        "p",
        "p_holm",
        "probability_of_improvement",
        "effect_size",
        "test",
        "decision",
    }
    assert set(data["claims"][0]) == {"text", "verdict", "why"}
    assert set(data["leaderboard"][0]) >= {"rank", "entry", "score", "interval"}
    assert set(data) == {part.name for part in fields(found)}


def test_the_same_seed_gives_the_same_analysis():
    scores = drawn({"a": 0.81, "b": 0.8}, seeds=20)
    assert analyse(scores, True, seed=5).to_json() == analyse(scores, True, seed=5).to_json()
    assert analyse(scores, True, seed=5).to_json() != analyse(scores, True, seed=6).to_json()


@pytest.mark.parametrize("entries", [1, 2])
def test_a_single_seed_has_no_interval_and_decides_nothing(entries):
    found = analyse(drawn(dict.fromkeys("ab"[:entries], 0.8), seeds=1), True)
    assert found.leaderboard[0].interval is None
    assert all(pair.interval is None and pair.decision == "undecided" for pair in found.pairwise)
    json.dumps(found.to_json(), allow_nan=False)


def test_four_entries_on_three_tasks_with_twenty_seeds_take_less_than_two_seconds():
    scores = drawn(dict.fromkeys("abcd", 0.8), tasks=3, seeds=20)
    started = process_time()
    analyse(scores, True, claims=[ClaimPlan("a", "b", ACCURACY), ClaimPlan("c", "d", ACCURACY, 0.01)])
    assert process_time() - started < 2  # a fifth of a second on a quiet core
