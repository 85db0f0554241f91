"""Mistakes about pipelines that refer to each other: bases, sweeps, comparisons, benchmarks."""

from __future__ import annotations

from dync.compiler.mistakes.examples import DATA, comparison, sweep, training
from dync.compiler.mistakes.several import several
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.source import Span

TASK = DATA.replace("data     ", "task patterns")
OBJECTIVE = "objective maximize validation.accuracy"


class SettingOfOtherKind(Diagnostic, frozen=True):
    """Each kind of pipeline has its own settings: `search` belongs in a sweep, `entry` in a comparison."""

    code = "E0820"
    wrong = training("epochs 1", "trials 5")
    right = training("epochs 1")

    word: str
    kind: str
    belongs: tuple[str, ...]
    declared: Span

    @property
    def message(self) -> str:
        """The setting, and where it belongs."""
        return f"`{self.word}` is no setting of a {self.kind}; it belongs in a {' or a '.join(self.belongs)}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The kind of this pipeline."""
        return (Note("the kind of this pipeline", self.declared),)


class UnknownPipeline(Unknown, frozen=True):
    """A pipeline refers to another one that the file does not declare."""

    code = "E0821"
    noun, nouns = "pipeline", "other pipelines of this file"
    wrong = sweep().replace("base fit", "base fitt")
    right = sweep()


class WrongPipelineKind(Diagnostic, frozen=True):
    """A pipeline refers to one of another kind than can stand there.

    A `base` and an `entry` by its name are trainings; what a sweep found is its `NAME.best`.
    """

    code = "E0822"
    wrong = sweep(OBJECTIVE) + "pipeline again training {\n  base study\n}\n"
    right = sweep(OBJECTIVE) + "pipeline again training {\n  base fit\n  from study.best\n}\n"

    name: str
    kind: str
    expected: str
    declared: Span

    @property
    def message(self) -> str:
        """Both kinds."""
        return f"`{self.name}` is a {self.kind}, but a {self.expected} is expected here"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The pipeline, and how the best of a sweep is named."""
        found = (Note(f"`{self.name}` is declared here", self.declared),)
        return (*found, Note(f"what a sweep found is `{self.name}.best`")) if self.kind == "sweep" else found


class CircularPipelines(Diagnostic, frozen=True):
    """A pipeline is built on itself: by its `base`, or because what it starts from starts from it."""

    code = "E0823"
    wrong = training("epochs 1", "from fit")
    right = training("epochs 1", 'from checkpoint "runs/fit/final"')

    circle: tuple[str, ...]

    @property
    def message(self) -> str:
        """The pipelines, each built on the next."""
        return f"the pipeline `{self.circle[0]}` is built on itself: {' → '.join(self.circle)}"


class UnknownPart(Unknown, frozen=True):
    """A metric begins with a part of the data: `train`, `validation`, `test`, or the name of an `evaluate`."""

    code = "E0824"
    noun, nouns = "part of the data", "parts"
    wrong = training("epochs 1", "checkpoint best validtion.accuracy")
    right = training("epochs 1", "checkpoint best validation.accuracy")


class UnknownMeasure(Unknown, frozen=True):
    """A metric ends with a measure: `accuracy`, `mse`, `agreement`, over time `nrmse`; of several outputs also
    `OUTPUT.accuracy`."""

    code = "E0825"
    noun, nouns = "measure", "measures"
    wrong = training("epochs 1", "checkpoint best validation.acuracy")
    right = training("epochs 1", "checkpoint best validation.accuracy")


class NoObjective(Diagnostic, frozen=True):
    """Only an `objective` says which trial of a sweep is best; a sweep without one is a map."""

    code = "E0826"
    wrong = sweep("compare best 2")
    right = sweep("compare best 2", OBJECTIVE)

    what: str
    sweep: str
    declared: Span

    @property
    def message(self) -> str:
        """What asks for the best."""
        return f"{self.what} needs an `objective`, and the sweep `{self.sweep}` has none"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The sweep."""
        return (Note(f"add `objective maximize validation.accuracy` to `{self.sweep}`", self.declared),)


class NoMetric(Diagnostic, frozen=True):
    """A metric is a part of the data and a measure, joined by a point: `test.accuracy`."""

    code = "E0827"
    wrong = training("epochs 1", "checkpoint best accuracy")
    right = training("epochs 1", "checkpoint best validation.accuracy")

    name: str

    @property
    def message(self) -> str:
        """What is missing."""
        return f"`{self.name}` is no metric: say of which part of the data, as in `validation.{self.name}`"

    @property
    def fix(self) -> Fix:
        """Of the validation part."""
        return Fix(f"write `validation.{self.name}`", self.span, f"validation.{self.name}")


class UnknownBaseline(Unknown, frozen=True):
    """A baseline is a model of another kind, trained on the same data."""

    code = "E0833"
    noun, nouns = "baseline", "baselines"
    wrong = comparison("entry twin baseline mpl(hidden = 8)", TASK)
    right = comparison("entry twin baseline mlp(hidden = 8)", TASK)


class UnknownLimit(Unknown, frozen=True):
    """`limit` says how much of something a run may use."""

    code = "E0834"
    noun, nouns = "limit", "limits"
    wrong = training("epochs 1", "limit thread 2")
    right = training("epochs 1", "limit threads 2")


class UnknownWord(Unknown, frozen=True):
    """A setting takes one of a few words, and this is none of them."""

    code = "E0835"
    noun, nouns = "word", "words"
    wrong = sweep("objective maximise validation.accuracy")
    right = sweep("objective maximize validation.accuracy")

    of: str = ""

    @property
    def message(self) -> str:
        """Names the setting and the word."""
        hint = f"; did you mean `{self.near}`?" if self.near else ""
        return f"`{self.of}` cannot take `{self.name}`{hint}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The words that it takes."""
        return (Note(f"it takes {several(self.known)}"),)


class UnknownEntry(Unknown, frozen=True):
    """A claim is about two entries of its own pipeline."""

    code = "E0838"
    noun, nouns = "entry", "entries"
    wrong = comparison("claim fast > slo on test.accuracy")
    right = comparison("claim fast > slow on test.accuracy")


class ClaimOfItself(Diagnostic, frozen=True):
    """A claim says that one entry is better than another one."""

    code = "E0839"
    wrong = comparison("claim fast > fast on test.accuracy")
    right = comparison("claim fast > slow on test.accuracy")

    name: str

    @property
    def message(self) -> str:
        """The entry."""
        return f"`{self.name}` cannot be better than itself"


class NoTask(Diagnostic, frozen=True):
    """A baseline has no data of its own, as a training has: it needs a `task`."""

    code = "E0840"
    wrong = comparison("entry twin baseline mlp(hidden = 8)")
    right = comparison("entry twin baseline mlp(hidden = 8)", TASK)

    what: str

    @property
    def message(self) -> str:
        """What has no data."""
        return f"{self.what} has no data of its own: add a task, as in `task digits digits then split(test = 0.2)`"


class ShapeOfData(Diagnostic, frozen=True):
    """`input x (*)` and `output y (*)` take their shapes from the data, so without data there is no such network.

    Pipelines read their data first and know; what works on a network alone, such as a picture of it, needs shapes that
    are written down.
    """

    code = "E0841"
    wrong = "dync compile FILE Anything"
    right = "dync run FILE"

    network: str
    layers: tuple[str, ...]

    @property
    def message(self) -> str:
        """Names the layers."""
        shapes = "the shape" if len(self.layers) == 1 else "the shapes"
        return f"{shapes} of {several(self.layers)} in `{self.network}` must come from data, and there are none here"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The ways out."""
        return (Note("run a pipeline that uses it, or write the shape, as in `input x (64)`"),)


class ImpossibleValue(Diagnostic, frozen=True):
    """With this value something else in the file has a mistake, such as a network whose parts no longer fit.

    Every value that a sweep lists, both ends of every range, and all that `with` changes are tried before anything
    runs.
    """

    code = "E0843"
    wrong = sweep("search network.n in 1..2").replace("layer  h (8)", "param n = 1\n  layer  h (8 / n - 3 * n)")
    right = sweep("search network.n in 1..2").replace("layer  h (8)", "param n = 1\n  layer  h (8 / n)")

    key: str
    value: str
    why: str
    place: Span

    @property
    def message(self) -> str:
        """The key, the value and the first mistake."""
        return f"with `{self.key} = {self.value}` there is a mistake: {self.why}"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where it would be."""
        return (Note("it would be here", self.place),)
