"""What data sources, transforms, optimizers and schedules take, so that pipelines are checked without loading them.

Those of Optax stand in `optax_signatures.json`, which `tools/optax_signatures.py` writes; tests compare all of it with
what the runtime really calls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from msgspec import Struct

Sort = Literal["integer", "number", "flag", "text", "other"]
"""What an argument is. `other` is nothing that a `.dyn` file can say, but for `none`."""


class Parameter(Struct, frozen=True):
    """A parameter: what it takes, whether it must be given, the values that it can have.

    `least` and `most` bound numbers, `words` are the only texts where there are any. A parameter with `rate` can be a
    learning-rate schedule.
    """

    name: str
    sort: Sort
    required: bool = False
    least: float | None = None
    most: float | None = None
    words: tuple[str, ...] = ()
    rate: bool = False


class Signature(Struct, frozen=True):
    """The parameters in their order. With `repeats` the last one takes any number of values: `reshape(8, 8)`.

    An `open` signature is that of a source that others registered: its arguments are checked when it runs.
    """

    parameters: tuple[Parameter, ...] = ()
    repeats: bool = False
    open: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)


def _count(name: str, *, required: bool = True, least: int = 1) -> Parameter:
    return Parameter(name, "integer", required, least=least)


def _fraction(name: str, *, required: bool = False) -> Parameter:
    return Parameter(name, "number", required, least=0, most=1)


def _text(name: str, *words: str, required: bool = False) -> Parameter:
    return Parameter(name, "text", required, words=words)


_SEED = _count("seed", required=False, least=0)

SOURCES: Final[Mapping[str, Signature]] = {
    "digits": Signature(),
    "iris": Signature(),
    "wine": Signature(),
    "breast_cancer": Signature(),
    "diabetes": Signature(),
    "prototypes": Signature((_count("classes"), _count("units"), _count("samples"), _fraction("flip"), _SEED)),
    "idx": Signature(
        (_text("images", required=True), _text("labels"), _text("test_images"), _text("test_labels")),
    ),
    "npz": Signature((_text("file", required=True),)),
    "csv": Signature((_text("file", required=True), _text("target"))),
    "series": Signature((_text("file", required=True),)),
    "mackey_glass": Signature(
        (
            Parameter("tau", "number", least=1, most=1000),
            _count("length", required=False),
            _count("horizon", required=False),
            _SEED,
            _count("sequences", required=False),
        )
    ),
    "narma": Signature(
        (
            _count("order", required=False, least=2),
            _count("length", required=False),
            _SEED,
            _count("horizon", required=False),
            _count("sequences", required=False),
        )
    ),
}
"""The data sources that the package has."""

SERIES: Final = ("series", "mackey_glass", "narma")
"""Those whose examples are sequences of samples."""

TRANSFORMS: Final[Mapping[str, Signature]] = {
    "split": Signature((_fraction("test"), _fraction("validation"), _SEED, Parameter("stratify", "flag"))),
    "folds": Signature((_count("k", least=2), _count("fold", least=0), _SEED)),
    "limit": Signature((_count("n"), _text("per", "class"))),
    "windows": Signature((_count("length"),)),
    "normalize": Signature((_text("method", "unit", "standard", required=True),)),
    "sign": Signature(),
    "project": Signature((_count("units"), _SEED)),
    "flip": Signature((_fraction("p", required=True), _SEED)),
    "noise": Signature((Parameter("sigma", "number", required=True, least=0), _SEED)),
    "reshape": Signature((_count("shape"),), repeats=True),
    "onehot": Signature((Parameter("on", "number"), Parameter("off", "number"))),
}
"""The transforms of data."""


def _above_zero(name: str) -> Parameter:
    return Parameter(name, "number", least=0)


_STARTUP = _count("startup", required=False)
"""So many trials are drawn at random first, or run to their ends."""

_WARMUP = _count("warmup", required=False, least=0)
"""No trial is pruned before so many epochs."""

STRATEGIES: Final[Mapping[str, Signature]] = {
    "grid": Signature(),
    "bruteforce": Signature(),
    "random": Signature(),
    "tpe": Signature((_STARTUP, Parameter("multivariate", "flag"))),
    "cma": Signature((_STARTUP, _above_zero("sigma"))),
    "qmc": Signature((_text("method", "sobol", "halton"), Parameter("scramble", "flag"))),
    "gp": Signature((_STARTUP,)),
    "nsgaii": Signature((_count("population", required=False, least=2),)),
    "nsgaiii": Signature((_count("population", required=False, least=2),)),
}
"""What proposes the trials of a sweep."""

EXHAUSTIVE: Final = ("grid", "bruteforce")
"""The strategies that try every value."""

PRUNERS: Final[Mapping[str, Signature]] = {
    "median": Signature((_STARTUP, _WARMUP)),
    "percentile": Signature((Parameter("percent", "number", required=True, least=0, most=100), _STARTUP, _WARMUP)),
    "halving": Signature((_count("minimum", required=False), _count("reduction", required=False, least=2))),
    "hyperband": Signature(
        (
            _count("minimum", required=False),
            _count("maximum", required=False),
            _count("reduction", required=False, least=2),
        )
    ),
}
"""What ends trials early."""

BASELINES: Final[Mapping[str, Signature]] = {
    "mlp": Signature(
        (
            _count("hidden", required=False),
            _count("depth", required=False),
            _above_zero("learning_rate"),
            _text("activation"),
        )
    ),
    "linear": Signature((_above_zero("learning_rate"),)),
    "reservoir": Signature(
        (
            _count("units", required=False),
            _fraction("leak"),
            _fraction("density"),
            _above_zero("spectral_radius"),
            _count("steps", required=False),
            _above_zero("learning_rate"),
        )
    ),
    "random_features": Signature((_count("units", required=False), _above_zero("learning_rate"))),
}
"""Models of other kinds."""


@cache
def optimizers() -> Mapping[str, Signature]:
    """The optimizers of Optax, by their names there."""
    return _of_optax("optimizers", rate=True)


@cache
def schedules() -> Mapping[str, Signature]:
    """The learning-rate schedules of Optax, by their names there."""
    return _of_optax("schedules", rate=False)


def _of_optax(kind: str, *, rate: bool) -> Mapping[str, Signature]:
    """Numbers can be schedules in an optimizer, and not in a schedule."""
    table = json.loads(files("dync.compiler.pipelines").joinpath("optax_signatures.json").read_text(encoding="utf-8"))
    return {
        name: Signature(
            tuple(Parameter(key, sort, required, rate=rate and sort == "number") for key, sort, required in takes)
        )
        for name, takes in table[kind].items()
    }


class Sizes(Struct, frozen=True):
    """How many values an example of a source has, and how many classes (or other values of its target)."""

    units: int
    targets: int
    noun: str = "classes"


EMBEDDED: Final[Mapping[str, Sizes]] = {
    "digits": Sizes(64, 10),
    "iris": Sizes(4, 3),
    "wine": Sizes(13, 3),
    "breast_cancer": Sizes(30, 2),
    "diabetes": Sizes(10, 1, "target values"),
}
"""The sizes of the sources that come with the package."""
