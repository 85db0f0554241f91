"""`dync run --dry-run`: everything is checked, nothing is written that stays."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import jax

from dync.compiler.pipeline_plan import CallPlan, TrainingPlan, Value
from dync.compiler.report.report_data import report_data
from dync.compiler.report.text_table import about, counted, table
from dync.running import Job
from dync.runtime.network import Network
from dync.runtime.pipelines.training import Rehearsal, TrainingJob, rehearse_training
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RunFolder


def rehearsal(job: Job, out: Path) -> list[str]:
    """What a run would do, as lines. Raises RunError for what would keep it from starting."""
    pipeline, plan = job.bound.pipeline, job.bound.plan
    with TemporaryDirectory(prefix="dync-") as name:
        found = rehearse_training(
            TrainingJob(pipeline, Network(plan), RunFolder(Path(name)), Reporter(), job.start, resume=False)
        )
    weights = report_data(plan).weights
    device = jax.devices()[0]
    rows = [
        [
            "network",
            f"{pipeline.network}, about {about(weights.present)} weights, of which {about(weights.learning)} learn",
        ],
        ["data", f"{call_text(pipeline.data.source)}: {_parts(found)}"],
        ["training", _training(pipeline, found)],
        ["optimizer", call_text(pipeline.optimizer)],
        ["seed", str(pipeline.seed)],
        ["device", f"{device.platform} ({device.device_kind})"],
        ["folder", str(out)],
    ]
    return [f"{pipeline.name}: would train; nothing was written", *table(rows)]


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
