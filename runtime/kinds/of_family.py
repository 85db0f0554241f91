"""Which kind a family of a plan is."""

from __future__ import annotations

from functools import lru_cache

from dync.compiler.plan import Structure
from dync.runtime.kinds.dense import Dense
from dync.runtime.kinds.kind import EdgeKind
from dync.runtime.kinds.one_to_one import OneToOne
from dync.runtime.kinds.sparse import Sparse
from dync.runtime.layout import units_first


@lru_cache(maxsize=64)
def kinds(structure: Structure) -> tuple[EdgeKind, ...]:
    """The kind of every family, in their order."""
    return tuple(_kind(structure, f) for f in range(len(structure.families)))


def _kind(structure: Structure, f: int) -> EdgeKind:
    family = structure.families[f]
    senders, receivers = structure.blocks[family.sender].units, structure.blocks[family.receiver].units
    layouts = units_first(structure)
    ends = senders, receivers, layouts[family.sender], layouts[family.receiver]
    if family.kind == "one_to_one":
        return OneToOne(*ends, learns=family.rule is not None)
    if family.slots is not None:
        return Sparse(*ends, slots=family.slots, diagonal=family.diagonal)
    return Dense(*ends, masked=family.masked, diagonal=family.diagonal)
