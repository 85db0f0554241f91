"""What an edge consists of, unit by unit: which units its synapses join, and whose weight each of them has.

Everything is found by loops over positions, as the language says it, and by nothing that the runtime uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from dync.compiler.plan import WindowPlan
from dync.testing.evaluate import Array
from dync.testing.unstacked import Edge

Position = tuple[int, ...]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Synapses:
    """Synapses of one edge: the units of sender and receiver that each joins, and which weight it has.

    `weight` counts through the weights of the edge that owns them, in C order.
    """

    sender: NDArray[np.int64]
    receiver: NDArray[np.int64]
    weight: NDArray[np.int64]


def synapses_of(edge: Edge) -> Synapses:
    """The synapses of an edge that has weights; those of low rank count through the matrix."""
    found = np.array(list(_triples(edge)), np.int64).reshape(-1, 3)
    return Synapses(found[:, 0], found[:, 1], found[:, 2])


def _triples(edge: Edge) -> Iterator[tuple[int, int, int]]:
    senders, receivers = edge.sender.units, edge.receiver.units
    if edge.window is not None:
        yield from _of_window(edge.window, edge.sender.shape, edge.receiver.shape)
    elif edge.kind == "one_to_one":
        single = edge.shape == ()
        yield from ((i, i, 0 if single else i) for i in range(senders))
    else:
        for i, j in product(range(senders), range(receivers)):
            yield i, j, j * senders + i if edge.turned else i * receivers + j


def _of_window(window: WindowPlan, sender: Shape, receiver: Shape) -> Iterator[tuple[int, int, int]]:
    """For each place of the window, each offset in it and each pair of channels of one group."""
    large, small = (receiver, sender) if window.transposed else (sender, receiver)
    inner, outer = large[-1] // window.groups, small[-1] // window.groups
    shape = (*window.kernel, inner, small[-1])
    for place, offset, position in _windows(window, large, small):
        for group, c, o in product(range(window.groups), range(inner), range(outer)):
            at_large = _number((*position, group * inner + c), large)
            at_small = _number((*place, group * outer + o), small)
            weight = _number((*offset, c, group * outer + o), shape)
            yield (at_small, at_large, weight) if window.transposed else (at_large, at_small, weight)


def _windows(window: WindowPlan, large: Shape, small: Shape) -> Iterator[tuple[Position, Position, Position]]:
    """Each place of the window, each offset in it, and the position of the large end there, where there is one."""
    for place in product(*map(range, small[:-1])):
        for offset in product(*map(range, window.kernel)):
            position = tuple(
                p * s + k - b for p, s, k, b in zip(place, window.stride, offset, window.before, strict=True)
            )
            if all(0 <= p < n for p, n in zip(position, large[:-1], strict=True)):
                yield place, offset, position


def pooled(edge: Edge, sent: Array) -> Array:
    """The message of a `pool` or an `unpool`, `[batch, units of receiver]`, from what is sent."""
    window = edge.window
    assert window is not None
    large, small = (
        (edge.receiver.shape, edge.sender.shape) if window.transposed else (edge.sender.shape, edge.receiver.shape)
    )
    members: dict[Position, list[Position]] = {}
    for place, _, position in _windows(window, large, small):
        members.setdefault(place, []).append(position)
    message = np.zeros((len(sent), edge.receiver.units))
    for place, positions in members.items():
        for c in range(large[-1]):
            inside = [_number((*position, c), large) for position in positions]
            alone = _number((*place, c), small)
            _pool(window.by or "", sent, message, inside, alone)
    return message


def _pool(by: str, sent: Array, message: Array, inside: list[int], alone: int) -> None:
    """One window of one channel: `inside` are its units at the large end, `alone` is its unit at the small one."""
    match by:
        case "max":
            message[:, alone] = sent[:, inside].max(axis=1)
        case "mean":
            message[:, alone] = sent[:, inside].mean(axis=1)
        case "sum":
            message[:, alone] = sent[:, inside].sum(axis=1)
        case "copy":
            message[:, inside] += sent[:, [alone]]
        case "share":
            message[:, inside] += sent[:, [alone]] / len(inside)
        case other:
            raise ValueError(f"nothing is pooled by {other}")


def fans(edge: Edge) -> tuple[int, int]:
    """How many units one unit hears, and how many it reaches, as rules see it: away from every border."""
    window = edge.window
    if window is None:
        return edge.sender.units, edge.receiver.units
    large, small = (
        (edge.receiver.shape, edge.sender.shape) if window.transposed else (edge.sender.shape, edge.receiver.shape)
    )
    in_window = prod(window.kernel) * large[-1] // window.groups
    over = small[-1] // window.groups
    for k, s in zip(window.kernel, window.stride, strict=True):
        over *= max(sum(offset % s == rest for offset in range(k)) for rest in range(s))
    return (over, in_window) if window.transposed else (in_window, over)


def _number(place: Position, shape: Shape) -> int:
    """The place of a unit or weight in C order."""
    number = 0
    for p, n in zip(place, shape, strict=True):
        number = number * n + p
    return number
