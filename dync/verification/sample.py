"""Some synapses of an edge: all of them where they are few."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dync.compiler.plan import FamilyPlan
from dync.runtime.kinds.convolution import Convolution
from dync.runtime.kinds.kind import EdgeKind
from dync.runtime.kinds.sparse import Sparse
from dync.runtime.kinds.stored import Stored

MOST: Final = 4000
"""Weights of an edge that are looked at."""

MOST_OF_FAMILY: Final = 40_000
"""Weights of all edges of a family that are looked at, as long as a few of each are."""

FEW: Final = 100

MOST_SYNAPSES: Final = 1_000_000
"""Synapses of an edge that are looked at, as long as those of a few weights are: a kernel's have one at each place."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Sample:
    """Weights of one edge, and their synapses.

    `places` are the weights' numbers in what is stored of the edge, in C order, `exists` whether each is there and
    free to learn. Each synapse has the units at its ends, `sender` and `receiver`, and the weight `of` the list to
    which it belongs: of a kernel many synapses share one.
    """

    places: Indices
    exists: NDArray[np.bool_]
    sender: Indices
    receiver: Indices
    of: Indices


def sample(family: FamilyPlan, kind: EdgeKind, stored: Stored, e: int, rng: np.random.Generator) -> Sample:
    """Some weights of the edge in the place `e` of a family, drawn where it has many."""
    most = max(FEW, min(MOST, MOST_OF_FAMILY // len(family.edges)))
    if isinstance(kind, Convolution):
        most = max(4, min(most, MOST_SYNAPSES // prod(kind.small[:-1])))
    count = prod(kind.shape)
    chosen = np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False))
    exists = np.ones(len(chosen), np.bool_)
    if stored.mask is not None:
        exists &= np.asarray(stored.mask[e]).reshape(-1)[chosen]
    if isinstance(kind, Convolution):
        return _of_kernel(kind, chosen, exists)
    sender, receiver = _ends(family, kind, stored, e, chosen)
    if stored.diagonal is not None:
        exists &= sender != receiver
    return Sample(chosen, exists, sender, receiver, np.arange(len(chosen)))


def _ends(family: FamilyPlan, kind: EdgeKind, stored: Stored, e: int, chosen: Indices) -> tuple[Indices, Indices]:
    """The units that the weights of a `dense` or `one_to_one` edge join."""
    if family.kind == "one_to_one":
        return chosen, chosen
    if isinstance(kind, Sparse):
        assert stored.senders is not None and stored.crowded is not None
        return np.asarray(stored.senders[e], np.int64)[chosen], slot_receivers(kind, stored.crowded[e])[chosen]
    return chosen // kind.receivers, chosen % kind.receivers


def slot_receivers(kind: Sparse, crowded: Any) -> Indices:
    """The receiver of each slot of a sparse edge."""
    everyone = np.arange(kind.receivers)
    more = np.tile(everyone[np.asarray(crowded)], kind.slots.most - kind.slots.common)
    return np.concatenate([np.tile(everyone, kind.slots.common), more]).astype(np.int64)


def matrix_sample(kind: EdgeKind, rng: np.random.Generator, most: int = 24) -> tuple[Indices, Indices]:
    """Some senders and some receivers, for edges whose weights serve a whole row or column of a matrix."""
    chosen = [np.sort(rng.choice(n, min(n, most), replace=False)) for n in (kind.senders, kind.receivers)]
    return chosen[0], chosen[1]


def _of_kernel(kind: Convolution, chosen: Indices, exists: NDArray[np.bool_]) -> Sample:
    """All synapses of some weights of a kernel: one for each place of the window that lies within the layer."""
    window, large, small = kind.window, kind.large, kind.small
    *offsets, inner, outer = np.unravel_index(chosen, kind.shape)
    group = outer // (small[-1] // window.groups)
    channel = group * (large[-1] // window.groups) + inner
    places = np.stack(np.meshgrid(*map(np.arange, small[:-1]), indexing="ij"), -1).reshape(-1, len(small) - 1)
    at = (
        places[None] * np.array(window.stride) + np.stack(offsets, -1)[:, None] - np.array(window.before)
    )  # [weights, places, axes]
    inside = ((at >= 0) & (at < np.array(large[:-1]))).all(axis=-1)
    weight, place = np.nonzero(inside)
    at_large = np.ravel_multi_index((*at[weight, place].T, channel[weight]), large)
    at_small = np.ravel_multi_index((*places[place].T, outer[weight]), small)
    sender, receiver = (at_small, at_large) if window.transposed else (at_large, at_small)
    return Sample(chosen, exists, sender, receiver, weight)
