"""Ports: where messages arrive. Every block has one for its field, and one for each of its fields with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from jax import Array

from dync.compiler.plan import Structure


@lru_cache(maxsize=64)
def ports(structure: Structure) -> Mapping[tuple[int, str], int]:
    """The number of each port by its block and the name of its field.

    The field without a name, `""`, has the number of its block; the others follow behind all blocks.
    """
    found = {(b, ""): b for b in range(len(structure.blocks))}
    named = {(b, name) for b in range(len(structure.blocks)) for name in named_fields(structure, b)}
    named |= {(family.receiver, family.into) for family in structure.families if family.into}
    return found | {port: len(found) + n for n, port in enumerate(sorted(named))}


@lru_cache(maxsize=64)
def ports_of_families(structure: Structure) -> tuple[int, ...]:
    """The port into which each family sends."""
    return tuple(ports(structure)[family.receiver, family.into] for family in structure.families)


def named_fields(structure: Structure, b: int) -> tuple[str, ...]:
    """The fields with names that the activation of a block reads."""
    activation = structure.blocks[b].activation
    return () if activation is None else activation.fields


def ports_of_block(structure: Structure, b: int) -> tuple[int, ...]:
    """The ports that the activation of a block reads; its field without a name, first, always counts as read."""
    return (b, *(ports(structure)[b, name] for name in named_fields(structure, b)))


def named_arrivals(
    structure: Structure, b: int, fields: Mapping[int, Array], pick: Callable[[Array], Array] = lambda field: field
) -> dict[str, Array]:
    """The fields with names that the activation of a block reads, of those members that `pick` takes."""
    return {name: pick(fields[ports(structure)[b, name]]) for name in named_fields(structure, b)}


def moves_receiver(structure: Structure, f: int) -> bool:
    """Whether the messages of a family matter to a step; into a field that rules alone read they do not."""
    family = structure.families[f]
    return not family.into or family.into in named_fields(structure, family.receiver)
