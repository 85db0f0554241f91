"""`dync.run`: the pipelines of a file or an artefact, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dync.compiled import CompileError, compilation
from dync.compiler import driver
from dync.compiler.pipeline_json import digest_of_pipeline, pipeline_to_json
from dync.compiler.plan_json import digest, plan_to_json
from dync.data_files import FOLDER, file_setting, in_folder, without_folder
from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.grammar.reader import load_source
from dync.runtime.artefact import Artefact, BoundPipeline, is_artefact, load_artefact
from dync.runtime.error import RunError
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.training import TrainingJob, run_training
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RESULT, SPEC, RunFolder, open_run_folder

Warn = Callable[[Sequence[Diagnostic]], None]
"""Hears the warnings of a file."""


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
    name: `settings={"optimizer.learning_rate": 0.01}, epochs=3`. `data.folder` is the folder in which the data files
    are looked up by their names alone; it and the paths of files that exist are relative to the current folder.
    Raises CompileError for mistakes in the file or the settings and RunError for a folder that cannot serve; what
    fails later is in the result.
    """
    found = jobs(Path(path), pipeline, {**(settings or {}), **more_settings})
    if len(found) != 1:
        names = ", ".join(job.bound.pipeline.name for job in found)
        raise RunError(f"{path} has {len(found)} pipelines: name one of {names}")
    folder = Path(out) if out is not None else default_folder(found[0])
    return run_job(found[0], folder, resume=resume, reporter=reporter or Reporter())


def jobs(
    path: Path, pipeline: str | None, settings: Mapping[str, object], warn: Warn = lambda warnings: None
) -> tuple[Job, ...]:
    """The pipelines that a run of this path means, all checked, in the order of the file.

    Raises CompileError and RunError as `run` does.
    """
    rest, folder = without_folder(settings)
    try:
        found = (
            _jobs_of_artefact(path, pipeline, rest) if is_artefact(path) else _jobs_of_file(path, pipeline, rest, warn)
        )
    except DiagnosticError as error:
        raise CompileError(error.diagnostics) from None
    return found if folder is None else tuple(_with_data_in(job, folder) for job in found)


def run_job(job: Job, out: Path, *, resume: bool, reporter: Reporter) -> PipelineResult:
    """Run one pipeline in a folder, or give the result that is there where it is to be resumed and is complete.

    Raises RunError where the folder holds something else, or nothing that could be resumed.
    """
    pipeline, plan = job.bound.pipeline, job.bound.plan
    spec = digest({"pipeline": digest_of_pipeline(pipeline), "plan": plan.digest})
    folder = open_run_folder(out, spec, resume=resume)
    done = _complete(folder) if resume else None
    if done is not None:
        reporter.message(f"{pipeline.name} in {out} is complete already: there is nothing to resume")
        return done
    if not (out / SPEC).exists():
        folder.write_json(SPEC, {"digest": spec, "pipeline": pipeline_to_json(pipeline), "plan": plan_to_json(plan)})
    folder.event("run_resumed" if resume else "run_started", pipeline=pipeline.name, spec=spec)
    return run_training(TrainingJob(pipeline, Network(plan), folder, reporter, job.start, resume))


def _complete(folder: RunFolder) -> PipelineResult | None:
    """The result of a run that succeeded."""
    if not (folder.path / RESULT).exists():
        return None
    try:
        result = PipelineResult.from_json((folder.path / RESULT).read_text(encoding="utf-8"))
    except (ValueError, TypeError):
        raise RunError(f"{folder.path / RESULT} is damaged: it is no result") from None
    return result if result.is_success() else None


def _with_data_in(job: Job, folder: Path) -> Job:
    return replace(job, bound=replace(job.bound, pipeline=in_folder(job.bound.pipeline, folder)))


def default_folder(job: Job) -> Path:
    """`runs/NAME-TIME`, where the time is that of now."""
    return Path("runs") / f"{job.bound.pipeline.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _jobs_of_file(path: Path, pipeline: str | None, settings: Mapping[str, object], warn: Warn) -> tuple[Job, ...]:
    found = compilation(load_source(path)).verify()
    warn(found.diagnostics)
    names = tuple(found.trainings)
    if not names:
        raise RunError(f"{path} has no pipeline: add one, `pipeline fit training {{ … }}`, or use `dync compile`")
    texts = setting_texts(settings)
    models = [driver.bind_training(found, name, texts) for name in _chosen(path, names, pipeline)]
    return tuple(Job(BoundPipeline(m.plan, driver.plan_of(m.network))) for m in models)


def _jobs_of_artefact(path: Path, pipeline: str | None, settings: Mapping[str, object]) -> tuple[Job, ...]:
    if settings:
        raise RunError(
            f"an artefact is compiled already and takes no setting but {FOLDER}: give --set to `dync compile`, or run"
            " the .dyn file"
        )
    artefact = load_artefact(path)
    by_name = {bound.pipeline.name: bound for bound in artefact.pipelines}
    if not by_name:
        raise RunError(f"{path} was compiled from a file without a pipeline, so there is nothing to run")
    return tuple(
        Job(by_name[name], artefact.orchestrator if _starts_from(artefact, by_name[name]) else None)
        for name in _chosen(path, tuple(by_name), pipeline)
    )


def _starts_from(artefact: Artefact, bound: BoundPipeline) -> bool:
    """Whether the weights of an artefact are those that a pipeline would draw itself."""
    return bound.plan.digest == artefact.network.plan.digest and bound.pipeline.seed == artefact.seed


def setting_texts(settings: Mapping[str, object]) -> dict[str, str]:
    """Settings as the language writes them."""
    return {key: file_setting(key, _text(value)) for key, value in settings.items()}


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
