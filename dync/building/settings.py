"""From each key of a pipeline's mapping to the statements of the language that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from dync.building.calls import call, changed_value, data, verify_keys
from dync.building.leaves import Leaves
from dync.building.path import Path, clipped, refused
from dync.compiler.pipelines.kinds import NUMBERS, WORDS
from dync.compiler.pipelines.spaces import LOG
from dync.grammar.diagnostic import nearest


@dataclass
class Statement:
    """One setting as text, which begins with these words, and where it stands in the mapping."""

    path: Path
    words: str
    rest: str
    leaves: Leaves = field(default_factory=Leaves)

    @property
    def text(self) -> str:
        """The setting."""
        return f"{self.words} {self.rest}".rstrip()


Statements = Iterator[Statement]
Structure = Callable[[object, Path], Statements]
"""Writes a setting that is given as numbers and mappings rather than as the words of the language."""


def statements(key: str, value: object, path: Path) -> Statements:
    """The statements of a key.

    A text is what stands behind the keyword in a `.dyn` file; a list gives the setting several times. Raises RunError.
    """
    if key not in STRUCTURES:
        near = nearest(key, STRUCTURES)
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(STRUCTURES)}"
        raise refused(path, f"there is no such setting; {hint}")
    if isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from statements_of(key, part, (*path, str(number)))
    else:
        yield from statements_of(key, value, path)


def statements_of(key: str, value: object, path: Path) -> Statements:
    """The statements of one value of a key. Raises RunError."""
    if isinstance(value, str):
        yield Statement(path, key, value)
    else:
        yield from STRUCTURES[key](value, path)


def _number(key: str) -> Structure:
    def written(value: object, path: Path) -> Statements:
        leaves = Leaves()
        yield Statement(path, key, leaves.expression(value, path), leaves)

    return written


def _call(key: str) -> Structure:
    def written(value: object, path: Path) -> Statements:
        leaves = Leaves()
        yield Statement(path, key, call(value, path, key, leaves), leaves)

    return written


def _word(value: object, path: Path) -> Statements:
    """A setting that is a word: as a text it never comes here."""
    raise refused(path, f"{clipped(repr(value))} is no word")


def _limit(value: object, path: Path) -> Statements:
    for what, number in _mapping(value, path).items():
        leaves, place = Leaves(), (*path, str(what))
        yield Statement(place, f"limit {leaves.name(what, place)}", leaves.expression(number, place), leaves)


def _continue(value: object, path: Path) -> Statements:
    if not isinstance(value, bool):
        raise refused(path, "this is true or false")
    if value:
        yield Statement(path, "continue_on_failure", "")


def _data(value: object, path: Path) -> Statements:
    leaves = Leaves()
    yield Statement(path, "data", data(value, path, leaves), leaves)


def _evaluate(value: object, path: Path) -> Statements:
    for name, what in _mapping(value, path).items():
        leaves, place = Leaves(), (*path, str(name))
        words = f"evaluate {leaves.name(name, place)}"
        rest = leaves.expression(what, place) if name == "every" else data(what, place, leaves)
        yield Statement(place, words, rest, leaves)


def _task(value: object, path: Path) -> Statements:
    for name, what in _mapping(value, path).items():
        leaves, place = Leaves(), (*path, str(name))
        yield Statement(place, f"task {leaves.name(name, place)}", data(what, place, leaves), leaves)


def _checkpoint(value: object, path: Path) -> Statements:
    given = _mapping(value, path, "every", "keep", "best")
    if "every" in given:
        leaves = Leaves()
        rest = leaves.expression(given["every"], (*path, "every"))
        rest += f" keep {leaves.expression(given['keep'], (*path, 'keep'))}" if "keep" in given else ""
        yield Statement((*path, "every"), "checkpoint every", rest, leaves)
    elif "keep" in given:
        raise refused(
            (*path, "keep"), "this says how many checkpoints are kept of those that are made `every` N epochs"
        )
    if "best" in given:
        leaves, place = Leaves(), (*path, "best")
        yield Statement(place, "checkpoint best", leaves.key(given["best"], place), leaves)


def _stop(value: object, path: Path) -> Statements:
    given, leaves = _mapping(value, path, "after", "better", needs=("after", "better")), Leaves()
    after = leaves.expression(given["after"], (*path, "after"))
    better = leaves.key(given["better"], (*path, "better"))
    yield Statement(path, "stop", f"after {after} without better {better}", leaves)


def _record(value: object, path: Path) -> Statements:
    given, leaves = _mapping(value, path, "layers", "every", needs=("layers", "every")), Leaves()
    layers = given["layers"]
    names = list(layers) if isinstance(layers, list | tuple) else [layers]
    texts = [leaves.reference(name, (*path, "layers", str(number))) for number, name in enumerate(names)]
    every = leaves.expression(given["every"], (*path, "every"))
    yield Statement(path, "record", f"{', '.join(texts)} every {every}", leaves)


def _from(value: object, path: Path) -> Statements:
    leaves = Leaves()
    yield Statement(path, "from", _saved(_mapping(value, path), path, leaves), leaves)


def _saved(value: Mapping[object, object], path: Path, leaves: Leaves) -> str:
    for kind in ("checkpoint", "artefact"):
        if tuple(value) == (kind,):
            return f"{kind} {leaves.text(value[kind], (*path, kind))}"
    raise refused(path, "this is the name of a pipeline, or a `checkpoint` or an `artefact` with its path")


def _with(value: object, path: Path) -> Statements:
    leaves = Leaves()
    written = changes(value, path, leaves)
    if written:
        yield Statement(path, "with", written, leaves)


def changes(value: object, path: Path, leaves: Leaves) -> str:
    """`{ KEY = VALUE, … }`; empty where there are no changes. Raises RunError."""
    texts = []
    for key, changed in _mapping(value, path).items():
        place = (*path, str(key))
        name = leaves.key(key, place)
        texts.append(f"{name} = {changed_value(changed, place, name, leaves)}")
    return f"{{ {', '.join(texts)} }}" if texts else ""


def _search(value: object, path: Path) -> Statements:
    for key, given in _mapping(value, path).items():
        leaves, place = Leaves(), (*path, str(key))
        name = leaves.key(key, place)
        if isinstance(given, Mapping) and "in" in given:
            verify_keys(given, ("in", "when"), place)
            space = given["in"]
            rest = leaves.space(space, place) if isinstance(space, str) else _space(space, place, name, leaves)
            rest += _condition(given.get("when"), (*place, "when"), leaves)
        else:
            rest = given if isinstance(given, str) else _space(given, place, name, leaves)
        yield Statement(place, f"search {name}", f"in {rest}", leaves)


def _space(value: object, path: Path, key: str, leaves: Leaves) -> str:
    """A list of values, `{"low": 1, "high": 9, "step": 2}`, `{"low": …, "high": …, "scale": "log"}`."""
    if isinstance(value, list | tuple):
        texts = [changed_value(part, (*path, str(number)), key, leaves) for number, part in enumerate(value)]
        return f"{{ {', '.join(texts)} }}"
    given = _mapping(value, path, "low", "high", "step", "scale", needs=("low", "high"))
    low, high = (leaves.expression(given[end], (*path, end)) for end in ("low", "high"))
    step = f" step {leaves.expression(given['step'], (*path, 'step'))}" if given.get("step") is not None else ""
    inside = f"{low} .. {high}{step}"
    scale = given.get("scale")
    if scale not in (None, LOG):
        raise refused((*path, "scale"), f"there is no scale but `{LOG}`")
    return f"{scale}({inside})" if scale else inside


def _condition(value: object, path: Path, leaves: Leaves) -> str:
    if value is None:
        return ""
    given = _mapping(value, path)
    if len(given) != 1:
        raise refused(path, "a condition is one key with its value")
    ((key, asked),) = given.items()
    place = (*path, str(key))
    name = leaves.key(key, place)
    return f" when {name} == {changed_value(asked, place, name, leaves)}"


def _objective(value: object, path: Path) -> Statements:
    given, leaves = _mapping(value, path), Leaves()
    if len(given) != 1:
        raise refused(path, "this is `maximize` or `minimize` with a measure")
    ((direction, metric),) = given.items()
    place = (*path, str(direction))
    word = leaves.name(direction, place)
    yield Statement(path, "objective", f"{word} {leaves.key(metric, place)}", leaves)


def _compare(value: object, path: Path) -> Statements:
    given, leaves = _mapping(value, path, "best", needs=("best",)), Leaves()
    yield Statement(path, "compare", f"best {leaves.expression(given['best'], (*path, 'best'))}", leaves)


def _entry(value: object, path: Path) -> Statements:
    for name, given in _mapping(value, path).items():
        leaves, place = Leaves(), (*path, str(name))
        yield Statement(place, f"entry {leaves.name(name, place)}", _made(given, place, leaves), leaves)


def _made(value: object, path: Path, leaves: Leaves) -> str:
    if isinstance(value, str):
        return value
    given = _mapping(value, path)
    if "pipeline" in given:
        verify_keys(given, ("pipeline", "with"), path)
        changed = changes(given.get("with") or {}, (*path, "with"), leaves)
        return f"{leaves.origin(given['pipeline'], (*path, 'pipeline'))}{f' with {changed}' if changed else ''}"
    if tuple(given) == ("baseline",):
        return f"baseline {call(given['baseline'], (*path, 'baseline'), 'baseline', leaves)}"
    return _saved(given, path, leaves)


def _claim(value: object, path: Path) -> Statements:
    given = _mapping(value, path, "better", "worse", "by", "on", needs=("better", "worse", "on"))
    leaves = Leaves()
    better, worse = (leaves.name(given[entry], (*path, entry)) for entry in ("better", "worse"))
    by = f" by {leaves.expression(given['by'], (*path, 'by'))}" if given.get("by") is not None else ""
    metric = leaves.key(given["on"], (*path, "on"))
    yield Statement(path, "claim", f"{better} > {worse}{by} on {metric}", leaves)


def _mapping(value: object, path: Path, *known: str, needs: tuple[str, ...] = ()) -> Mapping[object, object]:
    """A mapping with these keys, or where none are said with any. Raises RunError."""
    if not isinstance(value, Mapping):
        raise refused(path, f"{clipped(repr(value))} cannot stand here: write a mapping, or what a .dyn file would say")
    if known:
        verify_keys(value, known, path)
    for key in needs:
        if key not in value:
            raise refused(path, f"`{key}` is missing")
    return value


_OWN: Final[Mapping[str, Structure]] = {
    "limit": _limit,
    "continue_on_failure": _continue,
    "data": _data,
    "evaluate": _evaluate,
    "task": _task,
    "checkpoint": _checkpoint,
    "stop": _stop,
    "record": _record,
    "from": _from,
    "with": _with,
    "search": _search,
    "objective": _objective,
    "compare": _compare,
    "entry": _entry,
    "claim": _claim,
}

_CALLS: Final = ("network", "optimizer", "strategy", "prune")

_FIRST: Final = dict.fromkeys((*NUMBERS, *(words.partition(" ")[0] for words in WORDS.values()), "limit"))
"""The words that settings begin with, as the language has them."""

STRUCTURES: Final[Mapping[str, Structure]] = {
    key: _OWN.get(key) or (_number(key) if key in NUMBERS else _call(key) if key in _CALLS else _word) for key in _FIRST
}
"""All the keys of a pipeline: the words that settings begin with."""
