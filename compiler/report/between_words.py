"""What an edge says of single pairs of units, in the words of the language as far as it has them."""

from __future__ import annotations

from dync.compiler.between_plan import Between
from dync.compiler.elaboration.expression_text import written


def between_words(between: Between | None) -> str:
    """The arguments that say it, a graph by the number of its weights."""
    if between is None:
        return ""
    plan, given = between.plan, between.arguments
    parts = [f"weights = {written(plan.weights)}"] if plan.weights is not None else []
    parts += [f"weights of a file: {len(between.given)}"] if plan.given else []
    parts += [f"present = {written(plan.present)}"] if plan.present is not None else []
    parts += [f"present of a graph: {sum(map(len, plan.arcs))}"] if plan.arcs is not None else []
    parts += [f"radius = {between.radius:.9g}"] if between.radius is not None else []
    where = ", ".join(f"{name} = {value:.9g}" for name, value in given.items())
    return f"({', '.join(parts)})" + (f" where {where}" if where else "")
