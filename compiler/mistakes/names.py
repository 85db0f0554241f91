"""Mistakes about names: unknown, declared twice, or of another sort than the place needs."""

from __future__ import annotations

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
    training,
    with_layers,
)
from dync.compiler.mistakes.unknown import Unknown, UnknownOf
from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span


class UnknownLayer(Unknown, frozen=True):
    """An edge, a group, a phase or a `start` names a layer that the network does not declare."""

    code = "E0201"
    noun, nouns = "layer", "layers"
    wrong = with_layers("edge x -> hidden dense", OUT)
    right = with_layers("edge x -> h dense", OUT)


class UnknownNumber(Unknown, frozen=True):
    """An expression reads a name that is neither a parameter nor the variable of a `for` around it."""

    code = "E0202"
    noun, nouns = "parameter", "parameters and variables"
    wrong = network("param hidden = 8", INPUT, "layer  h (hiden) tanh", OUTPUT, IN, OUT)
    right = network("param hidden = 8", INPUT, "layer  h (hidden) tanh", OUTPUT, IN, OUT)


class Duplicate(Diagnostic, frozen=True):
    """Two things of one sort bear one name, so that the name says neither.

    Layers and groups share their names, because the layer map finds both by name alone. Parameters, phases, and the
    networks and pipelines of a file have names of their own.
    """

    code = "E0203"
    wrong = network(INPUT, HIDDEN, HIDDEN, OUTPUT, IN, OUT)
    right = network(INPUT, HIDDEN, "layer  g (8) tanh", OUTPUT, IN, "edge h -> g dense", "edge g -> y dense")

    name: str
    noun: str
    first: Span

    @property
    def message(self) -> str:
        """Names the thing."""
        return f"the {self.noun} `{self.name}` has the name of something declared before"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first declaration."""
        return (Note("first declared here", self.first),)


class UnknownActivation(Unknown, frozen=True):
    """A layer names an activation that neither this file nor the standard library declares."""

    code = "E0204"
    noun, nouns = "activation", "activations"
    wrong = network(INPUT, "layer  h (8) tahn", OUTPUT, IN, OUT)
    right = network(INPUT, "layer  h (8) tanh", OUTPUT, IN, OUT)


class UnknownRule(Unknown, frozen=True):
    """An edge is to learn by a rule that neither this file nor the standard library declares."""

    code = "E0205"
    noun, nouns = "rule", "rules"
    wrong = with_layers(IN, "edge h -> y dense learn perceptrn(margin = 1)")
    right = with_layers(IN, "edge h -> y dense learn perceptron(margin = 1)")


class UnknownKind(Unknown, frozen=True):
    """An edge is of a kind that does not exist. `dense` joins all units, `one_to_one` each unit to its like."""

    code = "E0206"
    noun, nouns = "edge kind", "edge kinds"
    wrong = with_layers(IN, "edge h -> y full")
    right = with_layers(IN, "edge h -> y dense")


class UnknownGroup(Unknown, frozen=True):
    """A schedule names a group that the network does not declare."""

    code = "E0207"
    noun, nouns = "group", "groups"
    wrong = connected("group early { h }", "schedule grouped(erly)")
    right = connected("group early { h }", "schedule grouped(early)")


class UnknownPhase(Unknown, frozen=True):
    """A protocol names a phase that the network does not declare."""

    code = "E0208"
    noun, nouns = "phase", "phases"
    wrong = connected("phase relax { steps 5 }", "train relaxed")
    right = connected("phase relax { steps 5 }", "train relax")


class IndexOutOfRange(Diagnostic, frozen=True):
    """An array of layers has no member of this index. Both ends of the range in its declaration are included."""

    code = "E0209"
    wrong = network(INPUT, "layer  h[1..3] (8) tanh", OUTPUT, "edge x -> h[0] dense", "edge h[3] -> y dense")
    right = network(INPUT, "layer  h[1..1] (8) tanh", OUTPUT, "edge x -> h[1] dense", "edge h[1] -> y dense")

    name: str
    index: int
    low: int
    high: int
    declared: Span

    @property
    def message(self) -> str:
        """The index, and those that exist."""
        return (
            f"there is no `{self.name}[{self.index}]`: the index of `{self.name}` runs from {self.low} to {self.high}"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration of the array."""
        return (Note(f"`{self.name}` is declared here", self.declared),)


class NotAnArray(Diagnostic, frozen=True):
    """A single layer is given an index, as if it were an array of layers."""

    code = "E0210"
    wrong = with_layers("edge x -> h[1] dense", OUT)
    right = with_layers("edge x -> h dense", OUT)

    name: str
    declared: Span

    @property
    def message(self) -> str:
        """Names the layer."""
        return f"`{self.name}` is a single layer and takes no index"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration of the layer."""
        return (Note(f"`{self.name}` is declared here; an array would be `layer {self.name}[1..n]`", self.declared),)

    @property
    def fix(self) -> Fix:
        """Leave the index out."""
        return Fix("leave the index out", self.span, self.name)


class IndexMissing(Diagnostic, frozen=True):
    """An edge joins single layers. Where one is the member of an array, its index says which."""

    code = "E0211"
    wrong = network(INPUT, "layer  h[1..1] (8) tanh", OUTPUT, "edge x -> h dense", "edge h[1] -> y dense")
    right = network(INPUT, "layer  h[1..1] (8) tanh", OUTPUT, "edge x -> h[1] dense", "edge h[1] -> y dense")

    name: str
    low: int
    high: int
    declared: Span

    @property
    def message(self) -> str:
        """Names the array."""
        return f"`{self.name}` is an array of layers, and an edge joins single ones: say which member by its index"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration of the array."""
        return (Note(f"`{self.name}` is declared here", self.declared),)

    @property
    def fix(self) -> Fix:
        """The first member."""
        first = f"{self.name}[{self.low}]"
        return Fix(f"name one member, such as `{first}`", self.span, first)


class UnknownSchedule(Unknown, frozen=True):
    """A schedule is `sequential`, `synchronous` or `grouped(…)`."""

    code = "E0212"
    noun, nouns = "schedule", "schedules"
    wrong = connected("schedule sequental")
    right = connected("schedule sequential")


class UnknownMessages(Unknown, frozen=True):
    """The messages of a phase or of the rules are `all`, `forward` or `backward`."""

    code = "E0213"
    noun, nouns = "choice of messages", "choices of messages"
    wrong = connected("phase relax { steps 5 messages foward }", "infer relax")
    right = connected("phase relax { steps 5 messages forward }", "infer relax")


class LabelTaken(Diagnostic, frozen=True):
    """A label names one edge. It can be neither the label of another, nor the name of a layer or a group. With an
    index, `down[i]`, it is that of one of several edges, and none has the name alone.

    The layer map finds edges, layers and groups by name, so that one name must not mean two of them.
    """

    code = "E0214"
    wrong = with_layers(IN, "edge h: h -> y dense")
    right = with_layers(IN, "edge readout: h -> y dense")

    name: str
    taken_by: str
    first: Span

    @property
    def message(self) -> str:
        """Names the label and what has it already."""
        return f"the label `{self.name}` is already the name of {self.taken_by}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the name was given first; a label within a `for` is its own double."""
        if self.first == self.span and "[" in self.name:
            return (Note("the `for` around it repeats the edge with this index"),)
        if self.first == self.span:
            repeated = "the `for` around it repeats the edge, and the label with it"
            return (Note(f"{repeated}: an index tells the edges apart, `{self.name}[i]`"),)
        return (Note("the name was given here", self.first),)


class UnknownFunction(Unknown, frozen=True):
    """A constant expression calls a function that does not exist."""

    code = "E0215"
    noun, nouns = "function", "functions of constants"
    wrong = network(INPUT, HIDDEN, OUTPUT, IN, "edge h -> y dense(strength = sqr(2))")
    right = network(INPUT, HIDDEN, OUTPUT, IN, "edge h -> y dense(strength = sqrt(2))")


class UnknownArgument(UnknownOf, frozen=True):
    """An argument is given by a name that the thing does not take."""

    code = "E0216"
    noun, nouns = "argument", "arguments"
    wrong = with_layers(IN, "edge h -> y dense(strenght = 2)")
    right = with_layers(IN, "edge h -> y dense(strength = 2)")


class DuplicateArgument(Diagnostic, frozen=True):
    """One argument is given twice: by place and by name, or twice by name."""

    code = "E0217"
    wrong = with_layers(IN, "edge h -> y dense(2, strength = 3)")
    right = with_layers(IN, "edge h -> y dense(strength = 3)")

    name: str
    of: str
    first: Span

    @property
    def message(self) -> str:
        """Names the argument."""
        return f"the argument `{self.name}` of `{self.of}` is given twice"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it was given first."""
        return (Note("first given here", self.first),)


class ArgumentCount(Diagnostic, frozen=True):
    """A thing is given more arguments than it takes, or a function fewer or more than it takes."""

    code = "E0218"
    wrong = with_layers("edge x -> h dense learn perceptron(1, 2)", OUT)
    right = with_layers("edge x -> h dense learn perceptron(1)", OUT)

    of: str
    takes: str
    found: int

    @property
    def message(self) -> str:
        """How many were found, how many are taken."""
        return f"`{self.of}` takes {self.takes}, found {self.found}"


class MisplacedMoment(Diagnostic, frozen=True):
    """`@phase` reads a state at the end of a phase. Only rules know states; a number of the network has no moment."""

    code = "E0219"
    wrong = network("param k = 8", INPUT, "layer  h (k@settle) tanh", OUTPUT, IN, OUT, PHASE, TRAIN)
    right = network("param k = 8", INPUT, "layer  h (k) tanh", OUTPUT, IN, OUT, PHASE, TRAIN)

    name: str

    @property
    def message(self) -> str:
        """Names the number."""
        return f"`{self.name}` is a constant: it has no value at the end of a phase"

    @property
    def fix(self) -> Fix:
        """Leave the moment out."""
        return Fix("leave the phase out", self.span, self.name)


class Shadowing(Diagnostic, frozen=True):
    """The variable of a `for` has the name of a parameter or of the variable of a `for` around it."""

    code = "E0220"
    wrong = connected("param i = 8", "for i in 1..1 { group g { h } }", "schedule grouped(g)")
    right = connected("for i in 1..1 { group g { h } }", "schedule grouped(g)")

    name: str
    first: Span

    @property
    def message(self) -> str:
        """Names the variable."""
        return f"the variable `{self.name}` hides something else of this name"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What it hides."""
        return (Note("this would be hidden", self.first),)


class MissingArgument(Diagnostic, frozen=True):
    """A thing is used without an argument that has no default."""

    code = "E0221"
    wrong = training("epochs 1").replace(", samples = 100", "")
    right = training("epochs 1")

    name: str
    of: str

    @property
    def message(self) -> str:
        """Names the argument and the thing."""
        return f"`{self.of}` needs the argument `{self.name}`"
