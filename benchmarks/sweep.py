"""A sweep of 32 short trials of one topology, beside the same trainings as runs of their own and in turn.

`python -m benchmarks.sweep`: times whole processes from outside, the import of JAX and every compilation included.
`separate`: 32 `dync run`s one after the other. `in turn`: one process without any pipeline that trains and evaluates
them one after another through one compiled program. The repetitions of `sweep` and `in turn` take turns.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.result import SweepTimes
from benchmarks.table import sweep_sentence

RATES = (0.25, 0.3, 0.5, 0.6, 1.0, 1.2, 2.0, 2.4)
SEEDS = (0, 1, 2, 3)
HERE = Path(__file__).parent
PIPELINES = f"""
pipeline short training {{
  network Digits(hidden = 100)
  data digits then split(test = 0.2, validation = 0.1, seed = 0)
  epochs 20
  batch 16
  optimizer sgd(learning_rate = 1)
}}
pipeline tune sweep {{
  base short
  search optimizer.learning_rate in {{ {", ".join(map(str, RATES))} }}
  search seed in {{ {", ".join(map(str, SEEDS))} }}
  strategy grid
  objective maximize validation.accuracy
}}
"""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3, help="of the sweep and of the loop (default: 3)")
    parser.add_argument("--separate", type=int, default=32, help="so many separate runs are made, for all 32 of them")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        print(sweep_sentence(measure_sweep(Path(folder), arguments.repetitions, arguments.separate)))


def measure_sweep(folder: Path, repetitions: int, separate: int = 32) -> SweepTimes:
    """All three ways; what they write goes into `folder`."""
    spec = folder / "sweep.dyn"
    text = (HERE.parent / "specs" / "digits.dyn").read_text()
    spec.write_text(text[: text.index("pipeline ")] + PIPELINES)
    dync = str(Path(sys.executable).with_name("dync"))
    sweep, in_turn, total = [], [], 0.0
    for n in range(repetitions):
        sweep.append(seconds([dync, "run", str(spec), "tune", "--out", str(folder / f"tune-{n}")]))
        in_turn.append(seconds([sys.executable, "-m", "benchmarks.sweep_in_turn", str(spec)]))
    for n, (rate, seed) in enumerate(list(product(RATES, SEEDS))[:separate]):
        settings = ["--set", f"optimizer.learning_rate={rate}", "--set", f"seed={seed}"]
        total += seconds([dync, "run", str(spec), "short", *settings, "--out", str(folder / f"short-{n}")])
    verify_equal(folder)
    return SweepTimes(tuple(sweep), tuple(in_turn), total * len(RATES) * len(SEEDS) / separate)


def verify_equal(folder: Path) -> None:
    """Refuse to compare what does not do the same work: the first trial has to have measured what its run measured."""
    trial = json.loads((folder / "tune-0" / "result.json").read_text())["outputs"]["trials"][0]
    single = json.loads((folder / "short-0" / "result.json").read_text())["outputs"]["evaluation_results"]
    assert trial["measures"] == single, (trial["measures"], single)


def seconds(command: list[str]) -> float:
    """How long a command takes, from outside."""
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=HERE.parent)
    return perf_counter() - start


if __name__ == "__main__":
    main()
