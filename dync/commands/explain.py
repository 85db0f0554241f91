"""`dync explain`: what a diagnostic means, or what a rule or an activation computes."""

from __future__ import annotations

import json
from importlib import import_module
from inspect import cleandoc, isabstract
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated

import typer

from dync.commands.check import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dync.grammar.diagnostic import Diagnostic


def explain(
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|RULE|ACTIVATION", help="Such as E0121 or perceptron; without it all codes are listed."
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file", metavar="FILE", help="The .dyn file in which a rule or an activation stands or is used."
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="For people, or one JSON document for tools.")] = Format.TEXT,
) -> None:
    """Say what a diagnostic means, with a file that has it and one that has not, or what a rule or activation computes.

    A rule is shown as an equation, in text and in LaTeX, as it is written and as it is computed, with its source, what
    it reads, what it promises about batches, and where the networks of the file use it.
    """
    known = {mistake.code: mistake for mistake in mistakes()}
    if word is None and file is None:
        _list(known, form)
        return
    found = None if word is None else known.get(word.strip().strip("[]").upper())
    if found is not None:
        print(_as_json(found) if form is Format.JSON else _explanation(found))
        return
    from dync.commands.explaining import explain_definition

    explain_definition(word, file, form, tuple(known))


def _list(known: Mapping[str, type[Diagnostic]], form: Format) -> None:
    titles = {name: _title(mistake) for name, mistake in sorted(known.items())}
    if form is Format.JSON:
        print(json.dumps({"codes": titles}, indent=2, ensure_ascii=False))
        return
    for name, title in titles.items():
        print(f"{name}  {title}")


def _as_json(mistake: type[Diagnostic]) -> str:
    meaning = cleandoc(mistake.__doc__ or "")
    facts = {"kind": "diagnostic", "code": mistake.code, "severity": mistake.severity, "meaning": meaning}
    return json.dumps(facts | {"wrong": mistake.wrong, "right": mistake.right}, indent=2, ensure_ascii=False)


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
