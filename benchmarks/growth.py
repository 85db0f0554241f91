"""How the time to compile ours grows with the length of a chain: short and long in turns, each in a fresh process."""

from __future__ import annotations

from benchmarks.case import OURS, Case
from benchmarks.child import Child
from benchmarks.networks import Chain, Schedule
from benchmarks.result import Growth

SHORT, LONG = 4, 256


def measure_growth(repetitions: int, patience: float) -> tuple[Growth, ...]:
    """The growth under both schedules."""
    return _measure("sequential", repetitions, patience), _measure("synchronous", repetitions, patience)


def _measure(schedule: Schedule, repetitions: int, patience: float) -> Growth:
    rounds = [[_compile(depth, schedule, patience) for depth in (SHORT, LONG)] for _ in range(repetitions)]
    return Growth(schedule, SHORT, LONG, tuple(short for short, _ in rounds), tuple(long for _, long in rounds))


def _compile(depth: int, schedule: Schedule, patience: float) -> float:
    """Seconds to trace and compile the training of a chain."""
    case = Case(Chain(depth=depth, schedule=schedule), batches=2)
    child = Child(case.modules[OURS], case)
    try:
        return child.answer(patience)["compile_seconds"]
    finally:
        child.stop()
