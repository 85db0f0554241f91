"""`dync run`: the pipelines of a file or an artefact."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dync.commands.settings import Settings, pairs
from dync.commands.terminal import complain, show

if TYPE_CHECKING:
    from dync.running import Job
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
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="The run's folder (default runs/NAME-TIME); of several, one each below it."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out DIR.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, data too; say what would be done; write nothing.")
    ] = False,
) -> None:
    """Run a pipeline: train, save, evaluate. An interrupted run goes on with --resume to the very same weights."""
    if resume and out is None:
        raise typer.BadParameter("needs the folder of the run that is to go on: --out DIR", param_hint="--resume")
    values = pairs(settings)
    from dync.running import jobs

    found = jobs(Path(path), pipeline, values, show)
    folders = _folders(path, found, out)
    if dry_run:
        _rehearse(found, folders)
        return
    if resume:
        _verify_begun(folders)
    again = _again(path, pipeline, settings or (), found, folders)
    try:
        good = [_run(job, folder, resume) for job, folder in zip(found, folders, strict=True)]
    except KeyboardInterrupt:
        complain(f"interrupted; this goes on where it was: {again}")
        raise
    raise typer.Exit(int(not all(good)))


def _run(job: Job, folder: Path, resume: bool) -> bool:
    """Run one pipeline, and say what became of it; whether all of it succeeded."""
    from dync.running import run_job

    resuming = resume and folder.exists()
    result = run_job(job, folder, resume=resuming, reporter=_reporter())
    for line in summary(result, folder):
        print(line)
    for error in result.errors:
        complain(f"{result.pipeline_name}: {error}")
    return result.is_success()


def summary(result: PipelineResult, folder: Path) -> list[str]:
    """What a person wants to know at the end: how it went, how good it is, and where it lies."""
    from dync.compiler.report.text_table import table

    lines = [f"{result.pipeline_name}: {result.status} in {result.total_time_seconds:.1f} s"]
    measured = result.outputs.get("evaluation_results") or {}
    names = sorted({name for measures in measured.values() for name in measures})
    if names:
        rows = [[part, *(_number(name, measures.get(name)) for name in names)] for part, measures in measured.items()]
        lines += table([["", *names], *rows], right=set(range(1, len(names) + 1)))
    final = result.outputs.get("final_checkpoint")
    lines.append(f"  the weights are in {folder / final}" if final else f"  what there is lies in {folder}")
    return lines


def _number(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2%}" if name.endswith(("accuracy", "agreement")) else f"{value:.4g}"


def _reporter() -> Reporter:
    """A bar on a terminal, plain lines elsewhere."""
    from dync.runtime.reporter import PlainReporter, RichReporter

    if not sys.stdout.isatty():
        return PlainReporter()
    from rich.console import Console

    return RichReporter(Console())


def _folders(path: str, found: tuple[Job, ...], out: Path | None) -> list[Path]:
    """The folder of each pipeline: of one alone `out` itself."""
    from dync.running import default_folder

    if len(found) == 1:
        return [out if out is not None else default_folder(found[0])]
    parent = out if out is not None else Path("runs") / f"{Path(path).stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    return [parent / job.bound.pipeline.name for job in found]


def _verify_begun(folders: list[Path]) -> None:
    """Raises RunError where there is no run to go on with."""
    from dync.runtime.error import RunError
    from dync.runtime.run_folder import SPEC

    if not any((folder / SPEC).is_file() for folder in folders):
        place = folders[0] if len(folders) == 1 else folders[0].parent
        raise RunError(f"there is no run in {place} to go on with: leave --resume away to begin one")


def _again(
    path: str, pipeline: str | None, settings: list[str] | tuple[()], found: tuple[Job, ...], folders: list[Path]
) -> str:
    """The command that goes on after an interruption."""
    out = folders[0] if len(found) == 1 else folders[0].parent
    named = [] if pipeline is None else [pipeline]
    chosen = [word for setting in settings for word in ("--set", setting)]
    return shlex.join(["dync", "run", path, *named, *chosen, "--resume", "--out", str(out)])


def _rehearse(found: tuple[Job, ...], folders: list[Path]) -> None:
    from dync.commands.rehearsal import rehearsal

    for job, folder in zip(found, folders, strict=True):
        print("\n".join(rehearsal(job, folder)))
