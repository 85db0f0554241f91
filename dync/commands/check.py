"""`dync check`: every mistake of some files."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How mistakes are written."""

    TEXT = "text"
    JSON = "json"


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="The .dyn files; - reads standard input.")],
    form: Annotated[Format, typer.Option("--format", help="For people, or one JSON document for tools.")] = Format.TEXT,
) -> None:
    """Report every mistake of the files at once. Warnings do not fail."""
    from dync.commands.checking import check_as_json, check_as_text

    raise typer.Exit(check_as_json(files) if form is Format.JSON else check_as_text(files))
