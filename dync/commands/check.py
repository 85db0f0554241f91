"""`dync check`: every mistake of some files."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dync.grammar.diagnostic import Diagnostic


class Format(StrEnum):
    """How mistakes are written."""

    TEXT = "text"
    JSON = "json"


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="The .dyn files; - reads standard input.")],
    form: Annotated[Format, typer.Option("--format", help="For people, or one JSON document for tools.")] = Format.TEXT,
) -> None:
    """Report every mistake of the files at once. Warnings do not fail."""
    from dync.grammar.diagnostic import has_errors

    found = {name: diagnostics_of(name) for name in files}
    everything = [d for diagnostics in found.values() for d in diagnostics]
    if form is Format.JSON:
        _write_json(everything)
    else:
        _write_text(found, everything)
    raise typer.Exit(int(has_errors(everything)))


def diagnostics_of(name: str) -> tuple[Diagnostic, ...]:
    """All that is wrong with a file, that it cannot be read too."""
    from dync.commands.spec import load_spec
    from dync.compiled import compilation
    from dync.grammar.diagnostic import DiagnosticError

    try:
        return compilation(load_spec(name)).diagnostics
    except DiagnosticError as error:
        return error.diagnostics


def _write_json(diagnostics: list[Diagnostic]) -> None:
    import json

    from dync.grammar.render import to_json

    json.dump(to_json(diagnostics), sys.stdout, indent=2, ensure_ascii=False)
    print()


def _write_text(found: dict[str, tuple[Diagnostic, ...]], everything: list[Diagnostic]) -> None:
    from dync.commands.terminal import show
    from dync.grammar.diagnostic import has_errors
    from dync.grammar.render import safe

    show(everything)
    for name, diagnostics in found.items():
        if not has_errors(diagnostics):
            print(f"{safe(name)}: ok")
