"""The parameters that a rule or an activation declares."""

from __future__ import annotations

from collections.abc import Sequence

from dync.compiler import mistakes as wrong
from dync.compiler.expression import Symbol
from dync.compiler.mistakes.rule_names import NameRepeated, NameTaken
from dync.compiler.rules.default import default_value
from dync.compiler.rules.resolve import Resolved, Resolver, parameter
from dync.grammar import syntax


def declare_parameters(
    resolver: Resolver, arguments: Sequence[syntax.Parameter], names: dict[str, syntax.Name]
) -> dict[str, float]:
    """Give each parameter its name; returns the defaults, 0 for one whose default has a mistake.

    One without a default is a modulator, where there can be any.
    """
    defaults: dict[str, float] = {}
    for argument in arguments:
        if argument.default is None:
            if not resolver.scope.modulated:
                resolver.mistake(wrong.units.NoDefault(argument.span, argument.name.text))
                resolver.names.setdefault(argument.name.text, None)
            elif is_free(resolver, argument.name, names):
                resolver.modulators[argument.name.text] = argument.name.span
                resolver.names[argument.name.text] = Resolved(Symbol(f"modulator.{argument.name.text}"))
            continue
        value, mistakes = default_value(argument.default, argument.name.text)
        resolver.diagnostics.extend(mistakes)
        if is_free(resolver, argument.name, names):
            defaults[argument.name.text] = value
            resolver.names[argument.name.text] = parameter(argument.name.text)
    return defaults


def is_free(resolver: Resolver, name: syntax.Name, names: dict[str, syntax.Name]) -> bool:
    """Take the name if it is free; a mistake where it is not."""
    meaning = resolver.scope.meaning(name.text)
    if meaning is not None:
        resolver.mistake(NameTaken(name.span, name.text, meaning))
    elif name.text in names:
        resolver.mistake(NameRepeated(name.span, name.text, names[name.text].span))
    else:
        names[name.text] = name
        return True
    return False
