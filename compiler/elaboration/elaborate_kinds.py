"""The kinds of edges: what each takes, and what a statement gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, get_args

from msgspec import Struct, field

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.arguments import matched
from dync.compiler.elaboration.constant import integer, number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.elaborate_uses import filled
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import NetworkModel, TieModel
from dync.compiler.plan import ForeignPlan, Kind
from dync.compiler.window_plan import MOST_AXES, Pooling
from dync.grammar import syntax

if TYPE_CHECKING:
    from dync.compiler.elaboration.elaborate_between import BetweenUse

PAIRWISE: Final = ("weights", "present", "radius")
"""Arguments of `dense` that are about single pairs of units."""


_POOL: Final = ("kernel", "stride", "padding", "by")

TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "dense": ("strength", "density", "diagonal", "weights", "present", "radius"),
    "one_to_one": ("strength",),
    "conv": ("kernel", "stride", "padding", "groups", "transposed", "strength", "density"),
    "pool": _POOL,
    "unpool": _POOL,
    "low_rank": ("rank", "strength"),
    "tied": ("label", "transposed"),
}
"""What each kind takes, in the order of arguments without a name."""

NEEDS: Final = frozenset({"kernel", "rank", "label"})
"""The arguments without a default."""

_PADDINGS: Final = ("same", "valid")
_BY: Final[Mapping[str, tuple[Pooling, ...]]] = {"pool": ("max", "mean", "sum"), "unpool": ("copy", "share")}
_TRUTH: Final = {"true": True, "false": False}
_LEAST: Final = {"kernel": 1, "stride": 1, "padding": 0, "groups": 1, "rank": 1}

Amounts = int | tuple[int, ...]
"""One number for all axes, or one an axis."""


class WindowUse(Struct, frozen=True):
    """A window as a statement writes it, before the shapes of the layers say how many axes it has.

    `stride` is None where the statement leaves it out, `padding` a number, one an axis, or a word.
    """

    kernel: Amounts
    stride: Amounts | None
    padding: Amounts | str
    groups: int
    transposed: bool
    by: Pooling | None


class KindUse(Struct, frozen=True):
    """A kind with its arguments; `kind` is None where none is known by that name, and of a tied edge, which is of the
    kind of the edge whose weights it uses: `tie` names that edge, `tied_to` is the place where.

    A window, rank or number that was a mistake is None or missing.
    """

    kind: Kind | None
    numbers: dict[str, float] = field(default_factory=dict)
    window: WindowUse | None = None
    rank: int | None = None
    tie: TieModel | None = None
    tied_to: syntax.Expression | None = None
    between: BetweenUse | None = None
    inner: NetworkModel | None = None
    foreign: ForeignPlan | None = None


def kind_use(application: syntax.Application, scope: Scope, context: Context) -> KindUse:
    """The kind that a statement names; mistakes in its arguments are reported one by one."""
    if isinstance(application, syntax.Nested):
        from dync.compiler.elaboration.elaborate_inner import coded  # which few files need

        inner = coded(application, scope, context)
        return KindUse("network" if inner is not None else None, inner=inner)
    name = application.name
    if name.text in context.library.kinds:
        return _foreign(application, scope, context)
    if name.text not in TAKES:
        context.mistakes.add(wrong.names.UnknownKind(name.span, name.text, (*TAKES, *context.library.kinds)))
        return KindUse(None)
    return _Reader(application, scope, context).use()


def _foreign(application: syntax.Application, scope: Scope, context: Context) -> KindUse:
    """A kind in Python, with its arguments filled in."""
    kinds, name = context.library.kinds, application.name.text
    definition, given = kinds[name], filled(application, kinds.signature(name).takes, scope, context)
    if definition is None:
        return KindUse(None)
    values = {**definition.parameters, **given}
    plan = ForeignPlan(definition.place, definition.digest, tuple(values), tuple(values.values()))
    return KindUse("python", foreign=plan)


class _Reader(Struct, frozen=True):
    """Reads the arguments of one kind."""

    application: syntax.Application
    scope: Scope
    context: Context

    def use(self) -> KindUse:
        name = self.application.name.text
        given = matched(self.application, TAKES[name], self.context.mistakes)
        for needed in [key for key in TAKES[name] if key in NEEDS and key not in given]:
            self.context.mistakes.add(wrong.names.MissingArgument(self.application.span, needed, name))
        label = given["label"].value if "label" in given else None
        owner = None if label is None else self._label(label)
        return KindUse(
            kind=next((k for k in get_args(Kind) if k == name), None),
            numbers=self._numbers(name, given),
            window=self._window(name, given) if "kernel" in given and self._understood(given) else None,
            rank=self._whole("rank", given["rank"].value) if "rank" in given else None,
            tie=None if owner is None else TieModel(owner, self._truth("transposed", given)),
            tied_to=None if owner is None else label,
            between=self._between(given) if name == "dense" else None,
        )

    def _understood(self, given: Mapping[str, syntax.Argument]) -> bool:
        """Whether every argument is one that the kind takes: without a misspelt one a window is not what was meant."""
        return len(given) == len(self.application.arguments)

    def _label(self, expression: syntax.Expression) -> str | None:
        """The label of an edge, `down` or `down[3]`; None where its index is a mistake."""
        if not isinstance(expression, syntax.Reference) or expression.index is None:
            return expression.span.text
        index = integer(expression.index, self.scope, self.context.mistakes, "an index")
        return None if index is None else f"{expression.name.text}[{index}]"

    def _between(self, given: Mapping[str, syntax.Argument]) -> BetweenUse | None:
        """What a `dense` edge says of pairs of units; None where it says nothing."""
        if not any(key in given for key in PAIRWISE):
            return None
        from dync.compiler.elaboration.elaborate_between import between_use  # which few files need

        return between_use(given, self.scope, self.context)

    def _numbers(self, kind: str, given: Mapping[str, syntax.Argument]) -> dict[str, float]:
        """Strength, density and diagonal."""
        found = {}
        for key in ("strength", "density", "diagonal"):
            if key not in given or (key == "diagonal" and _word(given[key].value) == "none"):
                continue
            value = number(given[key].value, self.scope, self.context.mistakes)
            if value is not None:
                self._check_bounds(kind, key, float(value), given[key])
                found[key] = float(value)
        return found

    def _check_bounds(self, kind: str, key: str, value: float, argument: syntax.Argument) -> None:
        if key == "density" and not 0 < value <= 1:
            allowed = "more than 0 and at most 1"
        elif kind != "one_to_one" and key == "strength" and value < 0:
            allowed = "0 or more: it is a standard deviation"
        else:
            return
        self.context.mistakes.add(wrong.parameters.OutOfBounds(argument.value.span, key, value, allowed))

    def _window(self, kind: str, given: Mapping[str, syntax.Argument]) -> WindowUse | None:
        kernel = self._amounts("kernel", given["kernel"].value)
        stride = self._amounts("stride", given["stride"].value) if "stride" in given else None
        padding = self._padding(given["padding"].value) if "padding" in given else 0
        groups = self._whole("groups", given["groups"].value) if "groups" in given else 1
        transposed = kind == "unpool" or self._truth("transposed", given)
        by = self._by(kind, given) if kind in _BY else None
        if kind in _BY and by is None:
            return None
        if kernel is None or padding is None or groups is None or (stride is None and "stride" in given):
            return None
        return WindowUse(kernel, stride, padding, groups, transposed, by)

    def _padding(self, expression: syntax.Expression) -> Amounts | str | None:
        word = _word(expression)
        if word in _PADDINGS:
            return 0 if word == "valid" else word
        if word is None or self.scope.get(word) is not None:
            return self._amounts("padding", expression)
        self._unknown_word("padding", expression, _PADDINGS, or_number=True)
        return None

    def _by(self, kind: str, given: Mapping[str, syntax.Argument]) -> Pooling | None:
        if "by" not in given:
            return _BY[kind][0]
        word = _word(given["by"].value)
        found = next((by for by in _BY[kind] if by == word), None)
        if found is None:
            self._unknown_word("by", given["by"].value, _BY[kind])
        return found

    def _truth(self, key: str, given: Mapping[str, syntax.Argument]) -> bool:
        if key not in given:
            return False
        word = _word(given[key].value)
        if word not in _TRUTH:
            self._unknown_word(key, given[key].value, tuple(_TRUTH))
        return _TRUTH.get(word or "", False)

    def _unknown_word(
        self, key: str, expression: syntax.Expression, words: tuple[str, ...], *, or_number: bool = False
    ) -> None:
        self.context.mistakes.add(wrong.windows.UnknownWord(expression.span, key, words, or_number))

    def _amounts(self, key: str, expression: syntax.Expression) -> Amounts | None:
        """One number, or as many as there are axes."""
        if not isinstance(expression, syntax.Tuple):
            return self._whole(key, expression)
        found = [self._whole(key, value) for value in expression.values]
        if len(found) > MOST_AXES:
            self.context.mistakes.add(wrong.windows.TooManyAxes(expression.span, key, len(found)))
            return None
        whole = tuple(value for value in found if value is not None)
        return whole if len(whole) == len(found) else None

    def _whole(self, key: str, expression: syntax.Expression) -> int | None:
        value = integer(expression, self.scope, self.context.mistakes, f"`{key}`")
        if value is not None and value < _LEAST[key]:
            allowed = f"at least {_LEAST[key]}"
            self.context.mistakes.add(wrong.parameters.OutOfBounds(expression.span, key, float(value), allowed))
            return None
        return value


def _word(expression: syntax.Expression) -> str | None:
    """The word that an argument is, where it is one."""
    is_word = isinstance(expression, syntax.Variable) and expression.moment is None
    return expression.name.text if is_word and isinstance(expression, syntax.Variable) else None
