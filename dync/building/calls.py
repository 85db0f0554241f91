"""Things with arguments, data, and what stands behind keys, from mappings: `{"sgd": {"learning_rate": 0.1}}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dync.building.leaves import Leaves, is_name
from dync.building.path import Path, clipped, refused
from dync.compiler.pipelines.signatures import (
    BASELINES,
    PRUNERS,
    SOURCES,
    STRATEGIES,
    TRANSFORMS,
    Parameter,
    Signature,
    optimizers,
    schedules,
)

Signatures = Mapping[str, Signature]

DATA: Final = ("source", "bind", "then")
"""The keys of data."""

PLAIN: Final = Signature()


def signatures_of(what: str) -> Signatures:
    """What the arguments of the things behind a word are: of `optimizer` those of optimizers."""
    match what:
        case "optimizer":
            return optimizers()
        case "source":
            return SOURCES
        case "then":
            return TRANSFORMS
        case "strategy":
            return STRATEGIES
        case "prune":
            return PRUNERS
        case "baseline":
            return BASELINES
        case "rate":
            return schedules()
        case _:
            return {}


def call(value: object, path: Path, what: str, leaves: Leaves) -> str:
    """A thing with its arguments: `"sgd(0.1)"`, `{"sgd": 0.1}`, `{"sgd": [0.1]}`, `{"sgd": {"learning_rate": 0.1}}`.

    Raises RunError.
    """
    if isinstance(value, str):
        return leaves.application(value, path)
    if not isinstance(value, Mapping) or len(value) != 1:
        raise refused(path, f"{clipped(repr(value))} is not one name with its arguments")
    ((name, given),) = value.items()
    path = (*path, str(name))
    written = leaves.name(name, path)
    signature = signatures_of(what).get(written)
    if given is None:
        return written
    if isinstance(given, Mapping) and not _is_schedule(given, signature):
        texts = []
        for key, part in given.items():
            place = (*path, str(key))
            texts.append(f"{leaves.name(key, place)} = {_argument(part, place, named(signature, key), leaves)}")
    else:
        bare = given if isinstance(given, list | tuple) else [given]
        texts = [
            _argument(part, (*path, str(place)), placed(signature, place), leaves) for place, part in enumerate(bare)
        ]
    return f"{written}({', '.join(texts)})" if texts else written


def _is_schedule(given: Mapping[object, object], signature: Signature | None) -> bool:
    """Whether a mapping is the one argument rather than all of them: `{"sgd": {"cosine_decay_schedule": …}}`."""
    if signature is None or len(given) != 1 or not any(parameter.rate for parameter in signature.parameters):
        return False
    name = next(iter(given))
    return name in schedules() and name not in signature.names


def _argument(value: object, path: Path, parameter: Parameter | None, leaves: Leaves) -> str:
    if isinstance(value, Mapping):
        return call(value, path, "rate", leaves)
    wants_text = parameter is not None and parameter.sort == "text"
    return leaf(value, path, leaves, wants_text=wants_text)


def leaf(value: object, path: Path, leaves: Leaves, *, wants_text: bool) -> str:
    """One value: where a text is wanted a word or a text in quotes, else a number or an expression."""
    if hasattr(value, "__fspath__") or (wants_text and isinstance(value, str) and not is_name(value)):
        return leaves.text(value, path)
    return leaves.expression(value, path)


def named(signature: Signature | None, name: object) -> Parameter | None:
    """The parameter of this name, where there is one."""
    parameters = () if signature is None else signature.parameters
    return next((parameter for parameter in parameters if parameter.name == name), None)


def placed(signature: Signature | None, place: int) -> Parameter | None:
    """The parameter that a value in this place is for, where there is one."""
    parameters = () if signature is None else signature.parameters
    if signature is not None and signature.repeats:
        return parameters[-1]
    return parameters[place] if place < len(parameters) else None


def data(value: object, path: Path, leaves: Leaves) -> str:
    """Data: `"digits then split(0.2)"`, or `{"source": …, "bind": {LAYER: ARRAY}, "then": […]}`. Raises RunError."""
    if isinstance(value, str):
        return leaves.data(value, path)
    if not isinstance(value, Mapping) or "source" not in value:
        raise refused(path, f"{clipped(repr(value))} are no data: write them as in a .dyn file, or give their `source`")
    verify_keys(value, DATA, path)
    parts = [call(value["source"], (*path, "source"), "source", leaves)]
    bound = value.get("bind") or {}
    if not isinstance(bound, Mapping):
        raise refused((*path, "bind"), "this should be a mapping from layers to the names of arrays")
    bindings = (_binding(layer, array, (*path, "bind", str(layer)), leaves) for layer, array in bound.items())
    parts += [f"{{ {', '.join(bindings)} }}"] if bound else []
    for number, transform in enumerate(_several(value.get("then"))):
        parts.append(f"then {call(transform, (*path, 'then', str(number)), 'then', leaves)}")
    return " ".join(parts)


def _binding(layer: object, array: object, path: Path, leaves: Leaves) -> str:
    return f"{leaves.name(layer, path)} = {leaves.text(array, path)}"


def _several(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def changed_value(value: object, path: Path, key: str, leaves: Leaves) -> str:
    """What a key of `with` is set to, or one of the values that a search tries. Raises RunError."""
    if isinstance(value, Mapping):
        if key == "data" and "source" in value:
            return data(value, path, leaves)
        return call(value, path, {"data": "source", "optimizer": "optimizer"}.get(key, "rate"), leaves)
    if _is_text(key) or not isinstance(value, str):
        return leaf(value, path, leaves, wants_text=_is_text(key))
    return leaves.value(value, path)


def _is_text(key: str) -> bool:
    """Whether a key such as `data.file` wants a text."""
    first, _, rest = key.partition(".")
    if first != "data":
        return False
    owner, _, name = rest.rpartition(".")
    signatures = [TRANSFORMS.get(owner, PLAIN)] if owner else list(SOURCES.values())
    return any(p.sort == "text" and p.name == name for signature in signatures for p in signature.parameters)


def verify_keys(value: Mapping[object, object], known: tuple[str, ...], path: Path) -> None:
    """Raises RunError where a mapping has a key that means nothing in it."""
    for key in value:
        if key not in known:
            raise refused((*path, str(key)), f"there is no such key here; there are {', '.join(known)}")
