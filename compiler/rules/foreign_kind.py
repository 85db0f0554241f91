"""Kinds of edges that are classes in Python, to their definitions. Nothing is imported: the text is read."""

from __future__ import annotations

from typing import Final

from dync.compiler import mistakes as wrong
from dync.compiler.model import KindDefinition
from dync.compiler.rules.declare import declare_parameters
from dync.compiler.rules.foreign import needs_defaults, read_module
from dync.compiler.rules.python_source import Signature
from dync.compiler.rules.resolve import Resolver
from dync.compiler.rules.scope import KIND
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, has_errors, nearest

GIVEN: Final = {"weights": ("key", "senders", "receivers"), "message": ("weights", "sent")}
"""The functions of the class, and what each is given beside the parameters."""

BUILT_IN: Final = frozenset({"dense", "one_to_one", "conv", "pool", "unpool", "low_rank", "tied", "network"})
"""The names of the kinds of the language."""


def define_foreign_kind(node: syntax.Foreign) -> tuple[KindDefinition | None, tuple[Diagnostic, ...]]:
    """The kind, and all that is wrong with it: None where that is an error."""
    resolver = Resolver(KIND)
    if node.name.text in BUILT_IN:
        return None, (wrong.python.KindRefused(node.name.span, node.name.text, "name"),)
    if needs_defaults(node, resolver):
        return None, tuple(resolver.diagnostics)
    defaults = declare_parameters(resolver, node.parameters, {})
    found = read_module(node, resolver)
    if found is None:
        return None, tuple(resolver.diagnostics)
    module, inside = found
    place = node.place.value
    name = place.partition(":")[2]
    if name not in inside.classes:
        _missing(node, resolver, "class", module.name, name, tuple(inside.classes))
    else:
        _check_functions(node, inside.classes[name], defaults, resolver)
    if has_errors(resolver.diagnostics):
        return None, tuple(resolver.diagnostics)
    return KindDefinition(node.name.text, defaults, place, module.digest, node.name.span), tuple(resolver.diagnostics)


def _missing(
    node: syntax.Foreign, resolver: Resolver, what: str, where: str, name: str, known: tuple[str, ...]
) -> None:
    near = nearest(name, known) if what == "class" else None
    resolver.mistake(wrong.python.FunctionMissing(node.place.span, what, where, name, known, near))


def _check_functions(
    node: syntax.Foreign, functions: dict[str, Signature], parameters: dict[str, float], resolver: Resolver
) -> None:
    """Both functions are there, are given what they ask for, and one of them takes each parameter."""
    taken = set[str]()
    for name, given in GIVEN.items():
        if name not in functions:
            _missing(node, resolver, "function", node.place.value, name, tuple(functions))
            continue
        signature = functions[name]
        taken.update(signature.arguments)
        unknown = [a for a in signature.arguments if a not in (*given, *parameters) and a not in signature.optional]
        for argument in unknown or ([""] if signature.open else []):
            mistake = wrong.python.ArgumentNotLocal(
                node.place.span, "a kind of edges", name, argument, signature.line, given
            )
            resolver.mistake(mistake)
    for parameter in node.parameters if set(GIVEN) <= set(functions) else ():
        if parameter.name.text not in taken:
            span, name = parameter.name.span, node.place.value
            arguments = tuple(sorted(taken))
            resolver.mistake(wrong.python.ParameterNotTaken(span, name, parameter.name.text, arguments, False))
