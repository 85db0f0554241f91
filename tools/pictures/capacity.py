"""How many patterns the memory of specs/associative_memory.dyn holds: `python -m tools.pictures.capacity [-o FILE]`.

For each load (patterns a unit) random patterns are stored, recall starts from each of them, and the overlap with the
pattern is taken where nothing moves any more. Beside it the curve of the theory at zero temperature: Amit, Gutfreund
and Sompolinsky (1985), Storing infinite numbers of patterns in a spin-glass model of neural networks; it ends at 0.138.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import erf, pi, sqrt
from pathlib import Path

import jax
import numpy as np

import dync

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "specs" / "associative_memory.dyn"
LOADS = (0.02, 0.05, 0.08, 0.10, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.18, 0.20, 0.25)
SIZES = (100, 500, 2000)
CAPACITY = 0.138


def main() -> None:
    """Measure, and draw."""
    parser = argparse.ArgumentParser(prog="python -m tools.pictures.capacity", description=__doc__)
    parser.add_argument("-o", type=Path, default=ROOT / "docs" / "images" / "capacity.svg")
    draw({units: [overlap(units, load) for load in LOADS] for units in SIZES}, parser.parse_args().o)


def overlap(units: int, load: float, seed: int = 0, tries: int = 3) -> float:
    """The mean overlap, -1..1, of the patterns with what recall from them ends at, over some sets of patterns."""
    network = dync.compile(SPEC).network("Memory", units=units)
    return float(np.mean([recalled(network, max(1, round(load * units)), seed + n) for n in range(tries)]))


def recalled(network: dync.Network, count: int, seed: int) -> float:
    """The same for one set of random patterns."""
    orchestrator = network.init(jax.random.key(seed))
    units = network.plan.structure.layers[0].units
    patterns = np.random.default_rng(seed).choice(np.array([-1, 1], np.float32), (count, units))
    stored, key = orchestrator.relax("train", network.state(patterns, patterns), rng=jax.random.key(seed))
    change = orchestrator.backward(stored, rng=key)
    weights = {("m", "m"): -np.asarray(change["m", "m"].weight)}  # one step of plain SGD at rate 1 from no weights
    ended, _ = orchestrator.with_weights(weights).relax("infer", network.state(patterns), rng=key)
    return float(np.mean(np.asarray(ended["m"]) * patterns))


def theory(loads: Sequence[float]) -> list[float]:
    """The overlap of a stored pattern's state in a network without end, 0 where there is no such state.

    It is erf(y) for the largest solution y > 0 of y (sqrt(2 load) + 2 exp(-y**2) / sqrt(pi)) = erf(y).
    """
    ys = np.linspace(6, 0.01, 60_000)
    errors = np.array([erf(y) for y in ys])
    found = []
    for load in loads:
        gap = errors - ys * (sqrt(2 * load) + 2 / sqrt(pi) * np.exp(-(ys**2)))
        above = np.flatnonzero(gap > 0)
        found.append(float(errors[above[0]]) if above.size else 0.0)
    return found


def draw(measured: dict[int, list[float]], path: Path) -> None:
    """The curves, as SVG that is the same whenever it is drawn."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {
        "svg.hashsalt": "dync",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 12,
    }
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    fine = np.linspace(0.001, CAPACITY - 0.0005, 200).tolist()
    axes.plot(fine, theory(fine), color="black", lw=1.5, zorder=3, label="theory, no end of units")
    axes.axvline(CAPACITY, color="black", lw=1, ls=":")
    axes.annotate("0.138", (CAPACITY, 0.03), xytext=(4, 0), textcoords="offset points")
    for (units, overlaps), shade, mark in zip(measured.items(), ("#9ecae1", "#4292c6", "#08519c"), "osD", strict=True):
        axes.plot(LOADS, overlaps, mark + "-", color=shade, ms=5, label=f"{units} units")
    axes.set(xlabel="load: patterns stored a unit", ylabel="overlap after recall", xlim=(0, 0.26), ylim=(0, 1.03))
    axes.legend(frameon=False, loc="lower left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
