"""The compiler's table of signatures against the functions that really run."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Parameter, Signature
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import pytest

from dync.compiler.pipelines import signatures as table
from dync.runtime.data import DataError, embedded, source_signatures, transform_signatures
from dync.runtime.data.sources import BUILT_IN
from dync.runtime.data.values import normalize

SORTS: Mapping[type, str] = {int: "integer", float: "number", bool: "flag", str: "text"}
REAL: dict[str, Signature] = {
    **{name: signature for name, signature in source_signatures().items() if name in BUILT_IN},
    **transform_signatures(),
}
TABLE: dict[str, table.Signature] = {**table.SOURCES, **table.TRANSFORMS}


def sort(annotation: Any) -> str:
    """The plain type of an annotation, None left out."""
    members = [member for member in get_args(annotation) or (annotation,) if member is not NoneType]
    return SORTS[members[0]]


def test_the_same_names() -> None:
    assert set(TABLE) == set(REAL)


@pytest.mark.parametrize("name", REAL)
def test_the_same_parameters(name: str) -> None:
    real = list(REAL[name].parameters.values())
    assert list(TABLE[name].names) == [parameter.name for parameter in real]
    assert TABLE[name].repeats == any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in real)
    for written, parameter in zip(TABLE[name].parameters, real, strict=True):
        required = parameter.default is Parameter.empty
        assert (written.sort, written.required) == (sort(parameter.annotation), required), parameter.name


def test_the_words_of_normalize() -> None:
    words = table.TRANSFORMS["normalize"].parameters[0].words
    assert len({normalize(word) for word in words}) == len(words) > 1
    with pytest.raises(DataError):
        normalize("".join(words))


@pytest.mark.parametrize("name", table.EMBEDDED)
def test_the_sizes_of_embedded_tables(name: str) -> None:
    content = getattr(embedded, name)(Path())
    data = content.train["data"]
    sizes = table.EMBEDDED[name]
    assert sizes.units == data[0].size
    assert sizes.targets == content.class_counts.get("target", 1)
    assert (sizes.noun == "classes") == ("target" in content.class_counts)
