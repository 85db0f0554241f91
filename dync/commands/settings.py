"""`--set KEY=VALUE`, as several commands take it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="A setting instead of the file's: hidden=100 or network.hidden=100, epochs=3,"
        " optimizer.learning_rate=0.01, data.images=FILE. data.folder=DIR looks all data files up in DIR, by their"
        " names alone. DIR, and a FILE that exists, are relative to the current folder. May be repeated.",
    ),
]


def pairs(settings: Sequence[str] | None) -> dict[str, str]:
    """Values by keys; raises BadParameter where one has no key, no equals sign, or stands twice."""
    found: dict[str, str] = {}
    for setting in settings or ():
        key, equals, value = setting.partition("=")
        key = key.strip()
        if not equals or not key:
            raise typer.BadParameter(f"{setting!r} is not KEY=VALUE, such as epochs=3", param_hint="--set")
        if key in found:
            raise typer.BadParameter(f"{key} is set twice", param_hint="--set")
        found[key] = value.strip()
    return found
