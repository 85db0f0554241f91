"""The small files that `dync explain` shows beside a mistake, built from common lines."""

from __future__ import annotations

INPUT = "input  x (4)"
HIDDEN = "layer  h (8) tanh"
OUTPUT = "output y (2)"
IN = "edge x -> h dense"
OUT = "edge h -> y dense learn delta"
PHASE = "phase settle { steps 3 }"
TRAIN = "train settle"


def network(*lines: str) -> str:
    """A file with one network of these lines."""
    return "network Example {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def with_layers(*lines: str) -> str:
    """A network of an input `x`, a layer `h` and an output `y`, and these lines."""
    return network(INPUT, HIDDEN, OUTPUT, *lines)


def connected(*lines: str) -> str:
    """A network of `x`, `h` and `y` with edges from `x` to `h` to `y`, and these lines."""
    return with_layers(IN, OUT, *lines)


def pipeline(*lines: str) -> str:
    """A file with a network that can be trained and a training pipeline of these lines."""
    return connected(PHASE, TRAIN) + "\npipeline fit training {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def training(*lines: str) -> str:
    """A file with a training pipeline that has a network, data and an optimizer, and these lines."""
    return pipeline("network   Example", DATA, "optimizer sgd(0.1)", *lines)


DATA = "data      prototypes(classes = 2, units = 4, samples = 100)"


def study(*lines: str, kind: str = "sweep") -> str:
    """A file with a training pipeline `fit` and a pipeline `study` of these lines."""
    return training("epochs 1") + f"\npipeline study {kind} {{\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def sweep(*lines: str) -> str:
    """A file with a sweep over the learning rate of `fit` and these lines."""
    return study("base fit", "search optimizer.learning_rate in { 0.1, 0.01 }", *lines)


def comparison(*lines: str) -> str:
    """A file with a comparison of `fit` with a twin, and these lines."""
    entries = "entry slow fit with { optimizer.learning_rate = 0.01 }"
    return study("entry fast fit", entries, *lines, kind="comparison")
