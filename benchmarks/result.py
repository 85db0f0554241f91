"""What was measured, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Measured:
    """One program on one network. `batch_seconds` has an entry a repetition; without any the program was given up.

    `build_seconds` and `compile_seconds` have an entry for each process that compiled it.
    """

    program: str
    build_seconds: tuple[float, ...]
    compile_seconds: tuple[float, ...]
    batch_seconds: tuple[float, ...]
    peak_bytes: int | None
    gave_up_after: float | None = None

    @property
    def batch_median(self) -> float | None:
        """The median time of a batch."""
        return median(self.batch_seconds) if self.batch_seconds else None

    @property
    def compile_median(self) -> float | None:
        """The median time to trace and compile."""
        return median(self.compile_seconds) if self.compile_seconds else None


@dataclass(frozen=True)
class CaseResult:
    """All programs on one network. Repetition k of each ran right after repetition k of the others."""

    case: str
    batches: int
    programs: tuple[Measured, ...]

    def ratio(self, above: str, below: str) -> float | None:
        """The median over the repetitions of the ratio of the times of a batch: what disturbed both cancels."""
        return _ratio({p.program: p.batch_seconds for p in self.programs}, above, below)

    def compile_ratio(self, above: str, below: str) -> float | None:
        """The same of the times to trace and compile."""
        return _ratio({p.program: p.compile_seconds for p in self.programs}, above, below)

    def memory_ratio(self, above: str, below: str) -> float | None:
        """The same of the peaks of memory."""
        return _ratio({p.program: (p.peak_bytes,) for p in self.programs if p.peak_bytes is not None}, above, below)


def _ratio(by_program: Mapping[str, Sequence[float]], above: str, below: str) -> float | None:
    pairs = list(zip(by_program.get(above, ()), by_program.get(below, ()), strict=False))
    return median(a / b for a, b in pairs) if pairs else None


@dataclass(frozen=True)
class StartUp:
    """Seconds of `dync check` on a small file, and of importing what any such program must import, in turns."""

    check_seconds: tuple[float, ...]
    import_seconds: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median over the rounds of check / import."""
        return median(c / i for c, i in zip(self.check_seconds, self.import_seconds, strict=True))


@dataclass(frozen=True)
class Stretch:
    """Seconds from a `.dyn` text to its plan, from there to weights, and from there to the compiled training."""

    plan: float
    weights: float
    program: float

    @property
    def seconds(self) -> float:
        """All of them."""
        return self.plan + self.weights + self.program


@dataclass(frozen=True)
class Growth:
    """From `.dyn` to a compiled training for networks of one kind, by size, in turns, each in a process of its own.

    `stretches` has for each size an entry a round.
    """

    kind: str
    order: str
    sizes: tuple[str, ...]
    stretches: tuple[tuple[Stretch, ...], ...]

    @property
    def seconds(self) -> tuple[float, ...]:
        """The median time of each size."""
        return tuple(median(stretch.seconds for stretch in found) for found in self.stretches)

    @property
    def plan_seconds(self) -> tuple[float, ...]:
        """The median time of each size up to the plan."""
        return tuple(median(stretch.plan for stretch in found) for found in self.stretches)

    @property
    def ratio(self) -> float:
        """The median over the rounds of the largest / the smallest."""
        first, last = self.stretches[0], self.stretches[-1]
        return median(b.seconds / a.seconds for a, b in zip(first, last, strict=True))


@dataclass(frozen=True)
class Overhead:
    """Seconds of one long training by the pipeline, and by the bare loop over the same compiled program, in turns.

    Of the clock, and of the processors' work, which other programs on the machine disturb less.
    """

    pipeline_seconds: tuple[float, ...]
    pipeline_work: tuple[float, ...]
    loop_seconds: tuple[float, ...]
    loop_work: tuple[float, ...]

    @property
    def share(self) -> float:
        """The median over the turns of what the pipeline costs, as a part of the loop's time."""
        return median(p / b - 1 for p, b in zip(self.pipeline_seconds, self.loop_seconds, strict=True))

    @property
    def work_share(self) -> float:
        """The same of the work of the processors."""
        return median(p / b - 1 for p, b in zip(self.pipeline_work, self.loop_work, strict=True))


@dataclass(frozen=True)
class SweepTimes:
    """Seconds of 32 short trials, whole processes from outside: as one sweep and, in turns with it, by one process that
    trains them one after another; and as 32 separate runs, scaled from so many as were made."""

    sweep_seconds: tuple[float, ...]
    in_turn_seconds: tuple[float, ...]
    separate_seconds: float

    @property
    def in_turn_ratio(self) -> float:
        """The median over the turns of in turn / sweep."""
        return median(t / s for t, s in zip(self.in_turn_seconds, self.sweep_seconds, strict=True))

    @property
    def separate_ratio(self) -> float:
        """Separate / sweep."""
        return self.separate_seconds / median(self.sweep_seconds)


@dataclass(frozen=True)
class Report:
    """A whole run of the benchmark, with the machine and the versions that it ran on."""

    machine: dict[str, str]
    cases: tuple[CaseResult, ...]
    growth: tuple[Growth, ...]
    start_up: StartUp
    overhead: Overhead
    sweep: SweepTimes
