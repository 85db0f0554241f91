"""A network to study, and what its texts compile to."""

from pathlib import Path

from dync.compiler.driver import Compilation, compile_source
from dync.compiler.pipeline_plan import (
    SweepPlan,
    TrainingPlan,
)
from dync.grammar.source import Source

ROOT = Path(__file__).parents[2]
GOOD = ROOT / "tests" / "good" / "pipelines.dyn"
NETWORK = """network Net {
  param hidden = 8 in 1..64
  param depth = 1 in 1..3
  input x (64)
  layer h[1..depth] (hidden) sign
  output y (10)
  edge x -> h[1] dense learn perceptron
  for i in 1..depth-1 { edge h[i] -> h[i+1] dense learn perceptron }
  edge h[depth] -> y dense learn perceptron
  phase p { steps 1 }
  train p
  infer p
}
pipeline fit training {
  network Net
  data digits then split(test = 0.2, validation = 0.1)
  epochs 5
  optimizer sgd(0.1)
}
"""


def compiled(*pipelines: str) -> Compilation:
    return compile_source(Source("specs/some.dyn", NETWORK + "\n".join(pipelines)))


def training(text: str, name: str = "more") -> TrainingPlan:
    plan = compiled(f"pipeline {name} training {{ {text} }}").verify().pipelines[name].plan
    assert isinstance(plan, TrainingPlan)
    return plan


def sweep(text: str) -> SweepPlan:
    plan = compiled(f"pipeline tune sweep {{ base fit {text} }}").verify().pipelines["tune"].plan
    assert isinstance(plan, SweepPlan)
    return plan


def wrong(*pipelines: str) -> list[tuple[str, str]]:
    return [(d.code, d.span.text) for d in compiled(*pipelines).diagnostics if d.severity == "error"]


def wrong_sweep(text: str) -> list[tuple[str, str]]:
    return wrong(f"pipeline tune sweep {{ base fit {text} }}")
