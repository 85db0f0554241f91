"""Uses of activations and rules: the definition found, the arguments filled in."""

from __future__ import annotations

from collections.abc import Sequence

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.constant import number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.scope import Scope
from dync.compiler.library import Signature
from dync.compiler.model import ActivationUse, RuleUse
from dync.compiler.rules.scope import GRADIENT
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
    takes = context.library.activations.signature(name.text).takes
    given = filled(application, takes, scope, context)
    if definition is None:
        return None
    return ActivationUse(definition, {**definition.parameters, **given}, application.span)


def rule_use(
    application: syntax.Application, during: syntax.Name | None, scope: Scope, context: Context
) -> RuleUse | None:
    """The rule that an edge learns by, after training or `during` a phase; None where that was a mistake."""
    name = application.name
    if name.text not in context.library.rules:
        context.mistakes.add(wrong.names.UnknownRule(name.span, name.text, (*context.library.rules, GRADIENT)))
        return None
    definition = context.library.rules[name.text]
    numbers, measures = _arguments(application, context.library.rules.signature(name.text), scope, context)
    if definition is None:
        return None
    return RuleUse(
        definition,
        {**definition.parameters, **numbers},
        application.span,
        measures,
        None if during is None else during.text,
        None if during is None else during.span,
    )


def _arguments(
    application: syntax.Application, rule: Signature, scope: Scope, context: Context
) -> tuple[dict[str, float], dict[str, str]]:
    """The numbers and the measures that a rule is given, by its parameters."""
    numbers: dict[str, float] = {}
    measures: dict[str, str] = {}
    for name, argument in matched(application, rule.takes, context.mistakes).items():
        if name in rule.measured:
            measures[name] = _measure(name, argument.value, rule, context)
        elif _names_measure(argument.value, scope, context):
            mixed = wrong.local_learning.MeasureMixedUp(argument.value.span, rule.name, name, False, rule.span)
            context.mistakes.add(mixed)
        elif (value := number(argument.value, scope, context.mistakes)) is not None:
            numbers[name] = float(value)
    for name in rule.measured:
        if name not in measures:
            missing = wrong.local_learning.ModulatorMissing
            context.mistakes.add(missing(application.span, rule.name, name, context.measures, rule.span))
    return numbers, measures


def _names_measure(value: syntax.Expression, scope: Scope, context: Context) -> bool:
    """Whether an expression is the name of a measure, and of no parameter."""
    if not isinstance(value, syntax.Variable) or value.moment is not None:
        return False
    return value.name.text in context.measures and scope.get(value.name.text) is None


def _measure(modulator: str, value: syntax.Expression, rule: Signature, context: Context) -> str:
    """The measure that a modulator is given; a name of none where that was a mistake."""
    if not isinstance(value, syntax.Variable) or value.moment is not None:
        mixed = wrong.local_learning.MeasureMixedUp(value.span, rule.name, modulator, True, rule.span)
        context.mistakes.add(mixed)
        return ""
    if value.name.text not in context.measures:
        context.mistakes.add(wrong.local_learning.UnknownMeasure(value.span, value.name.text, context.measures))
    return value.name.text


def filled(application: syntax.Application, takes: Sequence[str], scope: Scope, context: Context) -> dict[str, float]:
    """The numbers that are given, by the parameters."""
    given = matched(application, takes, context.mistakes)
    values = {name: number(argument.value, scope, context.mistakes) for name, argument in given.items()}
    return {name: float(value) for name, value in values.items() if value is not None}
