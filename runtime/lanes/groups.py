"""Lanes alike: what can train as one program, because only numbers differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dync.compiler.expression import JSON
from dync.compiler.plan_json import digest
from dync.runtime.lanes.lane import Lane
from dync.runtime.optimizers import OptimizerError, optimizer_form
from dync.runtime.plain_json import plain_json


@dataclass(frozen=True, eq=False)
class Group:
    """Lanes of one structure or baseline, on the same data, with the same batches and the same form of optimizer.

    `key` is a digest of what they share. They may differ in the plan's numbers, in their seeds, in the optimizer's
    numbers and in what ends them.
    """

    key: str
    lanes: tuple[Lane, ...]


def groups(lanes: Sequence[Lane]) -> tuple[Group, ...]:
    """The lanes by what they share; groups and the lanes in them keep the order that they had."""
    found: dict[str, list[Lane]] = {}
    for lane in lanes:
        found.setdefault(_key(lane), []).append(lane)
    return tuple(Group(key, tuple(members)) for key, members in found.items())


def _key(lane: Lane) -> str:
    pipeline = lane.pipeline
    shared: dict[str, JSON] = {
        "structure": lane.plan.structure.digest,
        "optimizer": _form(lane),
        "batch": pipeline.batch,
        "length": [pipeline.epochs, pipeline.updates],
        "data": plain_json(pipeline.data),
        "evaluate": plain_json(pipeline.evaluate_on),
        "metrics": plain_json(pipeline.metrics),
        "base": pipeline.base,
    }
    if lane.files:
        shared["files"] = dict(lane.files)
    return digest(shared if lane.baseline is None else shared | {"baseline": plain_json(lane.baseline)})


def _form(lane: Lane) -> str:
    """The form of its optimizer; of one that cannot be made, which is said when the lane starts, its very words."""
    try:
        return optimizer_form(lane.pipeline.optimizer)
    except OptimizerError:
        return repr(lane.pipeline.optimizer)
