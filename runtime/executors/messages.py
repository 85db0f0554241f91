"""Lanes and what became of them as frames, for processes that share nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_safetensors
from safetensors.numpy import save as save_safetensors

from dync.compiler.expression import JSON
from dync.compiler.pipeline_json import pipeline_to_json, training_from_json
from dync.compiler.pipeline_plan import CallPlan
from dync.compiler.plan_json import plain, plan_from_json, plan_to_json, typed
from dync.runtime.executors.frames import Frame
from dync.runtime.lanes.decision import Choice, Decision
from dync.runtime.lanes.lane import Lane, LaneReport, LaneResult

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Work:
    """What a worker is given: lanes, how to train them, and whether somebody watches them on the way.

    `decisions` are the modes that groups were found to train fastest in, by their keys; `total` is how many lanes the
    worker will be given in all (0: nobody knows). With `measures` it only finds out which mode is fastest.
    """

    lanes: tuple[Lane, ...]
    mode: Choice
    watched: bool
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    total: int = 0
    measures: bool = False


def work_frame(work: Work) -> Frame:
    """The work as a frame. What lanes have in common, structures and weights to start from, is sent once."""
    structures: dict[str, JSON] = {}
    starts: dict[int, Arrays] = {}
    lanes: list[JSON] = []
    for lane in work.lanes:
        plan = plan_to_json(lane.plan)
        assert isinstance(plan, dict)
        key = lane.plan.structure.digest
        structures[key] = plan.pop("structure")
        if lane.start is not None:
            starts[id(lane.start)] = lane.start
        start = None if lane.start is None else list(starts).index(id(lane.start))
        lanes.append(
            {"name": lane.name, "pipeline": pipeline_to_json(lane.pipeline), "plan": plan, "structure": key}
            | {"start": start, "baseline": plain(lane.baseline), "files": dict(lane.files)}
        )
    says = {"kind": "work", "lanes": lanes, "structures": structures, "mode": work.mode, "watched": work.watched}
    arrays = {f"{n}/{name}": array for n, start in enumerate(starts.values()) for name, array in start.items()}
    known = decisions_to_json(work.decisions)
    return Frame(says | {"decisions": known, "total": work.total, "measures": work.measures}, pack(arrays))


def work_from(frame: Frame) -> Work:
    """Read back what `work_frame` gave."""
    says, arrays = frame.says, unpack(frame.arrays)
    starts: dict[int, dict[str, NDArray[Any]]] = {}
    for name, array in arrays.items():
        number, _, own = name.partition("/")
        starts.setdefault(int(number), {})[own] = array
    lanes = [
        Lane(
            lane["name"],
            training_from_json(lane["pipeline"]),
            plan_from_json({**lane["plan"], "structure": says["structures"][lane["structure"]]}),
            None if lane["start"] is None else starts.get(lane["start"], {}),
            None if lane["baseline"] is None else typed(lane["baseline"], CallPlan),
            lane["files"],
        )
        for lane in says["lanes"]
    ]
    decisions = decisions_from_json(says["decisions"])
    return Work(tuple(lanes), says["mode"], says["watched"], decisions, says["total"], says["measures"])


def result_frame(result: LaneResult) -> Frame:
    """What became of a lane."""
    says = {
        "kind": "result",
        "lane": result.lane,
        "status": result.status,
        "history": [dict(record) for record in result.history],
        "evaluation": {part: dict(measures) for part, measures in result.evaluation.items()},
        "seconds": result.seconds,
        "error": result.error,
    }
    return Frame(says, pack(result.arrays))


def result_from(frame: Frame) -> LaneResult:
    """Read back what `result_frame` gave."""
    says = {name: value for name, value in frame.says.items() if name != "kind"}
    return LaneResult(**says | {"history": tuple(says["history"]), "arrays": unpack(frame.arrays)})


def report_frame(report: LaneReport) -> Frame:
    """An evaluation on the way."""
    measures = {part: dict(found) for part, found in report.measures.items()}
    return Frame({"kind": "report", "lane": report.lane, "epoch": report.epoch, "measures": measures})


def report_from(frame: Frame) -> LaneReport:
    """Read back what `report_frame` gave."""
    return LaneReport(frame.says["lane"], frame.says["epoch"], frame.says["measures"])


def decisions_to_json(decisions: Mapping[str, Decision]) -> dict[str, Any]:
    """What was decided for groups, as plain data."""
    return {key: asdict(decision) for key, decision in decisions.items()}


def decisions_from_json(data: Mapping[str, Any]) -> dict[str, Decision]:
    """Read back what `decisions_to_json` gave."""
    return {key: Decision(**found) for key, found in data.items()}


def pack(arrays: Arrays) -> bytes:
    """Arrays by name as safetensors bytes; none at all are no bytes."""
    return save_safetensors({n: np.asarray(a, order="C") for n, a in arrays.items()}) if arrays else b""


def unpack(content: bytes) -> dict[str, NDArray[Any]]:
    """Read back what `pack` gave."""
    return load_safetensors(content) if content else {}
