"""What `dync check` does. It knows no Typer: on a small file the command line would take longer than the work."""

from __future__ import annotations

import sys

from dync.commands.spec import load_spec
from dync.commands.terminal import show
from dync.compiled import compilation
from dync.grammar.diagnostic import Diagnostic, DiagnosticError, has_errors
from dync.grammar.render import safe


def check_as_text(files: list[str]) -> int:
    """Mistakes to standard error, a line for each file without errors to standard output; the exit status."""
    found = _diagnostics(files)
    everything = _all(found)
    show(everything)
    for name, diagnostics in found.items():
        if not has_errors(diagnostics):
            print(f"{safe(name)}: ok")
    return int(has_errors(everything))


def check_as_json(files: list[str]) -> int:
    """One JSON document of all mistakes to standard output; the exit status."""
    import json

    from dync.grammar.render import to_json

    everything = _all(_diagnostics(files))
    json.dump(to_json(everything), sys.stdout, indent=2, ensure_ascii=False)
    print()
    return int(has_errors(everything))


def _diagnostics(files: list[str]) -> dict[str, tuple[Diagnostic, ...]]:
    return {name: _of_file(name) for name in dict.fromkeys(files)}


def _of_file(name: str) -> tuple[Diagnostic, ...]:
    """All that is wrong with a file, that it cannot be read too."""
    try:
        return compilation(load_spec(name)).diagnostics
    except DiagnosticError as error:
        return error.diagnostics


def _all(found: dict[str, tuple[Diagnostic, ...]]) -> list[Diagnostic]:
    return [d for diagnostics in found.values() for d in diagnostics]
