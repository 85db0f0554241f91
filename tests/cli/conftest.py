"""A command line in this process, and specs so small that they run in a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dync.cli import main

TINY = """
network Tiny {
  param hidden = 12 in 1..64
  input  x (16)
  layer  h (hidden) sign
  output y (3)
  edge x -> h dense learn perceptron(margin = 1)
  edge h -> h dense(diagonal = 0.5, density = 0.5) learn perceptron(margin = 1)
  edge h -> y dense learn perceptron(margin = 1)
  edge y -> h dense
  phase clamped { steps 2 messages all }
  phase relax   { steps 2 messages forward }
  train clamped, relax
  infer relax
}
"""

FIT = """
pipeline fit training {
  network   Tiny
  data      prototypes(classes = 3, units = 16, samples = 20, flip = 0.1, seed = 1) then split(test = 0.2)
  epochs    2
  batch     8
  optimizer sgd(learning_rate = 0.1)
  seed      3
  evaluate  every 1
}
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def dync(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `dync WORDS…` in an empty folder. No bug may show, whatever the words."""
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        found = capsys.readouterr()
        assert "Traceback" not in found.err
        assert "bug of dync" not in found.err
        code = ended.value.code
        return Ended(code if isinstance(code, int) else int(code is not None), found.out, found.err)

    return command


@pytest.fixture
def spec(tmp_path: Path) -> str:
    """The name of a file with one network and one pipeline."""
    (tmp_path / "tiny.dyn").write_text(TINY + FIT, encoding="utf-8")
    return "tiny.dyn"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], str]:
    """Writes a file into the folder of the test; gives back its name."""

    def to_file(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return to_file


@pytest.fixture
def tiny() -> str:
    """The network of `spec` alone."""
    return TINY


@pytest.fixture
def fit() -> str:
    """The pipeline of `spec` alone."""
    return FIT
