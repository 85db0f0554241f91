"""The texts that pipelines are built beside, and what is read of the texts that they become."""

import re
from pathlib import Path

import pytest

from dync.building.leaves import statement
from dync.grammar import syntax
from dync.grammar.reader import read
from dync.grammar.source import Source

ROOT = Path(__file__).resolve().parents[2]
GOOD = ROOT / "tests" / "good" / "pipelines.dyn"

NETWORK = """
network Tiny {
  param hidden = 6 in 1..64
  input  x (8)
  layer  h (hidden) sign
  output y (2)
  edge x -> h dense learn perceptron(margin = 1)
  edge h -> y dense learn perceptron(margin = 1)
  phase relax { steps 2 messages forward }
  train relax
  infer relax
}
"""

FIT = {
    "network": {"Tiny": {"hidden": 4}},
    "data": {
        "source": {"prototypes": {"classes": 2, "units": 8, "samples": 8, "flip": 0.1}},
        "then": [{"split": {"test": 0.25}}],
    },
    "epochs": 1,
    "batch": 4,
    "optimizer": {"sgd": {"learning_rate": 0.1}},
}


def texts():
    """The specs, the documents and the file with every setting."""
    for path in (GOOD, *sorted((ROOT / "specs").glob("*.dyn"))):
        yield pytest.param(path.read_text(encoding="utf-8"), id=path.name)
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        blocks = re.findall(r"^```dyn\n(.*?)^```$", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for number, block in enumerate(blocks):
            yield pytest.param(block, id=f"{path.name}-{number}")


def pipelines(text):
    file, mistakes = read(Source("text", text))
    assert not mistakes
    return [node for node in file.declarations if isinstance(node, syntax.Pipeline)]


def settings_in(text):
    (found,) = pipelines(text)
    return [statement(item) for item in found.items]
