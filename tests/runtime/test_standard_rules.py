"""Each rule of the standard library on a task for which it is known to work.

Rules that need the same phases learn side by side in one network, each between layers of its own, so that few programs
are compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jax
import numpy as np
import pytest

import dync
from dync.runtime.orchestrator import WaveOrchestrator

pytestmark = pytest.mark.usefixtures("hardly_optimized")

Arrays = Mapping[str, np.ndarray]
Measures = Mapping[str, float]


def trained(text: str, arrays: Arrays, folder: Path, epochs: int, seed: int = 0) -> tuple[WaveOrchestrator, Measures]:
    """The network of a text after so many updates by plain SGD at rate 1, each from all the examples; its measures."""
    folder.mkdir(exist_ok=True)
    np.savez(folder / "data.npz", **{name: np.asarray(array, np.float32) for name, array in arrays.items()})
    batch = len(next(iter(arrays.values())))
    settings = f"epochs {epochs}  batch {batch}  optimizer sgd(1)  seed {seed}"
    fit = f'pipeline fit training {{ network Net  data npz("data.npz")  {settings} }}'
    (folder / "net.dyn").write_text(f"{text}\n{fit}")
    result = dync.run(folder / "net.dyn", out=folder / "run")
    assert result.is_success(), result.errors
    return dync.load(folder / "run").orchestrator, result.outputs["evaluation_results"]["train"]


def weight(learned: WaveOrchestrator, label: str) -> np.ndarray:
    """The weights of an edge, in double precision."""
    return np.asarray(learned.lmap[label].weight, np.float64)


# --- teachers: both ends are given -----------------------------------------------------------------------------------

TAUGHT = """
network Net {
  input signs (100)   output answers (30) sign
  input sparse (400)  output pattern (400)
  input features (6)  output prototype (3)  input class (3)  output example (6)
  input points (10)   output side (1) sign
  input cause (5)     output effect (2)  output chance (2) sigmoid  output graded (2) tanh

  edge hebbian:    signs -> answers      dense(strength = 0) learn hebbian
  edge covariance: sparse -> pattern     dense(strength = 0) learn covariance(pre_mean = 0.05, post_mean = 0.05)
  edge instar:     features -> prototype dense learn instar
  edge outstar:    class -> example      dense learn outstar
  edge perceptron: points -> side        dense(strength = 0) learn perceptron rate 0.1
  edge lms:        cause -> effect       dense learn lms rate 0.3
  edge delta:      cause -> chance       dense learn delta rate 10
  edge tanh_delta: cause -> graded       dense learn tanh_delta
  phase held { steps 1 }
  train held
  infer held
}
"""
EXAMPLES = 60


def lessons(seed: int) -> dict[str, np.ndarray]:
    """Pairs of patterns, classes with their features, points on two sides of a plane, causes and effects."""
    rng = np.random.default_rng(seed)
    pairs, classes = np.arange(EXAMPLES) % 5, np.arange(EXAMPLES) % 3
    active = (rng.random((EXAMPLES, 400)).argsort(axis=1) < 20) * 1.0
    plane = rng.normal(size=(10, 1)) / np.sqrt(10)
    points = rng.normal(size=(EXAMPLES, 10))
    side = np.sign(points @ plane)
    cause = rng.normal(size=(EXAMPLES, 5))
    field = cause @ rng.normal(size=(5, 2)) / 2
    return {
        "signs": rng.choice([-1, 1], (5, 100))[pairs], "answers": rng.choice([-1, 1], (5, 30))[pairs],
        "sparse": active, "pattern": active[::-1],
        "features": rng.normal(size=(3, 6))[classes] + 0.1 * rng.normal(size=(EXAMPLES, 6)),
        "prototype": np.eye(3)[classes], "class": np.eye(3)[classes],
        "example": rng.normal(size=(3, 6))[classes] + 0.1 * rng.normal(size=(EXAMPLES, 6)),
        "points": points + 0.3 * side * plane.T, "side": side,
        "cause": cause, "effect": field + 0.1 * rng.normal(size=field.shape),
        "chance": 1 / (1 + np.exp(-field)), "graded": np.tanh(field),
    }  # fmt: skip


def means(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The mean of the values of each class, `[classes, units]`."""
    return classes.T @ values / classes.sum(axis=0)[:, None]


def check_teachers(seed: int, folder: Path) -> None:
    given = lessons(seed)
    learned, _ = trained(TAUGHT, given, folder, epochs=300)
    turned = given["signs"] * np.where(np.random.default_rng(1).random((EXAMPLES, 100)) < 0.1, -1, 1)
    assert (np.sign(turned @ weight(learned, "hebbian")) == given["answers"]).mean() > 0.99
    fields = given["sparse"] @ weight(learned, "covariance")
    winners = np.argsort(-fields, axis=1)[:, :20]
    assert np.take_along_axis(given["pattern"], winners, axis=1).mean() > 0.99
    assert weight(learned, "instar") == pytest.approx(means(given["features"], given["prototype"]).T, abs=1e-4)
    assert weight(learned, "outstar") == pytest.approx(means(given["example"], given["class"]), abs=1e-4)
    assert (np.sign(given["points"] @ weight(learned, "perceptron")) == given["side"]).all()
    least, *_ = np.linalg.lstsq(given["cause"], given["effect"], rcond=None)
    assert weight(learned, "lms") == pytest.approx(least, abs=1e-3)
    teacher, *_ = np.linalg.lstsq(given["cause"], np.arctanh(given["graded"]), rcond=None)
    assert weight(learned, "delta") == pytest.approx(teacher, abs=0.01)
    assert weight(learned, "tanh_delta") == pytest.approx(teacher, abs=0.01)


def test_rules_that_are_taught(tmp_path: Path) -> None:
    """Pairs and sparse patterns are recalled, prototypes are means, sides are told apart, teachers are found out."""
    check_teachers(0, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_rules_that_are_taught_whatever_the_lessons(seed: int, tmp_path: Path) -> None:
    check_teachers(seed, tmp_path)


# --- no teacher: the receiver is what its field makes it --------------------------------------------------------------

UNTAUGHT = """
activation bounded { next clip(field, 0, 2) }
network Net {
  input cloud (6)     output component (1)
  input mixed (3)     output apart (3)
  input stimulus (8)  output answers (4) bounded

  edge oja: cloud -> component dense learn oja rate 0.1
  edge mixed -> apart one_to_one
  edge anti_hebbian: apart -> apart dense(strength = 0, diagonal = 0) learn anti_hebbian rate 0.1
  edge bcm: stimulus -> answers dense(strength = 3) learn bcm
  schedule synchronous
  phase heard { steps 30  clamp cloud, mixed, stimulus }
  train heard
  infer heard
}
"""


def scenes(seed: int) -> dict[str, np.ndarray]:
    """A cloud that is longest in one direction, units that vary together, and stimuli one at a time."""
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(200, 6)) * (2, 1, 1, 1, 0.5, 0.5) @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
    together = rng.normal(size=(200, 3)) @ np.linalg.cholesky([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]]).T
    return {"cloud": cloud, "mixed": together, "stimulus": np.eye(8)[np.arange(200) % 8]} | {
        name: np.zeros((200, units)) for name, units in (("component", 1), ("apart", 3), ("answers", 4))
    }


def check_untaught(seed: int, folder: Path) -> None:
    seen = scenes(seed)
    learned, _ = trained(UNTAUGHT, seen, folder, epochs=300)
    found = weight(learned, "oja")[:, 0]
    principal = np.linalg.eigh(seen["cloud"].T @ seen["cloud"])[1][:, -1]
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-3)
    assert abs(found @ principal) > 0.999
    apart = np.linalg.solve(np.eye(3) - weight(learned, "anti_hebbian").T, seen["mixed"].T)
    assert np.corrcoef(apart) == pytest.approx(np.eye(3), abs=0.03)
    assert np.abs(np.corrcoef(seen["mixed"].T) - np.eye(3)).max() > 0.4
    drawn = dync.compile(folder / "net.dyn").network().init(jax.random.key(0))
    before, after = np.clip(weight(drawn, "bcm"), 0, 2), np.clip(weight(learned, "bcm"), 0, 2)
    assert (before > 1).any() and ((before < 1) & (before > 0)).any()
    assert (after[before > 1] == 2).all()
    assert (after[before < 1] < 0.05).all()


def test_rules_without_a_teacher(tmp_path: Path) -> None:
    """The principal component is found, units that varied together no longer do, and answers become all or nothing."""
    check_untaught(0, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_rules_without_a_teacher_whatever_they_hear(seed: int, tmp_path: Path) -> None:
    check_untaught(seed, tmp_path)


# --- two moments: hidden units learn too ------------------------------------------------------------------------------

RULES = {
    "contrastive": "contrastive rate 0.2",
    "equilibrium": "equilibrium(beta = 0.5) rate 0.5",
    "symmetric": "symmetric_equilibrium(beta = 0.5) rate 0.5",
}
"""What learns by which rule, at which rate."""

SETTLING = """
  output y_{0} (1) leaky_tanh(leak = 0.5)
  layer h_{0} (8) leaky_tanh(leak = 0.5)
  edge x -> h_{0} dense learn {1}
  edge one -> h_{0} dense learn {1}
  edge out_{0}: h_{0} -> y_{0} dense learn {1}
  edge y_{0} -> h_{0} tied(out_{0}, transposed = true)
"""

MOMENTS = f"""
network Net {{
  input x (2)
  constant one (1) = 1
  {"".join(SETTLING.format(name, rule) for name, rule in RULES.items())}

  layer error (1) identity
  layer h (8) missing
  layer guess (1) identity
  output y (1) identity
  edge y -> error one_to_one
  edge guess -> error one_to_one(-1)
  edge error -> h.missing tied(out, transposed = true)
  edge x -> h dense learn target_propagation rate 0.2
  edge one -> h dense learn target_propagation rate 0.2
  edge out: h -> y dense learn target_propagation rate 0.2
  edge h -> guess tied(out)

  rule_messages all
  phase free {{ steps 30  clamp x }}
  phase clamped {{ from free  steps 20 }}
  phase nudged {{ from free  steps 20  clamp x  clamp {", ".join(f"y_{name}" for name in RULES)} by 0.5 }}
  phase positive {{ from free  steps 20  clamp x  clamp {", ".join(f"y_{name}" for name in RULES)} by 0.5 }}
  phase negative {{ from free  steps 20  clamp x  clamp {", ".join(f"y_{name}" for name in RULES)} by -0.5 }}
  phase forward {{ from free  steps 1  clamp x }}
  phase target {{ from forward  steps 1  clamp x, y }}
  train free, clamped, nudged, positive, negative, forward, target
  infer free
}}
activation missing {{ next tanh(field) + field.missing }}
"""


XOR_X = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
XOR = np.array([[-1], [1], [1], [-1]])


def check_moments(seed: int, folder: Path) -> None:
    outputs = [*(f"y_{name}" for name in RULES), "y"]
    _, measures = trained(MOMENTS, {"x": XOR_X} | dict.fromkeys(outputs, XOR), folder, epochs=400, seed=seed)
    assert {name: measures[f"{name}.agreement"] for name in outputs} == dict.fromkeys(outputs, 1.0)


def test_rules_of_two_moments(tmp_path: Path) -> None:
    """The exclusive or, which no network without hidden units can tell."""
    check_moments(0, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_rules_of_two_moments_whatever_they_start_from(seed: int, tmp_path: Path) -> None:
    check_moments(seed, tmp_path)


# --- learning within a phase ------------------------------------------------------------------------------------------

BOLTZMANN = """
network Net {
  input x (2)
  layer h (8) glauber(beta = 1)
  output y (1) glauber(beta = 1)
  constant one (1) = 1
  edge x -> h dense learn alternating during clamped rate 0.02
  edge one -> h dense learn alternating during clamped rate 0.02
  edge up: h -> y dense learn alternating during clamped rate 0.02
  edge y -> h tied(up, transposed = true)
  edge one -> y dense learn alternating during clamped rate 0.02
  phase free { steps 10  clamp x }
  phase clamped { steps 10  clamp x, y }
  train free, clamped, free, clamped
  infer free
}
"""


def check_alternating(seed: int, folder: Path) -> None:
    many = {"x": XOR_X.repeat(32, axis=0), "y": XOR.repeat(32, axis=0)}
    _, measures = trained(BOLTZMANN, many, folder, epochs=400, seed=seed)
    assert measures["agreement"] > 0.95


def test_phases_that_alternate(tmp_path: Path) -> None:
    """A Boltzmann machine, whose units draw, learns the exclusive or; it is right nearly always, as it ever draws."""
    check_alternating(0, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_phases_that_alternate_whatever_is_drawn(seed: int, tmp_path: Path) -> None:
    check_alternating(seed, tmp_path)
