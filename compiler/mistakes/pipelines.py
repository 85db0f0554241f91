"""Mistakes about pipelines: settings, data, optimizers."""

from __future__ import annotations

from typing import ClassVar

from dync.compiler.mistakes.examples import DATA, PHASE, TRAIN, network, pipeline, training
from dync.compiler.mistakes.nested_examples import inner_network
from dync.compiler.mistakes.several import several
from dync.compiler.mistakes.unknown import Unknown
from dync.grammar.diagnostic import Diagnostic, Fix, Note, Severity
from dync.grammar.source import Span


class UnknownPipelineKind(Unknown, frozen=True):
    """A pipeline says what kind of work it is: `training`, `sweep`, `comparison` or `benchmark`."""

    code = "E0801"
    noun, nouns = "pipeline kind", "kinds of pipeline"
    wrong = training("epochs 1").replace("fit training", "fit trainig")
    right = training("epochs 1")


class UnknownNetwork(Unknown, frozen=True):
    """A pipeline, or the command line, names a network that the file does not declare."""

    code = "E0803"
    noun, nouns = "network", "networks of this file"
    wrong = training("epochs 1").replace("Example\n  data", "Exmaple\n  data")
    right = training("epochs 1")


class SettingMissing(Diagnostic, frozen=True):
    """A pipeline leaves out what has no default.

    A training needs a `network`, `data`, an `optimizer`, and one of `epochs` and `updates`, its own or those of its
    `base`; a sweep a `base`, something to `search` and, unless it goes through a grid, `trials`; a comparison or a
    benchmark at least one `entry`.
    """

    code = "E0804"
    wrong = pipeline("network   Example", "optimizer sgd(0.1)", "epochs 1")
    right = training("epochs 1")

    pipeline: str
    settings: tuple[str, ...]

    @property
    def message(self) -> str:
        """Names the settings."""
        *most, last = self.settings
        listed = f"{', '.join(most)} and {last}" if most else last
        return f"the pipeline `{self.pipeline}` does not say {listed}"


class EpochsAndUpdates(Diagnostic, frozen=True):
    """`epochs` and `updates` both say how long to train; only one of them can."""

    code = "E0805"
    wrong = training("epochs 1", "updates 100")
    right = training("updates 100")

    first: Span

    @property
    def message(self) -> str:
        """Both words."""
        return "`epochs` and `updates` both say how long to train: keep one of them"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The other one."""
        return (Note("the other one stands here", self.first),)


class UnknownOptimizer(Unknown, frozen=True):
    """Optimizers are those of Optax, by their names there. Wrappers, and those that need a loss, are not among them."""

    code = "E0806"
    noun, nouns = "optimizer", "optimizers"
    wrong = training("epochs 1").replace("sgd(0.1)", "adma(0.1)")
    right = training("epochs 1").replace("sgd(0.1)", "adam(0.1)")


class UnknownRateSchedule(Unknown, frozen=True):
    """A number of an optimizer can be a schedule of Optax, by its name there, or a function of constants."""

    code = "E0807"
    noun, nouns = "learning-rate schedule", "schedules"
    wrong = training("epochs 1").replace("sgd(0.1)", "sgd(cosine_decay_shedule(0.1, 100))")
    right = training("epochs 1").replace("sgd(0.1)", "sgd(cosine_decay_schedule(0.1, 100))")


class UnknownSource(Unknown, frozen=True):
    """`data` begins with a source: one of the package's, or one that an installed package adds."""

    code = "E0808"
    noun, nouns = "data source", "data sources"
    wrong = training("epochs 1").replace("prototypes", "protoypes")
    right = training("epochs 1")


class UnknownTransform(Unknown, frozen=True):
    """What follows `then` is a transform of the data."""

    code = "E0809"
    noun, nouns = "transform", "transforms"
    wrong = training("epochs 1").replace("100)", "100) then splitt(test = 0.2)")
    right = training("epochs 1").replace("100)", "100) then split(test = 0.2)")


class WrongSort(Diagnostic, frozen=True):
    """An argument is of another sort than its parameter: a text for a number, say, or the other way round."""

    code = "E0810"
    wrong = training("epochs 1").replace("sgd(0.1)", "sgd(0.1, nesterov = 3)")
    right = training("epochs 1").replace("sgd(0.1)", "sgd(0.1, nesterov = true)")

    name: str
    of: str
    expected: str

    @property
    def message(self) -> str:
        """What the parameter takes."""
        return f"`{self.name}` of `{self.of}` takes {self.expected}"


class SettingOutOfRange(Diagnostic, frozen=True):
    """A setting has a value that makes no sense, such as a batch of no examples."""

    code = "E0811"
    wrong = training("epochs 1", "batch 0")
    right = training("epochs 1", "batch 16")

    name: str
    value: float
    least: float
    most: float | None

    @property
    def message(self) -> str:
        """The value, and what is allowed."""
        allowed = f"at least {self.least}" if self.most is None else f"in {self.least}..{self.most}"
        return f"`{self.name}` is {self.value}, but it must be {allowed}"


class NothingToTrain(Diagnostic, frozen=True):
    """A training pipeline runs the network's `train` protocol, and this network has none."""

    code = "E0812"
    wrong = training("epochs 1").replace("  train settle\n", "  infer settle\n")
    right = training("epochs 1")

    network: str
    declared: Span

    @property
    def message(self) -> str:
        """Names the network."""
        return f"the network `{self.network}` has no `train` protocol, so it cannot be trained"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The network."""
        return (Note(f"add `train` and its phases to `{self.network}`", self.declared),)


class UnknownBound(Unknown, frozen=True):
    """Arrays of data go to inputs and outputs of the network, by name."""

    code = "E0813"
    noun, nouns = "input or output", "inputs and outputs"
    wrong = training("epochs 1").replace("100)", '100) { z = "data", y = "target" }')
    right = training("epochs 1").replace("100)", '100) { x = "data", y = "target" }')


class Unbound(Diagnostic, frozen=True):
    """Where arrays are bound to layers by name, every input and output of the network needs one.

    An output that is to have no target is bound to `"none"`. Without any binding one input takes the data and one
    output the target.
    """

    code = "E0814"
    wrong = training("epochs 1").replace("100)", '100) { x = "data" }')
    right = training("epochs 1").replace("100)", '100) { x = "data", y = "target" }')

    names: tuple[str, ...]

    @property
    def message(self) -> str:
        """Names the layers."""
        return f'no array is bound to {several(self.names)}: bind all, as in `{self.names[0]} = "…"`'


class NameOfEvaluation(Diagnostic, frozen=True):
    """`evaluate NAME DATA` gives further data a name of its own, under which its results are stored."""

    code = "E0815"
    wrong = training("epochs 1", f"evaluate test {DATA.removeprefix('data')}")
    right = training("epochs 1", f"evaluate fresh {DATA.removeprefix('data')}")

    name: str
    first: Span | None

    @property
    def message(self) -> str:
        """The name."""
        return f"the results of other data are stored as `{self.name}` already: choose another name"

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the name was given first, or what it means."""
        if self.first is None:
            return (Note("`train`, `validation` and `test` are the parts of the pipeline's own data"),)
        return (Note("first given here", self.first),)


class DataSize(Diagnostic, frozen=True):
    """An input needs as many units as an example has values, and an output as many as there are classes."""

    code = "E0816"
    wrong = training("epochs 1").replace("units = 4", "units = 5")
    right = training("epochs 1")

    source: str
    found: int
    what: str
    name: str
    shape: tuple[int, ...]
    declared: Span

    @property
    def message(self) -> str:
        """Both sizes."""
        shape = ", ".join(map(str, self.shape))
        return f"`{self.source}` gives {self.found} {self.what}, but `{self.name}` has the shape ({shape})"

    @property
    def notes(self) -> tuple[Note, ...]:
        """The declaration of the layer."""
        return (Note(f"`{self.name}` is declared here", self.declared),)


class NothingToSplit(Diagnostic, frozen=True):
    """`split` must hold some of the data out, and leave some to train on."""

    code = "E0817"
    wrong = training("epochs 1").replace("100)", "100) then split(test = 0.6, validation = 0.4)")
    right = training("epochs 1").replace("100)", "100) then split(test = 0.2, validation = 0.1)")

    held_out: float

    @property
    def message(self) -> str:
        """How much is held out."""
        return f"`split` holds out {self.held_out:g} of the data: it must be more than nothing and less than all of it"


class UnknownSetting(Unknown, frozen=True):
    """`--set KEY=VALUE`, `with` or `search` names a setting that the pipeline, or the network, does not have.

    Keys are `epochs`, `batch`, `seed`, `network.PARAMETER`, `optimizer.ARGUMENT`, `data.TRANSFORM.ARGUMENT` and so on;
    a parameter of the network also goes by its bare name.
    """

    code = "E0818"
    noun, nouns = "setting", "settings"
    wrong = "dync run FILE --set epoch=3"
    right = "dync run FILE --set epochs=3"


_PART = inner_network("param units = 4").replace("layer b (4)", "layer b (units)")
_AROUND = network(
    "param size = 8", "input x (4)", "layer m network Part", "output y (2)", "edge x -> m dense",
    "edge m -> y dense learn lms", PHASE, TRAIN,
)  # fmt: skip
_SET = """
pipeline fit training {
  network   Example
  data      prototypes(classes = 2, units = 4, samples = 100)
  epochs    1
  optimizer sgd(0.1)
}
pipeline wider training {
  base fit
  with { network.m.units = 16 }
}
"""


class InnerSetting(UnknownSetting, frozen=True):
    """Only the parameters of the network that a pipeline names can be set. What is within it takes its parameters from
    the file; one that is to be set, or searched, is handed on: `layer m network Memory(units = size)`, where `size` is
    a parameter of the network around it.
    """

    code = "E0844"
    wrong = _PART + _AROUND.replace("Part", "Part(units = 8)") + _SET
    right = _PART + _AROUND.replace("Part", "Part(units = size)") + _SET.replace("m.units", "size")

    parameter: str = ""
    inner: str = ""
    outer: str = ""
    top: str = ""
    handed: str | None = None
    there: Span | None = None

    @property
    def message(self) -> str:
        """The parameter, its network, and whose parameters can be set."""
        return f"`{self.parameter}` is a parameter of `{self.inner}`, to which `{self.outer}` alone can give a value"

    @property
    def notes(self) -> tuple[Note, ...]:
        """What hands it on, or how that is done."""
        if self.handed is not None:
            return (Note(f"it is given the parameter `{self.handed}` of `{self.outer}` here", self.there),)
        how = f"declare a `param NAME` in `{self.outer}`, hand it on as `{self.parameter} = NAME`"
        then = (
            "set `network.NAME`" if self.outer == self.top else f"give `NAME` a value from `{self.top}` in the same way"
        )
        return (Note("it is named here", self.there), Note(f"{how}, and {then}"))

    @property
    def fix(self) -> Fix | None:
        """The parameter that is handed on."""
        key = f"network.{self.handed}"
        return None if self.handed is None else Fix(f"write `{key}`", self.span, key)


class UnreadableSetting(Diagnostic, frozen=True):
    """The value of a setting, in `--set KEY=VALUE` or `with`, is written as in the setting; texts in double quotes."""

    code = "E0819"
    wrong = "dync run FILE --set epochs=many+"
    right = "dync run FILE --set epochs=3"

    key: str

    @property
    def message(self) -> str:
        """The key."""
        return f"this is not a value that `{self.key}` can be set to"


class PipelineWarning(Diagnostic, frozen=True):
    """What runs as written, but hardly as meant."""

    severity: ClassVar[Severity] = "warning"


class NothingLearns(PipelineWarning, frozen=True):
    """No edge of the network learns, so that training changes nothing."""

    code = "W0801"
    wrong = training("epochs 1").replace(" learn delta", "")
    right = training("epochs 1")

    network: str

    @property
    def message(self) -> str:
        """Names the network."""
        return f"no edge of the network `{self.network}` learns: this training changes nothing"
