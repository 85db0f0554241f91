"""What was found out about the rules of a network."""

from __future__ import annotations

from dataclasses import dataclass

from dync.compiler.rules.batch_degree import Promise


@dataclass(frozen=True)
class AsWritten:
    """The compiled update against the rule as it is written.

    `error` is the largest difference, in parts of the largest sum of the sizes of what is added up for a weight;
    `synapses` of `of` weights were compared. `faults` says what is wrong.
    """

    error: float
    tolerance: float
    synapses: int
    of: int
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether both are the same but for rounding."""
        return not self.faults


@dataclass(frozen=True)
class AnyBatch:
    """Whether the update of a batch is made of those of its parts as the rule promises.

    `by` is what the rule reads of the size of the batch where that is no mean or sum, `degree` the power of it.
    `error` is None where nothing is promised.
    """

    promise: Promise
    degree: str | None
    by: tuple[str, ...]
    error: float | None
    tolerance: float
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it keeps what it promises."""
        return not self.faults


@dataclass(frozen=True)
class Locality:
    """Where the update comes from.

    `local` is False for what is not by declaration, which is no fault. `reads` are what the rule reads at its ends,
    `beyond` what stands in `faults` otherwise; `by_unit` tells that the compiled program was followed unit by unit.
    """

    local: bool
    reads: tuple[str, ...]
    by_unit: bool
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing reaches the update that must not."""
        return not self.faults


@dataclass(frozen=True)
class FamilyVerdict:
    """Edges alike that learn: all their names, the same in short, what they learn by, and the three answers.

    Edges that learn by a gradient have no rule to be computed as written or to promise anything: None. Nor can anybody
    say what is written where the kind of the edges is a class in Python, which alone knows what a weight is.
    """

    edges: tuple[str, ...]
    title: str
    rule: str
    as_written: AsWritten | None
    any_batch: AnyBatch | None
    locality: Locality

    @property
    def holds(self) -> bool:
        """Whether all three hold."""
        return not self.faults

    @property
    def faults(self) -> tuple[str, ...]:
        """All that is wrong."""
        numbers = [fault for part in (self.as_written, self.any_batch) if part is not None for fault in part.faults]
        return (*numbers, *self.locality.faults)


@dataclass(frozen=True)
class Verification:
    """What was found out about a network. `faults` are those of the plan as a whole."""

    network: str
    seed: int
    families: tuple[FamilyVerdict, ...]
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and all(family.holds for family in self.families)
