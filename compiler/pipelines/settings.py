"""`--set KEY=VALUE` and `with { KEY = VALUE }`: settings that are given beside those of a training or a network.

A setting replaces a part of the syntax tree before anything is resolved, so that it is checked as if it stood in the
file; a mistake in it points at what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.elaborate_protocols import parameter_names
from dync.compiler.pipelines.fragment import Fragment
from dync.compiler.pipelines.inner_settings import unknown_setting
from dync.compiler.pipelines.kinds import replaces, words_of
from dync.compiler.pipelines.network_values import NetworkValues, values_of
from dync.compiler.pipelines.settings_of import LIMITS
from dync.compiler.pipelines.signatures import SOURCES, TRANSFORMS, Signature, optimizers
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic

Settings = Mapping[str, str]
"""Values by dotted keys, both as the user wrote them."""

WHOLE: Final = (
    "epochs", "updates", "batch", "seed", "network", "data", "optimizer", "evaluate.every", "checkpoint.best", "from",
    "stop", "record", "repeat", "retries", *(f"limit.{name}" for name in LIMITS),
)  # fmt: skip
"""Keys that stand for a whole setting."""


def is_of_network(key: str) -> bool:
    """Whether a setting is about which network is trained: `network`, `network.hidden`, or its parameter alone."""
    return key == "network" or key.startswith("network.") or ("." not in key and key not in WHOLE)


def network_arguments(
    network: syntax.Network, networks: Mapping[str, syntax.Network], settings: Settings
) -> tuple[NetworkValues, tuple[Diagnostic, ...]]:
    """What settings give to the parameters of a network of those of a file, and the mistakes."""
    mistakes = Collector()
    params = parameter_names(network)
    given: dict[str, syntax.Expression] = {}
    for key, text in settings.items():
        fragment, name = Fragment(key, text), key.removeprefix("network.")
        expression = fragment.expression()
        if name not in params:
            mistakes.add(unknown_setting(fragment.key_span, key, params, [network.name.text], networks))
        elif expression is None:
            mistakes.add(wrong.pipelines.UnreadableSetting(fragment.value_span, key))
        else:
            given[name] = expression
    return values_of(given, mistakes), mistakes.diagnostics


def with_settings(
    pipeline: syntax.Pipeline, networks: Mapping[str, syntax.Network], settings: Settings
) -> tuple[syntax.Pipeline, tuple[Diagnostic, ...]]:
    """The pipeline with settings put in, and the mistakes in their keys and in how their values are written."""
    return with_fragments(pipeline, networks, [Fragment(key, text) for key, text in settings.items()])


def with_fragments(
    pipeline: syntax.Pipeline, networks: Mapping[str, syntax.Network], fragments: Iterable[Fragment]
) -> tuple[syntax.Pipeline, tuple[Diagnostic, ...]]:
    """The same. Whole settings are put in before parts of settings, whatever their order."""
    mistakes = Collector()
    for fragment in sorted(fragments, key=lambda fragment: fragment.key not in WHOLE):
        pipeline = _Setter(pipeline, networks, fragment, mistakes).result()
    return pipeline, mistakes.diagnostics


def keys_of(pipeline: syntax.Pipeline, networks: Mapping[str, syntax.Network]) -> tuple[str, ...]:
    """The keys that a training's settings go by."""
    return (*WHOLE, *_Setter(pipeline, networks, Fragment("", ""), Collector()).places())


def networks_of(pipeline: syntax.Pipeline) -> tuple[str, ...]:
    """The names of the networks that a training has; one, unless that is a mistake."""
    settings = (item for item in pipeline.items if isinstance(item, syntax.NetworkSetting))
    return tuple(item.network.name.text for item in settings)


def is_surely_none(
    key: str, pipeline: syntax.Pipeline, networks: Mapping[str, syntax.Network], sources: Mapping[str, Signature]
) -> bool:
    """Whether what a key would be a part of has a name that is known; where it has not, that is the mistake to mend."""
    optimizer, data, network = (
        next((item for item in pipeline.items if isinstance(item, item_type)), None)
        for item_type in (syntax.OptimizerSetting, syntax.DataSetting, syntax.NetworkSetting)
    )
    match key.partition(".")[0]:
        case "optimizer":
            return isinstance(optimizer, syntax.OptimizerSetting) and optimizer.optimizer.name.text in optimizers()
        case "data":
            return isinstance(data, syntax.DataSetting) and _are_known(data.data, sources)
        case _:
            return isinstance(network, syntax.NetworkSetting) and network.network.name.text in networks


def _are_known(data: syntax.Data, sources: Mapping[str, Signature]) -> bool:
    source = data.source.name.text
    return (source in SOURCES or source in sources) and all(t.name.text in TRANSFORMS for t in data.transforms)


def with_whole(pipeline: syntax.Pipeline, fragment: Fragment) -> syntax.Pipeline | None:
    """The pipeline with a whole setting put in; None where the value is not written like one."""
    item = fragment.setting(fragment.key.replace(".", " "))
    if item is None:
        return None
    gone = replaces(words_of(item))
    return replace(pipeline, items=(*(other for other in pipeline.items if words_of(other) not in gone), item))


class _Setter(Struct, frozen=True):
    """Puts one setting into a training."""

    pipeline: syntax.Pipeline
    networks: Mapping[str, syntax.Network]
    fragment: Fragment
    mistakes: Collector

    def result(self) -> syntax.Pipeline:
        key = self.fragment.key
        if key in WHOLE:
            return with_whole(self.pipeline, self.fragment) or self._unreadable()
        places = self.places()
        if key in places:
            return self._put(places[key])
        named = networks_of(self.pipeline)
        self.mistakes.add(unknown_setting(self.fragment.key_span, key, (*WHOLE, *places), named, self.networks))
        return self.pipeline

    def _put(self, place: _Place) -> syntax.Pipeline:
        """Put a value into the setting that has a place for it."""
        value = self.fragment.expression()
        if value is None:
            return self._unreadable()
        items = tuple(place.put(item, value) if item is place.item else item for item in self.pipeline.items)
        return replace(self.pipeline, items=items)

    def _unreadable(self) -> syntax.Pipeline:
        self.mistakes.add(wrong.pipelines.UnreadableSetting(self.fragment.value_span, self.fragment.key))
        return self.pipeline

    def places(self) -> dict[str, _Place]:
        """Every key for a part of a setting that this pipeline has."""
        found: dict[str, _Place] = {}
        for item in self.pipeline.items:
            match item:
                case syntax.NetworkSetting(network=application):
                    network = self.networks.get(application.name.text)
                    params = () if network is None else parameter_names(network)
                    for name in params:
                        found["network." + name] = found[name] = _Place(item, _in_network(name, params))
                case syntax.OptimizerSetting(optimizer=application):
                    names = optimizers().get(application.name.text, Signature()).names
                    found |= {f"optimizer.{name}": _Place(item, _in_optimizer(name, names)) for name in names}
                case syntax.DataSetting(data=data):
                    found |= {f"data.{key}": _Place(item, put) for key, put in _in_data(data).items()}
                case syntax.CheckpointSetting():
                    found["checkpoint.every"] = _Place(item, _checkpoint_every)
                    found["checkpoint.keep"] = _Place(item, _checkpoint_keep)
                case _:
                    pass
        return found


Put = Callable[[syntax.PipelineItem, syntax.Expression], syntax.PipelineItem]
"""Gives a setting with a value put in."""


class _Place(Struct, frozen=True):
    """The setting that has a place for a value, and how it is put there."""

    item: syntax.PipelineItem
    put: Put


def _in_network(name: str, names: Sequence[str]) -> Put:
    def put(item: syntax.PipelineItem, value: syntax.Expression) -> syntax.PipelineItem:
        assert isinstance(item, syntax.NetworkSetting)
        return replace(item, network=_with_argument(item.network, name, names, value))

    return put


def _in_optimizer(name: str, names: Sequence[str]) -> Put:
    def put(item: syntax.PipelineItem, value: syntax.Expression) -> syntax.PipelineItem:
        assert isinstance(item, syntax.OptimizerSetting)
        return replace(item, optimizer=_with_argument(item.optimizer, name, names, value))

    return put


def _in_data(data: syntax.Data) -> dict[str, Put]:
    """`ARGUMENT` of the source, `TRANSFORM.ARGUMENT` of the first transform of that name."""
    source = SOURCES.get(data.source.name.text, Signature()).names
    found = {name: _in_source(name, source) for name in source}
    for transform in reversed(data.transforms):
        signature = TRANSFORMS.get(transform.name.text, Signature())
        names = () if signature.repeats else signature.names
        found |= {f"{transform.name.text}.{name}": _in_transform(transform, name, names) for name in names}
    return found


def _in_source(name: str, names: Sequence[str]) -> Put:
    def put(item: syntax.PipelineItem, value: syntax.Expression) -> syntax.PipelineItem:
        assert isinstance(item, syntax.DataSetting)
        return replace(item, data=replace(item.data, source=_with_argument(item.data.source, name, names, value)))

    return put


def _in_transform(transform: syntax.Application, name: str, names: Sequence[str]) -> Put:
    def put(item: syntax.PipelineItem, value: syntax.Expression) -> syntax.PipelineItem:
        assert isinstance(item, syntax.DataSetting)
        changed = _with_argument(transform, name, names, value)
        transforms = tuple(changed if t is transform else t for t in item.data.transforms)
        return replace(item, data=replace(item.data, transforms=transforms))

    return put


def _checkpoint_every(item: syntax.PipelineItem, value: syntax.Expression) -> syntax.PipelineItem:
    assert isinstance(item, syntax.CheckpointSetting)
    return replace(item, every=value)


def _checkpoint_keep(item: syntax.PipelineItem, value: syntax.Expression) -> syntax.PipelineItem:
    assert isinstance(item, syntax.CheckpointSetting)
    return replace(item, keep=value)


def _with_argument(
    application: syntax.Application, name: str, names: Sequence[str], value: syntax.Expression
) -> syntax.Application:
    """The application with one argument replaced, wherever it was given, or added."""
    argument = syntax.Argument(syntax.Name(name, value.span), value, value.span)
    for place, old in enumerate(application.arguments):
        if name == (names[place] if old.name is None and place < len(names) else old.name and old.name.text):
            arguments = (*application.arguments[:place], argument, *application.arguments[place + 1 :])
            return replace(application, arguments=arguments)
    return replace(application, arguments=(*application.arguments, argument))
