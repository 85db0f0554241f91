"""Mistakes about time: layers over time, phases per sample, what is between sequences, and the data of all that."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import network
from dync.compiler.mistakes.several import several
from dync.grammar.diagnostic import Diagnostic, Fix, Note, nearest
from dync.grammar.source import Span

_LAYERS = ("input  u (1) over time", "layer  h (8) tanh", "output y (1) over time")
_EDGES = ("edge u -> h dense", "edge h -> h dense", "edge h -> y dense learn delta")
_LISTEN = "phase listen { steps 1 per sample }"
_BOTH = ("train listen", "infer listen")


def _echo(*lines: str) -> str:
    """A network over time without phases, and these lines."""
    return network(*_LAYERS, *_EDGES, *lines)


def _still(*lines: str) -> str:
    """The same network for data without time."""
    layers = (layer.removesuffix(" over time") for layer in _LAYERS)
    return network(*layers, *_EDGES, *lines)


def _fit(data: str, before: str, batch: int = 1) -> str:
    """A training of one of these networks."""
    lines = ("network   Example", f"data      {data}", "epochs 1", f"batch {batch}", "optimizer sgd(0.1)")
    return before + "\npipeline fit training {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


class SamplesWithoutTime(Diagnostic, frozen=True):
    """A phase `per sample` goes through the samples of a series, and a network has them where a layer is over time."""

    code = "E0451"
    wrong = _still(_LISTEN, *_BOTH)
    right = _echo(_LISTEN, *_BOTH)

    phase: str

    @property
    def message(self) -> str:
        """The phase."""
        return (
            f"the phase `{self.phase}` runs per sample, but no layer of the network is over time:"
            " write `over time` after an input or an output, or leave `per sample` out"
        )


class NeverPerSample(Diagnostic, frozen=True):
    """Where layers are over time, each protocol needs a phase per sample: without one only the first sample is seen."""

    code = "E0452"
    wrong = _echo("phase listen { steps 1 }", *_BOTH)
    right = _echo(_LISTEN, *_BOTH)

    part: str
    layers: tuple[str, ...]
    declared: Span

    @property
    def message(self) -> str:
        """Which protocol, and what is over time."""
        are = "are" if len(self.layers) > 1 else "is"
        return (
            f"no phase of `{self.part}` runs per sample, though {several(self.layers)} {are} over time: only the first"
            " sample would be seen; write `per sample` after the steps of a phase"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note("said to be over time here", self.declared),)


class PhaseAfterSamples(Diagnostic, frozen=True):
    """A phase that is not per sample runs once, where the state begins anew: before the first sample of a sequence."""

    code = "E0453"
    wrong = _echo(_LISTEN, "phase rest { steps 2 }", "train listen, rest", "infer listen")
    right = _echo(_LISTEN, "phase rest { steps 2 }", "train rest, listen", "infer listen")

    name: str
    part: str
    before: str
    declared: Span

    @property
    def message(self) -> str:
        """The phase, and the one that it follows."""
        return (
            f"`{self.name}` runs once, before the first sample, so in `{self.part}` it cannot follow `{self.before}`,"
            " which runs per sample: put it first, or write `per sample` after its steps"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The phase itself."""
        return (Note(f"`{self.name}` stands here", self.declared),)


class FromBeforeSamples(Diagnostic, frozen=True):
    """`from` names a phase of the same sample. One that runs once, before the first sample, lies in another moment."""

    code = "E0454"
    wrong = _echo(
        "phase wake { steps 2 }", "phase listen { steps 1 per sample from wake }", "train wake, listen",
        "infer wake, listen",
    )  # fmt: skip
    right = _echo("phase wake { steps 2 }", _LISTEN, "train wake, listen", "infer wake, listen")

    name: str
    origin: str

    @property
    def message(self) -> str:
        """Both phases."""
        return (
            f"`{self.name}` runs per sample and cannot start from `{self.origin}`, which runs once, before the first"
            f" sample: write `per sample` after the steps of `{self.origin}`, or leave the `from` out"
        )


class NothingInTime(Diagnostic, frozen=True):
    """`skip` and `between sequences` say how a network meets series, which one without layers over time never does."""

    code = "E0455"
    wrong = _still("phase listen { steps 1 }", *_BOTH, "skip 10")
    right = _still("phase listen { steps 1 }", *_BOTH)

    word: str

    @property
    def message(self) -> str:
        """The statement."""
        return (
            f"`{self.word}` is about samples of series, but no layer of the network is over time:"
            " write `over time` after an input or an output, or leave the statement out"
        )


class BadSkip(Diagnostic, frozen=True):
    """`skip` is a number of samples: zero or more, and at most 2147483647."""

    code = "E0456"
    wrong = _echo(_LISTEN, *_BOTH, "skip 0 - 5")
    right = _echo(_LISTEN, *_BOTH, "skip 5")

    value: int

    @property
    def message(self) -> str:
        """The number that was found."""
        return f"0 to 2147483647 samples can be skipped, not {self.value}"


class UnknownBetween(Diagnostic, frozen=True):
    """Between sequences the state is carried on, `carry`, or begins anew, `reset`."""

    code = "E0457"
    wrong = _echo(_LISTEN, *_BOTH, "between sequences keep")
    right = _echo(_LISTEN, *_BOTH, "between sequences carry")
    WORDS: ClassVar[tuple[str, ...]] = ("carry", "reset")

    word: str

    @property
    def message(self) -> str:
        """The word."""
        return f"between sequences the state can `carry` or `reset`, not `{self.word}`"

    @property
    def fix(self) -> Fix | None:
        """The nearest of both."""
        guess = nearest(self.word, self.WORDS)
        return Fix(f"write `{guess}`", self.span, guess) if guess else None


class CarryPastStill(Diagnostic, frozen=True):
    """With `carry` sequences follow each other as one. A layer that is not over time would have to change in it."""

    code = "E0458"
    wrong = network(
        *_LAYERS, "input  task (2)", "edge task -> h dense", *_EDGES, _LISTEN, *_BOTH, "between sequences carry"
    )
    right = network(
        *_LAYERS, "input  task (2) over time", "edge task -> h dense", *_EDGES, _LISTEN, *_BOTH,
        "between sequences carry",
    )  # fmt: skip

    layers: tuple[str, ...]
    declared: Span

    @property
    def message(self) -> str:
        """The layers."""
        are = "are" if len(self.layers) > 1 else "is"
        return (
            f"the state cannot carry on from sequence to sequence where {several(self.layers)} {are} not over time:"
            " write `over time` there, or `between sequences reset`"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The first of them."""
        return (Note("declared here", self.declared),)


class SeriesForStill(Diagnostic, frozen=True):
    """A source of series goes to layers that are over time; a network without any takes one example after the other."""

    code = "E0459"
    wrong = _fit("mackey_glass(length = 100)", _still("phase listen { steps 1 }", *_BOTH))
    right = _fit("mackey_glass(length = 100)", _echo(_LISTEN, *_BOTH))

    source: str
    network: str
    declared: Span

    @property
    def message(self) -> str:
        """The source and the network."""
        return (
            f"`{self.source}` gives series, but no layer of `{self.network}` is over time:"
            " write `over time` after its input and output"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The network."""
        return (Note(f"`{self.network}` is declared here", self.declared),)


class StillForTime(Diagnostic, frozen=True):
    """A layer over time takes a series; most sources give examples that know no order in time."""

    code = "E0460"
    wrong = _fit("iris", _echo(_LISTEN, *_BOTH).replace("u (1)", "u (4)").replace("y (1)", "y (3)"))
    right = _fit("narma(length = 100)", _echo(_LISTEN, *_BOTH))

    source: str
    layer: str
    sources: tuple[str, ...]
    declared: Span

    @property
    def message(self) -> str:
        """The layer and the source."""
        return (
            f"`{self.layer}` is over time, but `{self.source}` gives no series: take one of {several(self.sources)},"
            " or leave `over time` out"
        )

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note(f"`{self.layer}` is said to be over time here", self.declared),)


class SeriesSize(Diagnostic, frozen=True):
    """`mackey_glass` and `narma` give one number a sample, both for the input and for the target."""

    code = "E0461"
    wrong = _fit("mackey_glass(length = 100)", _echo(_LISTEN, *_BOTH).replace("u (1)", "u (3)"))
    right = _fit("mackey_glass(length = 100)", _echo(_LISTEN, *_BOTH))

    source: str
    layer: str
    shape: tuple[int, ...]
    declared: Span

    @property
    def message(self) -> str:
        """The layer and its shape."""
        shape = ", ".join(map(str, self.shape))
        return f"`{self.source}` gives 1 value a sample, but `{self.layer}` has the shape ({shape})"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The layer."""
        return (Note(f"`{self.layer}` is declared here", self.declared),)


class DrawnFromSeries(Diagnostic, frozen=True):
    """Series are split in the order of time, the test part being the latest: there is nothing for a seed to draw."""

    code = "E0462"
    wrong = _fit("narma(length = 100) then split(test = 0.2, seed = 1)", _echo(_LISTEN, *_BOTH))
    right = _fit("narma(length = 100) then split(test = 0.2)", _echo(_LISTEN, *_BOTH))

    what: str

    @property
    def message(self) -> str:
        """The argument."""
        return f"series are split in the order of time, nothing is drawn: leave `{self.what}` out"


class FoldsOfSeries(Diagnostic, frozen=True):
    """Folds are drawn at random. Of a series, a part that lies later would teach what is asked for earlier."""

    code = "E0463"
    wrong = _fit("narma(length = 100) then folds(k = 5, fold = 0)", _echo(_LISTEN, *_BOTH))
    right = _fit("narma(length = 100) then split(test = 0.2)", _echo(_LISTEN, *_BOTH))

    source: str

    @property
    def message(self) -> str:
        """The source."""
        return (
            f"`{self.source}` gives one series, and folds would let a network learn from what comes after the test"
            " part: take `split`, which keeps the order of time"
        )


class WindowsWithoutTime(Diagnostic, frozen=True):
    """`windows` cuts series into shorter ones, and there are series only where a layer is over time."""

    code = "E0464"
    wrong = _fit("prototypes(2, 1, 9) then windows(10)", _still("phase listen { steps 1 }", *_BOTH)).replace(
        "y (1)", "y (2)"
    )
    right = _fit("narma(length = 100) then windows(10)", _echo(_LISTEN, *_BOTH))

    @property
    def message(self) -> str:
        """What windows need."""
        return "`windows` cuts series, but no layer of the network is over time: leave it out"


class BaselineOverTime(Diagnostic, frozen=True):
    """The baselines see one example after the other and keep nothing from sample to sample: they cannot be compared."""

    code = "E0465"
    wrong = (
        _fit("narma(length = 100)", _echo(_LISTEN, *_BOTH))
        + "\npipeline duel comparison {\n  entry  echo fit\n  entry  twin baseline linear\n"
        + "  task   narma narma(length = 100) then split(test = 0.2)\n}\n"
    )
    right = (
        _fit("narma(length = 100)", _echo(_LISTEN, *_BOTH))
        + "\npipeline duel comparison {\n  entry  echo fit\n  entry  slow fit with { optimizer.learning_rate = 0.01 }\n"
        + "  task   narma narma(length = 100) then split(test = 0.2)\n}\n"
    )

    what: str
    source: str

    @property
    def message(self) -> str:
        """The baseline and the series."""
        return f"{self.what} knows no time, but `{self.source}` gives series: compare networks alone on them"


class PackageOverTime(Diagnostic, frozen=True):
    """A package predicts example by example; a network over time would need the samples that came before."""

    code = "E0466"
    wrong = (
        _fit("narma(length = 100) then split(test = 0.2)", _echo(_LISTEN, *_BOTH))
        + "\npipeline suite benchmark {\n  entry  echo fit\n  package best\n}\n"
    )
    right = (
        _fit("narma(length = 100) then split(test = 0.2)", _echo(_LISTEN, *_BOTH))
        + "\npipeline suite benchmark {\n  entry  echo fit\n}\n"
    )

    network: str

    @property
    def message(self) -> str:
        """The network."""
        return f"`{self.network}` is over time and cannot be packaged yet: leave `package best` out"
