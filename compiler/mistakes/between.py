"""Mistakes about what `dense` says of single pairs of units: `weights`, `present`, `radius`."""

from __future__ import annotations

from dync.compiler.mistakes.examples import IN, OUT, with_layers
from dync.compiler.mistakes.shapes import Shape, shown
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span


def _looped(arguments: str, *lines: str) -> str:
    """A network whose hidden layer is joined to itself by a dense edge with these arguments."""
    return with_layers(*lines, IN, f"edge h -> h dense({arguments})", OUT)


_MEANINGS = {
    "i": "the sender's unit",
    "j": "the receiver's unit",
    "fan_in": "the number of the sender's units",
    "fan_out": "the number of the receiver's units",
    "uniform": "a draw",
    "normal": "a draw",
}


class UnknownBetweenUnits(Diagnostic, frozen=True):
    """`weights` and `present` speak of one pair of units: `i` is the sender's unit and `j` the receiver's, both counted
    from 1. Beside these they read the network's parameters, `fan_in`, `fan_out` and the draws `uniform` and `normal`.
    """

    code = "E0371"
    wrong = _looped("present = abs(i - k) <= 2")
    right = _looped("present = abs(i - j) <= 2")

    name: str
    known: tuple[str, ...]
    near: str | None

    @property
    def message(self) -> str:
        """Names what cannot be read."""
        hint = f"; did you mean `{self.near}`?" if self.near else ""
        return f"`{self.name}` says nothing about a pair of units{hint}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What can be read instead."""
        return (Note(f"what can be read is {', '.join(f'`{name}`' for name in self.known)}"),)

    @property
    def fix(self) -> Fix | None:
        """The nearest name."""
        return Fix(f"write `{self.near}`", self.span, self.near) if self.near else None


class ArgumentsTogether(Diagnostic, frozen=True):
    """Two arguments of one `dense` that contradict each other: `weights` says itself how large weights are and needs no
    `strength`, `present` says itself which exist and needs no `density`, and `radius` scales the weights in the end.
    """

    code = "E0372"
    wrong = _looped("strength = 2, weights = normal")
    right = _looped("weights = 2 * normal")

    name: str
    other: str
    why: str
    there: Span

    @property
    def message(self) -> str:
        """Both arguments, and why not."""
        return f"`{self.name}` means nothing beside `{self.other}`: {self.why}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The other argument."""
        return (Note(f"`{self.other}` stands here", self.there),)


class NameOfUnit(Diagnostic, frozen=True):
    """In `weights` and `present` the names `i` and `j` mean units. A variable of a `for` or a parameter of such a name
    cannot be read there, and which of the two is meant must not be left to guess.
    """

    code = "E0373"
    wrong = with_layers(IN, "for i in 1..1 { edge h -> h dense(present = i != j) }", OUT)
    right = with_layers(IN, "for n in 1..1 { edge h -> h dense(present = i != j) }", OUT)

    name: str
    there: Span

    @property
    def message(self) -> str:
        """Names it."""
        return f"`{self.name}` is {_MEANINGS[self.name]} here, but it is a name of the network's own as well"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it is declared, and the way out."""
        return (Note(f"`{self.name}` is declared here: give that another name", self.there),)


class NoAxis(Diagnostic, frozen=True):
    """`i[1]` is the index of a unit on the first axis of its layer, `i[2]` on the second. `axes` is how many the layer
    has, None where the number is no axis of any layer.
    """

    code = "E0374"
    wrong = _looped("present = i[2] == j[2]")
    right = _looped("present = i[1] == j[1]")

    end: str
    text: str
    layer: str | None = None
    shape: Shape = ()

    @property
    def message(self) -> str:
        """What was asked for, and the layer."""
        if self.layer is None:
            return f"`{self.text}` names no axis: they are counted from 1, `{self.end}[1]`, by whole numbers"
        axes = "1 axis" if len(self.shape) == 1 else f"{len(self.shape)} axes"
        return (
            f"`{self.text}` asks for an axis that `{self.layer}` of the shape {shown(self.shape)} lacks: it has {axes}"
        )


class TooManyPairs(Diagnostic, frozen=True):
    """What is asked of each pair of units, or held for each, has an end: compiling must not take hours or the plan
    gigabytes.
    """

    code = "E0375"
    wrong = with_layers("layer  g (9000) tanh", "edge x -> g dense", "edge g -> g dense(present = i < j)", IN, OUT)
    right = with_layers("layer  g (9000) tanh", "edge x -> g dense", "edge g -> g dense(density = 0.5)", IN, OUT)

    what: str
    count: int
    limit: int

    @property
    def message(self) -> str:
        """How many, and the limit."""
        return f"{self.what}: {self.count:,}, more than the {self.limit:,} that are possible here"


class NothingPresent(Diagnostic, frozen=True):
    """`present` holds for no pair of units, so that the edge would have no weight at all."""

    code = "E0376"
    wrong = _looped("present = i - j > 100")
    right = _looped("present = i - j > 3")

    sender: str
    receiver: str

    @property
    def message(self) -> str:
        """Both layers."""
        return f"no pair of units of `{self.sender}` and `{self.receiver}` fulfils this: the edge would have no weights"


class GraphOverTwo(Diagnostic, frozen=True):
    """The nodes of a graph are the units of a layer. It says which weights exist where the edge leads from a layer to
    itself or to one of as many units: node for node.
    """

    code = "E0377"
    wrong = with_layers("edge x -> h dense(present = ring)", OUT)
    right = with_layers("edge x -> h dense(present = uniform < 0.2)", OUT)

    name: str
    sender: str
    sender_shape: Shape
    receiver: str
    receiver_shape: Shape

    @property
    def message(self) -> str:
        """Both layers with their shapes."""
        return (
            f"`{self.name}` joins the units of layers of one size, but `{self.sender}` is {shown(self.sender_shape)} "
            f"and `{self.receiver}` is {shown(self.receiver_shape)}"
        )


class GraphOfUnitsRefused(Diagnostic, frozen=True):
    """There is no such graph over so many units: a grid needs rows times columns, a small world an even `k`."""

    code = "E0378"
    wrong = _looped("present = small_world(k = 3, p = 0.1)")
    right = _looped("present = small_world(k = 4, p = 0.1)")

    name: str
    units: int
    reason: str

    @property
    def message(self) -> str:
        """The generator, the units, and why not."""
        return f"`{self.name}` cannot be drawn over {self.units} units: {self.reason}"


class RadiusBetweenLayers(Diagnostic, frozen=True):
    """A spectral radius is that of a layer's weights to itself: only there does what a unit sends come back."""

    code = "E0379"
    wrong = with_layers("edge x -> h dense(radius = 0.9)", OUT)
    right = _looped("radius = 0.9")

    sender: str
    receiver: str

    @property
    def message(self) -> str:
        """Both layers."""
        return (
            f"`radius` is for an edge from a layer to itself; this one leads from `{self.sender}` to `{self.receiver}`"
        )


class NoWeightsFile(Diagnostic, frozen=True):
    """The file that `weights = file("…", "name")` names cannot be read: it is missing, too large or no safetensors.
    Its path is relative to the `.dyn` file.
    """

    code = "E0380"
    wrong = _looped('weights = file("nowhere.safetensors", "w")')
    right = _looped("weights = normal / sqrt(fan_in)")

    path: str
    reason: str

    @property
    def message(self) -> str:
        """The file, and what is wrong with it."""
        return f"no weights can be read from `{self.path}`: {self.reason}"


class NoSuchArray(Unknown, frozen=True):
    """The file of weights has no array of this name."""

    code = "E0381"
    wrong = _looped('weights = file("weights.safetensors", "recurent")') + "# The file has an array `recurrent`.\n"
    right = _looped('weights = file("weights.safetensors", "recurrent")')
    noun = "array of weights"
    nouns = "arrays of the file"


class ShapeOfWeights(Diagnostic, frozen=True):
    """Weights from a file are a matrix `[units of the sender, units of the receiver]`."""

    code = "E0382"
    wrong = _looped('weights = file("weights.safetensors", "w")') + "# The array `w` has the shape (4, 8).\n"
    right = _looped('weights = file("weights.safetensors", "w")') + "# The array `w` has the shape (8, 8).\n"

    name: str
    found: Shape
    needed: Shape
    sender: str
    receiver: str

    @property
    def message(self) -> str:
        """Both shapes."""
        return (
            f"the array `{self.name}` has the shape {shown(self.found)}, but the weights from `{self.sender}` to "
            f"`{self.receiver}` have {shown(self.needed)}"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """What may have happened."""
        turned = self.found == self.needed[::-1]
        return (Note("it is the other way round: transpose it, sender first"),) if turned else ()


class WeightNotFinite(Diagnostic, frozen=True):
    """Weights are numbers that float32 can hold. Where `weights` divides by zero, say, no unit may stand."""

    code = "E0383"
    wrong = _looped("weights = 1 / (i - j)")
    right = _looped("weights = 1 / (i - j), present = i != j")

    place: tuple[int, int]

    @property
    def message(self) -> str:
        """The first such pair of units."""
        i, j = self.place
        return f"the weight from unit {i} to unit {j} is not a finite number"


class NotFromFile(Diagnostic, frozen=True):
    """Weights come from a file by its path and the name of an array in it: `file("weights.safetensors", "name")`."""

    code = "E0384"
    wrong = _looped('weights = file("weights.safetensors")')
    right = _looped("weights = normal / sqrt(fan_in)")

    @property
    def message(self) -> str:
        """How it is written."""
        return 'weights of a file are written `file("weights.safetensors", "name")`'
