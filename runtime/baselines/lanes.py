"""Baselines as lanes: they train wherever networks do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from dync.runtime.baselines.training import train_baseline
from dync.runtime.data.dataset import Part
from dync.runtime.data.error import DataError
from dync.runtime.error import RunError
from dync.runtime.evaluation import Examples
from dync.runtime.lanes.checked_files import ChangedDataError, files_of, verify_unchanged
from dync.runtime.lanes.lane import Lane, LaneResult
from dync.runtime.network import Network
from dync.runtime.pipelines.clock import StageTimeoutError
from dync.runtime.pipelines.training.parts import read_parts


def train_baselines(lanes: Sequence[Lane], tick: Callable[[], None] = lambda: None) -> Iterator[LaneResult]:
    """The results of the lanes of one group, whose data are the same, one after another.

    A lane that cannot be trained is a failed result. `tick` may raise StageTimeoutError to end it all. Raises
    ChangedDataError where data files are not those that were checked.
    """
    try:
        parts = _parts(lanes[0])
    except ChangedDataError:
        raise
    except RunError as error:
        yield from (_failed(lane, error) for lane in lanes)
        return
    for lane in lanes:
        tick()
        yield _trained(lane, parts, tick)


def _parts(lane: Lane) -> Mapping[str, Part]:
    """What a baseline learns from, and the parts that it is measured on; raises RunError."""
    try:
        found = read_parts(lane.pipeline, Network(lane.plan))
    except DataError as error:
        raise RunError(str(error)) from None
    verify_unchanged(lane.files, files_of(lane.pipeline, found))
    held_out = {name: _part(some) for name, some in found.held_out.items() if name != "train"}
    return {**held_out, "train": found.dataset.parts["train"]}


def _part(some: Examples) -> Part:
    """Examples as a part of the data again, `[examples, units]` by layer."""
    inputs = {name: np.asarray(array) for name, array in some.inputs.items()}
    return Part({**inputs, **some.targets}, some.count)


def _trained(lane: Lane, parts: Mapping[str, Part], tick: Callable[[], None]) -> LaneResult:
    assert lane.baseline is not None
    try:
        return train_baseline(lane.baseline, lane.pipeline, lane.plan, parts, lane.pipeline.seed, lane.name, tick)
    except StageTimeoutError:
        raise
    except RunError as error:
        return _failed(lane, error)


def _failed(lane: Lane, error: RunError) -> LaneResult:
    return LaneResult(lane.name, "failed", (), {}, {}, 0.0, str(error))
