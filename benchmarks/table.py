"""The report as text: a Markdown table that reads well on a terminal too."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.case import HANDWRITTEN
from benchmarks.result import CaseResult, Growth, Measured, Overhead, Report, SweepTimes

HEAD = ("network", "program", "compile, s", "beside", "batch, ms", "beside", "peak memory, MiB", "beside")


def markdown(report: Report) -> str:
    """The whole report."""
    rows = [row for case in report.cases for row in case_rows(case)]
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    beside = f"Beside: as a multiple of the {HANDWRITTEN} program's; medians, of pairs that ran one after the other."
    return "\n\n".join([f"Measured on: {machine}.", beside, table(HEAD, rows), *sentences(report)]) + "\n"


def case_rows(case: CaseResult) -> list[tuple[str, ...]]:
    """A row a program."""
    return [(case.case, *program_cells(case, program)) for program in case.programs]


def program_cells(case: CaseResult, program: Measured) -> tuple[str, ...]:
    """The cells of one program."""
    if program.gave_up_after is not None:
        return program.program, f"over {program.gave_up_after:.0f}, given up", *[""] * 5
    ends = program.program, HANDWRITTEN
    return (
        program.program,
        number(program.compile_median),
        number(case.compile_ratio(*ends)),
        number(program.batch_median, 1000),
        number(case.ratio(*ends)),
        number(program.peak_bytes, 1 / 2**20, digits=0),
        number(case.memory_ratio(*ends)),
    )


def sentences(report: Report) -> list[str]:
    """What the numbers say about the promises."""
    check, bare = (median(s) for s in (report.start_up.check_seconds, report.start_up.import_seconds))
    start_up = (
        f"`dync check` on a small file: {check:.3f} s; `import lark, networkx, typer`: {bare:.3f} s; "
        f"ratio {report.start_up.ratio:.2f}."
    )
    grown = "From `.dyn` to a compiled training, by the number of layers; beside: largest / smallest."
    lines = [grown, growth_table(report.growth), start_up]
    return [*lines, overhead_sentence(report.overhead), sweep_sentence(report.sweep)]


def growth_table(growth: Sequence[Growth]) -> str:
    """A row a kind of network and schedule."""
    rows = [
        (
            g.kind,
            g.order,
            ", ".join(g.sizes),
            ", ".join(f"{seconds:.2f}" for seconds in g.seconds),
            number(g.ratio),
            ", ".join(f"{seconds:.2f}" for seconds in g.plan_seconds),
        )
        for g in growth
    ]
    return table(("network", "schedule", "layers", "seconds", "beside", "of these the plan"), rows)


def overhead_sentence(overhead: Overhead) -> str:
    """What the pipeline costs."""
    pipeline, loop = median(overhead.pipeline_seconds), median(overhead.loop_seconds)
    return (
        f"One long training by the pipeline: {pipeline:.1f} s; by the bare loop over its program: {loop:.1f} s;"
        f" overhead {overhead.share:.1%}, {overhead.work_share:.1%} of the work of the processors."
    )


def sweep_sentence(times: SweepTimes) -> str:
    """What a sweep saves."""
    return (
        f"32 short trials as one sweep: {median(times.sweep_seconds):.1f} s; in one process, in turn:"
        f" {median(times.in_turn_seconds):.1f} s, {times.in_turn_ratio:.2f} times as long; as separate runs:"
        f" {times.separate_seconds:.0f} s, {times.separate_ratio:.1f} times as long."
    )


def number(value: float | None, factor: float = 1, digits: int = 2) -> str:
    """A cell, empty where nothing was measured."""
    return "" if value is None else f"{value * factor:.{digits}f}"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table with its columns aligned."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in lines)
