"""What the folder of a run holds, ready to be shown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from dync.compiler.plan import Plan
from dync.compiler.plan_error import PlanError
from dync.compiler.plan_json import plan_from_json
from dync.runtime.error import RunError
from dync.runtime.pipelines.ledger import LEDGER
from dync.runtime.pipelines.result import PipelineResult, Status
from dync.runtime.report.fields import Field, clean
from dync.runtime.report.reading import Events, read_bytes, read_events, read_json, read_text
from dync.runtime.run_folder import EVENTS, RECORD, RESULT, SPEC

SOURCE: Final = "spec.dyn"
"""The text that a run was made from, where the front door kept it."""
TOPOLOGY: Final = "topology.svg"
"""A picture of its network, where the front door drew one."""
LARGEST_PICTURE: Final = 4 * 2**20
MOST_RUNS: Final = 40
MOST_PLANS: Final = 8

Kind = Literal["training", "sweep", "comparison", "benchmark"]
State = Status | Literal["finishing", "unfinished", "interrupted"]


@dataclass(frozen=True)
class RunData:
    """A run. `status` is `interrupted` where Ctrl-C ended it, `unfinished` where it has left no result or goes on
    since, and `finishing` where what it is about to do is this report. `plans` are those of its networks.

    `spec` is what `spec.json` says of the pipeline, `source` the text of the `.dyn` file where it is there, `unread`
    why a plan could not be read.
    """

    name: str
    kind: Kind
    status: State
    result: Field
    outputs: Field
    spec: Field
    record: Field
    events: Events
    plans: tuple[Plan, ...] = ()
    source: str | None = None
    topology: bytes | None = None
    unread: tuple[str, ...] = field(default=())

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end, good or bad: nothing is left to go on with but what failed."""
        return self.status not in ("unfinished", "interrupted")

    @property
    def trials(self) -> Field:
        """The trials of a sweep; those that the log tells where it has not come to give them out."""
        if self.outputs["trials"].present() or not self.events.trials:
            return self.outputs["trials"]
        told = sorted(self.events.trials, key=lambda trial: trial["number"].whole() or 0)
        return Field(f"{EVENTS}: trials", [trial.value for trial in told])


def read_runs(folder: Path, result: PipelineResult | None = None) -> tuple[RunData, ...]:
    """The run of a folder, or the runs of the folders in it, in the order in which they were started.

    `result` stands for the folder's result where that is not written yet. Raises RunError where there is no run, and
    for files that are damaged.
    """
    if result is not None or is_run(folder):
        return (read_run(folder, result),)
    try:
        below = sorted(entry for entry in folder.iterdir() if entry.is_dir() and is_run(entry))
    except OSError as error:
        raise RunError(f"{folder} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not below:
        raise RunError(
            f"{folder} is not the folder of a run, nor does it hold any: give the folder of `dync run --out`"
        )
    if len(below) > MOST_RUNS:
        raise RunError(f"{folder} holds {len(below)} runs, more than the {MOST_RUNS} of one report: give one of them")
    return tuple(sorted((read_run(entry) for entry in below), key=_started))


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run."""
    return any((folder / name).is_file() for name in (RESULT, SPEC))


def read_run(folder: Path, result: PipelineResult | None = None) -> RunData:
    """The run of a folder; raises RunError for files that are damaged."""
    found = _result(folder, result)
    whole = read_json(folder / SPEC) or Field(SPEC, None)
    whole.fields()
    plans, unread = _plans(whole.value)
    spec = whole["pipeline"]
    events = read_events(folder / EVENTS)
    if found.value is None or (result is None and _goes_on(events)):
        found = _so_far(folder)
    outputs = found["outputs"]
    return RunData(
        name=found["pipeline_name"].text() or _name(spec, events) or folder.resolve().name,
        kind=_kind(found, outputs, spec),
        status=_status(found, events),
        result=found,
        outputs=outputs,
        spec=spec,
        record=read_json(folder / RECORD) or Field(RECORD, None),
        events=events,
        plans=plans,
        source=read_text(folder / SOURCE),
        topology=read_bytes(folder / TOPOLOGY, LARGEST_PICTURE),
        unread=unread,
    )


def _result(folder: Path, result: PipelineResult | None) -> Field:
    if result is not None:
        return Field(RESULT, clean(json.loads(result.to_json())))
    found = read_json(folder / RESULT)
    if found is None:
        return Field(RESULT, None)
    try:
        PipelineResult.from_json(json.dumps(found.value))
    except (ValueError, TypeError) as error:
        raise RunError(f"{folder / RESULT} is damaged: {error}") from None
    return found


def _so_far(folder: Path) -> Field:
    """What the stages that are done have made, of a run that has left no result."""
    ledger = read_json(folder / LEDGER)
    stages = {} if ledger is None else ledger.fields()
    done = {name: entry["outputs"] for name, entry in stages.items() if entry["outputs"].value is not None}
    outputs = {key: value for made in done.values() for key, value in made.fields().items()}
    return Field(
        LEDGER, {"stages_completed": list(done), "outputs": {key: found.value for key, found in outputs.items()}}
    )


def _goes_on(events: Events) -> bool:
    """Whether the run went on after it had left its result, which is no longer that of this run then."""
    steps = [event["event"].value for event in events.stages if event["event"].text().startswith("run_")]
    return "run_finished" in steps and steps[-1] in ("run_started", "run_resumed")


def _name(spec: Field, events: Events) -> str:
    """The pipeline's name, as the spec or the log has it."""
    said = (event["pipeline"].text() for event in events.stages if event["event"].value == "run_started")
    return spec["name"].text() or next(said, "")


def _status(result: Field, events: Events) -> State:
    known: State | None = next((status for status in get_args(Status) if result["status"].value == status), None)
    steps = [event for event in events.stages if event["event"].text().startswith("stage_")]
    last = steps[-1] if steps else Field(EVENTS, None)
    if known is None:
        return "finishing" if last["stage"].value == "report_generation" else "unfinished"
    return "interrupted" if known != "success" and last["event"].value == "stage_interrupted" else known


def _kind(result: Field, outputs: Field, spec: Field) -> Kind:
    """What kind of pipeline it was, by what it says, has made or has done."""
    said: Kind | None = next((known for known in get_args(Kind) if spec["pipeline"].value == known), None)
    if said is not None:
        return said
    stages = {*result["stages_completed"].texts(), *result["stages_failed"].texts()}
    if outputs["package"].present() or "deployment" in stages or spec["comparison"].present():
        return "benchmark"
    if outputs["trials"].present() or "sweep_execution" in stages or spec["search"].present():
        return "sweep"
    if outputs["summary_statistics"].present() or "statistical_analysis" in stages or spec["entries"].present():
        return "comparison"
    return "training"


def _plans(spec: Any) -> tuple[tuple[Plan, ...], tuple[str, ...]]:
    """The plans that a spec holds, wherever they stand, each structure once; and why some could not be read."""
    plans: dict[str, Plan] = {}
    unread: list[str] = []
    for data in _plan_like(spec):
        if len(plans) == MOST_PLANS or len(unread) == MOST_PLANS:
            break
        try:
            plan = plan_from_json(data)
        except PlanError as error:
            unread.append(str(error))
        else:
            plans.setdefault(plan.structure.digest, plan)
    return tuple(plans.values()), tuple(dict.fromkeys(unread))


def _plan_like(data: Any, depth: int = 0) -> list[Any]:
    if depth > 4 or not isinstance(data, dict | list):
        return []
    if isinstance(data, dict) and {"structure", "numbers"} <= set(data):
        return [data]
    inner = data.values() if isinstance(data, dict) else data
    return [found for item in inner for found in _plan_like(item, depth + 1)]


def _started(run: RunData) -> tuple[str, str]:
    first = run.events.first[0]["time"].text() if run.events.first else run.result["timestamp"].text()
    return first, run.name
