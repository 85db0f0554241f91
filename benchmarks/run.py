"""`python -m benchmarks.run [--quick]`: measure everything in one run, print a table, keep the numbers.

Every program compiles and runs in a process of its own. The repetitions of the programs take turns, so that a machine
that is slower for a minute is slower for all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import rules
from benchmarks.case import Case, cases
from benchmarks.child import Child, TooSlowError
from benchmarks.growth import measure_growth
from benchmarks.overhead import measure_overhead
from benchmarks.result import CaseResult, Measured, Report
from benchmarks.start_up import measure_start_up
from benchmarks.sweep import measure_sweep
from benchmarks.table import markdown

HERE = Path(__file__).parent


def main() -> None:
    """Read the arguments, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short chains and few repetitions; nothing is kept")
    parser.add_argument("--only", default="", help="only the cases whose names contain this; nothing is kept")
    parser.add_argument("--repetitions", type=int, help="of each program (default: 15, 5 if quick)")
    parser.add_argument("--patience", type=float, default=300, help="seconds after which a compilation is given up")
    arguments = parser.parse_args()
    repetitions = arguments.repetitions or (5 if arguments.quick else 15)
    chosen = [case for case in cases(arguments.quick) if arguments.only in case.name]
    results = tuple(measure_case(case, repetitions, 2 if arguments.quick else 5, arguments.patience) for case in chosen)
    with TemporaryDirectory() as folder:
        growth = measure_growth(1 if arguments.quick else 3, arguments.patience, quick=arguments.quick)
        start_up = measure_start_up(Path(folder), repetitions)
        overhead = measure_overhead(*((1, 1) if arguments.quick else (5, 7)))
        sweep = measure_sweep(Path(folder), *((1, 1) if arguments.quick else (3, 32)))
    report = Report(machine(), results, growth, start_up, overhead, sweep)
    text, of_rules = markdown(report), rules.table_of_rules(5 if arguments.quick else 101)
    print(text, of_rules, sep="\n")
    if not (arguments.quick or arguments.only):
        rules.PAGE.write_text(of_rules)
        (HERE / "results.json").write_text(json.dumps(asdict(report), indent=1) + "\n")
        (HERE / "results.md").write_text(text)


def measure_case(case: Case, repetitions: int, compilations: int, patience: float) -> CaseResult:
    """Compile the programs in turns, each time in a process of its own; those of the last turn then learn in turns."""
    print(f"{case.name} …", file=sys.stderr, flush=True)
    turns = [compile_all(case, patience)]
    while len(turns) < compilations:
        stop(turns[-1])  # at once, for a process that only waits slows down those that compile
        turns.append(compile_all(case, patience))
    children = turns[-1]
    rounds = [{name: child.repeat(patience) for name, (child, _) in children.items()} for _ in range(repetitions)]
    stop(children)
    programs = [
        Measured(
            name,
            tuple(turn[name][1]["build_seconds"] for turn in turns),
            tuple(turn[name][1]["compile_seconds"] for turn in turns),
            tuple(r[name]["batch_seconds"] for r in rounds),
            int(rounds[-1][name]["peak_bytes"]),
        )
        if all(name in turn for turn in turns)
        else Measured(name, (), (), (), None, gave_up_after=patience)
        for name in case.modules
    ]
    return CaseResult(case.name, case.batches, tuple(programs))


Compiled = dict[str, tuple[Child, Mapping[str, float]]]
"""The processes of the programs that compiled in time, and what that took."""


def compile_all(case: Case, patience: float) -> Compiled:
    """Every program once, one after the other."""
    found: Compiled = {}
    for name, module in case.modules.items():
        child = Child(module, case)
        with suppress(TooSlowError):
            found[name] = child, child.answer(patience)
    return found


def stop(children: Compiled) -> None:
    """End the processes."""
    for child, _ in children.values():
        child.stop()


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    versions = {name: version(name) for name in ("jax", "numpy", "equinox")}
    return {"cores": str(os.cpu_count()), "machine": platform.machine(), "Python": platform.python_version()} | versions


if __name__ == "__main__":
    main()
