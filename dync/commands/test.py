"""`dync test`: the properties of files, tried at many values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dync.commands.check import Format


def test(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="The .dyn files; a folder means all that are in it.")
    ],
    cases: Annotated[
        int | None,
        typer.Option(
            "--cases", min=1, max=1_000_000, help="Values tried for each property: 100, or 10 where networks run."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="What the values are drawn from.")] = 0,
    draw: Annotated[
        Path | None, typer.Option("--draw", metavar="DIR", help="Draw the smallest failing networks into a folder.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="For people, or one JSON document for tools.")] = Format.TEXT,
) -> None:
    """Try every property at many values of its parameters, and show the smallest at which one fails.

    What fails is told with the values, what the requirement came to, and the network as a list. The same seed tries the
    same values.
    """
    from dync.commands.trying import Request, try_as_json, try_as_text

    request = Request(tuple(files), cases, seed, draw)
    raise typer.Exit(try_as_json(request) if form is Format.JSON else try_as_text(request))
