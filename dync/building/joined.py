"""A file together with pipelines that were built, compiled as one text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from dync.building.pipeline import Pipeline
from dync.building.places import path_in, pointed
from dync.compiled import compilation
from dync.compiler import driver
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, DiagnosticError, has_errors
from dync.grammar.reader import read
from dync.grammar.source import Source


def compilation_with(source: Source, pipelines: Sequence[Pipeline]) -> driver.Compilation:
    """What the compiler finds out about a file with further pipelines behind its text.

    Mistakes in these also say where they stand in the mapping. Raises DiagnosticError where the file itself has
    mistakes of syntax.
    """
    if not pipelines:
        return compilation(source)
    _, mistakes = read(source)
    if has_errors(mistakes):
        raise DiagnosticError(mistakes)
    end = "" if source.text.endswith("\n") or not source.text else "\n"
    text = "\n".join([f"{source.text}{end}", *(pipeline.text for pipeline in pipelines)])
    found = compilation(Source(source.name, text))
    start = len(source.text)
    return replace(found, diagnostics=tuple(_pointed(found, pipelines, start)))


def _pointed(found: driver.Compilation, pipelines: Sequence[Pipeline], start: int) -> Iterator[Diagnostic]:
    """The mistakes; those behind the file's own text with their places in the mappings."""
    added = [node for node in found.file.declarations if isinstance(node, syntax.Pipeline) and node.span.start >= start]
    for mistake in found.diagnostics:
        place, span = mistake, mistake.span
        for node, pipeline in zip(added, pipelines, strict=False):
            if node.span.start <= span.start < node.span.end and pipeline.places:
                path = path_in(node, pipeline.places, span)
                place = pointed(mistake, path if path[0] == pipeline.name else (pipeline.name, *path))
        yield place
