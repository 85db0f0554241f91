"""Which kind a family of a plan is."""

from __future__ import annotations

from functools import lru_cache
from typing import assert_never

from dync.compiler.plan import Structure
from dync.runtime.kinds.convolution import Convolution
from dync.runtime.kinds.dense import Dense
from dync.runtime.kinds.inner_network import InnerNetwork
from dync.runtime.kinds.kind import EdgeKind
from dync.runtime.kinds.low_rank import LowRank
from dync.runtime.kinds.one_to_one import OneToOne
from dync.runtime.kinds.pooling import Pooling
from dync.runtime.kinds.python_kind import PythonKind
from dync.runtime.kinds.sparse import Sparse
from dync.runtime.layout import units_first


@lru_cache(maxsize=64)
def kinds(structure: Structure) -> tuple[EdgeKind, ...]:
    """The kind of every family, in their order."""
    return tuple(_kind(structure, f) for f in range(len(structure.families)))


def _kind(structure: Structure, f: int) -> EdgeKind:
    family = structure.families[f]
    sender, receiver = structure.blocks[family.sender], structure.blocks[family.receiver]
    layouts = units_first(structure)
    ends = sender.units, receiver.units, layouts[family.sender], layouts[family.receiver]
    match family.kind:
        case "dense":
            if family.slots is not None:
                return Sparse(*ends, slots=family.slots, diagonal=family.diagonal)
            return Dense(*ends, masked=family.masked, diagonal=family.diagonal)
        case "one_to_one":
            # One strength serves all units of an edge that does not learn; a tied edge reads what its owner stores.
            owner = family if family.owner is None else structure.families[family.owner]
            return OneToOne(*ends, learns=owner.learns)
        case "conv":
            assert family.window is not None
            return Convolution(*ends, family.window, sender.shape, receiver.shape, masked=family.masked)
        case "pool" | "unpool":
            assert family.window is not None
            return Pooling(*ends, family.window, sender.shape, receiver.shape)
        case "low_rank":
            assert family.rank is not None
            return LowRank(*ends, rank=family.rank)
        case "network":
            assert family.inner is not None
            return InnerNetwork(*ends, family.inner, reverse=structure.follows_gradients)
        case "python":
            assert family.foreign is not None
            return PythonKind(*ends, family.foreign)
        case _:
            assert_never(family.kind)
