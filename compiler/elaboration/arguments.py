"""Arguments by place or by name, brought together with what a thing takes."""

from __future__ import annotations

from collections.abc import Sequence

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.grammar import syntax


def matched(
    application: syntax.Application | syntax.Call,
    takes: Sequence[str],
    mistakes: Collector,
    *,
    of_network: bool = False,
) -> dict[str, syntax.Argument]:
    """The arguments by the names in `takes`, whose order is that of arguments without a name.

    With `of_network` they are the parameters of a network.
    """
    name = application.name.text if isinstance(application, syntax.Application) else application.function.text
    found: dict[str, syntax.Argument] = {}
    superfluous: syntax.Argument | None = None
    for place, argument in enumerate(application.arguments):
        key = argument.name.text if argument.name is not None else _at(place, takes)
        if key is None:
            superfluous = superfluous or argument
        elif key not in takes and argument.name is not None:
            unknown = wrong.parameters.UnknownParameter if of_network else wrong.names.UnknownArgument
            mistakes.add(unknown(argument.name.span, key, tuple(takes), name))
        elif key in found:
            mistakes.add(wrong.names.DuplicateArgument(argument.span, key, name, found[key].span))
        else:
            found[key] = argument
    if superfluous is not None:
        mistakes.add(wrong.names.ArgumentCount(superfluous.span, name, _count(len(takes)), len(application.arguments)))
    return found


def _at(place: int, takes: Sequence[str]) -> str | None:
    return takes[place] if place < len(takes) else None


def _count(number: int) -> str:
    return {0: "no arguments", 1: "1 argument"}.get(number, f"at most {number} arguments")
