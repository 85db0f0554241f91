"""Claims that were made before the run, and what the run says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, assert_never

import numpy as np

from dync.compiler.pipeline_plan import ClaimPlan
from dync.runtime.statistics.paired_test import OneSided
from dync.runtime.statistics.pairwise import Pair, Pairing
from dync.runtime.statistics.power import power_of

Verdict = Literal["confirmed", "refuted", "undecided"]


@dataclass(frozen=True)
class JudgedClaim:
    """A claim, its verdict, and a sentence that says why."""

    text: str
    verdict: Verdict
    why: str


def claim_text(claim: ClaimPlan) -> str:
    """A claim as the language writes it."""
    margin = f" by {claim.margin:g}" if claim.margin else ""
    return f"{claim.better} > {claim.worse}{margin} on {claim.metric.part}.{claim.metric.measure}"


def judge(claims: Sequence[ClaimPlan], pairing: Pairing, pairs: Sequence[Pair]) -> tuple[JudgedClaim, ...]:
    """Judge the claims, all of which are about the measure of these scores; raises ValueError for an unknown entry.

    A claim is confirmed where the difference is above its threshold, the larger of its margin and the rope, and refuted
    where it is below; either takes a p value within α after Holm (1979). The family is that of all pairs, in which a
    claimed pair is tested against its threshold (with several claims, by the one that is hardest to tell): so a claim
    without a margin never says other than the table of pairs.
    """
    for claim in claims:
        _check(claim, pairing.table.entries)
    if not claims:
        return ()
    p_values = [family.p for family in pairing.families]
    overall, one_sided = p_values[0].copy(), [_one_sided(claim, pairing) for claim in claims]
    places = np.array([_place(claim, pairing) for claim in claims])
    for place in np.unique(places):
        overall[place] = max(p.two_sided()[0] for p, of in zip(one_sided, places, strict=True) if of == place)
    adjusted = pairing.adjusted(np.maximum(overall, pairing.untested), p_values)[0]
    by_names = {(pair.a, pair.b): pair for pair in pairs if pair.task is None}
    return tuple(
        _judged(claim, pairing, float(adjusted[place]), bool(p.greater[0] <= p.less[0]), by_names)
        for claim, place, p in zip(claims, places, one_sided, strict=True)
    )


def _check(claim: ClaimPlan, entries: Sequence[str]) -> None:
    for name in (claim.better, claim.worse):
        if name not in entries:
            raise ValueError(f"a claim names {name}, which is no entry")
    if claim.better == claim.worse:
        raise ValueError(f"a claim holds {claim.better} against itself")


def _place(claim: ClaimPlan, pairing: Pairing) -> int:
    """Which pair the claim is about."""
    i, j = sorted(pairing.table.entries.index(name) for name in (claim.better, claim.worse))
    return pairing.pairs.index((i, j))


def _one_sided(claim: ClaimPlan, pairing: Pairing) -> OneSided:
    """p values that the claimed difference is above, and below, the threshold, each `[1]`."""
    place, threshold = _place(claim, pairing), _threshold(claim, pairing)
    row = slice(place, place + 1)
    if pairing.table.entries.index(claim.better) < pairing.table.entries.index(claim.worse):
        p = pairing.overall.one_sided(threshold)
        return OneSided(p.greater[row], p.less[row])
    p = pairing.overall.one_sided(-threshold)
    return OneSided(p.less[row], p.greater[row])


def _threshold(claim: ClaimPlan, pairing: Pairing) -> float:
    return max(claim.margin, pairing.rope)


def _judged(
    claim: ClaimPlan, pairing: Pairing, p: float, above: bool, pairs: Mapping[tuple[str, str], Pair]
) -> JudgedClaim:
    decided = p <= pairing.design.alpha
    verdict: Verdict = "undecided" if not decided else "confirmed" if above else "refuted"
    return JudgedClaim(claim_text(claim), verdict, _why(claim, pairing, p, verdict, pairs))


def _why(claim: ClaimPlan, pairing: Pairing, p: float, verdict: Verdict, pairs: Mapping[tuple[str, str], Pair]) -> str:
    """The sentence that goes with a verdict."""
    names = {claim.better, claim.worse}
    if names <= pairing.single:
        return (
            f"{claim.better} and {claim.worse} are one training each, and the unit of analysis is the training seed: "
            "nothing can be said of other trainings."
        )
    if not pairing.design.can_decide():
        return power_of(pairing.design).words
    found = _found(claim, p, pairs)
    threshold, leads = _threshold(claim, pairing), _difference(claim, pairs) > 0
    match verdict:
        case "confirmed":
            return f"{found}, which is more than {threshold:g}." if threshold else f"{found}."
        case "refuted":
            return f"{found}, which is less than {threshold:g}." if threshold and leads else f"{found}."
        case "undecided":
            wanted = f"being better by {threshold:g}" if threshold else "no difference"
            return f"{found}, which is not told apart from {wanted}.{_failed(names, pairing)}"
        case _:
            assert_never(verdict)


def _pair(claim: ClaimPlan, pairs: Mapping[tuple[str, str], Pair]) -> Pair:
    return pairs.get((claim.better, claim.worse)) or pairs[claim.worse, claim.better]


def _difference(claim: ClaimPlan, pairs: Mapping[tuple[str, str], Pair]) -> float:
    """By how much the one that is claimed to be better is better."""
    pair = _pair(claim, pairs)
    return pair.difference if pair.a == claim.better else -pair.difference


def _found(claim: ClaimPlan, p: float, pairs: Mapping[tuple[str, str], Pair]) -> str:
    """By how much the entry is better or worse, with the interval on the same side."""
    pair, difference = _pair(claim, pairs), _difference(claim, pairs)
    if not isfinite(difference):
        return (
            f"{claim.better} and {claim.worse} have no difference in numbers, since trainings failed on an open scale"
        )
    how = "worse" if difference < 0 else "better"
    ends = ""
    if pair.interval is not None:
        low, high = pair.interval if pair.difference >= 0 else (-pair.interval[1], -pair.interval[0])
        ends = f"95% interval {low:.3g} to {high:.3g}, "
    return f"{claim.better} is {how} than {claim.worse} by {abs(difference):.3g} ({ends}p = {p:.2g} after Holm)"


def _failed(names: set[str], pairing: Pairing) -> str:
    table = pairing.table
    count = int(sum(table.failed[table.entries.index(name)].sum() for name in names))
    if count == 0:
        return ""
    how_many = "One of their trainings" if count == 1 else f"{count} of their trainings"
    return f" {how_many} failed, and could have gone either way."
