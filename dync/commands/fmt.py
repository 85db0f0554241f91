"""`dync fmt`: the one canonical layout of files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dync.commands.terminal import complain, show


def fmt(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="The .dyn files; - formats standard input.")],
    check: Annotated[bool, typer.Option("--check", help="Change nothing; name the files that would change.")] = False,
) -> None:
    """Put files into the one canonical layout. Comments survive, and what is formatted stays as it is.

    Files with errors of syntax are left alone and reported. With --check the status is 1 where a file would change.
    """
    good = [_format(name, check) for name in dict.fromkeys(files)]
    raise typer.Exit(int(not all(good)))


def _format(name: str, check: bool) -> bool:
    """Format one file; whether it is now, or was already, as it should be."""
    from dync.commands.spec import STANDARD_INPUT, load_spec
    from dync.grammar.diagnostic import DiagnosticError
    from dync.grammar.printer import format_source

    try:
        source = load_spec(name)
        text = format_source(source)
    except DiagnosticError as error:
        show(error.diagnostics)
        return False
    if name == STANDARD_INPUT and not check:
        sys.stdout.write(text)
        return True
    if text == source.text:
        return True
    if check:
        print(f"{name}: would change")
        return False
    return _rewrite(Path(name), text)


def _rewrite(path: Path, text: str) -> bool:
    """Replace the file in one step, keeping its rights; a link stays a link."""
    from dync.runtime.files import write_file

    target = path.resolve()
    try:
        mode = target.stat().st_mode
        write_file(target, text.encode())
        target.chmod(mode & 0o7777)
    except OSError as error:
        complain(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")
        return False
    print(f"{path}: formatted")
    return True
