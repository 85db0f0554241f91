"""`dync runs`: what ran, from the store of runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dync.commands.check import Format
from dync.commands.terminal import complain

if TYPE_CHECKING:
    from dync.runtime.store import Store

MOST_SHOWN = 50
"""Runs that a list for people shows, where --limit does not say."""

runs = typer.Typer(
    name="runs",
    help="List, show and compare what ran. Without a command, list.",
    rich_markup_mode=None,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

StoreFile = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="FILE",
        help="The store of runs (default: what DYNC_STORE names, otherwise runs/runs.sqlite).",
    ),
]
Form = Annotated[Format, typer.Option("--format", help="For people, or one JSON document for tools.")]


@runs.callback()
def list_runs(
    context: typer.Context,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="training, sweep, comparison or benchmark.")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option("--status", metavar="STATUS", help="running, success, partial, failed or interrupted."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="GLOB", help="Names like this: 'fit*'.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Begun since then: 30m, 12h, 7d, 2w, or 2031-05-17[T14:30]."),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="CONDITION", help="On measures and settings: 'accuracy > 0.9 and optimizer = sgd'."
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=0, metavar="N", help=f"The newest N (default {MOST_SHOWN}, in JSON all; 0: all)."),
    ] = None,
    scan: Annotated[
        Path | None, typer.Option("--scan", metavar="DIR", help="First take in the runs whose folders lie below DIR.")
    ] = None,
    store: StoreFile = None,
    form: Form = Format.TEXT,
) -> None:
    """List what ran, the newest first."""
    context.obj = store
    if context.invoked_subcommand is not None:
        return
    from dync.commands.runs_text import as_list
    from dync.runtime.store import RunFilter, parse_condition

    most = limit if limit is not None else MOST_SHOWN if form is Format.TEXT else 0
    wanted = RunFilter(
        kind=_one_of(kind, "--kind"),
        status=_one_of(status, "--status"),
        name=name,
        since=None if since is None else _since(since),
        where=None if where is None else parse_condition(where),
    )
    with _opened(store, create=scan is not None) as opened:
        if scan is not None:
            _scan(opened, scan)
        found = opened.runs(wanted)
    shown = found[:most] if most else found
    if form is Format.JSON:
        _print_json({"runs": shown})
        return
    as_list(shown, more=len(found) - len(shown))


@runs.command("show")
def show(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="ID", help="A run's id, or how it begins.")],
    store: StoreFile = None,
    form: Form = Format.TEXT,
) -> None:
    """Show everything that is recorded of a run."""
    from dync.commands.runs_text import as_page

    with _opened(store or context.obj) as opened:
        found = opened.run(run)
    if form is Format.JSON:
        _print_json(found)
    else:
        as_page(found)


@runs.command("compare")
def compare(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID ID…", help="Two or more ids, or how they begin.")],
    store: StoreFile = None,
    form: Form = Format.TEXT,
) -> None:
    """Say in which settings, versions and measures runs differ."""
    if len(ids) < 2:
        raise typer.BadParameter("takes two runs or more", param_hint="ID")
    from dync.commands.runs_text import as_comparison
    from dync.runtime.store import differences

    with _opened(store or context.obj) as opened:
        found = differences([opened.run(run) for run in ids])
    if form is Format.JSON:
        _print_json(found)
    else:
        as_comparison(found)


@runs.command("forget")
def forget(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Ids, or how they begin.")],
    store: StoreFile = None,
) -> None:
    """Take runs out of the store. Their folders stay; --scan takes them in again."""
    from dync.commands.runs_text import printable

    with _opened(store or context.obj) as opened:
        found = [opened.run(run) for run in dict.fromkeys(ids)]
        for run in {run.id: run for run in found}.values():
            opened.forget(run.id)
            print(printable(f"forgot {run.id} ({run.name}); its folder stays: {run.folder}"))


def _opened(path: Path | None, *, create: bool = False) -> Store:
    """The store, in which runs that ended while nobody could write it down are set right."""
    from contextlib import suppress

    from dync.runtime.error import RunError
    from dync.runtime.store import open_store

    opened = open_store(path, create=create)
    with suppress(RunError):  # a store that can only be read serves as it is
        opened.heal()
    return opened


def _scan(store: Store, folder: Path) -> None:
    """Take in runs; what came of it goes to standard error, so that a JSON document stays whole."""
    from dync.commands.runs_text import printable
    from dync.compiler.report.text_table import counted
    from dync.runtime.store import scan

    found = scan(store, folder)
    busy = f", {counted(len(found.busy), 'run')} at work left alone" if found.busy else ""
    sys.stdout.flush()
    print(f"{counted(len(found.adopted), 'run')} taken in from {printable(str(folder))}{busy}", file=sys.stderr)
    for refused in (*found.refused, *([found.stopped] if found.stopped else [])):
        complain(printable(refused))


def _print_json(data: object) -> None:
    from dync.runtime.plain_json import plain_json

    print(json.dumps(plain_json(data), indent=2, allow_nan=False))


def _one_of(value: str | None, option: str) -> str | None:
    """A word of which only some are meant; raises BadParameter for others."""
    from typing import get_args

    from dync.runtime.store.run_data import KINDS, RunStatus

    known = KINDS if option == "--kind" else get_args(RunStatus)
    if value is not None and value not in known:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(known)}", param_hint=option)
    return value


def _since(text: str) -> str:
    """A time from `7d` (that long ago) or `2031-05-17T14:30` (local, where no zone is given)."""
    import re
    from datetime import datetime, timedelta

    from dync.runtime.store.run_data import instant

    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    match = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    try:
        if match is not None:
            return instant(datetime.now().astimezone() - timedelta(**{units[match[2]]: int(match[1])}))
        return instant(datetime.fromisoformat(text))
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(
            f"{text!r} is no time: 30m, 12h, 7d, 2w, 2031-05-17 or 2031-05-17T14:30", param_hint="--since"
        ) from None
