"""What a run is asked to do: pipelines of a file or an artefact, checked, each after those that it builds on.

Nothing here imports JAX before an artefact is read, so that limits of memory and threads can still bind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dync.compiled import CompileError
from dync.compiler import driver
from dync.compiler.mistakes.pipelines import UnknownSetting
from dync.compiler.pipeline_plan import BenchmarkPlan, Limits, PipelinePlan, TrainingPlan, built_on
from dync.compiler.plan import Plan
from dync.data_files import FOLDER, file_setting, in_folder, without_folder
from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.grammar.reader import load_source
from dync.grammar.source import Source
from dync.runtime.error import RunError
from dync.spec_file import SpecFile

if TYPE_CHECKING:
    from dync.building.pipeline import Pipeline
    from dync.runtime.artefact import Artefact, BoundPipeline
    from dync.runtime.orchestrator import WaveOrchestrator

Warn = Callable[[Sequence[Diagnostic]], None]
"""Hears the warnings of a file."""


@dataclass(frozen=True)
class Job:
    """A pipeline that is ready to run. `network` is the plan of a training's network; None for other kinds.

    `spec` is the file that it stands in; None for one of an artefact, whose weights may be its `start`.
    """

    plan: PipelinePlan
    network: Plan | None
    spec: SpecFile | None = None
    start: WaveOrchestrator | None = None

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.plan.name

    @property
    def limits(self) -> Limits:
        """What it may use."""
        return self.plan.comparison.limits if isinstance(self.plan, BenchmarkPlan) else self.plan.limits


def jobs(
    path: Path | Source,
    pipeline: str | None,
    settings: Mapping[str, object],
    warn: Warn = lambda warnings: None,
    added: Sequence[Pipeline] = (),
) -> tuple[Job, ...]:
    """The pipelines that a run of this path or text means, those that they build on among them and first.

    Pipelines that are `added` to those of a file are meant where none is named.
    Raises CompileError for mistakes in the file or the settings and RunError for what cannot serve.
    """
    rest, folder = without_folder(settings)
    try:
        if isinstance(path, Path) and path.is_dir() and _is_artefact(path):
            if added:
                raise RunError(f"{path} is compiled already: further pipelines need the .dyn file")
            return _of_artefact(path, pipeline, rest, folder)
        source = path if isinstance(path, Source) else load_source(path)
        return _of_file(source, pipeline, rest, folder, warn, added)
    except CompileError:
        raise
    except DiagnosticError as error:
        raise CompileError(error.diagnostics) from None


def _is_artefact(path: Path) -> bool:
    from dync.runtime.artefact import is_artefact

    return is_artefact(path)


def _of_file(
    source: Source,
    pipeline: str | None,
    settings: Mapping[str, object],
    folder: Path | None,
    warn: Warn,
    added: Sequence[Pipeline],
) -> tuple[Job, ...]:
    from dync.building.joined import compilation_with

    found, path = compilation_with(source, added).verify(), Path(source.name)
    warn(found.diagnostics)
    plans: dict[str, PipelinePlan] = {name: model.plan for name, model in found.pipelines.items()}
    if not plans:
        raise RunError(f"{path} has no pipeline: add one, `pipeline fit training {{ … }}`, or use `dync compile`")
    chosen = _chosen(path, tuple(plans), pipeline)
    if pipeline is None and added:
        chosen = tuple(one.name for one in added)
    wanted = _with_foundations(chosen, plans)
    given = _shared_out(found, wanted, setting_texts(settings))
    bound = {name: driver.bind_pipeline(found, name, given[name]).plan for name in wanted}
    spec = SpecFile(found, {**plans, **bound}, {name: given.get(name, {}) for name in plans}, folder)
    return tuple(_job(spec, name) for name in wanted)


def _job(spec: SpecFile, name: str) -> Job:
    plan = spec.located(spec.plans[name])
    return Job(plan, spec.network(name) if isinstance(plan, TrainingPlan) else None, spec)


def _with_foundations(wanted: Iterable[str], plans: Mapping[str, PipelinePlan]) -> tuple[str, ...]:
    """These pipelines and all that they build on, each after its foundations."""
    found: dict[str, None] = {}
    left = list(wanted)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = None
            left.extend(built_on(plans[name], plans))
    order = driver.order_of(plans)
    return tuple(name for name in order if name in found)


def _shared_out(
    found: driver.Compilation, pipelines: Sequence[str], settings: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """The settings for each pipeline: one goes to all that know its key, or to the one that it begins with.

    Raises CompileError where no pipeline knows a key.
    """
    given: dict[str, dict[str, str]] = {name: {} for name in pipelines}
    for key, text in settings.items():
        first, _, rest = key.partition(".")
        if first in given and rest:
            given[first][rest] = text
            continue
        refusals = [refusal for name in pipelines if (refusal := _refusal(found, name, key, text)) is not None]
        if len(refusals) == len(pipelines):
            raise CompileError(refusals[0].diagnostics)
        refused = {refusal.pipeline for refusal in refusals}
        for name in pipelines:
            if name not in refused:
                given[name][key] = text
    return given


@dataclass(frozen=True)
class _Refusal:
    """A pipeline that does not know the key of a setting."""

    pipeline: str
    diagnostics: tuple[Diagnostic, ...]


def _refusal(found: driver.Compilation, pipeline: str, key: str, text: str) -> _Refusal | None:
    try:
        driver.bind_pipeline(found, pipeline, {key: text})
    except DiagnosticError as error:
        if any(isinstance(mistake, UnknownSetting) for mistake in error.diagnostics):
            return _Refusal(pipeline, tuple(error.diagnostics))
    return None


def _of_artefact(
    path: Path, pipeline: str | None, settings: Mapping[str, object], folder: Path | None
) -> tuple[Job, ...]:
    from dync.runtime.artefact import load_artefact

    if settings:
        raise RunError(
            f"an artefact is compiled already and takes no setting but {FOLDER}: give --set to `dync compile`, or run"
            " the .dyn file"
        )
    artefact = load_artefact(path)
    by_name = {bound.pipeline.name: bound for bound in artefact.pipelines}
    if not by_name:
        raise RunError(f"{path} was compiled from a file without a training, so there is nothing to run")
    return tuple(_of_bound(by_name[name], artefact, folder) for name in _chosen(path, tuple(by_name), pipeline))


def _of_bound(bound: BoundPipeline, artefact: Artefact, folder: Path | None) -> Job:
    """Its weights serve where the pipeline would draw the same."""
    same = bound.plan.digest == artefact.network.plan.digest and bound.pipeline.seed == artefact.seed
    plan = bound.pipeline if folder is None else in_folder(bound.pipeline, folder)
    return Job(plan, bound.plan, start=artefact.orchestrator if same else None)


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
