"""Mistakes in properties, and what `dync test` says of those that do not hold."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, Final

from dync.compiler.mistakes.examples import IN, INPUT, OUT, OUTPUT, PHASE, TRAIN, connected, network
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Fix, Note, Severity
from dync.grammar.source import Span


def required(*lines: str, draws: str = "") -> str:
    """A file with a connected network and a property of it with these requirements."""
    return connected() + _property(lines, draws)


def drawn(declaration: str, draws: str) -> str:
    """A file with a network of one parameter, and a property that draws it."""
    declared = network(declaration, INPUT, "layer  h (hidden) tanh", OUTPUT, IN, OUT)
    return declared + _property(("require reachable(x, y)",), draws)


def _array(line: str) -> str:
    layers = (INPUT, "layer  h[1..3] (8) tanh", OUTPUT)
    edges = ("edge x -> h[1] dense", "for i in 1..2 { edge h[i] -> h[i+1] dense }", "edge h[3] -> y dense")
    return network(*layers, *edges) + _property((line,), "")


def _property(lines: tuple[str, ...], draws: str) -> str:
    inside = "".join(f"  {line}\n" for line in lines)
    return f"\nproperty wired{draws} on Example {{\n{inside}}}\n"


_IN_NETWORKX: Final = {
    "has_path": "reachable",
    "shortest_path_length": "path_length",
    "is_directed_acyclic_graph": "is_dag",
    "is_strongly_connected": "strongly_connected",
    "is_weakly_connected": "weakly_connected",
    "number_of_nodes": "count",
}
"""Functions of NetworkX that go by a shorter name here."""


class UnknownPredicate(Unknown, frozen=True, dict=True):
    """A requirement asks something that properties do not know. docs/constructs/properties.md lists what they do."""

    code = "E0901"
    noun, nouns = "predicate", "predicates"
    wrong = required("require reachible(x, y)")
    right = required("require reachable(x, y)")

    @cached_property
    def near(self) -> str | None:
        """What asks the same as the function of NetworkX of this name, else the nearest name."""
        return _IN_NETWORKX.get(self.name) or super().near


class RequiresNothing(Diagnostic, frozen=True):
    """A property without a single `require` holds of anything, so that trying it would say nothing."""

    code = "E0902"
    wrong = required()
    right = required("require reachable(x, y)")

    name: str

    @property
    def message(self) -> str:
        """Names the property."""
        return f"the property `{self.name}` requires nothing"


class NotALayer(Diagnostic, frozen=True):
    """A predicate asks about layers, and an argument is a number or a condition."""

    code = "E0903"
    wrong = required("require reachable(x, 2)")
    right = required("require reachable(x, y)")

    of: str
    found: str

    @property
    def message(self) -> str:
        """What was found instead."""
        return f"`{self.of}` asks about layers, and this is {self.found}"


class SeveralForOne(Diagnostic, frozen=True):
    """A predicate asks about one layer, and is given an array, a group, or all layers of a kind."""

    code = "E0904"
    wrong = _array("require fan_in(h) <= 3")
    right = _array("for i in 1..3 { require fan_in(h[i]) <= 3 }")

    of: str
    name: str
    array: bool

    @property
    def message(self) -> str:
        """Names both."""
        return f"`{self.of}` asks about one layer, and `{self.name}` means several"

    @property
    def notes(self) -> tuple[Note, ...]:
        """How each of them can be asked about."""
        if not self.array:
            return (Note("name one of them"),)
        return (Note(f"ask about one member, or about each: `for i in … {{ require {self.of}({self.name}[i]) … }}`"),)


class NotAWord(Diagnostic, frozen=True):
    """An argument that is a word, `forward` or the name of a phase, is given as something else."""

    code = "E0905"
    wrong = required("require has_cycle(messages = 2)")
    right = required("require not has_cycle(messages = forward)")

    what: str

    @property
    def message(self) -> str:
        """What is asked for."""
        return f"{self.what} is needed here"


class UnknownThing(Unknown, frozen=True):
    """`count` counts layers, edges, units, weights, or the layers of an array or a group."""

    code = "E0906"
    noun, nouns = "sort of thing to count", "things that can be counted, besides arrays and groups,"
    wrong = required("require count(layer) == 3")
    right = required("require count(layers) == 3")


class DrawnOutside(Diagnostic, frozen=True):
    """A property draws a parameter from a range that its declaration does not allow."""

    code = "E0907"
    wrong = drawn("param  hidden = 8 in 4..16", "(hidden in 1..16)")
    right = drawn("param  hidden = 8 in 4..16", "(hidden in 4..16)")

    name: str
    value: float
    allowed: str
    declared: Span

    @property
    def message(self) -> str:
        """The value that is not allowed, and what is."""
        return f"`{self.name}` would be drawn as {self.value:.12g}, but it must be {self.allowed}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration that says so."""
        return (Note(f"`{self.name}` is declared here", self.declared),)


class DrawnTwice(Diagnostic, frozen=True):
    """A property draws one parameter twice."""

    code = "E0908"
    wrong = drawn("param  hidden = 8 in 4..16", "(hidden in 4..8, hidden in 8..16)")
    right = drawn("param  hidden = 8 in 4..16", "(hidden in 4..16)")

    name: str
    first: Span

    @property
    def message(self) -> str:
        """Names the parameter."""
        return f"`{self.name}` is drawn already"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it is drawn first."""
        return (Note("it is drawn here", self.first),)


class NothingToDrawFrom(Diagnostic, frozen=True):
    """A parameter without a range, neither in the property nor where it is declared: nothing says what to draw."""

    code = "E0909"
    wrong = drawn("param  hidden = 8", "(hidden)")
    right = drawn("param  hidden = 8", "(hidden in 4..16)")

    name: str
    declared: Span

    @property
    def message(self) -> str:
        """Names the parameter, and the way out."""
        return f"`{self.name}` has no range to be drawn from: write `{self.name} in LOW..HIGH`"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Its declaration."""
        return (Note(f"`{self.name}` is declared here, without a range", self.declared),)


class IndexOfOne(Diagnostic, frozen=True):
    """A layer that is no array, or a group, is given an index: it has no members to choose from."""

    code = "E0910"
    wrong = required("require fan_in(y[1]) == 1")
    right = required("require fan_in(y) == 1")

    name: str
    single: bool

    @property
    def message(self) -> str:
        """Names the layer."""
        return f"`{self.name}` is no array of layers, and has no index"

    @property
    def fix(self) -> Fix | None:
        """The layer itself, where it is one."""
        return Fix("leave the index out", self.span, self.name) if self.single else None


class SaysNothing(Diagnostic, frozen=True):
    """A requirement asks nothing of the network: it holds or fails by its numbers alone."""

    code = "W0901"
    severity: ClassVar[Severity] = "warning"
    wrong = required("require reachable(x, y)", "require 1 < 2")
    right = required("require reachable(x, y)")

    @property
    def message(self) -> str:
        """The sentence."""
        return "this requirement asks nothing of the network"


class RequirementFails(Diagnostic, frozen=True):
    """`dync test` found parameter values at which a network does not have a property. They are the smallest at which it
    fails: nothing smaller that was tried does. Either the network or the requirement is not what was meant.
    """

    code = "E0921"
    wrong = required("require path_length(x, y) == 3")
    right = required("require path_length(x, y) == 2")

    where: str
    shown: str
    because: tuple[str, ...]

    @property
    def message(self) -> str:
        """The requirement, and what it came to."""
        return f"`{' '.join(self.span.text.split())}` was `{self.shown}`{self.where}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was found on the way: paths, cycles, units that moved."""
        return tuple(map(Note, self.because))


class DrawnNetworkBroken(Diagnostic, frozen=True):
    """`dync test` drew parameter values, within the ranges that are allowed, at which the network has mistakes. What
    they are is said beside it. Narrow the range of the parameter, in the network or in the property."""

    code = "E0922"
    wrong = drawn("param  hidden = 8 in 0..16", "(hidden)")
    right = drawn("param  hidden = 8 in 1..16", "(hidden)")

    network: str
    where: str

    @property
    def message(self) -> str:
        """Names the network and the values."""
        return f"the network `{self.network}` cannot be made{self.where}"


class CannotAsk(Diagnostic, frozen=True):
    """`dync test` drew values at which a requirement means nothing, because a layer that it names does not exist or a
    number is divided by zero, say. What it is is said beside it."""

    code = "E0923"
    wrong = drawn("param  hidden = 8", "(hidden in 4..16)").replace("reachable(x, y)", "1 / (hidden - 8) < units(h)")
    right = drawn("param  hidden = 8", "(hidden in 4..16)").replace("reachable(x, y)", "1 / hidden < units(h)")

    where: str

    @property
    def message(self) -> str:
        """The sentence, and the values."""
        return f"the property cannot be asked{self.where}"


class TooMuchWork(Diagnostic, frozen=True):
    """The first case of a property would take longer than a property may: draw smaller networks or ask for less."""

    code = "E0924"
    wrong = _array("require diameter(h) < 3").replace("3]", "9000]").replace("1..2 ", "1..8999 ")
    right = _array("require path_length(h[1], h[3]) == 2")

    where: str

    @property
    def message(self) -> str:
        """The sentence, and the values."""
        return f"the property asks for too much work{self.where}"


class CannotRun(Diagnostic, frozen=True):
    """A network that a property wants to run cannot be run: it is too large for a test, say."""

    code = "E0925"
    wrong = connected(PHASE, TRAIN).replace("steps 3", "steps 20000") + _property(("require bounded(h, 1)",), "")
    right = connected(PHASE, TRAIN) + _property(("require bounded(h, 1)",), "")

    name: str
    reason: str

    @property
    def message(self) -> str:
        """The reason."""
        return f"the network `{self.name}` cannot be run: {self.reason}"
