"""From a pipeline as it is written to a mapping: numbers as numbers, and each setting by its name.

Writing the mapping gives the same text. Where numbers and mappings would not, the words of the language stand instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dync.building.calls import Signatures, call, changed_value, data, leaf, named, placed, signatures_of
from dync.building.leaves import Leaves, item_of, statement
from dync.building.settings import statements
from dync.compiler.pipelines.kinds import words_of
from dync.compiler.pipelines.signatures import Parameter
from dync.grammar import syntax as s
from dync.grammar.pipeline_spelling import data_pieces, origin, value
from dync.grammar.spelling import application, reference
from dync.runtime.error import RunError

Mapped = dict[str, object]
"""Texts, numbers, truth values, None, lists and mappings: all that JSON knows."""


def mapping_of(pipeline: s.Pipeline) -> Mapped:
    """The name, the kind and the settings of a pipeline."""
    found: Mapped = {"name": pipeline.name.text, "kind": pipeline.kind.text}
    items: dict[str, list[s.PipelineItem]] = {}
    for item in pipeline.items:
        items.setdefault(statement(item).split()[0], []).append(item)
    for key, alike in items.items():
        parts = [_part(item) for item in alike]
        found[key] = _together(parts) if _fits(key, _together(parts), alike) else _as_written(alike)
    return found


def _together(parts: Sequence[object]) -> object:
    """Mappings of different keys as one; else all of them in a list, where there are several."""
    if len(parts) == 1:
        return parts[0]
    one: dict[object, object] = {}
    for part in parts:
        if not isinstance(part, Mapping) or set(part) & set(one) or "better" in part:
            return list(parts)
        one |= part
    return one


def _fits(key: str, found: object, items: Sequence[s.PipelineItem]) -> bool:
    """Whether this is written as these settings are."""
    try:
        made = list(statements(key, found, ()))
    except RunError:
        return False
    again = [item_of(one.text) for one in made if not one.leaves.unread]
    return [None if item is None else statement(item) for item in again] == [statement(item) for item in items]


def _as_written(items: Sequence[s.PipelineItem]) -> object:
    """The words of the language."""
    texts = [statement(item).partition(" ")[2] for item in items]
    return texts[0] if len(texts) == 1 else list(texts)


def _part(item: s.PipelineItem) -> object:
    """What the key of a setting stands before."""
    match item:
        case s.NumberSetting(value=number):
            return _number(number)
        case s.LimitSetting(what, number):
            return {what.text: _number(number)}
        case s.ContinueOnFailure():
            return True
        case (
            s.NetworkSetting(thing) | s.OptimizerSetting(thing) | s.StrategySetting(thing) | s.PruneSetting(thing)
        ):  # fmt: skip
            return _call(thing, words_of(item))
        case s.DataSetting(source):
            return _data(source)
        case s.EvaluateOn(name, source) | s.TaskSetting(name, source):
            return {name.text: _data(source)}
        case s.WithSetting(changes):
            return _changes(changes)
        case s.FromSetting(s.Saved() as saved):
            return _saved(saved)
        case s.SearchSetting() | s.ObjectiveSetting() | s.CompareSetting():
            return _of_sweep(item)
        case s.EntrySetting() | s.ClaimSetting():
            return _of_comparison(item)
        case _:
            return _of_training(item)


def _of_training(item: s.PipelineItem) -> object:
    match item:
        case s.EvaluateEvery(every):
            return {"every": _number(every)}
        case s.CheckpointSetting(every, keep):
            return {"every": _number(every)} | ({} if keep is None else {"keep": _number(keep)})
        case s.CheckpointBest(metric):
            return {"best": metric.text}
        case s.StopSetting(after, metric):
            return {"after": _number(after), "better": metric.text}
        case s.RecordSetting(layers, every):
            return {"layers": [reference(layer) for layer in layers], "every": _number(every)}
        case _:
            return _as_written([item])


def _of_sweep(item: s.SearchSetting | s.ObjectiveSetting | s.CompareSetting) -> object:
    match item:
        case s.SearchSetting(key, space, condition):
            found = _space(space, key.text)
            if condition is None:
                return {key.text: found}
            asked = {condition.key.text: _value(condition.value, condition.key.text)}
            return {key.text: {"in": found, "when": asked}}
        case s.ObjectiveSetting(direction, metric):
            return {direction.text: metric.text}
        case s.CompareSetting(count):
            return {"best": _number(count)}


def _of_comparison(item: s.EntrySetting | s.ClaimSetting) -> object:
    match item:
        case s.EntrySetting(name, made, changes):
            return {name.text: _entry(made, changes)}
        case s.ClaimSetting(better, worse, margin, metric):
            by = {} if margin is None else {"by": _number(margin)}
            return {"better": better.text, "worse": worse.text, **by, "on": metric.text}


def _entry(made: s.Made | s.Saved | s.Baseline, changes: Sequence[s.Change]) -> object:
    match made:
        case s.Made():
            return {"pipeline": origin(made), "with": _changes(changes)} if changes else origin(made)
        case s.Saved():
            return _saved(made)
        case s.Baseline(model):
            return {"baseline": _call(model, "baseline")}


def _saved(saved: s.Saved) -> object:
    return {saved.kind: _text(saved.path)}


def _changes(changes: Sequence[s.Change]) -> dict[str, object]:
    return {change.key.text: _value(change.value, change.key.text) for change in changes}


def _space(space: s.Choices | s.Interval, key: str) -> object:
    if isinstance(space, s.Choices):
        return [_value(part, key) for part in space.values]
    ends: dict[str, object] = {"low": _number(space.range.low), "high": _number(space.range.high)}
    step = {} if space.step is None else {"step": _number(space.step)}
    return ends | step | ({} if space.scale is None else {"scale": space.scale.text})


def _call(thing: s.Application, what: str) -> object:
    """A name, or a name with its arguments, all by name or all by place."""
    text = application(thing)
    if not thing.arguments:
        return text
    found = {thing.name.text: _arguments(thing.arguments, thing.name.text, signatures_of(what))}
    return _first(text, [found, text], lambda one, leaves: call(one, (), what, leaves))


def _arguments(arguments: Sequence[s.Argument], name: str, signatures: Signatures) -> object:
    signature = signatures.get(name)
    if all(argument.name is not None for argument in arguments):
        by_name = [(argument.name.text, argument.value) for argument in arguments if argument.name is not None]
        return {key: _argument(part, named(signature, key)) for key, part in by_name}
    return [_argument(argument.value, placed(signature, place)) for place, argument in enumerate(arguments)]


def _argument(node: s.Expression, parameter: Parameter | None) -> object:
    if isinstance(node, s.Call) and (parameter is None or parameter.rate):
        return _call(s.as_application(node), "rate")
    wants_text = parameter is not None and parameter.sort == "text"
    return _leaf(node, lambda one, leaves: leaf(one, (), leaves, wants_text=wants_text))


def _data(node: s.Data) -> object:
    """Words where nothing has arguments or bindings, else a mapping."""
    text = " ".join(data_pieces(node))
    if not node.bindings and not any(part.arguments for part in (node.source, *node.transforms)):
        return text
    found: dict[str, object] = {"source": _call(node.source, "source")}
    if node.bindings:
        found["bind"] = {binding.layer.text: _text(binding.array) for binding in node.bindings}
    if node.transforms:
        found["then"] = [_call(transform, "then") for transform in node.transforms]
    return _first(text, [found, text], lambda one, leaves: data(one, (), leaves))


def _value(node: s.Expression | s.Data, key: str) -> object:
    if isinstance(node, s.Data):
        return _data(node)
    return _leaf(node, lambda one, leaves: changed_value(one, (), key, leaves))


def _number(node: s.Expression) -> object:
    return _leaf(node, lambda one, leaves: leaves.expression(one, ()))


def _text(node: s.Text) -> str:
    plain = node.value
    return plain if Leaves().text(plain, ()) == node.span.text else node.span.text


Write = Callable[[object, Leaves], str]


def _leaf(node: s.Expression, write: Write) -> object:
    """The plainest value that is written like this."""
    plain: list[object] = []
    match node:
        case s.Number(number):
            plain = [number]
        case s.Unary("-", s.Number(number)):
            plain = [-number]
        case s.Variable(s.Name("true" | "false" | "none" as word), None):
            plain = [{"true": True, "false": False, "none": None}[word]]
        case s.Text(text):
            plain = [text]
    return _first(value(node), [*plain, value(node)], write)


def _first(text: str, candidates: Sequence[object], write: Write) -> object:
    """The first that is written like this."""
    for candidate in candidates:
        leaves = Leaves()
        try:
            if write(candidate, leaves) == text and not leaves.unread:
                return candidate
        except RunError:
            continue
    return text
