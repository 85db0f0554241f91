"""What an element that a primitive of JAX makes depends on, given what its operands depend on.

Each function here gives one mask for each result. A primitive that is not listed makes everything depend on everything
that goes into it, which can only err on the safe side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dync.verification.masks import (
    Mask,
    Shape,
    everything,
    is_uniform,
    nothing,
    over,
    picked,
    reshaped,
    spread,
    union,
)
from dync.verification.node import Node

Params: TypeAlias = Mapping[str, Any]
Rule: TypeAlias = Callable[[Any, Sequence[Node], Sequence[Shape]], list[Mask]]
"""From an equation of a jaxpr, its operands, and the shapes of its results."""

ELEMENTWISE: Final = frozenset(
    {
        "abs", "add", "add_any", "and", "atan2", "cbrt", "ceil", "clamp", "convert_element_type", "copy", "cos", "cosh",
        "div", "eq", "erf", "erf_inv", "erfc", "exp", "exp2", "expm1", "floor", "ge", "gt", "integer_pow",
        "is_finite", "le", "log", "log1p", "logistic", "lt", "max", "min", "mul", "ne", "neg", "nextafter", "not", "or",
        "pow", "reduce_precision", "rem", "round", "rsqrt", "select_n", "shift_left", "shift_right_arithmetic",
        "shift_right_logical", "sign", "sin", "sinh", "sqrt", "square", "sub", "tan", "tanh", "xor",
    }
)  # fmt: skip
"""Each element of the result depends on those in its place."""

ONE_TO_ONE: Final = frozenset({"optimization_barrier", "device_put", "stop_gradient"})
"""Each result is the operand in its place."""

REDUCTIONS: Final = frozenset(
    {
        "reduce_sum",
        "reduce_max",
        "reduce_min",
        "reduce_prod",
        "reduce_and",
        "reduce_or",
        "reduce_xor",
        "argmax",
        "argmin",
    }
)

CUMULATIVE: Final = frozenset({"cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"})


def masks_of(equation: Any, operands: Sequence[Node]) -> list[Mask]:
    """The masks of the results of an equation."""
    name = equation.primitive.name
    shapes = [tuple(out.aval.shape) for out in equation.outvars]
    if name in ELEMENTWISE:
        return [union((node.mask for node in operands), len(shapes[0]))]
    if name in ONE_TO_ONE:
        return [node.mask for node in operands]
    if name in REDUCTIONS:
        return [_reduced(operands, equation.params["axes"], shape) for shape in shapes]
    if name in CUMULATIVE:
        return [over(operands[0].mask, [equation.params["axis"]])]
    return _RULES.get(name, _anything)(equation, operands, shapes)


def _anything(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    """Everything depends on everything."""
    if not operands:
        raise ValueError(f"{equation.primitive.name} makes something of nothing")
    total = union((node.everywhere(0) for node in operands), 0)
    return [everything(total, len(shape)) for shape in shapes]


def _reduced(operands: Sequence[Node], axes: Sequence[int], shape: Shape) -> Mask:
    total = union((over(node.mask, axes) for node in operands), operands[0].rank)
    return np.squeeze(total, axis=tuple(axes)) if len(shape) < operands[0].rank else total


def _reduce(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    half = len(operands) // 2  # the others are what each sum begins with
    start = union((node.everywhere(0) for node in operands[half:]), 0)
    found = _reduced(operands[:half], equation.params["dimensions"], shapes[0])
    return [found | start.reshape(*(1,) * (found.ndim - 1), -1) for _ in shapes]


# --- places -----------------------------------------------------------------------------------------------------------


def _broadcast(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    mask, sizes = operands[0].mask, [1] * len(shapes[0])
    for axis, place in enumerate(equation.params["broadcast_dimensions"]):
        sizes[place] = mask.shape[axis]
    return [mask.reshape(*sizes, mask.shape[-1])]


def _reshape(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    if equation.params.get("dimensions") is not None:
        return _anything(equation, operands, shapes)
    return [reshaped(operands[0].mask, operands[0].shape, shapes[0])]


def _transpose(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    return [operands[0].mask.transpose(*equation.params["permutation"], operands[0].rank)]


def _squeeze(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    return [operands[0].mask.reshape(*_kept(operands[0].mask, equation.params["dimensions"]))]


def _kept(mask: Mask, axes: Sequence[int]) -> tuple[int, ...]:
    gone = {axis % (mask.ndim - 1) for axis in axes}
    return tuple(size for axis, size in enumerate(mask.shape) if axis not in gone)


def _expand(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    return [np.expand_dims(operands[0].mask, tuple(equation.params["dimensions"]))]


def _reverse(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    return [np.flip(operands[0].mask, tuple(equation.params["dimensions"]))]


def _slice(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    params, mask = equation.params, operands[0].mask
    strides = params["strides"] or (1,) * operands[0].rank
    cuts = zip(params["start_indices"], params["limit_indices"], strides, mask.shape[:-1], strict=True)
    return [mask[tuple(slice(a, b, s) if size > 1 else slice(None) for a, b, s, size in cuts)]]


def _dynamic_slice(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    """A cut whose place is known is exact; along an axis where it is not, anything may be in it."""
    array, starts = operands[0], operands[1:]
    mask, cuts = array.mask, []
    for axis, (start, size) in enumerate(zip(starts, shapes[0], strict=True)):
        if mask.shape[axis] == 1:
            cuts.append(slice(None))
        elif start.known:
            first = int(np.clip(np.asarray(start.value), 0, array.shape[axis] - size))
            cuts.append(slice(first, first + size))
        else:
            mask = over(mask, [axis])
            cuts.append(slice(None))
    return [union([mask[tuple(cuts)], *(start.everywhere(0) for start in starts)], array.rank)]


def _dynamic_update_slice(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    array, change, starts = operands[0], operands[1], operands[2:]
    if not all(start.known for start in starts):
        total = union([array.mask, change.everywhere(array.rank), *(s.everywhere(0) for s in starts)], array.rank)
        return [total]
    axes = [a for a in range(array.rank) if change.mask.shape[a] > 1 or array.shape[a] != change.shape[a]]
    found = spread(array.mask, array.shape, axes).copy()
    cuts = []
    for axis, start in enumerate(starts):
        first = int(np.clip(np.asarray(start.value), 0, array.shape[axis] - change.shape[axis]))
        cuts.append(slice(first, first + change.shape[axis]) if found.shape[axis] > 1 else slice(None))
    found[tuple(cuts)] = change.mask
    return [found]


def _concatenate(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    axis = equation.params["dimension"]
    if all(np.array_equal(node.mask, operands[0].mask) for node in operands) and operands[0].mask.shape[axis] == 1:
        return [operands[0].mask]
    sizes = [max(node.mask.shape[a] for node in operands) for a in range(operands[0].rank)]
    wide = []
    for node in operands:
        mask = spread(node.mask, node.shape, [axis])
        wanted = [size if a != axis else mask.shape[axis] for a, size in enumerate(sizes)]
        wide.append(np.broadcast_to(mask, (*wanted, mask.shape[-1])))
    return [np.concatenate(wide, axis=axis)]


def _stack(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    axis, rank = equation.params["axis"], operands[0].rank
    sizes = [max(node.mask.shape[a] for node in operands) for a in range(rank)]
    wide = [np.broadcast_to(node.mask, (*sizes, node.mask.shape[-1])) for node in operands]
    return [np.stack(wide, axis=axis)]


def _unstack(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    axis, mask = equation.params["axis"], operands[0].mask
    parts = np.moveaxis(mask, axis, 0)
    return [parts[place if len(parts) > 1 else 0] for place in range(len(shapes))]


def _tile(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    mask = operands[0].mask
    reps = [n if size > 1 else 1 for n, size in zip(equation.params["reps"], mask.shape[:-1], strict=True)]
    return [np.tile(mask, (*reps, 1))]


def _split(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    axis, mask = equation.params["axis"], operands[0].mask
    if mask.shape[axis] == 1:
        return [mask for _ in shapes]
    cuts = np.cumsum(equation.params["sizes"])[:-1]
    return list(np.split(mask, cuts, axis=axis))


def _pad(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    array, filling = operands
    padded = [axis for axis, amount in enumerate(equation.params["padding_config"]) if any(amount)]
    if all(array.mask.shape[axis] == 1 for axis in padded):
        return [union([array.mask, filling.mask], array.rank)]
    ids = _ids(array.shape)
    places = _bound(equation, ids, np.int32(-1))
    found = picked(array.mask, places, array.shape)
    found[places < 0] |= filling.mask.reshape(-1)
    return [found]


def _gather(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    """What is gathered from known places depends on what stands there alone."""
    array, where = operands
    if not where.known or is_uniform(array.mask):
        return _anything(equation, operands, shapes)
    return [picked(array.mask, _bound(equation, _ids(array.shape), where.value), array.shape)]


def _scatter(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    """To known places goes what is written there; what stood there before still counts."""
    array, where, change = operands
    sources = np.unique(change.mask.reshape(-1, change.mask.shape[-1]), axis=0)
    if not where.known or len(sources) > MOST_SOURCES:
        return [union([array.mask, where.everywhere(0), change.everywhere(array.rank)], array.rank)]
    total = array.mask
    zero = np.zeros(array.shape, np.float32)
    for source in sources[sources.any(axis=1)]:
        carrying = np.broadcast_to((change.mask == source).all(axis=-1), change.shape)
        reached = _bound(equation, zero, where.value, carrying.astype(np.float32)) != 0
        total = total | np.where(reached[..., None], source, np.uint64(0))
    return [total]


MOST_SOURCES: Final = 256
"""So many different sets of sources are told apart where something is written to places."""


def _ids(shape: Shape) -> NDArray[np.int32]:
    return np.arange(prod(shape), dtype=np.int32).reshape(shape)


def _bound(equation: Any, *operands: Any) -> NDArray[Any]:
    """What the primitive itself makes of these arrays."""
    import jax.numpy as jnp

    return np.asarray(equation.primitive.bind(*map(jnp.asarray, operands), **equation.params))


# --- products ---------------------------------------------------------------------------------------------------------


def _dot(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    """Of each operand the union along what is contracted, for each place of what is not."""
    (contracted, batched), words = equation.params["dimension_numbers"], operands[0].mask.shape[-1]
    rank, free = len(shapes[0]), len(batched[0])
    parts = []
    for node, sums, lanes in zip(operands[:2], contracted, batched, strict=True):
        own = [axis for axis in range(node.rank) if axis not in sums and axis not in lanes]
        kept = over(node.mask, sums)
        sizes = [1] * rank
        for place, axis in enumerate(lanes):
            sizes[place] = kept.shape[axis]
        for place, axis in enumerate(own):
            sizes[free + place] = kept.shape[axis]
        order = [*lanes, *own, *sums, node.rank]
        parts.append(kept.transpose(order).reshape(*sizes, words))
        free += len(own)
    return [parts[0] | parts[1]]


def _convolution(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    """Every place of a channel depends on all places of the channels of its group."""
    params, (left, right) = equation.params, operands
    numbers = params["dimension_numbers"]
    features, examples = params["feature_group_count"], params["batch_group_count"]
    groups = max(features, examples)
    lhs = _by_group(left, numbers.lhs_spec, features, examples)
    rhs = over(right.mask, [axis for axis in range(right.rank) if axis != numbers.rhs_spec[0]])
    rhs = spread(rhs, right.shape, [numbers.rhs_spec[0]]) if rhs.shape[numbers.rhs_spec[0]] > 1 else rhs
    by_out = rhs.reshape(-1, rhs.shape[-1])
    outs = right.shape[numbers.rhs_spec[0]]
    if groups > 1 and len(lhs) > 1:
        by_out = np.broadcast_to(by_out, (outs, by_out.shape[-1])) | np.repeat(lhs, outs // groups, axis=0)
    else:
        by_out = by_out | np.bitwise_or.reduce(lhs, axis=0)
    sizes = [1] * len(shapes[0])
    sizes[numbers.out_spec[1]] = len(by_out)
    return [by_out.reshape(*sizes, by_out.shape[-1])]


def _by_group(node: Node, spec: Sequence[int], features: int, examples: int) -> Mask:
    """The union of each group of channels, or of examples, of the left operand: `[groups or 1, words]`."""
    axis, groups = (spec[1], features) if features > 1 else (spec[0], examples)
    kept = over(node.mask, [a for a in range(node.rank) if a != axis])
    flat = kept.reshape(-1, kept.shape[-1])
    if groups == 1 or len(flat) == 1:
        return over(flat, [0])
    return over(flat.reshape(groups, -1, flat.shape[-1]), [1])[:, 0]


def _sort(equation: Any, operands: Sequence[Node], shapes: Sequence[Shape]) -> list[Mask]:
    axis = equation.params["dimension"]
    total = union((over(node.mask, [axis]) for node in operands), operands[0].rank)
    return [total for _ in shapes]


_RULES: Final[Mapping[str, Rule]] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": _concatenate,
    "conv_general_dilated": _convolution,
    "dot_general": _dot,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "expand_dims": _expand,
    "gather": _gather,
    "pad": _pad,
    "reduce": _reduce,
    "reshape": _reshape,
    "rev": _reverse,
    "scatter": _scatter,
    "scatter-add": _scatter,
    "scatter_add": _scatter,
    "slice": _slice,
    "sort": _sort,
    "split": _split,
    "squeeze": _squeeze,
    "stack": _stack,
    "tile": _tile,
    "unstack": _unstack,
    "transpose": _transpose,
}


def without_operands(shapes: Sequence[Shape], words: int) -> list[Mask]:
    """The masks of what is made of nothing, such as a count."""
    return [nothing(len(shape), words) for shape in shapes]
