"""The command line: which commands there are, and what becomes of what they raise."""

from __future__ import annotations

import sys
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
from dync.commands.run import run
from dync.commands.terminal import close_quietly, failure, prepare_streams
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; always ends by SystemExit, with the exit status of the page: 0, 1, 2 or 130."""
    prepare_streams()
    command = typer.main.get_command(app)
    try:
        command.main(list(sys.argv[1:] if arguments is None else arguments), prog_name="dync")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        close_quietly()
        sys.exit(1)
    except Exception as error:
        sys.exit(failure(error))
    finally:
        close_quietly(only_if_broken=True)


if __name__ == "__main__":
    main()
