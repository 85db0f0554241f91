"""`dync.pipeline`: a pipeline that is built in Python, to be run with the networks of a `.dyn` file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dync.building.bounds import verify_size
from dync.building.mapping import Mapped, mapping_of
from dync.building.path import clipped
from dync.building.places import Place
from dync.building.writer import written
from dync.grammar import syntax
from dync.grammar.reader import read
from dync.grammar.source import Source
from dync.runtime.error import RunError

NAMING: Final = ("name", "kind")
"""The keys of a mapping that are no settings."""


@dataclass(frozen=True)
class Pipeline:
    """A pipeline as text in the layout of `dync fmt`.

    What its settings mean is checked with the file that it is for.
    """

    name: str
    kind: str
    text: str = field(repr=False)
    places: tuple[Place, ...] = field(repr=False, compare=False, default=())
    """For each setting, where it stood in the mapping that the pipeline was made from."""

    def to_dyn(self) -> str:
        """The pipeline as it stands in a `.dyn` file."""
        return self.text

    def to_mapping(self) -> Mapped:
        """`name`, `kind` and the settings, as `pipeline_from_mapping` takes them and JSON and YAML can hold them."""
        file, _ = read(Source(self.name, self.text))
        (found,) = file.declarations
        assert isinstance(found, syntax.Pipeline)
        return mapping_of(found)


def pipeline(
    name: str, kind: str, settings: Mapping[str, object] | None = None, /, **more_settings: object
) -> Pipeline:
    """A pipeline of this kind, `training`, `sweep`, `comparison` or `benchmark`, with settings by their names.

    Settings are numbers, texts as a `.dyn` file has them behind the keyword, and mappings: `epochs=3`,
    `data="digits then split(0.2)"`, `optimizer={"sgd": {"learning_rate": 0.1}}`. Those whose names Python reserves are
    written with an underscore behind, `from_="fit"`, `with_={"epochs": 3}`, or stand in the mapping. Raises RunError
    for what has no place in a pipeline, and CompileError for what cannot be read; what the settings mean is checked
    when the pipeline is run or put into a program.
    """
    given: dict[str, object] = dict(settings or {})
    for key, value in more_settings.items():
        plain = key.removesuffix("_")
        if plain in given:
            raise RunError(f"{clipped(str(name))}: {clipped(plain)} is given twice")
        given[plain] = value
    verify_size(given, (str(name),))
    for key in given:
        if key in NAMING:
            raise RunError(f"{clipped(str(name))}: {key} is no setting: name and kind are the first two arguments")
    made = written(name, kind, given)
    return Pipeline(name, kind, made.text, made.places)


def pipeline_from_mapping(mapping: Mapping[str, object]) -> Pipeline:
    """A pipeline from `{"name": "fit", "kind": "training", "epochs": 3, …}`. Raises as `pipeline` does."""
    if not isinstance(mapping, Mapping):
        raise RunError(f"{clipped(repr(mapping))} is no pipeline: write a mapping with its `name`, `kind` and settings")
    for key in NAMING:
        if not isinstance(mapping.get(key), str):
            raise RunError(f"a pipeline needs its `{key}`, a text, beside its settings")
    settings = {key: value for key, value in mapping.items() if key not in NAMING}
    verify_size(settings, (str(mapping["name"]),))
    return pipeline(str(mapping["name"]), str(mapping["kind"]), settings)


def pipeline_in(file: syntax.File, name: str) -> Pipeline:
    """A pipeline of a file without mistakes; comments are left behind. Raises KeyError where there is none."""
    for declaration in file.declarations:
        if isinstance(declaration, syntax.Pipeline) and declaration.name.text == name:
            return pipeline_from_mapping(mapping_of(declaration))
    raise KeyError(name)
