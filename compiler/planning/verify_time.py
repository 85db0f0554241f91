"""Whether what a plan says of time holds together."""

from __future__ import annotations

from itertools import pairwise

from dync.compiler.plan import Structure
from dync.compiler.plan_error import require

MOST_SKIPPED = 2**31 - 1
"""The most samples that can be skipped: their numbers are 32-bit integers."""


def verify_time(structure: Structure) -> None:
    """Raise PlanError where no layer is over time, or phases run in an order that cannot be."""
    time = structure.time
    if time is None:
        return
    require(len(time.layers) > 0, "the layers over time are missing")
    _verify_numbers(time.layers, len(structure.layers), "the layers over time")
    _verify_numbers(time.phases, len(structure.phases), "the phases per sample")
    ends = {n for n, layer in enumerate(structure.layers) if layer.role in ("input", "output")}
    require(ends.issuperset(time.layers), "a layer over time is no input and no output")
    require(0 <= time.skip <= MOST_SKIPPED, f"{time.skip} samples cannot be skipped")
    require(not time.carry or ends == set(time.layers), "the state carries on past a layer that is not over time")
    for name, protocol in (("train", structure.train), ("infer", structure.infer)):
        _verify_protocol(name, protocol or (), structure, frozenset(time.phases))


def _verify_protocol(name: str, protocol: tuple[int, ...], structure: Structure, sampled: frozenset[int]) -> None:
    per_sample = [number in sampled for number in protocol]
    require(not protocol or per_sample[-1], f"no phase at the end of {name} runs per sample")
    require(per_sample == sorted(per_sample), f"a phase of {name} that runs once follows one that runs per sample")
    for number in (n for n in protocol if n in sampled):
        origin = structure.phases[number].origin
        require(origin is None or origin in sampled, f"a phase of {name} starts from before the first sample")


def _verify_numbers(numbers: tuple[int, ...], count: int, what: str) -> None:
    require(all(0 <= number < count for number in numbers), f"{what} are not there")
    require(all(a < b for a, b in pairwise(numbers)), f"{what} are not in order")
