"""`dync run`: the pipelines of a file or an artefact."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dync.commands.interruption import heard_everywhere
from dync.commands.settings import Settings, pairs
from dync.commands.summary import summary
from dync.commands.terminal import complain, show

if TYPE_CHECKING:
    from dync.building.pipeline import Pipeline
    from dync.jobs import Job
    from dync.runtime.pipelines.result import PipelineResult
    from dync.runtime.reporter import Reporter


def run(
    path: Annotated[
        str, typer.Argument(metavar="FILE|ARTEFACT", help="A .dyn file, or a folder of `dync compile -o`.")
    ],
    pipeline: Annotated[
        str | None, typer.Argument(metavar="PIPELINE", help="By default all, one after another.")
    ] = None,
    settings: Settings = None,
    pipelines: Annotated[
        Path | None,
        typer.Option(
            "--pipelines",
            metavar="FILE",
            help="Further pipelines, from a .yaml or .json file; without PIPELINE these are run.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="The run's folder (default runs/NAME-TIME); of several, one each below it."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out DIR.")] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, metavar="N", help="Train trials and seeds in so many processes.")
    ] = 1,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="ADDRESS", help="Train them on a Dask cluster: tcp://HOST:PORT.")
    ] = None,
    devices: Annotated[
        int,
        typer.Option("--devices", min=1, metavar="N", help="Share every batch of a training among so many devices."),
    ] = 1,
    store: Annotated[
        Path | None, typer.Option("--store", metavar="FILE", help="The store of runs (default runs/runs.sqlite).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, data too; say what would be done; write nothing.")
    ] = False,
) -> None:
    """Run pipelines: trainings, sweeps, comparisons, benchmarks, each after those that it builds on.

    An interrupted run goes on with --resume to the very same weights.
    """
    if resume and out is None:
        raise typer.BadParameter("needs the folder of the run that is to go on: --out DIR", param_hint="--resume")
    if cluster is not None and jobs > 1:
        raise typer.BadParameter("a cluster has its own workers: give --jobs or --cluster", param_hint="--cluster")
    values = pairs(settings)
    from dync.jobs import jobs as jobs_of

    found = jobs_of(Path(path), pipeline, values, show, _built(pipelines))
    _bind_limits(found)
    folders = _folders(path, found, out)
    if dry_run:
        _rehearse(found, folders)
        return
    if resume:
        _verify_begun(folders)
    given = [word for setting in settings or () for word in ("--set", setting)]
    given += [] if pipelines is None else ["--pipelines", str(pipelines)]
    ways = Ways(jobs, cluster, devices, store)
    again = _again(path, pipeline, [*given, *ways.words()], found, folders)
    try:
        with heard_everywhere():
            good = _run_all(found, folders, resume, ways)
    except KeyboardInterrupt:
        complain(f"interrupted; this goes on where it was: {again}")
        raise
    raise typer.Exit(int(not good))


@dataclass(frozen=True)
class Ways:
    """How the command line says that things are to be done."""

    jobs: int
    cluster: str | None
    devices: int
    store: Path | None

    def words(self) -> list[str]:
        """The options that say so."""
        said = {"--jobs": self.jobs, "--cluster": self.cluster, "--devices": self.devices, "--store": self.store}
        return [word for name, value in said.items() if value not in (None, 1) for word in (name, str(value))]


def _built(file: Path | None) -> tuple[Pipeline, ...]:
    """The pipelines of a file of YAML or JSON."""
    if file is None:
        return ()
    from dync.building.files import read_pipelines

    return read_pipelines(file)


def _bind_limits(found: tuple[Job, ...]) -> None:
    """Limits of memory and threads, before JAX is imported: of several pipelines the tightest."""
    from dync.compiler.pipeline_plan import Limits
    from dync.runtime.limits import apply_limits

    fractions = [job.limits.gpu_memory_fraction for job in found if job.limits.gpu_memory_fraction is not None]
    threads = [job.limits.threads for job in found if job.limits.threads is not None]
    tightest = Limits(gpu_memory_fraction=min(fractions, default=None), threads=min(threads, default=None))
    for sentence in apply_limits(tightest):
        complain(sentence)


def _run_all(found: tuple[Job, ...], folders: dict[str, Path], resume: bool, ways: Ways) -> bool:
    """Run one pipeline after the other, and say what became of each; whether all of them succeeded.

    Of several processes that run one training together, the first alone writes and shows.
    """
    from dync.executors import executor_of
    from dync.running import Means, run_job
    from dync.runtime.joined_processes import folder_of_process, join_processes, leads, verify_limits_of_joined
    from dync.runtime.reporter import Reporter

    if join_processes():
        for job in found:
            verify_limits_of_joined(job.name, job.limits)
    first = leads()
    reporter = _reporter() if first else Reporter()
    with executor_of(ways.jobs, ways.cluster) as executor:
        means = Means(
            reporter, executor=executor, folders=folders, store=ways.store, recorded=first, devices=ways.devices
        )
        good = True
        for number, job in enumerate(found, start=1):
            if len(found) > 1:
                reporter.message(f"{number}/{len(found)}: {job.name}")
            folder = folders[job.name]
            with folder_of_process(folder, resume=resume) as own:
                result = run_job(job, own, resume=resume and own.exists(), means=means)
            good = good and result.is_success()
            if first:
                _say_end(result, folder)
    return good


def _say_end(result: PipelineResult, folder: Path) -> None:
    for line in summary(result, folder):
        print(line)
    for error in result.errors:
        complain(f"{result.pipeline_name}: {error}")


def _reporter() -> Reporter:
    """A bar on a terminal, plain lines elsewhere."""
    from dync.runtime.reporter import PlainReporter, RichReporter

    if not sys.stdout.isatty():
        return PlainReporter()
    from rich.console import Console

    return RichReporter(Console())


def _folders(path: str, found: tuple[Job, ...], out: Path | None) -> dict[str, Path]:
    from dync.running import folders_of

    return folders_of(Path(path), found, out)


def _verify_begun(folders: dict[str, Path]) -> None:
    """Raises RunError where there is no run to go on with."""
    from dync.runtime.error import RunError
    from dync.runtime.run_folder import SPEC

    places = list(folders.values())
    if not any((folder / SPEC).is_file() for folder in places):
        place = places[0] if len(places) == 1 else places[0].parent
        raise RunError(f"there is no run in {place} to go on with: leave --resume away to begin one")


def _again(
    path: str,
    pipeline: str | None,
    given: Sequence[str],
    found: tuple[Job, ...],
    folders: dict[str, Path],
) -> str:
    """The command that goes on after an interruption."""
    first = folders[found[0].name]
    out = first if len(found) == 1 else first.parent
    named = [] if pipeline is None else [pipeline]
    return shlex.join(["dync", "run", path, *named, *given, "--resume", "--out", str(out)])


def _rehearse(found: tuple[Job, ...], folders: dict[str, Path]) -> None:
    from dync.commands.rehearsal import rehearsal

    for job in found:
        print("\n".join(rehearsal(job, folders[job.name])))
