"""A process of its own for one program: compiles it, then trains once for every line that it is sent.

`python -m benchmarks.measure MODULE CASE`; the case is that of `benchmarks.case`, as JSON. One line of JSON is printed
when the program is compiled, and one after each repetition. Nothing that another program compiled can help this one.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter

import jax
import jax.numpy as jnp

from benchmarks.case import Case
from benchmarks.program import Program, Weights


def main(module: str, text: str) -> None:
    """Build, compile, warm up, and then answer each line on standard input with the time of one repetition."""
    case = Case.from_json(text)
    program: Program = import_module(module).build(case.network)
    edges = case.network.edges(seed=0)
    xs, ys = map(jnp.array, case.network.data(seed=1, batches=case.batches))
    start = perf_counter()
    weights = program.load(edges)
    wait_for(weights)
    loaded = perf_counter()
    train = program.compile(weights, xs, ys)
    say(build_seconds=loaded - start, compile_seconds=perf_counter() - loaded)
    weights = train(weights, xs, ys)
    wait_for(weights)
    for _ in sys.stdin:
        start = perf_counter()
        weights = train(weights, xs, ys)
        wait_for(weights)
        say(batch_seconds=(perf_counter() - start) / case.batches, peak_bytes=peak_bytes())


def wait_for(weights: Weights) -> None:
    """Until all of it is computed."""
    for leaf in jax.tree.leaves(weights):
        leaf.block_until_ready()


def say(**facts: float) -> None:
    """One line of JSON."""
    print(json.dumps(facts), flush=True)


def peak_bytes() -> int:
    """The most memory that this process has had (elsewhere than on Linux, at least as much as its parent had)."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main(*sys.argv[1:])
