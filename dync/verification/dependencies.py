"""Which inputs each element of a compiled function's results depends on, found from its jaxpr.

Every element of every array carries the set of its sources, and each equation passes the sets on as its primitive says
(`primitives.py`). What the analysis leaves out of a set the element does not depend on, whatever the numbers; what it
puts in may still have no influence, as a factor that is zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import jax
import numpy as np

from dync.verification.known import evaluated
from dync.verification.masks import Mask, over, union
from dync.verification.node import Node, constant
from dync.verification.primitives import masks_of, without_operands

UNROLLED: Final = 64
"""Loops of so many rounds are followed round by round; longer ones until nothing changes any more."""

Environment: TypeAlias = dict[Any, Node]


def dependencies(closed: Any, inputs: Sequence[Node], words: int) -> list[Node]:
    """The results of a closed jaxpr, given what its inputs depend on."""
    known = [constant(value, words) for value in closed.consts]
    return _run(closed.jaxpr, [*known, *inputs], words)


def _run(jaxpr: Any, inputs: Sequence[Node], words: int) -> list[Node]:
    """The results of a jaxpr, given its constants and inputs."""
    found: Environment = dict(zip([*jaxpr.constvars, *jaxpr.invars], inputs, strict=True))

    def read(atom: Any) -> Node:
        return constant(np.asarray(atom.val), words) if hasattr(atom, "val") else found[atom]

    for equation in jaxpr.eqns:
        results = _equation(equation, [read(atom) for atom in equation.invars], words)
        found |= dict(zip(equation.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _equation(equation: Any, operands: Sequence[Node], words: int) -> list[Node]:
    name = equation.primitive.name
    if name in _CONTROL:
        return _CONTROL[name](equation, operands, words)
    inner = _inner(equation)
    if inner is not None:
        return _called(inner, operands, words)
    shapes = [tuple(out.aval.shape) for out in equation.outvars]
    masks = masks_of(equation, operands) if operands else without_operands(shapes, words)
    if not all(node.known for node in operands):
        return [Node(shape, mask) for shape, mask in zip(shapes, masks, strict=True)]
    made: list[Any] = []

    def value(place: int) -> Any:
        if not made:
            made.extend(evaluated(equation, [node.value for node in operands]))
        return made[place]

    finders: list[Callable[[], Any]] = [lambda place=place: value(place) for place in range(len(shapes))]  # type: ignore[misc]
    return [Node(shape, mask, find) for shape, mask, find in zip(shapes, masks, finders, strict=True)]


def _inner(equation: Any) -> Any | None:
    """The jaxpr that an equation calls with its own operands."""
    for key in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        found = equation.params.get(key)
        if found is not None and len(_open(found).invars) == len(equation.invars):
            return found
    return None


def _open(jaxpr: Any) -> Any:
    return jaxpr.jaxpr if hasattr(jaxpr, "jaxpr") else jaxpr


def _called(jaxpr: Any, operands: Sequence[Node], words: int) -> list[Node]:
    closed = hasattr(jaxpr, "consts")
    return dependencies(jaxpr, operands, words) if closed else _run(jaxpr, operands, words)


# --- loops and branches -----------------------------------------------------------------------------------------------


def _scan(equation: Any, operands: Sequence[Node], words: int) -> list[Node]:
    params = equation.params
    consts, carried, length = params["num_consts"], params["num_carry"], params["length"]
    fixed, carry, xs = operands[:consts], list(operands[consts : consts + carried]), operands[consts + carried :]
    if length > UNROLLED:
        return _endless_scan(equation, fixed, carry, xs, words)
    rows: list[list[Node]] = []
    order = range(length - 1, -1, -1) if params["reverse"] else range(length)
    for number in order:
        results = dependencies(params["jaxpr"], [*fixed, *carry, *(_row(x, number) for x in xs)], words)
        carry = results[:carried]
        rows.append(results[carried:])
    stacked = rows[::-1] if params["reverse"] else rows
    shapes = [tuple(out.aval.shape) for out in equation.outvars[carried:]]
    return [*carry, *(_stack([row[n] for row in stacked], shape, words) for n, shape in enumerate(shapes))]


def _row(node: Node, number: int) -> Node:
    mask = node.mask[number if node.mask.shape[0] > 1 else 0]
    return Node(node.shape[1:], mask, (lambda: node.value[number]) if node.known else None)


def _stack(rows: Sequence[Node], shape: tuple[int, ...], words: int) -> Node:
    if not rows:
        return Node(shape, without_operands([shape], words)[0])
    sizes = [max(row.mask.shape[axis] for row in rows) for axis in range(rows[0].rank)]
    wide = [np.broadcast_to(row.mask, (*sizes, words)) for row in rows]
    return Node(shape, np.stack(wide))


def _endless_scan(
    equation: Any, fixed: Sequence[Node], carry: Sequence[Node], xs: Sequence[Node], words: int
) -> list[Node]:
    """Any round may be any other: until nothing is added."""
    sliced = [Node(x.shape[1:], over(x.mask, [0])[0]) for x in xs]
    carried = len(carry)

    def body(now: Sequence[Node]) -> list[Node]:
        return dependencies(equation.params["jaxpr"], [*fixed, *now, *sliced], words)

    settled, results = _until_settled(body, carry, carried)
    ends = [Node((0, *node.shape), node.mask[None]) for node in results[carried:]]
    shapes = [tuple(out.aval.shape) for out in equation.outvars[carried:]]
    return [*settled, *(Node(shape, end.mask) for shape, end in zip(shapes, ends, strict=True))]


def _until_settled(
    body: Callable[[Sequence[Node]], list[Node]], start: Sequence[Node], carried: int
) -> tuple[list[Node], list[Node]]:
    """What is carried once a further round adds nothing to it, and all that this round gave."""
    now = [Node(node.shape, node.mask) for node in start]
    while True:
        results = body(now)
        after = [node.like(union([node.mask, new.mask], node.rank)) for node, new in zip(now, results, strict=False)]
        same = all(_same(a.mask, b.mask) for a, b in zip(now, after, strict=True))
        now = after[:carried]
        if same:
            return now, results


def _same(left: Mask, right: Mask) -> bool:
    return bool(np.array_equal(np.broadcast_to(left, np.broadcast_shapes(left.shape, right.shape)), right))


def _while(equation: Any, operands: Sequence[Node], words: int) -> list[Node]:
    """Each round depends on the condition too, and so on all that this reads."""
    params = equation.params
    asked, done = params["cond_nconsts"], params["body_nconsts"]
    condition, fixed, start = operands[:asked], operands[asked : asked + done], operands[asked + done :]

    def body(now: Sequence[Node]) -> list[Node]:
        (holds,) = dependencies(params["cond_jaxpr"], [*condition, *now], words)
        results = dependencies(params["body_jaxpr"], [*fixed, *now], words)
        return [node.like(union([node.mask, holds.mask], node.rank)) for node in results]

    return _until_settled(body, start, len(start))[0]


def _cond(equation: Any, operands: Sequence[Node], words: int) -> list[Node]:
    """Any branch, and what decides between them."""
    which, rest = operands[0], operands[1:]
    branches = equation.params["branches"]
    if which.known:
        chosen = branches[int(np.clip(np.asarray(which.value), 0, len(branches) - 1))]
        return dependencies(chosen, rest, words)
    found = [dependencies(branch, rest, words) for branch in branches]
    return [
        Node(nodes[0].shape, union([which.mask, *(node.mask for node in nodes)], nodes[0].rank))
        for nodes in zip(*found, strict=True)
    ]


_CONTROL: Final[Mapping[str, Callable[[Any, Sequence[Node], int], list[Node]]]] = {
    "scan": _scan,
    "while": _while,
    "cond": _cond,
}


def traced(function: Callable[..., Any], *arguments: Any) -> Any:
    """The closed jaxpr of a function at arguments of these shapes."""
    return jax.make_jaxpr(function)(*arguments)
