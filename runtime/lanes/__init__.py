"""Lanes: many trainings that differ in numbers alone, trained as one compiled program."""

from dync.runtime.lanes.decision import Decision, Mode
from dync.runtime.lanes.executor import Executor, InProcess
from dync.runtime.lanes.groups import Group, groups
from dync.runtime.lanes.lane import Lane, LaneReport, LaneResult, Measures, Watch
from dync.runtime.lanes.train import train_lanes

__all__ = [
    "Decision", "Executor", "Group", "InProcess", "Lane", "LaneReport", "LaneResult", "Measures", "Mode", "Watch",
    "groups", "train_lanes",
]  # fmt: skip
