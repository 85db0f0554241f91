"""The arguments of a predicate, brought together with what it takes."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.collector import Collector
from dync.compiler.plan import MessageFilter
from dync.compiler.properties.predicate import MESSAGES, Predicate
from dync.grammar import syntax

FILTERS: Final[tuple[MessageFilter, ...]] = ("all", "forward", "backward")
"""The words that say which messages count."""


def arguments_of(call: syntax.Call, predicate: Predicate, mistakes: Collector) -> dict[str, syntax.Expression]:
    """The arguments by the names of what the predicate takes.

    `forward` and the like may stand at any place without a name: `has_cycle(forward)`.
    """
    takes = tuple(taken.name for taken in predicate.takes)
    if MESSAGES in predicate.takes:
        call = replace(call, arguments=tuple(map(_named, call.arguments)))
    return {name: argument.value for name, argument in matched(call, takes, mistakes).items()}


def _named(argument: syntax.Argument) -> syntax.Argument:
    match argument:
        case syntax.Argument(None, syntax.Variable(name, None, span), _) if name.text in FILTERS:
            return replace(argument, name=syntax.Name(MESSAGES.name, span))
        case _:
            return argument


def as_reference(expression: syntax.Expression) -> syntax.Reference | None:
    """The layer, array or group that an argument names; None where it is something else."""
    match expression:
        case syntax.Reference():
            return expression
        case syntax.Variable(name, None, span):
            return syntax.Reference(name, None, span)
        case _:
            return None


def as_word(expression: syntax.Expression) -> syntax.Name | None:
    """An argument that is a bare name."""
    match expression:
        case syntax.Variable(name, None, _):
            return name
        case _:
            return None
