"""The compiler on one screen: text -> trees -> libraries -> models -> pipelines, properties; and a model -> its plan.

What a check does not need is imported where it is used, because a check is to start at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.collection import without_collections
from dync.compiler.elaboration.collector import Collector, in_order
from dync.compiler.elaboration.declared import declared_once
from dync.compiler.elaboration.elaborate import elaborate
from dync.compiler.elaboration.elaborations import Elaborations, Shapes
from dync.compiler.library import Libraries, build_libraries
from dync.compiler.model import NetworkModel
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, DiagnosticError, has_errors
from dync.grammar.imports import Files, read_alone
from dync.grammar.source import Source, Span

if TYPE_CHECKING:
    from dync.compiler.pipeline_plan import PipelinePlan
    from dync.compiler.pipelines.book import Book
    from dync.compiler.pipelines.models import AnyModel, PipelineModel
    from dync.compiler.pipelines.signatures import Signature
    from dync.compiler.plan import Plan
    from dync.compiler.properties.model import PropertyModel

Settings: TypeAlias = Mapping[str, str]
"""Values by dotted keys, both as the user wrote them: `{"optimizer.learning_rate": "0.01"}`."""


class Compilation(Struct, frozen=True, dict=True):
    """All that the compiler found out about a file.

    `networks` are the models at the default parameters, those of the file itself first and then those that it imports,
    `pipelines` its pipelines of every kind and `properties` its properties, in the order of the file. Each is there
    only where it is free of errors; `sources` are data sources that others registered.
    """

    files: Files
    libraries: Libraries
    networks: dict[str, NetworkModel]
    pipelines: dict[str, AnyModel]
    properties: dict[str, PropertyModel]
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, Signature]

    @property
    def file(self) -> syntax.File:
        """The file itself."""
        return self.files.main

    @property
    def meant_networks(self) -> tuple[str, ...]:
        """The networks that are meant where none is named: the file's own, or else those that it imports.

        Networks that stand within others are not meant.
        """
        models = self.networks.values()
        within = {inner.network for model in models for inner in model.inner}
        within |= {edge.inner.name for model in models for edge in model.edges if edge.inner is not None}
        found = {name: model for name, model in self.networks.items() if name not in within}
        own = tuple(name for name, model in found.items() if model.span.source is self.file.source)
        return own or tuple(found)

    @property
    def trainings(self) -> dict[str, PipelineModel]:
        """The trainings among the pipelines."""
        from dync.compiler.pipelines.models import PipelineModel

        return {name: model for name, model in self.pipelines.items() if isinstance(model, PipelineModel)}

    @cached_property
    def _book(self) -> Book:
        """The pipelines as they are written, for those that ask for one with changes."""
        from dync.compiler.pipelines.book import Book

        networks, _ = _networks(self.files)
        pipelines, _ = declared_once([self.file], syntax.Pipeline)
        return Book(pipelines, networks, Elaborations(self.libraries), self.sources)

    def book(self) -> Book:
        """The same with room to elaborate further networks."""
        if self._book.elaborations.exhausted:
            del self.__dict__["_book"]
        return self._book

    @property
    def ok(self) -> bool:
        """Whether there are no errors; there may be warnings."""
        return not has_errors(self.diagnostics)

    def verify(self) -> Compilation:
        """The compilation itself; raises DiagnosticError where there are errors."""
        if not self.ok:
            raise DiagnosticError(self.diagnostics)
        return self


def check(source: Source, sources: Mapping[str, Signature] | None = None) -> tuple[Diagnostic, ...]:
    """All the mistakes of a text."""
    return compile_source(source, sources).diagnostics


def compile_source(source: Source, sources: Mapping[str, Signature] | None = None) -> Compilation:
    """Take a text that imports nothing through every stage; see `compile_files`."""
    return compile_files(read_alone(source), sources)


@without_collections
def compile_files(files: Files, sources: Mapping[str, Signature] | None = None) -> Compilation:
    """Take a file through every stage up to models and training plans; mistakes are gathered, never raised."""
    extra = sources or {}
    mistakes = Collector()
    libraries, found = build_libraries(files)
    mistakes.extend(found)
    networks, found = _networks(files)
    mistakes.extend(found)
    elaborations = Elaborations(libraries)
    models: dict[str, NetworkModel] = {}
    for name, network in networks.items():
        model, found = elaborations.model(network, {}, {}, network.name.span)
        own = network.span.source is files.main.source
        mistakes.extend(m for m in found if own or m.severity == "error")
        models |= {name: model} if model is not None else {}
    pipelines, found = declared_once([files.main], syntax.Pipeline)
    mistakes.extend(found)
    plans = _pipelines(pipelines, networks, elaborations, extra, mistakes) if pipelines else {}
    properties = _properties(files.main, networks, elaborations, mistakes)
    recorded = {name for pipeline in pipelines.values() for name in _recorded(pipeline)}
    diagnostics = tuple(d for d in mistakes.diagnostics if not _asked_about(d, properties, recorded))
    if files.mistakes:
        from dync.compiler.elaboration.aftermath import without_aftermath

        diagnostics = in_order([*files.mistakes, *without_aftermath(files, diagnostics)])
    return Compilation(files, libraries, models, plans, properties, diagnostics, extra)


def _recorded(pipeline: syntax.Pipeline) -> Iterator[str]:
    """The names of the layers and groups that a pipeline records."""
    for setting in pipeline.items:
        if isinstance(setting, syntax.RecordSetting):
            yield from (reference.name.text for reference in setting.layers)


def _asked_about(diagnostic: Diagnostic, properties: Mapping[str, PropertyModel], recorded: Set[str]) -> bool:
    """Whether this is a warning of a group that nothing names, and a record or a property of its network does."""
    if not isinstance(diagnostic, wrong.unused.UnusedGroup):
        return False
    if diagnostic.name in recorded:
        return True
    asked = (p.network.span for p in properties.values() if diagnostic.name in p.groups)
    return any(diagnostic.span.within(network) for network in asked)


def _pipelines(
    pipelines: Mapping[str, syntax.Pipeline],
    networks: Mapping[str, syntax.Network],
    elaborations: Elaborations,
    sources: Mapping[str, Signature],
    mistakes: Collector,
) -> dict[str, AnyModel]:
    """The pipelines that are free of errors."""
    from dync.compiler.pipelines.book import Book
    from dync.compiler.pipelines.resolve import check_circles, resolve_pipeline

    book = Book(pipelines, networks, elaborations, sources)
    plans: dict[str, AnyModel] = {}
    for name in pipelines:
        resolved, found = resolve_pipeline(name, book)
        mistakes.extend(found)
        plans |= {name: resolved} if resolved is not None else {}
    check_circles(plans, book, mistakes)
    return plans


def _properties(
    file: syntax.File, networks: Mapping[str, syntax.Network], elaborations: Elaborations, mistakes: Collector
) -> dict[str, PropertyModel]:
    """The properties of a file that have no errors, by name."""
    nodes, found = declared_once([file], syntax.Property)
    mistakes.extend(found)
    if not nodes:
        return {}
    from dync.compiler.properties.resolve import resolve_property

    models: dict[str, PropertyModel] = {}
    for name, node in nodes.items():
        model, found = resolve_property(node, networks, elaborations)
        mistakes.extend(found)
        models |= {name: model} if model is not None else {}
    return models


@without_collections
def bind(
    compilation: Compilation,
    network: str | None,
    arguments: Mapping[str, float],
    shapes: Shapes | None = None,
    protocol: str | None = None,
) -> NetworkModel:
    """A network of the file, the only one if `network` is None, with these parameters.

    `shapes` are those of inputs and outputs that leave theirs to the data, `(*)`; `protocol` is the protocol that it
    goes by, None for the one without a name. Raises DiagnosticError with all that is wrong.
    """
    return _elaborated(compilation, _network(compilation, network), arguments, {}, shapes, protocol)


@without_collections
def bind_settings(compilation: Compilation, network: str | None, settings: Settings) -> NetworkModel:
    """The same, with parameters as the command line gives them: `{"hidden": "100"}` or `{"network.hidden": "100"}`."""
    from dync.compiler.pipelines.settings import network_arguments

    found = _network(compilation, network)
    given, mistakes = network_arguments(found, _networks(compilation.files)[0], settings)
    if mistakes:
        raise DiagnosticError(mistakes)
    return _elaborated(compilation, found, given.numbers, given.places, protocol=given.protocol)


@without_collections
def bind_pipeline(compilation: Compilation, pipeline: str, settings: Settings | None = None) -> AnyModel:
    """A pipeline of the file with settings such as `{"epochs": "3", "optimizer.learning_rate": "0.01"}`.

    A sweep or a comparison takes its own settings, `{"trials": "4", "seeds": "2"}`; any other key is a change to the
    trainings that it is about. Raises DiagnosticError with all that is wrong, KeyError where the file has no such
    pipeline.
    """
    from dync.compiler.pipelines.resolve import resolve_pipeline

    book = compilation.book()
    if book.pipelines[pipeline].kind.text == "training":
        return bind_training(compilation, pipeline, settings or {})
    from dync.compiler.pipelines.study_settings import with_study_settings

    changed, mistakes = with_study_settings(book.pipelines[pipeline], book, settings or {})
    if has_errors(mistakes):
        raise DiagnosticError(mistakes)
    resolved, mistakes = resolve_pipeline(pipeline, book.with_pipeline(changed))
    if resolved is None:
        raise DiagnosticError(mistakes)
    return resolved


@without_collections
def bind_training(
    compilation: Compilation, pipeline: str, changes: Settings, shapes: Shapes | None = None
) -> PipelineModel:
    """A training of the file with changes, as the trials of a sweep and the entries of a comparison are.

    `shapes` are those of inputs and outputs that leave theirs to the data, `(*)`; without them the network of such a
    training has no plan (see `PipelineModel.without_shape`). Raises DiagnosticError with all that is wrong, KeyError
    where the file has no such training.
    """
    from dync.compiler.pipelines.fragment import Fragment

    fragments = [Fragment(key, text) for key, text in changes.items()]
    model, mistakes = compilation.book().changed(pipeline, fragments, shapes or {})
    if model is None:
        raise DiagnosticError(mistakes)
    return model


def order_of(pipelines: Mapping[str, PipelinePlan]) -> tuple[str, ...]:
    """The names of pipelines in an order in which each comes after those that it is built on, else as they are given.

    Pipelines that are built on others than these count as built on nothing. Raises ValueError where one is built on
    itself, which the compiler reports.
    """
    import networkx

    from dync.compiler.pipeline_plan import built_on

    order = {name: number for number, name in enumerate(pipelines)}
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(pipelines)
    for name, plan in pipelines.items():
        graph.add_edges_from((other, name) for other in built_on(plan, pipelines) if other in order)
    try:
        return tuple(networkx.lexicographical_topological_sort(graph, key=order.__getitem__))
    except networkx.NetworkXUnfeasible:
        raise ValueError("pipelines are built on each other in a circle") from None


@without_collections
def plan_of(model: NetworkModel) -> Plan:
    """The plan of a model: all that the runtime reads.

    Raises DiagnosticError where the data have to say which shape a layer has, and did not.
    """
    from dync.compiler.planning.planner import plan

    left_open = [layer for layer in model.layers if layer.shape_of_data and not layer.shape]
    if left_open:
        names = tuple(layer.name for layer in left_open)
        raise DiagnosticError([wrong.studies.ShapeOfData(left_open[0].span, model.name, names)])
    return plan(model)


def _networks(files: Files) -> tuple[dict[str, syntax.Network], tuple[Diagnostic, ...]]:
    """The networks of some files by name, those of the first file first; of two of one name the imported one holds."""
    found, mistakes = declared_once([*files.imported, files.main], syntax.Network)
    own = {name: node for name, node in found.items() if node.span.source is files.main.source}
    return own | found, mistakes


def _network(compilation: Compilation, name: str | None) -> syntax.Network:
    networks, _ = _networks(compilation.files)
    meant = compilation.meant_networks
    if name is None and len(meant) == 1:
        return networks[meant[0]]
    if name not in networks:
        nowhere = Span(compilation.file.source, 0, 0)
        raise DiagnosticError([wrong.pipelines.UnknownNetwork(nowhere, name or "", tuple(networks))])
    return networks[name]


def _elaborated(
    compilation: Compilation,
    network: syntax.Network,
    arguments: Mapping[str, float],
    places: Mapping[str, Span],
    shapes: Shapes | None = None,
    protocol: str | None = None,
) -> NetworkModel:
    model, mistakes = elaborate(network, compilation.libraries.of(network), arguments, places, shapes, protocol)
    if model is None:
        raise DiagnosticError(mistakes)
    return model
