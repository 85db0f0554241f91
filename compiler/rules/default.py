"""The default of a parameter of a rule or an activation: a constant."""

from __future__ import annotations

from dync.compiler.expression import Number
from dync.compiler.mistakes.rule_values import DefaultNotConstant
from dync.compiler.rules.resolve import Resolver
from dync.compiler.rules.scope import Scope
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Span


def default_value(node: syntax.Expression, parameter: str) -> tuple[float, tuple[Diagnostic, ...]]:
    """The value of a constant expression; 0, with mistakes, where it has none."""

    def unknown(span: Span, name: str, known: tuple[str, ...], near: str | None) -> Diagnostic:
        return DefaultNotConstant(span, name, parameter)

    resolver = Resolver(Scope("the default of a parameter", (), (), unknown))
    resolved = resolver.number(node)
    # Where nothing can be read, every expression without a mistake is a constant.
    value = resolved.expression.value if resolved and isinstance(resolved.expression, Number) else 0.0
    return value, tuple(resolver.diagnostics)
