"""All the pipelines of a file, while they are resolved: each can ask for the trainings that it refers to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.elaborations import Elaborations, Shapes
from dync.compiler.pipelines.fragment import Fragment
from dync.compiler.pipelines.kinds import KINDS, replaces, words_of
from dync.compiler.pipelines.models import PipelineModel
from dync.compiler.pipelines.settings import is_surely_none, with_fragments
from dync.compiler.pipelines.signatures import Signature
from dync.compiler.pipelines.training import Training
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, has_errors
from dync.grammar.source import Span

NO_SHAPES: Final[Shapes] = {}

_Whole = tuple[syntax.Pipeline | None, tuple[Diagnostic, ...]]
_Resolved = tuple[PipelineModel | None, tuple[Diagnostic, ...]]


class Book(Struct, frozen=True):
    """The pipelines of a file as they are written, and what they are resolved with."""

    pipelines: Mapping[str, syntax.Pipeline]
    networks: Mapping[str, syntax.Network]
    elaborations: Elaborations
    sources: Mapping[str, Signature]
    _wholes: dict[str, _Whole] = field(default_factory=dict)
    _trainings: dict[str, _Resolved] = field(default_factory=dict)

    def with_pipeline(self, pipeline: syntax.Pipeline) -> Book:
        """The book with another pipeline in the place of the one of its name, which no training refers to."""
        return replace(self, pipelines={**self.pipelines, pipeline.name.text: pipeline})

    def refer(self, name: syntax.Name, kinds: Sequence[str], user: syntax.Pipeline, mistakes: Collector) -> str | None:
        """The pipeline of one of these kinds that a name means; None where that is a mistake."""
        found = self.pipelines.get(name.text)
        if found is None:
            others = tuple(other for other in self.pipelines if other != user.name.text)
            mistakes.add(wrong.studies.UnknownPipeline(name.span, name.text, others))
            return None
        kind = found.kind.text
        if kind in kinds:
            return name.text
        if kind in KINDS:
            expected = " or a ".join(kinds)
            mistakes.add(wrong.studies.WrongPipelineKind(name.span, name.text, kind, expected, found.name.span))
        return None

    def refer_made(self, made: syntax.Made, user: syntax.Pipeline, mistakes: Collector) -> str | None:
        """The training or, of `NAME.best`, the sweep with an objective; None where that is a mistake."""
        if made.part is None:
            return self.refer(made.pipeline, ("training",), user, mistakes)
        if made.part.text != "best":
            mistakes.add(wrong.studies.UnknownWord(made.part.span, made.part.text, ("best",), made.pipeline.text))
            return None
        name = self.refer(made.pipeline, ("sweep",), user, mistakes)
        if name is not None and not _has_objective(self.pipelines[name]):
            place = self.pipelines[name].name
            mistakes.add(wrong.studies.NoObjective(made.span, f"`{name}.best`", name, place.span))
        return name

    def whole(self, name: str) -> _Whole:
        """A training with the settings of its base and with its changes put in; None where that is not possible."""
        if name not in self._wholes:
            self._wholes[name] = self._completed(self.pipelines[name], (name,))
        return self._wholes[name]

    def _completed(self, pipeline: syntax.Pipeline, path: tuple[str, ...]) -> _Whole:
        mistakes = Collector()
        base, own = self._base(pipeline, path, mistakes), []
        fragments: list[Fragment] = []
        for item in pipeline.items:
            if isinstance(item, syntax.WithSetting):
                fragments.extend(fragments_of(item.changes, mistakes))
            elif not isinstance(item, syntax.BaseSetting):
                own.append(item)
        if base is None:
            return None, mistakes.diagnostics
        gone = frozenset(words for item in own for words in replaces(words_of(item)))
        inherited = (item for item in base if words_of(item) not in gone)
        changed, found = self._put(replace(pipeline, items=(*inherited, *own)), fragments)
        mistakes.extend(found)
        return changed, mistakes.diagnostics

    def _put(
        self, pipeline: syntax.Pipeline, fragments: Sequence[Fragment]
    ) -> tuple[syntax.Pipeline, tuple[Diagnostic, ...]]:
        """The training with changes put in, and what is wrong with how they are written, as far as that is certain."""
        changed, found = with_fragments(pipeline, self.networks, fragments)
        unknown = wrong.pipelines.UnknownSetting
        return changed, tuple(
            mistake
            for mistake in found
            if not isinstance(mistake, unknown) or is_surely_none(mistake.name, pipeline, self.networks, self.sources)
        )

    def _base(
        self, pipeline: syntax.Pipeline, path: tuple[str, ...], mistakes: Collector
    ) -> tuple[syntax.PipelineItem, ...] | None:
        """The settings that are inherited; None where the base is a mistake."""
        bases = [item for item in pipeline.items if isinstance(item, syntax.BaseSetting)]
        for item in bases[1:]:
            mistakes.add(wrong.dynamics.RepeatedStatement(item.span, "a `base`", "the pipeline", bases[0].span))
        if not bases:
            return ()
        name = self.refer(bases[0].base, ("training",), pipeline, mistakes)
        if name is None:
            return None
        if name in path:
            circle = path[path.index(name) :]
            if name == next(other for other in self.pipelines if other in circle):  # so that it is said once
                mistakes.add(wrong.studies.CircularPipelines(bases[0].base.span, (*circle, name)))
            return None
        whole, found = self._completed(self.pipelines[name], (*path, name))
        mistakes.extend(found)
        return None if whole is None or has_errors(found) else whole.items

    def training(self, name: str) -> _Resolved:
        """A training of the file as it stands, and all that is wrong with it."""
        if name not in self._trainings:
            self._trainings[name] = self.changed(name, ())
        return self._trainings[name]

    def changed(self, name: str, fragments: Sequence[Fragment], shapes: Shapes = NO_SHAPES) -> _Resolved:
        """A training with further changes, and with the shapes of layers that say `(*)`."""
        whole, found = self.whole(name)
        if whole is None or has_errors(found):
            return None, found
        mistakes = Collector()
        mistakes.extend(found)
        changed, found = self._put(whole, fragments)
        mistakes.extend(found)
        if has_errors(found):
            return None, mistakes.diagnostics
        if fragments and (start := _start(changed)) is not None and start is not _start(whole):
            self.check_start(start, self.pipelines[name], mistakes)
        training = Training(changed, self.networks, self.elaborations, self.sources, shapes, mistakes)
        return training.resolved(), mistakes.diagnostics

    def tried(self, name: str, fragments: Sequence[Fragment], mistakes: Collector) -> PipelineModel | None:
        """The same for changes, of which all mistakes that they make are said, and of the training's own none.

        Where a mistake stands elsewhere, the last of the changes is said to make it.
        """
        if self.training(name)[0] is None:
            mistakes.extend(self.certain(name, fragments))
            return None
        model, found = self.changed(name, fragments)
        errors = [mistake for mistake in found if mistake.severity == "error"]
        places = _places(fragments)
        if errors and fragments and not any(_within(mistake.span, places) for mistake in errors):
            last, first = fragments[-1], errors[0]
            impossible = wrong.studies.ImpossibleValue(last.value_span, last.key, last.value, first.message, first.span)
            mistakes.add(impossible)
        else:
            mistakes.extend(errors)
            mistakes.extend(self.certain(name, fragments) if errors else ())
        return model

    def certain(self, name: str, fragments: Sequence[Fragment]) -> tuple[Diagnostic, ...]:
        """Mistakes that stand in changes to a training and that mending others cannot take away, those of the training,
        its network and the other changes among them."""
        whole, _ = self.whole(name)
        if whole is None:
            return ()
        changed, found = self._put(whole, fragments)
        mistakes, places = Collector(), _places(fragments)
        Training(changed, self.networks, self.elaborations, self.sources, NO_SHAPES, mistakes).resolved()
        return (*found, *(m for m in mistakes.diagnostics if m.severity == "error" and _within(m.span, places)))

    def check_start(self, start: syntax.FromSetting, user: syntax.Pipeline, mistakes: Collector) -> None:
        """Report a `from` that names no pipeline that makes weights."""
        if isinstance(start.origin, syntax.Made):
            self.refer_made(start.origin, user, mistakes)


def fragments_of(changes: Sequence[syntax.Change], mistakes: Collector) -> list[Fragment]:
    """The changes of a `with`; of two of one key the first holds."""
    found: dict[str, syntax.Change] = {}
    for change in changes:
        key = change.key
        if key.text in found:
            mistakes.add(wrong.names.Duplicate(key.span, key.text, "setting", found[key.text].key.span))
        found.setdefault(key.text, change)
    return [Fragment.of_change(change) for change in found.values()]


def _start(pipeline: syntax.Pipeline) -> syntax.FromSetting | None:
    return next((item for item in pipeline.items if isinstance(item, syntax.FromSetting)), None)


def _has_objective(pipeline: syntax.Pipeline) -> bool:
    return any(isinstance(item, syntax.ObjectiveSetting) for item in pipeline.items)


def _places(fragments: Sequence[Fragment]) -> list[Span]:
    return [place for fragment in fragments for place in (fragment.key_span, fragment.value_span)]


def _within(span: Span, places: Sequence[Span]) -> bool:
    return any(
        span.source.name == place.source.name and place.start <= span.start and span.end <= place.end
        for place in places
    )
