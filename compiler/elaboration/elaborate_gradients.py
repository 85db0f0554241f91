"""Uses of `gradient`: which measure an edge follows, and at the end of which phase."""

from __future__ import annotations

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.context import Context
from dync.compiler.model import GradientUse
from dync.grammar import syntax


def gradient_use(statement: syntax.Edge | syntax.Wire, context: Context) -> GradientUse | None:
    """The gradient that an edge follows; None where that was a mistake.

    Whether there are such a measure and such a phase is checked when all of the network is known.
    """
    use = statement.rule
    assert use is not None
    if statement.during is not None:
        context.mistakes.add(wrong.gradients.GradientArgument(statement.during.span, True))
    match use.arguments:
        case (syntax.Argument(name=None, value=syntax.Variable(name=measure, moment=moment)),):
            phase = None if moment is None else moment.text
            moment_span = None if moment is None else moment.span
            return GradientUse(measure.text, phase, use.span, measure.span, moment_span)
    context.mistakes.add(wrong.gradients.GradientArgument(use.span, False))
    return None
