"""From the syntax tree of a pipeline to its plan, and of a training to the model of its network."""

from __future__ import annotations

from collections.abc import Mapping

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.pipeline_plan import PipelinePlan, built_on
from dync.compiler.pipelines.book import Book
from dync.compiler.pipelines.comparison import Comparison
from dync.compiler.pipelines.kinds import check_kinds
from dync.compiler.pipelines.models import AnyModel
from dync.compiler.pipelines.sweep import Sweep
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Span


def resolve_pipeline(name: str, book: Book) -> tuple[AnyModel | None, tuple[Diagnostic, ...]]:
    """A pipeline of the file, None where it or what it is about has an error, and all that is wrong with it."""
    pipeline, mistakes = book.pipelines[name], Collector()
    if not check_kinds(pipeline, mistakes):
        return None, mistakes.diagnostics
    model: AnyModel | None
    match pipeline.kind.text:
        case "training":
            model, found = book.training(name)
            mistakes.extend(found)
            _check_start(pipeline, book, mistakes)
        case "sweep":
            model = Sweep(pipeline, book, mistakes).resolved()
        case _:
            model = Comparison(pipeline, book, mistakes).resolved()
    return (None if mistakes.has_errors else model), mistakes.diagnostics


def _check_start(pipeline: syntax.Pipeline, book: Book, mistakes: Collector) -> None:
    for item in pipeline.items:
        if isinstance(item, syntax.FromSetting):
            book.check_start(item, pipeline, mistakes)


def check_circles(models: Mapping[str, AnyModel], book: Book, mistakes: Collector) -> None:
    """Report the pipelines that would have to run before themselves, each circle once."""
    plans = {name: model.plan for name, model in models.items()}
    seen: set[str] = set()
    for name in plans:
        circle = _circle(name, plans)
        if circle is not None and not seen & set(circle):
            seen |= set(circle)
            mistakes.add(wrong.studies.CircularPipelines(_reference(book.pipelines[name], circle[1]), circle))


def _circle(name: str, plans: Mapping[str, PipelinePlan]) -> tuple[str, ...] | None:
    """A way from a pipeline back to itself, each built on the next."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen = set[str]()
    while ways:
        way = ways.pop()
        for other in built_on(plans[way[-1]], plans) if way[-1] in plans else ():
            if other == name:
                return (*way, name)
            if other not in seen:
                seen.add(other)
                ways.append((*way, other))
    return None


def _reference(pipeline: syntax.Pipeline, name: str) -> Span:
    """Where a pipeline names another one as what it starts from, or itself where that is said elsewhere."""
    for item in pipeline.items:
        match item:
            case syntax.FromSetting(origin=syntax.Made() as made) | syntax.EntrySetting(origin=syntax.Made() as made):
                if made.pipeline.text == name:
                    return made.span
            case _:
                pass
    return pipeline.name.span
