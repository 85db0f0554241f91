"""Equilibrium propagation beside the gradient, as the nudge goes to zero: `python -m tools.pictures.nudge [-o FILE]`.

A small network settles freely, and then with its outputs pulled towards the targets by beta. What the two rules of the
standard library make of it, in the double precision of the naive interpreter, is compared with minus the gradient of
the squared error at the free rest: the angle between them, and the ratio of their lengths. The gradient is the exact
one of the fixed point, by the implicit function theorem; nothing of it comes from dync.

Scellier and Bengio (2017), Frontiers in Computational Neuroscience 11; the rule with a nudge to either side: Laborieux
et al. (2021), Frontiers in Neuroscience 15.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import dync
from dync.testing import Interpreter, draw_weights

Array = NDArray[np.float64]
Weights = Mapping[str, Array]

ROOT = Path(__file__).resolve().parents[2]
BETAS = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)
RULES = ("equilibrium", "symmetric_equilibrium")
EDGES = ("x->h", "h->y", "one->h", "one->y")
"""The edges with weights of their own; the way back from `y` to `h` has those of `h->y`."""

TEXT = """
network Nudged {
  param beta = 0.1
  input x (4)
  layer h (6) tanh
  output y (3) tanh
  constant one (1) = 1
  edge x -> h dense learn RULE(beta = beta)
  edge up: h -> y dense(strength = 0.8) learn RULE(beta = beta)
  edge y -> h tied(up, transposed = true)
  edge one -> h dense(strength = 0.5) learn RULE(beta = beta)
  edge one -> y dense(strength = 0.5) learn RULE(beta = beta)
  phase free { until settled within 1e-15 max 500  clamp x }
  phase nudged { from free  until settled within 1e-15 max 500  clamp x  clamp y by beta }
  phase positive { from free  until settled within 1e-15 max 500  clamp x  clamp y by beta }
  phase negative { from free  until settled within 1e-15 max 500  clamp x  clamp y by -beta }
  train PHASES
}
"""


def main() -> None:
    """Measure, and draw."""
    parser = argparse.ArgumentParser(prog="python -m tools.pictures.nudge", description=__doc__)
    parser.add_argument("-o", type=Path, default=ROOT / "docs" / "images" / "nudge.svg")
    draw({rule: compared(rule, BETAS) for rule in RULES}, parser.parse_args().o)


@dataclass(frozen=True)
class Compared:
    """An update beside minus the gradient: the angle between them in radians, and the ratio of their lengths."""

    angle: float
    ratio: float


def compared(rule: str, betas: Sequence[float], seed: int = 0) -> list[Compared]:
    """What a rule makes of each nudge, on weights and data drawn from a seed."""
    rng = np.random.default_rng(seed)
    x, target = rng.normal(size=(5, 4)), rng.choice([-0.7, 0.7], size=(5, 3))
    weights, _ = draw_weights(network(rule, 0.1).plan, rng)
    wanted = -joined(gradient(weights, x, target))
    return [beside(joined(update(rule, beta, weights, x, target)), wanted) for beta in betas]


def beside(found: Array, wanted: Array) -> Compared:
    """The angle by its sine and cosine, so that small ones are exact."""
    lengths = np.linalg.norm(found), np.linalg.norm(wanted)
    a, b = found / lengths[0], wanted / lengths[1]
    return Compared(float(2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))), float(lengths[0] / lengths[1]))


def network(rule: str, beta: float) -> dync.Network:
    """The network that learns by this rule."""
    phases = "free, nudged" if rule == "equilibrium" else "free, positive, negative"
    return dync.compile_text(TEXT.replace("RULE", rule).replace("PHASES", phases)).network(beta=beta)


def update(rule: str, beta: float, weights: Weights, x: Array, target: Array) -> Weights:
    """What the rule wants of every edge, by the interpreter."""
    naive = Interpreter(network(rule, beta).plan)
    ended = naive.relax("train", naive.start(x, target), weights)
    return naive.updates(ended.state, weights, ended.snapshots)


def joined(by_edge: Weights) -> Array:
    """All numbers as one vector; those of an edge with a label stand under its ends alone."""
    found = {name.partition(":")[0]: array for name, array in by_edge.items()}
    return np.concatenate([found[edge].ravel() for edge in EDGES])


def rest(weights: Weights, x: Array) -> tuple[Array, Array]:
    """The free fixed point: hidden units and outputs, `[batch, units]`."""
    into, up, h_bias, y_bias = matrices(weights)
    h, y = np.zeros((len(x), up.shape[0])), np.zeros((len(x), up.shape[1]))
    for _ in range(1000):
        h = np.tanh(x @ into + y @ up.T + h_bias)
        y = np.tanh(h @ up + y_bias)
    return h, y


def matrices(weights: Weights) -> tuple[Array, Array, Array, Array]:
    """From the input, from hidden units to outputs, the biases of both."""
    found = {name.partition(":")[0]: array for name, array in weights.items()}
    return found["x->h"], found["h->y"], found["one->h"], found["one->y"]


def error(weights: Weights, x: Array, target: Array) -> float:
    """The mean over the examples of half the squared error at the free rest."""
    return float(((rest(weights, x)[1] - target) ** 2).sum() / 2 / len(x))


def gradient(weights: Weights, x: Array, target: Array) -> Weights:
    """The derivative of `error` by every weight.

    At rest s = tanh(A s + …), so a change of the field by df moves s by (1 - D A)^-1 D df with D = diag(1 - s^2): the
    error by p df, where p = (s - target, on the outputs) (1 - D A)^-1 D.
    """
    _, up, _, _ = matrices(weights)
    hidden = up.shape[0]
    among = np.block([[np.zeros((hidden, hidden)), up], [up.T, np.zeros((up.shape[1], up.shape[1]))]])
    pulls, h, y = [], *rest(weights, x)
    for state, wrong in zip(np.hstack([h, y]), y - target, strict=True):
        slopes = np.diag(1 - state**2)
        lacks = np.concatenate([np.zeros(hidden), wrong])
        pulls.append(np.linalg.solve((np.eye(len(state)) - slopes @ among).T, lacks) @ slopes)
    p = np.array(pulls) / len(x)
    on_h, on_y = p[:, :hidden], p[:, hidden:]
    biases = {"one->h": on_h.sum(axis=0, keepdims=True), "one->y": on_y.sum(axis=0, keepdims=True)}
    return {"x->h": x.T @ on_h, "h->y": h.T @ on_y + on_h.T @ y, **biases}


def draw(measured: Mapping[str, Sequence[Compared]], path: Path) -> None:
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

    figure, panels = pyplot.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    values = {
        "angle to the gradient, degrees": {
            rule: [np.degrees(c.angle) for c in found] for rule, found in measured.items()
        },
        "length / the gradient's, less one": {
            rule: [abs(c.ratio - 1) for c in found] for rule, found in measured.items()
        },
    }
    for axes, (name, curves) in zip(panels, values.items(), strict=True):
        for (rule, curve), color, mark, power in zip(curves.items(), ("#d95f02", "#08519c"), "os", (1, 2), strict=True):
            axes.plot(BETAS, curve, mark + "-", color=color, ms=5, label=rule)
            law = [curve[1] * (beta / BETAS[1]) ** power for beta in BETAS]
            axes.plot(BETAS, law, ":", color="black", lw=1, zorder=0)
            axes.annotate(
                ("beta", "beta²")[power - 1], (BETAS[1], curve[1]), xytext=(6, -13), textcoords="offset points"
            )
        axes.set(xscale="log", yscale="log", xlabel="strength of the nudge, beta", ylabel=name)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False, loc="upper left")
    figure.savefig(path, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main()
