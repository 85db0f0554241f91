"""From products of factors to as few terms as possible: one matrix product each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from functools import reduce

from msgspec import Struct
from msgspec.structs import replace

from dync.compiler.expression import Expression, Number
from dync.compiler.plan import TermPlan
from dync.compiler.rules.algebra import ONE, ZERO, add, divide, multiply, power, subtract
from dync.compiler.rules.product import Factor, FactorTable, Product, Side


class _Row(Struct, frozen=True):
    """A product with its factors sorted by side."""

    coefficient: float
    scalar: tuple[Factor, ...]
    sender: tuple[Factor, ...]
    receiver: tuple[Factor, ...]
    weight: tuple[Factor, ...]
    example: tuple[Factor, ...]


def gather(products: Iterable[Product], table: FactorTable) -> tuple[TermPlan, ...]:
    """The terms of a sum of products.

    Products that share the factors of weight and sender become one term, whose receiver factors are added up; or the
    other way round, so that there are as few terms as this can give.
    """
    rows: dict[tuple[Factor, ...], list[_Row]] = {}
    for product in products:
        row = _Row(product.coefficient, *(table.of_side(product, side) for side in Side))
        rows.setdefault(row.weight, []).append(row)
    groups = (group for of_weight in rows.values() for group in _fewest_groups(_with_examples(of_weight)))
    return _by_weight([_term(group, table) for group in groups])


def _with_examples(rows: Sequence[_Row]) -> list[_Row]:
    """Rows of one weight, in which factors of the example have gone to an end, so that they stay within the sum over
    the batch: to the sender where no row reads the receiver, else to the receiver."""
    if any(row.sender for row in rows) and not any(row.receiver for row in rows):
        return [replace(row, sender=tuple(sorted((*row.sender, *row.example))), example=()) for row in rows]
    return [replace(row, receiver=tuple(sorted((*row.receiver, *row.example))), example=()) for row in rows]


def _fewest_groups(rows: Sequence[_Row]) -> list[list[_Row]]:
    """Rows of one weight, in groups that each share the sender or the receiver.

    The rows are the edges of a bipartite graph between senders and receivers; the groups are a smallest set of nodes
    that touches them all. Where all rows share one node, as in most rules, it is that one.
    """
    senders = {row.sender: number for number, row in enumerate(rows)}
    receivers = {row.receiver: len(rows) + number for number, row in enumerate(rows)}
    if len(senders) == 1 or len(receivers) == 1:
        return [list(rows)]
    cover = _cover([(senders[row.sender], receivers[row.receiver]) for row in rows], sorted(senders.values()))
    groups: dict[Hashable, list[_Row]] = {}
    for row in rows:
        sender = senders[row.sender]
        groups.setdefault(sender if sender in cover else receivers[row.receiver], []).append(row)
    return list(groups.values())


def _cover(edges: Sequence[tuple[int, int]], top: Sequence[int]) -> set[int]:
    """A smallest set of nodes of a bipartite graph that touches all its edges (König's theorem); `top` is one side."""
    from networkx import Graph  # only here: it takes longer to load than most files take to check
    from networkx.algorithms import bipartite

    graph = Graph()
    graph.add_edges_from(edges)
    found: set[int] = bipartite.to_vertex_cover(graph, bipartite.hopcroft_karp_matching(graph, top), top)
    return found


def _term(rows: Sequence[_Row], table: FactorTable) -> TermPlan:
    """One term of rows that share the sender or the receiver. What scalars they do not share move into the sum."""
    common = tuple(reduce(lambda left, right: left & right, (Counter(row.scalar) for row in rows)).elements())
    size = abs(rows[0].coefficient)
    scale = rows[0].coefficient if all(abs(row.coefficient) == size for row in rows) else 1.0
    scalar = _expression(common, table, scale)
    rest = [
        replace(
            row, coefficient=row.coefficient / scale, scalar=tuple((Counter(row.scalar) - Counter(common)).elements())
        )
        for row in rows
    ]
    first, weight = rows[0], _expression(rows[0].weight, table)
    if all(row.sender == first.sender for row in rows):
        total = _total([(row.coefficient, _expression((*row.scalar, *row.receiver), table)) for row in rest])
        return _plan(scalar, _expression(first.sender, table), total, weight)
    total = _total([(row.coefficient, _expression((*row.scalar, *row.sender), table)) for row in rest])
    return _plan(scalar, total, _expression(first.receiver, table), weight)


def _by_weight(terms: Sequence[TermPlan]) -> tuple[TermPlan, ...]:
    """Terms that share both sender and receiver as one, their weight factors added up."""
    groups: dict[tuple[Expression | None, Expression | None], list[TermPlan]] = {}
    for term in terms:
        groups.setdefault((term.sender, term.receiver), []).append(term)
    return tuple(group[0] if len(group) == 1 else _added_weights(group) for group in groups.values())


def _added_weights(terms: Sequence[TermPlan]) -> TermPlan:
    first = terms[0]
    if all(term.scalar == first.scalar for term in terms):
        return replace(first, weight=_total([(1.0, term.weight or ONE) for term in terms]))
    parts = [(1.0, multiply(term.scalar or ONE, term.weight or ONE)) for term in terms]
    return replace(first, scalar=None, weight=_total(parts))


def _plan(scalar: Expression, sender: Expression, receiver: Expression, weight: Expression) -> TermPlan:
    return TermPlan(*(None if part == ONE else part for part in (scalar, sender, receiver, weight)))


def _total(parts: Sequence[tuple[float, Expression]]) -> Expression:
    """The sum of numbers times expressions."""
    total: Expression = ZERO
    for coefficient, expression in parts:
        amount = multiply(Number(abs(coefficient)), expression)
        total = add(total, amount) if coefficient > 0 else subtract(total, amount)
    return total


def _expression(factors: Sequence[Factor], table: FactorTable, coefficient: float = 1.0) -> Expression:
    """A number times factors, as a fraction."""
    above: Expression = Number(coefficient)
    below: Expression = ONE
    for factor, count in Counter(factors).items():
        amount = power(table.expressions[factor.number], Number(float(count)))
        if factor.inverted:
            below = multiply(below, amount)
        else:
            above = multiply(above, amount)
    return divide(above, below)
