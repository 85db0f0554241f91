"""How well specs/echo_state.dyn tells a chaotic series: `python -m tools.pictures.echo_state [-o FILE]`.

On the left what it says of the test part beside the series itself, on the right its normalised error by the units of
the reservoir, with that of the network that is deaf to its past (no recurrence) and of the last value as an answer.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

import dync
from dync.runtime.data.mackey_glass import mackey_glass

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "specs" / "echo_state.dyn"
SIZES = (25, 50, 100, 200, 400)
SEEDS = (0, 1, 2)
LENGTH, HELD_OUT, SKIPPED, SHOWN = 4000, 0.3, 100, 250

Series = NDArray[np.float64]


def main() -> None:
    """Train, and draw."""
    parser = argparse.ArgumentParser(prog="python -m tools.pictures.echo_state", description=__doc__)
    parser.add_argument("-o", type=Path, default=ROOT / "docs" / "images" / "echo_state.svg")
    path = parser.parse_args().o
    with TemporaryDirectory() as name:
        folder = Path(name)
        errors = {n: [error("fit", folder / f"{n}-{s}", units=n, seed=s) for s in SEEDS] for n in SIZES}
        deaf = error("deaf", folder / "deaf", units=200, seed=0)
        said = told(folder / "200-0")
    draw(said, errors, deaf, path)


def error(pipeline: str, out: Path, *, units: int, seed: int) -> float:
    """The normalised error on the test part after a training."""
    result = dync.run(SPEC, pipeline, out=out, units=units, seed=seed)
    assert result.status == "success", result.errors
    return float(result.outputs["evaluation_results"]["test"]["nrmse"])


def series() -> tuple[Series, Series]:
    """The series of the test part, and what is to be told of it: the same a unit of time later."""
    content = mackey_glass(Path(), tau=17, length=LENGTH, horizon=1)
    whole, target = (np.ravel(content.train[name]).astype(np.float64) for name in ("data", "target"))
    first = LENGTH - round(HELD_OUT * LENGTH)
    return whole[first:], target[first:]


def told(run: Path) -> Series:
    """What a trained network says of the test part."""
    heard, _ = series()
    train = np.ravel(mackey_glass(Path(), tau=17, length=LENGTH, horizon=1).train["data"])[: LENGTH - len(heard)]
    normal = ((heard - train.mean()) / train.std()).astype(np.float32)  # as `normalize(standard)` has it
    return np.ravel(np.asarray(dync.load(run).predict(normal[None, :, None])["y"])).astype(np.float64)


def draw(said: Series, errors: dict[int, list[float]], deaf: float, path: Path) -> None:
    """Both halves, as SVG that is the same whenever it is drawn."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "dync", "svg.fonttype": "none", "font.size": 12}
    from matplotlib import pyplot

    heard, target = series()
    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(11, 4), layout="constrained", gridspec_kw={"width_ratios": [3, 2]}
    )
    shown = slice(SKIPPED, SKIPPED + SHOWN)
    left.plot(target[shown], color="black", lw=1.5, label="the series")
    left.plot(said[shown], color="#d95f02", lw=1.5, ls="--", label="one step ahead, 200 units")
    left.set(xlabel="time", ylabel="value", ylim=(0.2, 1.45))
    left.legend(frameon=False, loc="lower left", ncols=2)
    for units, values in errors.items():
        right.plot([units] * len(values), values, "o", color="#d95f02", alpha=0.5, ms=5)
    right.plot(list(errors), [float(np.mean(v)) for v in errors.values()], color="#d95f02", label="echo state, 3 seeds")
    last = float(np.sqrt(np.mean((heard[SKIPPED:] - target[SKIPPED:]) ** 2)) / target[SKIPPED:].std())
    right.axhline(last, color="black", ls=":", label="the last value")
    right.axhline(deaf, color="#1b9e77", ls="-.", label="no recurrence")
    right.set(xlabel="units of the reservoir", ylabel="normalised error (nrmse)", xscale="log", yscale="log")
    right.set_xticks(list(errors), [str(units) for units in errors])
    right.set_xticks([], minor=True)
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
