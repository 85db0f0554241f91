"""The sources by the names that `.dyn` files call them: those of the package, and those that others add."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from inspect import Signature, signature
from pathlib import Path
from typing import Final

from dync.compiler.pipeline_plan import CallPlan
from dync.grammar.diagnostic import nearest
from dync.runtime.data.arguments import call_with
from dync.runtime.data.content import Content
from dync.runtime.data.csv_table import csv
from dync.runtime.data.embedded import breast_cancer, diabetes, digits, iris, wine
from dync.runtime.data.error import DataError
from dync.runtime.data.idx import idx
from dync.runtime.data.mackey_glass import mackey_glass
from dync.runtime.data.narma import narma
from dync.runtime.data.npz import npz
from dync.runtime.data.prototypes import prototypes
from dync.runtime.data.series import series

SourceFunction = Callable[..., Content]
"""`function(base, …)`: the folder that relative paths start from, then the arguments of the `.dyn` file."""

ENTRY_POINTS: Final = "dync.sources"
"""The group of entry points by which an installed package adds sources."""

BUILT_IN: Final[Mapping[str, SourceFunction]] = {
    "digits": digits,
    "iris": iris,
    "wine": wine,
    "breast_cancer": breast_cancer,
    "diabetes": diabetes,
    "prototypes": prototypes,
    "idx": idx,
    "npz": npz,
    "csv": csv,
    "series": series,
    "mackey_glass": mackey_glass,
    "narma": narma,
}
"""The sources of the package."""

_registered: dict[str, SourceFunction] = {}


def register_source(name: str, function: SourceFunction) -> None:
    """Add a source for this process; raises ValueError for a name that the package itself has, or that is no name.

    The function's parameters after the first are the arguments that a `.dyn` file gives; it returns a `Content` and
    raises `DataError` for what a user can mend.
    """
    if name in BUILT_IN or not name.isidentifier():
        raise ValueError(f"a source cannot be called {name!r}: choose an identifier that dync does not use")
    _registered[name] = function


def source_signatures() -> dict[str, Signature]:
    """The parameters of every source that is built in or registered, as a `.dyn` file gives them."""
    return {name: _written(function) for name, function in {**BUILT_IN, **_registered}.items()}


def open_source(call: CallPlan, base: Path) -> Content:
    """The content of the source that a call names; raises DataError."""
    function = BUILT_IN.get(call.name) or _registered.get(call.name) or _from_entry_points(call.name)
    return call_with(function, call, _written(function), base)


def _written(function: SourceFunction) -> Signature:
    """The signature without its first parameter, the folder."""
    whole = signature(function, eval_str=True)
    return whole.replace(parameters=tuple(whole.parameters.values())[1:])


def _from_entry_points(name: str) -> SourceFunction:
    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name in found:
        return _loaded(found[name])
    known = {*BUILT_IN, *_registered, *found}
    guess = nearest(name, known)
    hint = f"did you mean {guess!r}?" if guess else f"there are {', '.join(sorted(known))}"
    raise DataError(f"there is no data source {name!r}: {hint}")


def _loaded(point: EntryPoint) -> SourceFunction:
    try:
        function = point.load()
    except (ImportError, AttributeError) as error:
        raise DataError(f"the data source {point.name!r} of {point.value} cannot be imported: {error}") from None
    if not callable(function):
        raise DataError(f"the data source {point.name!r} of {point.value} is not a function")
    return function  # type: ignore[no-any-return]
