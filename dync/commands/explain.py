"""`dync explain`: what a diagnostic means, with a wrong and a right example."""

from __future__ import annotations

from importlib import import_module
from inspect import cleandoc, isabstract
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dync.grammar.diagnostic import Diagnostic


def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", help="Such as E0121; without it all are listed.")
    ] = None,
) -> None:
    """Say what a diagnostic means, and show a file that has it and one that has not."""
    known = {mistake.code: mistake for mistake in mistakes()}
    if code is None:
        for name, mistake in sorted(known.items()):
            print(f"{name}  {_title(mistake)}")
        return
    found = known.get(code.strip().strip("[]").upper())
    if found is None:
        raise _unknown(code, tuple(known))
    print(_explanation(found))


def mistakes() -> Iterator[type[Diagnostic]]:
    """Every diagnostic that the package can make."""
    import dync.compiler.mistakes
    import dync.grammar
    from dync.grammar.diagnostic import Diagnostic

    for package in (dync.grammar, dync.compiler.mistakes):
        for module in iter_modules(package.__path__):
            import_module(f"{package.__name__}.{module.name}")
    waiting = Diagnostic.__subclasses__()
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if not isabstract(kind) and hasattr(kind, "code") and kind.__module__.startswith("dync."):
            yield kind


def _unknown(code: str, known: tuple[str, ...]) -> Exception:
    from dync.grammar.diagnostic import nearest
    from dync.runtime.error import RunError

    near = nearest(code.upper(), known)
    hint = f"did you mean {near}? " if near else ""
    return RunError(f"there is no diagnostic {code!r}: {hint}`dync explain` lists them all")


def _title(mistake: type[Diagnostic]) -> str:
    """The first sentence of the explanation."""
    text = " ".join(cleandoc(mistake.__doc__ or "").split())
    head, dot, _ = text.partition(". ")
    return head + dot.strip()


def _explanation(mistake: type[Diagnostic]) -> str:
    parts = [
        f"{mistake.severity}[{mistake.code}]",
        cleandoc(mistake.__doc__ or ""),
        f"Wrong:\n\n{_indented(mistake.wrong)}",
        f"Right:\n\n{_indented(mistake.right)}",
    ]
    return "\n\n".join(parts)


LONGEST = 40
"""Lines of an example that are shown."""


def _indented(example: str) -> str:
    lines = example.strip("\n").split("\n")
    shown = lines if len(lines) <= LONGEST else [*lines[: LONGEST // 2], "...", *lines[-LONGEST // 4 :]]
    return "\n".join(f"    {line}".rstrip() for line in shown)
