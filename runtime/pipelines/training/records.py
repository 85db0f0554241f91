"""What is written down of an epoch."""

from __future__ import annotations

from typing import Any

from dync.compiler.plan import Structure
from dync.runtime.phases import settling_phases
from dync.runtime.schedule_of_batches import BatchSchedule
from dync.runtime.training_state import Position


def epoch_record(
    structure: Structure, batches: BatchSchedule, position: Position, updates: int, seconds: float
) -> dict[str, Any]:
    """The record of the epoch that ends at this position, without measures.

    `updates` are those since the run began, `seconds` those of the epoch. Phases that settle are recorded with the
    steps that they took on average.
    """
    record: dict[str, Any] = {"epoch": position.epoch + 1, "updates": updates, "seconds": round(seconds, 3)}
    if settling := settling_phases(structure):
        names = [structure.phases[n].name for n in settling]
        done = batches.in_epoch(position.epoch)
        sampled = () if structure.time is None else structure.time.phases
        times = [done * batches.samples if n in sampled else done for n in settling]
        record["steps"] = {name: n / of for name, n, of in zip(names, position.steps, times, strict=True)}
    return record
