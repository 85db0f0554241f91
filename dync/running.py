"""`dync.run`: the pipelines of a file or an artefact, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dync.compiled import CompileError
from dync.compiler import driver
from dync.compiler.pipeline_json import digest_of_pipeline, pipeline_to_json
from dync.compiler.plan_json import digest, plan_to_json
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.reader import load_source
from dync.runtime.artefact import BoundPipeline, is_artefact, load_artefact
from dync.runtime.error import RunError
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.training import TrainingJob, run_training
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import SPEC, open_run_folder


@dataclass(frozen=True)
class Job:
    """A pipeline that is ready to run; `start` are the weights that an artefact gives it."""

    bound: BoundPipeline
    start: WaveOrchestrator | None = None


def run(
    path: str | Path,
    pipeline: str | None = None,
    *,
    out: str | Path | None = None,
    resume: bool = False,
    settings: Mapping[str, object] | None = None,
    reporter: Reporter | None = None,
    **more_settings: object,
) -> PipelineResult:
    """Run a pipeline of a `.dyn` file or an artefact; without a name the only one there is.

    `out` is the run's folder (default `runs/NAME-TIME`). Settings go by their dotted keys, or where they have none by
    name: `settings={"optimizer.learning_rate": 0.01}, epochs=3`. Raises CompileError for mistakes in the file or the
    settings and RunError for a folder that cannot serve; what fails later is in the result.
    """
    found = jobs(Path(path), pipeline, {**(settings or {}), **more_settings})
    if len(found) != 1:
        names = ", ".join(job.bound.pipeline.name for job in found)
        raise RunError(f"{path} has {len(found)} pipelines: name one of {names}")
    folder = Path(out) if out is not None else default_folder(found[0])
    return run_job(found[0], folder, resume=resume, reporter=reporter or Reporter())


def jobs(path: Path, pipeline: str | None, settings: Mapping[str, object]) -> tuple[Job, ...]:
    """The pipelines that a run of this path means, all checked, in the order of the file.

    Raises CompileError and RunError as `run` does.
    """
    if is_artefact(path):
        return _jobs_of_artefact(path, pipeline, settings)
    try:
        return _jobs_of_file(path, pipeline, settings)
    except DiagnosticError as error:
        raise CompileError(error.diagnostics) from None


def run_job(job: Job, out: Path, *, resume: bool, reporter: Reporter) -> PipelineResult:
    """Run one pipeline in a folder; raises RunError where the folder holds something else."""
    pipeline, plan = job.bound.pipeline, job.bound.plan
    spec = digest({"pipeline": digest_of_pipeline(pipeline), "plan": plan.digest})
    folder = open_run_folder(out, spec, resume=resume)
    if not (out / SPEC).exists():
        folder.write_json(SPEC, {"digest": spec, "pipeline": pipeline_to_json(pipeline), "plan": plan_to_json(plan)})
    folder.event("run_resumed" if resume else "run_started", pipeline=pipeline.name, spec=spec)
    return run_training(TrainingJob(pipeline, Network(plan), folder, reporter, job.start, resume))


def default_folder(job: Job) -> Path:
    """`runs/NAME-TIME`, where the time is that of now."""
    return Path("runs") / f"{job.bound.pipeline.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _jobs_of_file(path: Path, pipeline: str | None, settings: Mapping[str, object]) -> tuple[Job, ...]:
    compilation = driver.compile_source(load_source(path)).verify()
    names = tuple(compilation.pipelines)
    if not names:
        raise RunError(f"{path} has no pipeline: add one, `pipeline fit training {{ … }}`, or use `dync compile`")
    texts = {key: _text(value) for key, value in settings.items()}
    models = [driver.bind_pipeline(compilation, name, texts) for name in _chosen(path, names, pipeline)]
    return tuple(Job(BoundPipeline(m.plan, driver.plan_of(m.network))) for m in models)


def _jobs_of_artefact(path: Path, pipeline: str | None, settings: Mapping[str, object]) -> tuple[Job, ...]:
    if settings:
        raise RunError("an artefact is compiled already: give --set to `dync compile`, or run the .dyn file")
    artefact = load_artefact(path)
    by_name = {bound.pipeline.name: bound for bound in artefact.pipelines}
    if not by_name:
        raise RunError(f"{path} was compiled from a file without a pipeline, so there is nothing to run")
    own = artefact.network.plan.digest
    return tuple(
        Job(by_name[name], artefact.orchestrator if by_name[name].plan.digest == own else None)
        for name in _chosen(path, tuple(by_name), pipeline)
    )


def _chosen(path: Path, names: tuple[str, ...], pipeline: str | None) -> tuple[str, ...]:
    if pipeline is None:
        return names
    if pipeline not in names:
        raise RunError(f"{path} has no pipeline {pipeline!r}; it has {', '.join(names)}")
    return (pipeline,)


def _text(value: object) -> str:
    """A setting as the language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
