"""The compiler on one screen: text -> tree -> library -> models -> pipelines, and from a model to its plan.

What a check does not need is imported where it is used, because a check is to start at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector, in_order
from dync.compiler.elaboration.declared import declared_once
from dync.compiler.elaboration.elaborate import elaborate
from dync.compiler.elaboration.elaborations import Elaborations
from dync.compiler.library import Library, build_library
from dync.compiler.model import NetworkModel
from dync.compiler.pipelines.resolve import PipelineModel, resolve_pipeline
from dync.compiler.pipelines.signatures import Signature
from dync.compiler.plan import Plan
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, DiagnosticError, has_errors
from dync.grammar.reader import read
from dync.grammar.source import Source, Span

Settings: TypeAlias = Mapping[str, str]
"""Values by dotted keys, both as the user wrote them: `{"optimizer.learning_rate": "0.01"}`."""


@dataclass(frozen=True)
class Compilation:
    """All that the compiler found out about a file.

    `networks` are the models at the default parameters and `pipelines` the training plans, each only where it is free
    of errors; `sources` are data sources that others registered.
    """

    file: syntax.File
    library: Library
    networks: dict[str, NetworkModel]
    pipelines: dict[str, PipelineModel]
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, Signature]

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
    """Take a text through every stage up to models and training plans; mistakes are gathered, never raised."""
    extra = sources or {}
    file, syntax_errors = read(source)
    mistakes = Collector()
    library, found = build_library([file])
    mistakes.extend(found)
    networks, found = declared_once(file, syntax.Network)
    mistakes.extend(found)
    elaborations = Elaborations(library)
    models: dict[str, NetworkModel] = {}
    for name, network in networks.items():
        model, found = elaborations.model(network, {}, {}, network.name.span)
        mistakes.extend(found)
        models |= {name: model} if model is not None else {}
    pipelines, found = declared_once(file, syntax.Pipeline)
    mistakes.extend(found)
    plans: dict[str, PipelineModel] = {}
    for name, pipeline in pipelines.items():
        resolved, found = resolve_pipeline(pipeline, networks, elaborations, extra)
        mistakes.extend(found)
        plans |= {name: resolved} if resolved is not None else {}
    diagnostics = mistakes.diagnostics
    if syntax_errors:
        from dync.compiler.elaboration.aftermath import without_aftermath

        diagnostics = in_order([*syntax_errors, *without_aftermath(file, syntax_errors, diagnostics)])
    return Compilation(file, library, models, plans, diagnostics, extra)


def bind(compilation: Compilation, network: str | None, arguments: Mapping[str, float]) -> NetworkModel:
    """A network of the file, the only one if `network` is None, with these parameters.

    Raises DiagnosticError with all that is wrong.
    """
    return _elaborated(compilation, _network(compilation, network), arguments, {})


def bind_settings(compilation: Compilation, network: str | None, settings: Settings) -> NetworkModel:
    """The same, with parameters as the command line gives them: `{"hidden": "100"}` or `{"network.hidden": "100"}`."""
    from dync.compiler.pipelines.settings import network_arguments

    found = _network(compilation, network)
    arguments, places, mistakes = network_arguments(found, settings)
    if mistakes:
        raise DiagnosticError(mistakes)
    return _elaborated(compilation, found, arguments, places)


def bind_pipeline(compilation: Compilation, pipeline: str, settings: Settings | None = None) -> PipelineModel:
    """A pipeline of the file with settings such as `{"epochs": "3", "optimizer.learning_rate": "0.01"}`.

    Raises DiagnosticError with all that is wrong, KeyError where the file has no such pipeline.
    """
    from dync.compiler.pipelines.settings import with_settings

    networks, _ = declared_once(compilation.file, syntax.Network)
    pipelines, _ = declared_once(compilation.file, syntax.Pipeline)
    changed, mistakes = with_settings(pipelines[pipeline], networks, settings or {})
    if has_errors(mistakes):
        raise DiagnosticError(mistakes)
    resolved, mistakes = resolve_pipeline(changed, networks, Elaborations(compilation.library), compilation.sources)
    if resolved is None:
        raise DiagnosticError(mistakes)
    return resolved


def plan_of(model: NetworkModel) -> Plan:
    """The plan of a model: all that the runtime reads."""
    from dync.compiler.planning.planner import plan

    return plan(model)


def _network(compilation: Compilation, name: str | None) -> syntax.Network:
    networks, _ = declared_once(compilation.file, syntax.Network)
    if name is None and len(networks) == 1:
        return next(iter(networks.values()))
    if name not in networks:
        nowhere = Span(compilation.file.source, 0, 0)
        raise DiagnosticError([wrong.pipelines.UnknownNetwork(nowhere, name or "", tuple(networks))])
    return networks[name]


def _elaborated(
    compilation: Compilation, network: syntax.Network, arguments: Mapping[str, float], places: Mapping[str, Span]
) -> NetworkModel:
    model, mistakes = elaborate(network, compilation.library, arguments, places)
    if model is None:
        raise DiagnosticError(mistakes)
    return model
