"""`dync.run`: the pipelines of a file or an artefact, each in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dync.compiled import Program
from dync.compiler.pipeline_json import digest_of_pipeline, pipeline_to_json
from dync.compiler.pipeline_plan import (
    BenchmarkPlan,
    ComparisonPlan,
    DataPlan,
    FinalOf,
    Origin,
    SweepPlan,
    TrainingPlan,
    built_on,
)  # fmt: skip
from dync.compiler.pipelines.settings import is_of_network
from dync.compiler.plan import Plan
from dync.compiler.plan_json import digest, plan_to_json
from dync.jobs import Job, jobs
from dync.runtime.error import RunError
from dync.runtime.files import write_file
from dync.runtime.lanes.executor import Executor, InProcess
from dync.runtime.lanes.need import Need
from dync.runtime.lanes.remembered import Forgetful
from dync.runtime.network import Network
from dync.runtime.pipelines.clock import StageClock
from dync.runtime.pipelines.ledger import Basis, Ledger
from dync.runtime.pipelines.result import PipelineResult
from dync.runtime.pipelines.training import TrainingJob, run_training
from dync.runtime.pipelines.training.standing import is_saved, training_bases
from dync.runtime.pipelines.training.start import Start
from dync.runtime.reporter import Reporter
from dync.runtime.run_folder import RESULT, SPEC, Hook, RunFolder, open_run_folder
from dync.runtime.saved_model import load_model
from dync.runtime.saved_weights import saved_arrays
from dync.runtime.store import LiveRun, NewRun, StoredModes, new_run_id, run_id_of

if TYPE_CHECKING:
    from dync.building.pipeline import Pipeline
    from dync.runtime.comparison.job import ComparisonJob
    from dync.runtime.sweep.job import SweepJob
    from dync.spec_file import SpecFile

__all__ = ["Job", "Means", "default_folder", "folders_of", "jobs", "run", "run_job"]


def in_process(job: Job, reporter: Reporter, clock: StageClock) -> Executor:
    """This process trains all lanes."""
    del job
    return InProcess(say=reporter.message, tick=clock.check)


@dataclass(frozen=True)
class Means:
    """What runs are done with: who shows them, who hears their events, who trains their lanes, where they are recorded.

    `folders` are those of the pipelines of the same file, where one can start from what another made. `store` is the
    file of the store of runs (None: the default one); what is not `recorded` does not enter it. `devices` share the
    batches of a training.
    """

    reporter: Reporter = field(default_factory=Reporter)
    on_event: Sequence[Hook] = ()
    executor: Callable[[Job, Reporter, StageClock], Executor] = in_process
    folders: Mapping[str, Path] = field(default_factory=dict)
    store: Path | None = None
    recorded: bool = True
    devices: int = 1


def run(
    path: str | Path | Program,
    pipeline: str | Pipeline | None = None,
    *,
    pipelines: Sequence[Pipeline] = (),
    out: str | Path | None = None,
    resume: bool = False,
    settings: Mapping[str, object] | None = None,
    reporter: Reporter | None = None,
    on_event: Sequence[Hook] = (),
    store: str | Path | None = None,
    **more_settings: object,
) -> PipelineResult:
    """Run a pipeline of a `.dyn` file, a program or an artefact; the name may be left out where there is one.

    `pipeline` can also be one that was built in Python, and `pipelines` are further ones beside those of the file. What
    a pipeline builds on is run first. `out` is the run's folder (default `runs/NAME-TIME`); where several pipelines
    run, each has one below it. Settings go by their dotted keys, or where they have none by name:
    `settings={"optimizer.learning_rate": 0.01}, epochs=3`. `data.folder` is the folder in which the data files are
    looked up by their names alone; it and the paths of files that exist are relative to the current folder.
    `on_event` hears every event as it stands in `events.jsonl`, `store` is the file of the store of runs. Raises
    CompileError for mistakes in the file or the settings and RunError for a folder that cannot serve; what fails later
    is in the result.
    """
    added = tuple(pipelines) if pipeline is None or isinstance(pipeline, str) else (*pipelines, pipeline)
    name = pipeline if pipeline is None or isinstance(pipeline, str) else pipeline.name
    name = added[0].name if name is None and len(added) == 1 else name
    file = path.compilation.file.source if isinstance(path, Program) else Path(path)
    place = Path(file.name)
    found = jobs(file, name, {**(settings or {}), **more_settings}, added=added)
    if name is None and len(found) > 1:
        raise RunError(f"{place} has {len(found)} pipelines: name one of {', '.join(job.name for job in found)}")
    folders = folders_of(place, found, None if out is None else Path(out))
    means = Means(reporter or Reporter(), on_event, folders=folders, store=None if store is None else Path(store))
    results = [
        run_job(job, folders[job.name], resume=resume and folders[job.name].exists(), means=means) for job in found
    ]
    return results[-1]


def run_job(job: Job, out: Path, *, resume: bool, means: Means) -> PipelineResult:
    """Run one pipeline in a folder, or give the result that is there where it is to be resumed and is complete.

    Of a complete one the stages are done again that stood on other data, weights or versions than there are now. Raises
    RunError where the folder holds something else, or nothing that could be resumed.
    """
    job = _on_best(job, means)
    spec, reporter = digest_of_job(job), means.reporter
    identity = (run_id_of(out) if resume else None) or new_run_id()
    parents = tuple(str(means.folders[name]) for name in _foundations(job) if name in means.folders)
    contents = _contents(job)
    new = NewRun(
        name=job.name, kind=kind_of(job), folder=out, spec_hash=spec, resolved=contents, parents=parents, id=identity,
        plan_hash=None if job.network is None else job.network.digest,
        spec_text=None if job.spec is None else job.spec.text,
    )  # fmt: skip
    live = LiveRun(means.store, new, warn=reporter.message)
    folder = open_run_folder(
        out, spec, resume=resume, on_event=(*((live.hear,) if means.recorded else ()), *means.on_event)
    )
    done = _complete(folder) if resume else None
    if done is not None and _stands(job, folder, means):
        reporter.message(f"{job.name} in {out} is complete already: there is nothing to resume")
        return done
    if not (out / SPEC).exists():
        _write_spec(job, folder, {"digest": spec, **contents, "parents": parents})
    folder.event(
        "run_resumed" if resume else "run_started", pipeline=job.name, kind=kind_of(job), spec=spec, run=identity
    )
    try:
        return _run(job, folder, resume, means)
    finally:
        live.close()


def _on_best(job: Job, means: Means) -> Job:
    """The job; a training that starts from the best of a sweep, with the network that the sweep found."""
    if job.spec is None or not isinstance(job.plan, TrainingPlan) or not _starts_from_best(job.plan):
        return job
    plan, network = _bound(job.spec, means, job.name, job.spec.settings[job.name])
    return replace(job, plan=plan, network=network)


def _bound(
    spec: SpecFile, means: Means, pipeline: str, changes: Mapping[str, str], data: DataPlan | None = None
) -> tuple[TrainingPlan, Plan]:
    """A training with changed settings, see `SpecFile.training`.

    Where it starts from the best of a sweep, its network has the parameters with which the sweep found that best,
    except those that are changed: its weights fit no other.
    """
    plan, network = spec.training(pipeline, changes, data)
    if plan.start is None or not _starts_from_best(plan):
        return plan, network
    assert isinstance(plan.start, FinalOf)
    best = _best(means, plan.start.pipeline)
    found = {key: value for key, value in best.items() if is_of_network(key) and key not in changes}
    return spec.training(pipeline, {**found, **changes}, data) if found else (plan, network)


def _starts_from_best(plan: TrainingPlan) -> bool:
    return isinstance(plan.start, FinalOf) and plan.start.kind == "best"


def _write_spec(job: Job, folder: RunFolder, contents: Mapping[str, Any]) -> None:
    """The spec as data and as its author wrote it, and a picture; the data last, for they say that all is there."""
    from dync.compiler.picture.draw import draw

    networks = _networks(job)
    if networks:
        write_file(folder.path / "topology.svg", draw(next(iter(networks.values())), "svg").encode())
    if job.spec is not None:
        write_file(folder.path / "spec.dyn", job.spec.text.encode())
    text = {} if job.spec is None else {"text": job.spec.text}
    plans = {} if job.network is not None else {"plans": {name: plan_to_json(plan) for name, plan in networks.items()}}
    folder.write_json(SPEC, {**contents, **text, **plans})


def _networks(job: Job) -> dict[str, Plan]:
    """The networks that a job is about; none where their shapes cannot be known, which its first stage then says."""
    if job.spec is None:
        return {} if job.network is None else {job.name: job.network}
    try:
        return job.spec.networks(job.name)
    except RunError:
        return {}


def _run(job: Job, folder: RunFolder, resume: bool, means: Means) -> PipelineResult:
    plan, reporter = job.plan, means.reporter
    clock = StageClock(job.limits.stage_seconds)
    executor = means.executor(job, reporter, clock)
    if isinstance(plan, TrainingPlan):
        ready = partial(executor.verify, Need())
        return run_training(replace(_training(job, plan, folder, resume, means), ready=ready))
    match plan:
        case SweepPlan():
            from dync.runtime.pipelines.sweep import run_sweep

            return run_sweep(_sweep(job, plan, folder, resume, means, executor, clock))
        case ComparisonPlan():
            from dync.runtime.pipelines.comparison import run_comparison

            return run_comparison(_comparison(job, plan, folder, resume, means, executor, clock))
        case BenchmarkPlan():
            from dync.runtime.pipelines.benchmark import BenchmarkJob, run_benchmark

            inner = _comparison(job, plan.comparison, folder, resume, means, executor, clock)
            return run_benchmark(BenchmarkJob(plan, inner))


def _stands(job: Job, folder: RunFolder, means: Means) -> bool:
    """Whether a complete run stands on what it would stand on now, and its weights are there; raises RunError."""
    try:
        bases = _bases(job, folder, means)
    except RunError as error:
        raise RunError(
            f"{job.name} in {folder.path} is complete, but whether it would come out the same now cannot be told:"
            f" {error}"
        ) from None
    whole = not isinstance(job.plan, TrainingPlan) or is_saved(folder)
    return whole and Ledger(folder).stands_on(bases)


def _bases(job: Job, folder: RunFolder, means: Means) -> Mapping[str, Basis]:
    """What each stage of a job depends on, as things are now."""
    plan, executor, clock = job.plan, InProcess(), StageClock()
    match plan:
        case TrainingPlan():
            return training_bases(_training(job, plan, folder, True, means))
        case SweepPlan():
            from dync.runtime.pipelines.sweep import sweep_bases

            return sweep_bases(_sweep(job, plan, folder, True, means, executor, clock))
        case ComparisonPlan():
            from dync.runtime.pipelines.comparison import comparison_bases

            return comparison_bases(_comparison(job, plan, folder, True, means, executor, clock))
        case BenchmarkPlan():
            from dync.runtime.pipelines.benchmark import BenchmarkJob, benchmark_bases

            inner = _comparison(job, plan.comparison, folder, True, means, executor, clock)
            return benchmark_bases(BenchmarkJob(plan, inner))


def _training(job: Job, plan: TrainingPlan, folder: RunFolder, resume: bool, means: Means) -> TrainingJob:
    assert job.network is not None
    start = job.start if job.start is not None else _start(plan.start, Path(plan.base), means)
    return TrainingJob(plan, Network(job.network), folder, means.reporter, start, resume, means.devices)


def _sweep(
    job: Job, plan: SweepPlan, folder: RunFolder, resume: bool, means: Means, executor: Executor, clock: StageClock
) -> SweepJob:
    from dync.runtime.sweep.job import SweepJob

    return SweepJob(
        plan=plan, bind=partial(_trial, job, means, plan.base), folder=folder, reporter=means.reporter, resume=resume,
        executor=executor, clock=clock, start=partial(_arrays, Path(), means),
        memory=StoredModes(means.store, means.reporter.message) if means.recorded else Forgetful(),
    )  # fmt: skip


def _comparison(
    job: Job, plan: ComparisonPlan, folder: RunFolder, resume: bool, means: Means, executor: Executor, clock: StageClock
) -> ComparisonJob:
    from dync.runtime.comparison.job import ComparisonJob

    assert job.spec is not None
    return ComparisonJob(
        plan=plan, folder=folder, bind=partial(_bound, job.spec, means), executor=executor, clock=clock,
        best=partial(_best, means), start=partial(_arrays, Path(plan.base), means), reporter=means.reporter,
        resume=resume,
    )  # fmt: skip


def _trial(job: Job, means: Means, base: str, changes: Mapping[str, str]) -> tuple[TrainingPlan, Plan]:
    """The training of a trial: the sweep's base with changes."""
    assert job.spec is not None
    return _bound(job.spec, means, base, changes)


def _start(origin: Origin | None, base: Path, means: Means) -> Start | None:
    return None if origin is None else _place(origin, base, means)


def _arrays(base: Path, means: Means, origin: Origin) -> Mapping[str, Any]:
    """The arrays that weights start from, by name."""
    return saved_arrays(load_model(_place(origin, base, means)).orchestrator)


def _place(origin: Origin, base: Path, means: Means) -> Path:
    """The folder that weights come from. Raises RunError where it is not there."""
    if isinstance(origin, FinalOf):
        folder = _folder(origin.pipeline, means)
        found = folder / ("best" if origin.kind == "best" else "final")
        if not found.is_dir():
            raise RunError(f"{origin.pipeline} left no weights in {found}: see what became of it with `dync runs`")
        return found
    found = base / origin.path
    if not found.exists():
        raise RunError(f"{found} does not exist: give the folder of a run, a checkpoint or an artefact")
    return found


def _best(means: Means, sweep: str) -> Mapping[str, str]:
    """The best settings that a sweep found, as the language writes them."""
    folder = RunFolder(_folder(sweep, means))
    match folder.read_json(RESULT):
        case {"outputs": {"best_config": dict(best)}}:
            return {key: value if isinstance(value, str) else repr(value) for key, value in best.items()}
    raise RunError(f"the sweep {sweep} in {folder.path} found no best settings")


def _folder(pipeline: str, means: Means) -> Path:
    if pipeline not in means.folders:
        raise RunError(f"{pipeline} has not run: run it first, or all pipelines of the file")
    return means.folders[pipeline]


def _foundations(job: Job) -> tuple[str, ...]:
    return () if job.spec is None else built_on(job.plan, job.spec.plans)


def kind_of(job: Job) -> str:
    """The word that the language has for a pipeline of this kind."""
    match job.plan:
        case TrainingPlan():
            return "training"
        case SweepPlan():
            return "sweep"
        case ComparisonPlan():
            return "comparison"
        case BenchmarkPlan():
            return "benchmark"


def digest_of_job(job: Job) -> str:
    """SHA-256 of what a job means: a run goes on only under the same."""
    if job.network is not None:
        return digest({"pipeline": digest_of_pipeline(job.plan), "plan": job.network.digest})
    assert job.spec is not None
    return job.spec.digest(job.name)


def _contents(job: Job) -> dict[str, Any]:
    plan = {} if job.network is None else {"plan": plan_to_json(job.network)}
    return {"pipeline": pipeline_to_json(job.plan), **plan}


def _complete(folder: RunFolder) -> PipelineResult | None:
    """The result of a run that succeeded."""
    if not (folder.path / RESULT).exists():
        return None
    try:
        result = PipelineResult.from_json((folder.path / RESULT).read_text(encoding="utf-8"))
    except (ValueError, TypeError):
        raise RunError(f"{folder.path / RESULT} is damaged: it is no result") from None
    return result if result.is_success() else None


def folders_of(path: Path, found: Sequence[Job], out: Path | None) -> dict[str, Path]:
    """The folder of each pipeline: of one alone `out` itself, of several one below it each."""
    if len(found) == 1:
        return {found[0].name: out if out is not None else default_folder(found[0].name)}
    parent = out if out is not None else default_folder(path.stem)
    return {job.name: parent / job.name for job in found}


def default_folder(name: str) -> Path:
    """`runs/NAME-TIME`, where the time is that of now."""
    return Path("runs") / f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
