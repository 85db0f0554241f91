"""Uses of activations and rules: the definition found, the arguments filled in."""

from __future__ import annotations

from collections.abc import Mapping

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.constant import number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import ActivationUse, RuleDefinition, RuleUse
from dync.compiler.rules.scope import GRADIENT
from dync.grammar import syntax
from dync.grammar.source import Span

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


def rule_use(
    application: syntax.Application, during: syntax.Name | None, scope: Scope, context: Context
) -> RuleUse | None:
    """The rule that an edge learns by, after training or `during` a phase; None where that was a mistake."""
    name = application.name
    if name.text not in context.library.rules:
        context.mistakes.add(wrong.names.UnknownRule(name.span, name.text, (*context.library.rules, GRADIENT)))
        return None
    definition = context.library.rules[name.text]
    if definition is None:
        return None
    return RuleUse(
        definition,
        *_arguments(application, definition, scope, context),
        None if during is None else during.text,
        None if during is None else during.span,
    )


def _arguments(
    application: syntax.Application, definition: RuleDefinition, scope: Scope, context: Context
) -> tuple[dict[str, float], Span, dict[str, str]]:
    """The numbers that a rule takes, the place of its use, and the measures that it takes, by its parameters."""
    given = matched(application, definition.takes or tuple(definition.parameters), context.mistakes)
    numbers: dict[str, float] = dict(definition.parameters)
    measures: dict[str, str] = {}
    for name, argument in given.items():
        if name in definition.modulators:
            measures[name] = _measure(name, argument.value, definition, context)
        elif _names_measure(argument.value, scope, context):
            span = argument.value.span
            context.mistakes.add(
                wrong.local_learning.MeasureMixedUp(span, definition.name, name, False, definition.span)
            )
        elif (value := number(argument.value, scope, context.mistakes)) is not None:
            numbers[name] = float(value)
    for name in definition.modulators:
        if name not in measures:
            missing = wrong.local_learning.ModulatorMissing
            context.mistakes.add(missing(application.span, definition.name, name, context.measures, definition.span))
    return numbers, application.span, measures


def _names_measure(value: syntax.Expression, scope: Scope, context: Context) -> bool:
    """Whether an expression is the name of a measure, and of no parameter."""
    if not isinstance(value, syntax.Variable) or value.moment is not None:
        return False
    return value.name.text in context.measures and scope.get(value.name.text) is None


def _measure(modulator: str, value: syntax.Expression, definition: RuleDefinition, context: Context) -> str:
    """The measure that a modulator is given; a name of none where that was a mistake."""
    if not isinstance(value, syntax.Variable) or value.moment is not None:
        mixed = wrong.local_learning.MeasureMixedUp(value.span, definition.name, modulator, True, definition.span)
        context.mistakes.add(mixed)
        return ""
    if value.name.text not in context.measures:
        context.mistakes.add(wrong.local_learning.UnknownMeasure(value.span, value.name.text, context.measures))
    return value.name.text


def filled(
    application: syntax.Application, defaults: Mapping[str, float], scope: Scope, context: Context
) -> dict[str, float]:
    """The value of every parameter: the argument, or else the default."""
    given = matched(application, tuple(defaults), context.mistakes)
    values = {name: number(argument.value, scope, context.mistakes) for name, argument in given.items()}
    return {**defaults, **{name: float(value) for name, value in values.items() if value is not None}}
