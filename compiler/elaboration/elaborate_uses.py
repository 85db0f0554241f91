"""Uses of activations and rules: the definition found, the arguments filled in."""

from __future__ import annotations

from collections.abc import Mapping

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.constant import number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import ActivationUse, RuleUse
from dync.grammar import syntax

IDENTITY = "identity"
"""The activation of an output that names none."""


def activation_use(application: syntax.Application, scope: Scope, context: Context) -> ActivationUse | None:
    """The activation that a layer names; None where that was a mistake."""
    name = application.name
    if name.text not in context.library.activations:
        context.mistakes.add(wrong.names.UnknownActivation(name.span, name.text, tuple(context.library.activations)))
        return None
    definition = context.library.activations[name.text]
    if definition is None:
        return None
    arguments = filled(application, definition.parameters, scope, context)
    return ActivationUse(definition, arguments, application.span)


def rule_use(application: syntax.Application, scope: Scope, context: Context) -> RuleUse | None:
    """The rule that an edge learns by; None where that was a mistake."""
    name = application.name
    if name.text not in context.library.rules:
        context.mistakes.add(wrong.names.UnknownRule(name.span, name.text, tuple(context.library.rules)))
        return None
    definition = context.library.rules[name.text]
    if definition is None:
        return None
    return RuleUse(definition, filled(application, definition.parameters, scope, context), application.span)


def filled(
    application: syntax.Application, defaults: Mapping[str, float], scope: Scope, context: Context
) -> dict[str, float]:
    """The value of every parameter: the argument, or else the default."""
    given = matched(application, tuple(defaults), context.mistakes)
    values = {name: number(argument.value, scope, context.mistakes) for name, argument in given.items()}
    return {**defaults, **{name: float(value) for name, value in values.items() if value is not None}}
