"""Which layer takes which array of a source, and the table that comes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from math import prod
from typing import Final

import numpy as np

from dync.grammar.diagnostic import nearest
from dync.runtime.data.content import Array, Content, is_class_array
from dync.runtime.data.error import DataError
from dync.runtime.data.finite import verify_finite
from dync.runtime.data.series import as_sequences, verify_alike
from dync.runtime.data.table import BoundLayer, Examples, PartName, Table

Shapes = Mapping[str, tuple[int, ...]]

NOTHING: Final = "none"
"""What an output is bound to that is to have no target: `{ x = "images", y = "none" }`."""


def bind(
    content: Content,
    bindings: Mapping[str, str],
    inputs: Shapes,
    outputs: Shapes,
    over_time: Collection[str] = (),
) -> Table:
    """The table of the source's parts, an array a layer; raises DataError where layers and arrays do not fit.

    Without bindings a layer takes the array of its own name, or else one input the source's data and one output its
    target. With bindings every layer must be named. Layers in `over_time` take series.
    """
    chosen = bindings or _automatic(content, inputs, outputs, over_time)
    layers = tuple(
        replace(layer, over_time=layer.name in over_time) for layer in _layers(content, chosen, inputs, outputs)
    )
    _verify_time(content, layers)
    held_out: dict[PartName, Mapping[str, Array]] = {} if content.test is None else {"test": content.test}
    sources: dict[PartName, Mapping[str, Array]] = {"train": content.train, **held_out}
    labels = _label_array(content, layers) if not over_time else None
    parts = {part: _examples(arrays, layers, labels, part) for part, arrays in sources.items()}
    for layer in layers:
        _verify_classes(layer, parts.values(), content.class_counts.get(layer.array))
    return Table(layers, parts)


def chosen_arrays(
    content: Content, bindings: Mapping[str, str], inputs: Iterable[str], outputs: Iterable[str]
) -> dict[str, str]:
    """The array that each layer takes, as far as that is known without shapes; `bind` says what is wrong with it."""
    found = {layer: content.resolve(name) for layer, name in bindings.items()}
    if not bindings:
        for layers, default in ((inputs, content.data), (outputs, content.target)):
            found |= {layer: layer if layer in content.train else default for layer in layers}
    return {layer: array for layer, array in found.items() if array is not None and array in content.train}


def _automatic(content: Content, inputs: Shapes, outputs: Shapes, over_time: Collection[str]) -> dict[str, str]:
    chosen = {layer: layer for layer in (*inputs, *outputs) if layer in content.train}
    for role, shapes, default in (("input", inputs, content.data), ("output", outputs, content.target)):
        left = [layer for layer in shapes if layer not in chosen]
        if len(left) > 1 or (left and default is None):
            raise DataError(
                f"the {role} {left[0]} has no array of its name, and none is its own by default: say which it takes,"
                f' as in {{ {left[0]} = "{next(iter(content.train), "…")}" }}, among {_listed(content.train)}'
            )
        chosen |= {layer: str(default) for layer in left}
    for output, shape in ((name, shape) for name, shape in outputs.items() if name not in over_time):
        _verify_meant(content, output, shape, chosen)
    return chosen


def _verify_meant(content: Content, output: str, shape: tuple[int, ...], chosen: Mapping[str, str]) -> None:
    """Refuse to guess labels for an output that has the size of the data, as in an autoassociative network."""
    array, data = content.train[chosen[output]], content.train.get(content.data or "")
    if data is None or not is_class_array(array) or prod(shape) != prod(data.shape[1:]):
        return
    if int(array.max(initial=0)) + 1 != prod(shape):
        raise DataError(
            f"the output {output} has {prod(shape)} units, as many as the data, not one for each class: say which it"
            f" takes, as in {{ {''.join(f'{x} = {content.data!r}, ' for x in chosen if x != output)}"
            f"{output} = {content.data!r} }}".replace("'", '"')
        )


def _layers(content: Content, bindings: Mapping[str, str], inputs: Shapes, outputs: Shapes) -> tuple[BoundLayer, ...]:
    known = {**inputs, **outputs}
    if not known:
        raise DataError("the network has neither inputs nor outputs, so data cannot reach it: declare one")
    for layer in bindings:
        if layer not in known:
            raise DataError(f"there is no input or output {layer!r} for the data to go to{_guess(layer, known)}")
    for layer in known:
        if layer not in bindings:
            raise DataError(
                f'{layer} takes no array: name one, as in {layer} = "…", among {_listed(content.train)}'
                + (f', or {layer} = "{NOTHING}" for no target' if layer in outputs else "")
            )
    taken = {
        layer: _array_name(content, name, layer)
        for layer, name in bindings.items()
        if not _untaught(layer, name, outputs)
    }
    shared = {array for layer, array in taken.items() if layer in inputs} | {content.data}
    return (
        *(BoundLayer(n, "input", s, taken[n], False) for n, s in inputs.items()),
        *(BoundLayer(n, "output", s, taken[n], taken[n] not in shared) for n, s in outputs.items() if n in taken),
    )


def _untaught(layer: str, name: str, outputs: Shapes) -> bool:
    return name == NOTHING and layer in outputs


def _array_name(content: Content, name: str, layer: str) -> str:
    array = content.resolve(name)
    if array is None:
        raise DataError(
            f"{layer} is to take the array {name!r}, which the source does not have{_guess(name, content.train)}"
            f" (there are {_listed(content.train)})"
        )
    return array


def _guess(word: str, candidates: Iterable[str]) -> str:
    guess = nearest(word, candidates)
    return f": did you mean {guess!r}?" if guess else ""


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(repr(name) for name in shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")


def _label_array(content: Content, layers: tuple[BoundLayer, ...]) -> str | None:
    """The class labels to stratify by: those that an output takes, or else the source's target."""
    candidates = [*(layer.array for layer in layers if layer.role == "output"), content.target]
    return next((a for a in candidates if a is not None and is_class_array(content.train[a])), None)


def _examples(
    arrays: Mapping[str, Array], layers: tuple[BoundLayer, ...], labels: str | None, part: PartName
) -> Examples:
    used = {layer.array for layer in layers if not layer.over_time} | ({labels} if labels else set())
    ready = {name: _ready(arrays[name], name, part) for name in sorted(used)}
    counts = {name: len(array) for name, array in ready.items()}
    series = {layer.name: _series(arrays[layer.array], layer, part) for layer in layers if layer.over_time}
    verify_alike({layer.array: series[layer.name].shape[:2] for layer in layers if layer.over_time}, part)
    counts |= {layer.array: len(series[layer.name]) for layer in layers if layer.over_time}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name!r} has {count}" for name, count in counts.items())
        if series:
            raise DataError(
                f"the arrays of the {part} part do not have equally many sequences: {found}; a layer that is not over"
                " time takes one example a sequence"
            )
        raise DataError(f"the arrays of the {part} part do not have equally many examples: {found}")
    count = next(iter(counts.values()))
    if count == 0:
        raise DataError(f"the {part} part is empty: expected at least one example")
    bound = {layer.name: series[layer.name] if layer.over_time else ready[layer.array] for layer in layers}
    return Examples(count, bound, ready[labels] if labels else None)


def _series(array: Array, layer: BoundLayer, part: str) -> Array:
    """The numbers of a layer over time, `[sequences, time, ...]`."""
    found = as_sequences(array, len(layer.shape))
    if not found.shape[1]:
        raise DataError(f"the series {layer.array!r} of the {part} part are empty: expected at least one sample")
    with np.errstate(over="ignore"):
        numbers = found.astype(np.float32)
    verify_finite(numbers, f"the series {layer.array!r}", part)
    return numbers


def _verify_time(content: Content, layers: tuple[BoundLayer, ...]) -> None:
    """Raise DataError where a layer over time takes what is no series, or series have no such layer."""
    if content.series and not any(layer.over_time for layer in layers):
        names = " and ".join(layer.name for layer in layers)
        raise DataError(f"the source gives series, but {names} take none: declare them `over time`")
    for layer in layers:
        if layer.over_time and not content.series:
            raise DataError(
                f"{layer.name} is over time, but {layer.array!r} is no series: take a source of series, such as"
                ' series("file.npz")'
            )


def _ready(array: Array, name: str, part: str) -> Array:
    """Labels as int64, numbers as float32, all finite."""
    if is_class_array(array):
        if int(array.max(initial=0)) > np.iinfo(np.int64).max or int(array.min(initial=0)) < 0:
            raise DataError(
                f"the class labels {name!r} go from {array.min()} to {array.max()}: expected 0, 1, 2, …; number the"
                " classes so, or store them as decimals where they are no classes"
            )
        return array.astype(np.int64)
    with np.errstate(over="ignore"):
        numbers = array.astype(np.float32)
    verify_finite(numbers, f"the array {name!r}", part)
    return numbers


def _verify_classes(layer: BoundLayer, parts: Iterable[Examples], known: int | None) -> None:
    """Whether every class has a unit; where the source knows its classes, every unit a class too."""
    arrays = [examples.arrays[layer.name] for examples in parts]
    if layer.over_time or arrays[0].dtype != np.int64:
        return
    classes = known if known is not None else max(int(array.max()) for array in arrays) + 1
    units = prod(layer.shape)
    if classes > units or (known is not None and classes != units):
        raise DataError(
            f"{layer.name} has {units} units of the shape {layer.shape}, but {layer.array!r} has {classes} classes:"
            f" give {layer.name} {classes} units, or bind it to another array"
        )
