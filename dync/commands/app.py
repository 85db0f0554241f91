"""All the commands, as Typer knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from dync.commands.check import check
from dync.commands.compile import compile_command
from dync.commands.doctor import doctor
from dync.commands.explain import explain
from dync.commands.fmt import fmt
from dync.commands.graph import graph
from dync.commands.new import new
from dync.commands.report import report
from dync.commands.run import run
from dync.commands.runs import runs
from dync.commands.test import test
from dync.commands.verify import verify
from dync.version import VERSION

EXIT_STATUS = "Exit status: 0 fine, 1 the spec or the run failed, 2 wrong usage, 130 interrupted."

app = typer.Typer(
    name="dync",
    help="Compile and run networks that learn by local rules, from .dyn files.",
    epilog=EXIT_STATUS,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def run_command(arguments: Sequence[str]) -> None:
    """Run a command; ends by SystemExit, or by what the command raised."""
    typer.main.get_command(app).main(list(arguments), prog_name="dync")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"dync {VERSION}")
        raise typer.Exit


@app.callback()
def _dync(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Compile and run networks that learn by local rules, from .dyn files."""


app.command("check")(check)
app.command("compile")(compile_command)
app.command("run")(run)
app.command("graph")(graph)
app.command("fmt")(fmt)
app.command("explain")(explain)
app.command("doctor")(doctor)
app.command("new")(new)
app.command("report")(report)
app.command("test")(test)
app.command("verify")(verify)
app.add_typer(runs)
