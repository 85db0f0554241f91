"""How the time from a `.dyn` text to a compiled training grows with the number of layers alike: chains, grids and small
worlds of several sizes in turns, each in a fresh process.

`python -m benchmarks.growth` measures this alone and prints its table.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.result import Growth, Stretch
from benchmarks.table import growth_table
from benchmarks.topologies import SIZES, Kind, Order, Topology

ORDERS: tuple[Order, ...] = ("sequential", "synchronous", "grouped")


def measure_growth(repetitions: int, patience: float, *, quick: bool = False) -> tuple[Growth, ...]:
    """Every kind of network under every schedule; if quick, the smaller sizes under a sequential one alone."""
    orders, most = (ORDERS[:1], 2) if quick else (ORDERS, 3)
    return tuple(
        _measure(kind, order, sizes[:most], repetitions, patience) for kind, sizes in SIZES.items() for order in orders
    )


def _measure(kind: Kind, order: Order, sizes: Sequence[int], repetitions: int, patience: float) -> Growth:
    print(f"growth: {kind}, {order} …", file=sys.stderr, flush=True)
    networks = [Topology(kind, layers, order) for layers in sizes]
    rounds = [[_compile(network, patience) for network in networks] for _ in range(repetitions)]
    return Growth(kind, order, tuple(n.size for n in networks), tuple(zip(*rounds, strict=True)))


def _compile(network: Topology, patience: float) -> Stretch:
    """One network in a process of its own; raises TimeoutExpired where it takes too long."""
    command = [sys.executable, "-m", "benchmarks.compiling"]
    done = subprocess.run(command, input=network.text, stdout=subprocess.PIPE, text=True, check=True, timeout=patience)
    return Stretch(**json.loads(done.stdout))


if __name__ == "__main__":
    print(growth_table(measure_growth(3, 300)))
