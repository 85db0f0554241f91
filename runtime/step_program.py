"""What one step does, worked out once before anything is traced.

Of all edges, only those run whose message is asked for and whose receiver moves. Messages of layers that do not move
are the same at every step of a phase (`held`); messages that read old states are known when the step begins
(`old`); only messages that read new states have to wait. The longest chain of those gives each layer its **level**:
layers of one level update together, whatever their waves, so a sequential schedule takes as few concurrent updates as
its topology allows. Consecutive levels form a **segment** (`segments.py`), which runs as one scan, so that the time to
compile does not grow with the length of a chain.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache

from dync.compiler.expression import Symbol
from dync.compiler.plan import FamilyPlan, MessageFilter, Structure
from dync.runtime.layout import members
from dync.runtime.ports import moves_receiver
from dync.runtime.segments import segments


@dataclass(frozen=True)
class Transfer:
    """Some edges of one family: their indices, and the members of the blocks that they read and reach."""

    family: int
    edges: tuple[int, ...]
    senders: tuple[int, ...]
    receivers: tuple[int, ...]


@dataclass(frozen=True)
class Level:
    """Layers that update together: members by block, and the fresh messages that they wait for."""

    updates: tuple[tuple[int, tuple[int, ...]], ...]
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True)
class StepProgram:
    """The messages of layers at rest, the messages of old states, and the levels by segment."""

    held: tuple[Transfer, ...]
    old: tuple[Transfer, ...]
    segments: tuple[tuple[Level, ...], ...]

    @property
    def blocks(self) -> tuple[int, ...]:
        """The blocks in which something moves."""
        return tuple(sorted({b for segment in self.segments for level in segment for b, _ in level.updates}))


def sends(family: FamilyPlan, messages: MessageFilter) -> bool:
    """Whether a message filter lets the messages of a family through."""
    return (
        messages == "all" or (messages == "forward" and family.forward) or (messages == "backward" and family.backward)
    )


def transfers(
    structure: Structure,
    messages: MessageFilter,
    silent: frozenset[int] = frozenset(),
    moving: frozenset[int] | None = None,
) -> tuple[Transfer, ...]:
    """The edges whose messages are sent, to the layers in `moving` or, where that is None, to all."""
    found = (
        _transfer(structure, f, [
            e for e, edge in enumerate(family.edges)
            if edge.sender not in silent and (moving is None or edge.receiver in moving)
        ])
        for f, family in enumerate(structure.families)
        if sends(family, messages)
    )  # fmt: skip
    return tuple(t for t in found if t.edges)


@lru_cache(maxsize=256)
def step_program(
    structure: Structure, messages: MessageFilter, silent: frozenset[int], clamped: frozenset[int]
) -> StepProgram:
    """The program of a step in which the layers in `clamped` rest and those in `silent` send nothing, by number."""
    moving = frozenset(n for wave in structure.waves for n in wave if n not in clamped)
    held: list[Transfer] = []
    old: list[Transfer] = []
    fresh: list[Transfer] = []
    for transfer in transfers(structure, messages, silent, moving):
        if not moves_receiver(structure, transfer.family):
            continue
        family = structure.families[transfer.family]
        if family.delay:
            old.append(transfer)
            continue
        rest = [e for e in transfer.edges if family.edges[e].sender not in moving]
        live = [e for e in transfer.edges if family.edges[e].sender in moving]
        held.append(_transfer(structure, transfer.family, rest))
        (fresh if family.fresh else old).append(_transfer(structure, transfer.family, live))
    levels = _levels(structure, moving, [t for t in fresh if t.edges])
    return StepProgram(
        held=tuple(t for t in held if t.edges),
        old=tuple(t for t in old if t.edges),
        segments=segments(structure, levels),
    )


@lru_cache(maxsize=256)
def from_rest(structure: Structure, program: StepProgram) -> StepProgram:
    """A program for the very first step: layers that still hold zero say nothing where they send their state."""
    zero = {n for n, layer in enumerate(structure.layers) if layer.role == "layer" and layer.start is None}

    def speaking(transfer: Transfer) -> Transfer:
        family = structure.families[transfer.family]
        silent = family.sends == Symbol("state") and family.kind != "network"  # a network may answer zero with more
        edges = [e for e in transfer.edges if not (silent and family.edges[e].sender in zero)]
        return _transfer(structure, transfer.family, edges)

    return replace(program, old=tuple(t for t in map(speaking, program.old) if t.edges))


def _transfer(structure: Structure, f: int, edges: list[int]) -> Transfer:
    family = structure.families[f]
    return Transfer(
        f,
        tuple(edges),
        members(structure, tuple(family.edges[e].sender for e in edges)),
        members(structure, tuple(family.edges[e].receiver for e in edges)),
    )


def _levels(structure: Structure, moving: frozenset[int], fresh: list[Transfer]) -> list[Level]:
    """Each moving layer at the length of the longest chain of new states that leads to it."""
    incoming: dict[int, list[int]] = defaultdict(list)
    for transfer in fresh:
        for e in transfer.edges:
            edge = structure.families[transfer.family].edges[e]
            incoming[edge.receiver].append(edge.sender)
    level: dict[int, int] = {}
    for wave in structure.waves:
        for layer in (n for n in wave if n in moving):
            level[layer] = 1 + max((level[sender] for sender in incoming[layer]), default=-1)
    by_level: dict[int, list[int]] = defaultdict(list)
    for layer in sorted(level):
        by_level[level[layer]].append(layer)
    edges_by_level = _edges_by_level(structure, fresh, level)
    return [
        Level(
            updates=_by_block(structure, by_level[n]),
            transfers=tuple(_transfer(structure, f, edges) for f, edges in sorted(edges_by_level[n].items())),
        )
        for n in sorted(by_level)
    ]


def _edges_by_level(
    structure: Structure, fresh: list[Transfer], level: dict[int, int]
) -> dict[int, dict[int, list[int]]]:
    found: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for transfer in fresh:
        for e in transfer.edges:
            found[level[structure.families[transfer.family].edges[e].receiver]][transfer.family].append(e)
    return found


def _by_block(structure: Structure, layers: list[int]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    blocks: dict[int, list[int]] = defaultdict(list)
    for n in layers:
        blocks[structure.layers[n].block].append(structure.layers[n].member)
    return tuple((b, tuple(sorted(found))) for b, found in sorted(blocks.items()))
