"""A validation part for pipelines that ask for one where none was split off."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from dync.compiler.pipeline_plan import CallPlan, DataPlan, Value

SHARE: Final = 0.1
"""The fraction of the training part that serves as the validation part."""

_CUTS: Final = ("split", "folds")
"""Transforms that make parts."""


def has_validation(plan: DataPlan) -> bool:
    """Whether a `split` of these data makes a validation part; no source has one of its own."""
    return any(call.name == "split" and _validation(call) for call in plan.transforms)


def with_validation(plan: DataPlan) -> DataPlan:
    """The plan as it is where it makes a validation part, else with a tenth of the training part as one.

    It is drawn with the seed of the last split (0 where there is none), every class giving its share, and cut off
    right after that split: what is fitted on the training part never sees it, and the test part stays the same.
    """
    if has_validation(plan):
        return plan
    calls = plan.transforms
    cuts = [n for n, call in enumerate(calls) if call.name in _CUTS]
    place = cuts[-1] + 1 if cuts else 0
    named: dict[str, Value] = {"validation": SHARE, "seed": _seed(calls[cuts[-1]]) if cuts else 0}
    return replace(plan, transforms=(*calls[:place], CallPlan("split", (), named), *calls[place:]))


def _validation(call: CallPlan) -> Value:
    """`split(test, validation, seed, stratify)`."""
    return call.positional[1] if len(call.positional) > 1 else call.named.get("validation")


def _seed(call: CallPlan) -> Value:
    found = call.named.get("seed", 0)
    return call.positional[2] if call.name == "split" and len(call.positional) > 2 else found
