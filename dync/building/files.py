"""`dync.read_pipelines`: pipelines from YAML and JSON. Nothing in a file is evaluated, and its size is bounded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from dync.building.bounds import verify_size
from dync.building.path import clipped
from dync.building.pipeline import NAMING, Pipeline, pipeline_from_mapping
from dync.grammar.reader import LARGEST
from dync.runtime.error import RunError

YAML: Final = (".yaml", ".yml")


def read_pipelines(path: str | Path) -> tuple[Pipeline, ...]:
    """The pipelines of a `.yaml`, `.yml` or `.json` file, in its order.

    The file holds a mapping from their names to their kinds and settings, one pipeline with its `name`, or a list of
    such. In YAML only `true` and `false` are truth values and numbers are decimal. Raises RunError for what is no such
    file, and as `pipeline` does. YAML needs the extra `yaml`.
    """
    file = Path(path)
    readers = {".json": _json, **dict.fromkeys(YAML, _yaml)}
    if file.suffix not in readers:
        raise RunError(f"{path}: pipelines are read from .yaml, .yml and .json files")
    found = _read(file, readers[file.suffix])
    try:
        verify_size(found, (file.name,))
        pipelines = tuple(map(pipeline_from_mapping, _mappings(found)))
    except RunError as error:
        raise RunError(f"{path}: {error}") from None
    if not pipelines:
        raise RunError(f"{path} holds no pipeline")
    return pipelines


def _read(file: Path, reader: Callable[[str], Any]) -> Any:
    with file.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise RunError(f"{file} has more than {LARGEST} bytes")
    try:
        return reader(data.decode("utf-8-sig"))
    except RecursionError:
        raise RunError(f"{file}: mappings and lists stand in each other too deep") from None
    except UnicodeDecodeError:
        raise RunError(f"{file} is no text in UTF-8") from None
    except ValueError as error:
        raise RunError(f"{file}: {clipped(' '.join(str(error).split()))}") from None


def _mappings(found: Any) -> list[Mapping[str, object]]:
    """Each pipeline with its name among its settings. Raises RunError."""
    if isinstance(found, list):
        return found
    if not isinstance(found, Mapping):
        raise RunError("this should be a mapping from names of pipelines to their settings")
    if all(isinstance(found.get(key), str) for key in NAMING):
        return [found]
    for name, settings in found.items():
        if not isinstance(settings, Mapping):
            raise RunError(f"{clipped(str(name))} should be a mapping with a `kind` and settings")
        if "name" in settings:
            raise RunError(f"{clipped(str(name))} has its name already: leave `name` away")
    return [{"name": name, **settings} for name, settings in found.items()]


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{next(key for key in keys if keys.count(key) > 1)} stands twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise RunError("YAML needs PyYAML: `pip install 'dync[yaml]'`, or write JSON") from None
    try:
        return yaml.load(text, _loader())
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


@cache
def _loader() -> Any:
    """YAML's safe loader with the plain values of JSON: `off` is a word, `1e-3` a number, and keys are unique."""
    import re

    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc] # PyYAML has no types
        """Reads mappings, lists, texts, numbers, true, false and null."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as the class above has it

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            pairs = [(self.construct_object(key, deep=True), self.construct_object(value, deep=True))
                     for key, value in node.value]  # fmt: skip
            if not all(isinstance(key, str) for key, _ in pairs):
                raise ValueError("the keys of mappings are texts")
            return _once(pairs)

    sign = "-+0123456789."
    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
    Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
    Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list(sign))
    number = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(number), list(sign))
    return Loader
