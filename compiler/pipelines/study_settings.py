"""Settings given beside the file to a sweep, a comparison or a benchmark: its own, and changes to its trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.pipelines.book import Book
from dync.compiler.pipelines.fragment import Fragment
from dync.compiler.pipelines.inner_settings import unknown_setting
from dync.compiler.pipelines.kinds import COMPARISON, NUMBERS
from dync.compiler.pipelines.settings import Settings, keys_of, networks_of, with_whole
from dync.compiler.pipelines.settings_of import LIMITS
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic

OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "sweep": ("from", "strategy", "objective", "prune", "compare.best", "fused"),
    "comparison": ("measure",),
    "benchmark": ("measure", "against"),
}
"""Keys that stand for a whole setting, numbers and limits aside."""


def with_study_settings(
    pipeline: syntax.Pipeline, book: Book, settings: Settings
) -> tuple[syntax.Pipeline, tuple[Diagnostic, ...]]:
    """The pipeline with its own settings put in, and others as changes to the trainings that it is about."""
    mistakes = Collector()
    own, kind = _own(pipeline.kind.text), pipeline.kind.text
    for key, text in settings.items():
        fragment = Fragment(key, text)
        changed = with_whole(pipeline, fragment) if key in own else _with_change(pipeline, fragment, kind, book)
        if changed is None:
            mistakes.add(wrong.pipelines.UnreadableSetting(fragment.value_span, key))
        elif changed is pipeline:
            mistakes.add(_unknown(fragment, (*own, *_keys(pipeline, book)), pipeline, book))
        pipeline = changed or pipeline
    return pipeline, mistakes.diagnostics


def _unknown(
    fragment: Fragment, known: tuple[str, ...], pipeline: syntax.Pipeline, book: Book
) -> wrong.pipelines.UnknownSetting:
    """The mistake of a key that neither the pipeline nor a training that it is about has."""
    wholes = [book.whole(name)[0] for name in _trainings(pipeline, book)]
    within = dict.fromkeys(name for whole in wholes if whole is not None for name in networks_of(whole))
    return unknown_setting(fragment.key_span, fragment.key, known, within, book.networks)


def _own(kind: str) -> tuple[str, ...]:
    numbers = tuple(keyword for keyword, kinds in NUMBERS.items() if kind in kinds)
    return (*OWN.get(kind, ()), *numbers, *(f"limit.{name}" for name in LIMITS))


def _keys(pipeline: syntax.Pipeline, book: Book) -> tuple[str, ...]:
    """The keys of all the trainings that a pipeline is about."""
    return tuple(dict.fromkeys(key for name in _trainings(pipeline, book) for key in _keys_of(name, book)))


def _trainings(pipeline: syntax.Pipeline, book: Book) -> tuple[str, ...]:
    """The names of all the trainings that a pipeline is about."""
    return tuple(dict.fromkeys(name for item in pipeline.items if (name := _training(item, book)) is not None))


def _keys_of(name: str, book: Book) -> tuple[str, ...]:
    whole, _ = book.whole(name)
    return () if whole is None else keys_of(whole, book.networks)


def _training(item: syntax.PipelineItem, book: Book) -> str | None:
    """The training that a setting makes a pipeline about."""
    match item:
        case syntax.BaseSetting(base=syntax.Name(name)):
            found = book.pipelines.get(name)
        case syntax.EntrySetting(origin=syntax.Made(pipeline=syntax.Name(name))):
            found = book.pipelines.get(name)
            if found is not None and found.kind.text == "sweep":
                return next((_training(i, book) for i in found.items if isinstance(i, syntax.BaseSetting)), None)
        case _:
            return None
    return None if found is None else found.name.text


def _with_change(pipeline: syntax.Pipeline, fragment: Fragment, kind: str, book: Book) -> syntax.Pipeline | None:
    """The pipeline with a change to its trainings: itself where none has such a key, None where it cannot be read."""
    if fragment.key not in _keys(pipeline, book):
        return pipeline
    change = fragment.change()
    if change is None:
        return None
    if kind in COMPARISON:
        return replace(pipeline, items=tuple(_entry_with(item, change, book) for item in pipeline.items))
    old = [item for item in pipeline.items if isinstance(item, syntax.WithSetting)]
    changes = _put(old[0].changes if old else (), change)
    kept = tuple(item for item in pipeline.items if not isinstance(item, syntax.WithSetting))
    return replace(pipeline, items=(*kept, syntax.WithSetting(changes, change.span)))


def _entry_with(item: syntax.PipelineItem, change: syntax.Change, book: Book) -> syntax.PipelineItem:
    """An entry with a change, where its training has such a key."""
    name = _training(item, book) if isinstance(item, syntax.EntrySetting) else None
    if not isinstance(item, syntax.EntrySetting) or name is None or change.key.text not in _keys_of(name, book):
        return item
    return replace(item, changes=_put(item.changes, change))


def _put(changes: Sequence[syntax.Change], change: syntax.Change) -> tuple[syntax.Change, ...]:
    """The changes with a further one, in the place of an earlier one of its key."""
    return (*(other for other in changes if other.key.text != change.key.text), change)
