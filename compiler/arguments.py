"""Arguments by place or by name, brought together with what a thing takes."""

from __future__ import annotations

from collections.abc import Sequence

from dync.compiler.collector import Collector
from dync.compiler.mistakes.names import ArgumentCount, DuplicateArgument, UnknownArgument
from dync.compiler.mistakes.parameters import UnknownParameter
from dync.grammar import syntax


def matched(
    application: syntax.Application | syntax.Call,
    takes: Sequence[str],
    mistakes: Collector,
    unknown: type[UnknownArgument | UnknownParameter] = UnknownArgument,
) -> dict[str, syntax.Argument]:
    """The arguments by the names in `takes`, whose order is that of arguments without a name.

    `unknown` is the mistake of a name that is not in `takes`.
    """
    name = application.name.text if isinstance(application, syntax.Application) else application.function.text
    found: dict[str, syntax.Argument] = {}
    superfluous: syntax.Argument | None = None
    for place, argument in enumerate(application.arguments):
        key = argument.name.text if argument.name is not None else _at(place, takes)
        if key is None:
            superfluous = superfluous or argument
        elif key not in takes and argument.name is not None:
            mistakes.add(unknown(argument.name.span, key, tuple(takes), name))
        elif key in found:
            mistakes.add(DuplicateArgument(argument.span, key, name, found[key].span))
        else:
            found[key] = argument
    if superfluous is not None:
        mistakes.add(ArgumentCount(superfluous.span, name, _count(len(takes)), len(application.arguments)))
    return found


def _at(place: int, takes: Sequence[str]) -> str | None:
    return takes[place] if place < len(takes) else None


def _count(number: int) -> str:
    return {0: "no arguments", 1: "1 argument"}.get(number, f"at most {number} arguments")
