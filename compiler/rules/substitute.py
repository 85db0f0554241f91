"""Putting expressions in the place of symbols."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from dync.compiler.expression import Apply, Expression, Foreign, Symbol
from dync.compiler.rules.algebra import apply


def substituted(expression: Expression, places: Mapping[Symbol, Expression]) -> Expression:
    """The expression with other ones in the place of symbols; what is shared stays shared."""
    done: dict[int, Expression] = {}

    def of(part: Expression) -> Expression:
        match part:
            case Symbol():
                return places.get(part, part)
            case Apply(operation, operands):
                if id(part) not in done:
                    new = tuple(map(of, operands))
                    same = all(a is b for a, b in zip(new, operands, strict=True))
                    other = replace(part, operands=new) if isinstance(part, Foreign) else apply(operation, *new)
                    done[id(part)] = part if same else other
                return done[id(part)]
            case _:
                return part

    return of(expression)
