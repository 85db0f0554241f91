"""Mistakes about what is joined to what."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import (
    HIDDEN,
    IN,
    INPUT,
    OUT,
    OUTPUT,
    PHASE,
    TRAIN,
    connected,
    network,
    with_layers,
)
from dync.compiler.mistakes.several import several
from dync.grammar.diagnostic import Diagnostic, Severity

_G = "layer  g (8) tanh"


class UnreachedLayer(Diagnostic, frozen=True):
    """A hidden layer that no input, no constant and no layer with a `start` reaches: nothing ever tells it anything."""

    code = "E0701"
    wrong = connected(_G, "edge g -> y dense")
    right = connected(_G, "edge h -> g dense", "edge g -> y dense")

    names: tuple[str, ...]

    @property
    def message(self) -> str:
        """The layers of one declaration."""
        return f"no input, constant or `start` reaches {several(self.names)}"


class UnreachedOutput(Diagnostic, frozen=True):
    """An output into which no edge leads: its read-out would not depend on anything."""

    code = "E0702"
    wrong = with_layers(IN)
    right = connected()

    name: str

    @property
    def message(self) -> str:
        """Names the output."""
        return f"nothing reaches the output `{self.name}`: no edge leads into it"


class TopologyWarning(Diagnostic, frozen=True):
    """What is joined as written, but hardly as meant."""

    severity: ClassVar[Severity] = "warning"


class LeadsNowhere(TopologyWarning, frozen=True):
    """A layer from which no edges lead to an output: it costs time, and changes no answer."""

    code = "W0701"
    wrong = connected(_G, "edge h -> g dense")
    right = connected(_G, "edge h -> g dense", "edge g -> y dense")

    names: tuple[str, ...]

    @property
    def message(self) -> str:
        """The layers of one declaration."""
        return f"no output can be reached from {several(self.names)}"


class NoInputs(TopologyWarning, frozen=True):
    """A network without inputs does the same whatever the data are."""

    code = "W0702"
    wrong = network("constant one (1) = 1", HIDDEN, OUTPUT, "edge one -> h dense", OUT)
    right = network(INPUT, HIDDEN, OUTPUT, IN, OUT)

    name: str

    @property
    def message(self) -> str:
        """Names the network."""
        return f"the network `{self.name}` has no inputs"


class NoOutputs(TopologyWarning, frozen=True):
    """A network without outputs gives no answer; its states can still be read."""

    code = "W0703"
    wrong = network(INPUT, HIDDEN, IN)
    right = network(INPUT, HIDDEN, OUTPUT, IN, OUT)

    name: str

    @property
    def message(self) -> str:
        """Names the network."""
        return f"the network `{self.name}` has no outputs"


class UntrainedOutput(TopologyWarning, frozen=True):
    """The network has a training protocol, but no edge that learns has any say in this output."""

    code = "W0704"
    wrong = with_layers(IN, "edge h -> y dense", PHASE, TRAIN)
    right = with_layers(IN, "edge h -> y dense learn delta", PHASE, TRAIN)

    name: str

    @property
    def message(self) -> str:
        """Names the output."""
        return f"no edge that learns leads to the output `{self.name}`, so training cannot change it"
