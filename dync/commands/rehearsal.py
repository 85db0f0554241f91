"""`dync run --dry-run`: everything is checked, nothing is written that stays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import jax

from dync.compiler.pipeline_plan import (
    BenchmarkPlan,
    CallPlan,
    ComparisonPlan,
    SavedEntry,
    SavedIn,
    SweepPlan,
    TrainedEntry,
    TrainingPlan,
    Value,
)  # fmt: skip
from dync.compiler.report.report_data import report_data
from dync.compiler.report.text_table import about, counted, table
from dync.jobs import Job
from dync.runtime.network import Network
from dync.runtime.pipelines.training import Rehearsal, TrainingJob, rehearse_training
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder


def rehearsal(job: Job, out: Path) -> list[str]:
    """What a run would do, as lines. Raises RunError for what would keep it from starting."""
    match job.plan:
        case TrainingPlan():
            return _training_rows(job, job.plan, out)
        case SweepPlan():
            return _study(job, out, "sweep", _sweep_rows(job, job.plan))
        case ComparisonPlan():
            return _study(job, out, "compare", _comparison_rows(job, job.plan))
        case BenchmarkPlan():
            return _study(job, out, "rank", _comparison_rows(job, job.plan.comparison))


def _study(job: Job, out: Path, verb: str, rows: list[list[str]]) -> list[str]:
    return [f"{job.name}: would {verb}; nothing was written", *table([*rows, ["folder", str(out)]])]


def _sweep_rows(job: Job, plan: SweepPlan) -> list[list[str]]:
    """The first trial is bound, so that what every trial would fail at is said now."""
    assert job.spec is not None
    job.spec.training(plan.base, plan.changes)
    trials = "every combination" if plan.trials is None else counted(plan.trials, "trial")
    goal = "a map" if plan.objective is None else f"{plan.direction} {plan.objective.part}.{plan.objective.measure}"
    return [
        ["base", plan.base],
        ["search", ", ".join(search.key for search in plan.search)],
        ["strategy", f"{call_text(plan.strategy)}: {trials}, each with {counted(plan.seeds, 'seed')}"],
        ["objective", goal],
    ]


def _comparison_rows(job: Job, plan: ComparisonPlan) -> list[list[str]]:
    assert job.spec is not None
    for entry in plan.entries.values():
        if isinstance(entry, TrainedEntry):
            for data in plan.tasks.values() or (None,):
                job.spec.training(entry.pipeline, entry.changes, data)
    tasks = ", ".join(f"{name}: {call_text(data.source)}" for name, data in plan.tasks.items())
    claims = "; ".join(f"{c.better} > {c.worse} on {c.metric.part}.{c.metric.measure}" for c in plan.claims)
    return [
        ["entries", ", ".join(plan.entries)],
        ["tasks", tasks or "each entry's own data"],
        ["seeds", str(plan.seeds)],
        *_weights([entry for entry in plan.entries.values() if isinstance(entry, SavedEntry)], plan.base),
        ["claims", claims or "-"],
    ]


def _training_rows(job: Job, pipeline: TrainingPlan, out: Path) -> list[str]:
    plan = job.network
    assert plan is not None
    with TemporaryDirectory(prefix="dync-") as name:
        found = rehearse_training(
            TrainingJob(pipeline, Network(plan), RunFolder(Path(name)), Reporter(), job.start, resume=False)
        )
    count = report_data(plan).weights
    weights = _weights([pipeline.start] if isinstance(pipeline.start, SavedIn) else [], pipeline.base)
    device = jax.devices()[0]
    rows = [
        [
            "network",
            f"{pipeline.network}, about {about(count.present)} weights, of which {about(count.learning)} learn",
        ],
        ["data", f"{call_text(pipeline.data.source)}: {_parts(found)}"],
        ["training", _training(pipeline, found)],
        ["optimizer", call_text(pipeline.optimizer)],
        ["seed", str(pipeline.seed)],
        *weights,
        ["device", f"{device.platform} ({device.device_kind})"],
        ["folder", str(out)],
    ]
    return [f"{pipeline.name}: would train; nothing was written", *table(rows)]


def _weights(saved: Sequence[SavedEntry | SavedIn], base: str) -> list[list[str]]:
    """Weights on disk, which a pipeline before may still have to make."""
    places = [f"{one.path}{'' if (Path(base) / one.path).exists() else ', which is not there yet'}" for one in saved]
    return [["weights", "; ".join(places)]] if places else []


def call_text(call: CallPlan) -> str:
    """A call as a `.dyn` file writes it."""
    arguments = [_value(v) for v in call.positional] + [f"{key} = {_value(v)}" for key, v in call.named.items()]
    return f"{call.name}({', '.join(arguments)})" if arguments else call.name


def _value(value: Value) -> str:
    match value:
        case CallPlan():
            return call_text(value)
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case _:
            return f"{value:g}"


def _parts(found: Rehearsal) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in found.examples.items())


def _training(pipeline: TrainingPlan, found: Rehearsal) -> str:
    epochs = "" if pipeline.epochs is None else f"{counted(pipeline.epochs, 'epoch')}, "
    return f"{epochs}{counted(found.updates, 'update')} of {counted(pipeline.batch, 'example')} each"
