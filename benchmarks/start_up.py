"""How long a person waits for `dync check`, beside the mere import of the libraries that it stands on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.networks import Chain
from benchmarks.result import StartUp


def measure_start_up(folder: Path, rounds: int) -> StartUp:
    """Both commands in turns; a small spec goes into `folder`. The first round, with cold files, does not count."""
    spec = folder / "small.dyn"
    spec.write_text(Chain(depth=4).text)
    check = [str(Path(sys.executable).with_name("dync")), "check", str(spec)]
    bare = [sys.executable, "-c", "import lark, networkx, typer"]
    times = [(seconds(check), seconds(bare)) for _ in range(rounds + 1)][1:]
    return StartUp(tuple(c for c, _ in times), tuple(i for _, i in times))


def seconds(command: list[str]) -> float:
    """How long a command takes, from outside."""
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start
