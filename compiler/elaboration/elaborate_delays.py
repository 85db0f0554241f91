"""Delays: how many steps ago the state was that an edge carries."""

from __future__ import annotations

from math import prod

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.budget import SIZE
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.constant import integer
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import LayerModel
from dync.compiler.plan import MOST_DELAY
from dync.grammar import syntax


def delay_of(statement: syntax.Edge | syntax.Wire, scope: Scope, mistakes: Collector) -> int:
    """The delay of an edge in steps, 0 where it has none or a mistake."""
    if statement.delay is None:
        return 0
    steps = integer(statement.delay, scope, mistakes, "a delay")
    if steps is not None and not 1 <= steps <= MOST_DELAY:
        mistakes.add(wrong.delays.DelayOutOfRange(statement.delay.span, steps))
        return 0
    return steps or 0


def check_history(statement: syntax.Edge | syntax.Wire, delay: int, sender: LayerModel, mistakes: Collector) -> None:
    """What the sender held in the steps gone by must be something that memory can hold."""
    kept = delay * prod(sender.shape)
    if statement.delay is not None and kept > SIZE:
        what = f"the history of `{sender.name}` for one example"
        mistakes.add(wrong.shapes.TooLarge(statement.delay.span, what, kept, SIZE))
