"""The smallest parts of settings as the language writes them: names, numbers, texts, expressions."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from numbers import Integral, Real
from typing import Final

from dync.building.path import Path, clipped, refused
from dync.grammar import syntax
from dync.grammar.pipeline_spelling import data_pieces, setting
from dync.grammar.reader import LARGEST, read
from dync.grammar.source import Source
from dync.grammar.spelling import application, expression, reference

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
STRING: Final = re.compile(r'"([^"\\\n]|\\[^\n])*"')
ESCAPED: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}

WORDS: Final = {True: "true", False: "false", None: "none"}


def item_of(text: str) -> syntax.PipelineItem | None:
    """The one setting that a text is; None where it is anything else."""
    file, mistakes = read(Source("mapping", f"pipeline p training {{ {text}\n}}\n"))
    match file.declarations:
        case (syntax.Pipeline(items=(item,)),) if not mistakes:
            return item
    return None


def statement(item: syntax.PipelineItem) -> str:
    """A setting in its canonical form, on one line."""
    return " ".join(setting(item))


def quoted(text: str) -> str:
    """A text in double quotes."""
    return '"' + "".join(ESCAPED.get(character, character) for character in text) + '"'


def is_quoted(text: str) -> bool:
    """Whether it is written as the language writes texts."""
    return STRING.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether it is a word that can name something."""
    return NAME.fullmatch(text) is not None


@dataclass
class Leaves:
    """Writes the leaves of one setting.

    `unread` are those that are not what they should be: the setting that they stand in says what is wrong with them.
    `seen` are the paths of all values that were written.
    """

    unread: list[tuple[Path, str]] = field(default_factory=list)
    seen: list[Path] = field(default_factory=list)

    def name(self, value: object, path: Path) -> str:
        """A name. Raises RunError."""
        self.seen.append(path)
        if not isinstance(value, str) or not is_name(value):
            what = clipped(repr(value))
            raise refused(path, f"{what} is no name: names consist of letters, digits and _, with no digit first")
        return value

    def key(self, value: object, path: Path) -> str:
        """Names joined by points. Raises RunError."""
        self.seen.append(path)
        if not isinstance(value, str) or not all(map(is_name, value.split("."))):
            raise refused(path, f"{clipped(repr(value))} is no key such as `test.accuracy`")
        return value

    def text(self, value: object, path: Path) -> str:
        """A text or a path of a file, in quotes; one that has quotes already is taken as it is. Raises RunError."""
        self.seen.append(path)
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not isinstance(value, str):
            raise refused(path, f"{clipped(repr(value))} is no text")
        self._verify_characters(value, path)
        return value if is_quoted(value) else quoted(value)

    def scalar(self, value: object, path: Path) -> str | None:
        """A number, a truth value or `none`; None for anything else. Raises RunError for what is no real number."""
        if value is None or isinstance(value, bool):
            return WORDS[value]
        if not isinstance(value, Real):
            return None
        try:
            number = float(value)
        except OverflowError:
            raise refused(path, "the number is too large") from None
        if not isfinite(number):
            raise refused(path, f"{number} is no number that can be written in a .dyn file")
        return str(int(value)) if isinstance(value, Integral) else repr(number)

    def expression(self, value: object, path: Path) -> str:
        """A number, or an expression in the words of the language. Raises RunError."""
        self.seen.append(path)
        found = self.scalar(value, path)
        return self._read(value, path, "seed", _expression) if found is None else found

    def application(self, value: object, path: Path) -> str:
        """A thing by name with its arguments, in the words of the language. Raises RunError."""
        return self._read(value, path, "network", _application)

    def data(self, value: object, path: Path) -> str:
        """Data in the words of the language. Raises RunError."""
        return self._read(value, path, "data", _data)

    def value(self, value: object, path: Path) -> str:
        """What stands behind a key of `with`, in the words of the language. Raises RunError."""
        return self._read(value, path, "with { k =", _value, " }")

    def reference(self, value: object, path: Path) -> str:
        """A layer: `y`, `h[1]`. Raises RunError."""
        return self._read(value, path, "record", _reference, " every 1")

    def origin(self, value: object, path: Path) -> str:
        """Where weights come from: `fit`, `tune.best`. Raises RunError."""
        return self._read(value, path, "from", _origin)

    def space(self, value: object, path: Path) -> str:
        """What a search tries, without a condition: `8..32 step 8`. Raises RunError."""
        return self._read(value, path, "search k in", _space)

    def _read(
        self, value: object, path: Path, before: str, pick: Callable[[syntax.PipelineItem], str | None], after: str = ""
    ) -> str:
        """A text that is to be one thing: canonical, or as it is where it is another, which is then `unread`."""
        self.seen.append(path)
        if not isinstance(value, str):
            raise refused(path, f"{clipped(repr(value))} cannot stand here")
        self._verify_characters(value, path)
        item = item_of(f"{before} {value}\n{after}")
        found = None if item is None else pick(item)
        if found is None:
            self.unread.append((path, value))
            return value
        return found

    def _verify_characters(self, text: str, path: Path) -> None:
        if len(text) > LARGEST:
            raise refused(path, f"the text has more than {LARGEST} characters")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise refused(path, "the text holds half a character, which no file can") from None


def _expression(item: syntax.PipelineItem) -> str | None:
    return expression(item.value) if isinstance(item, syntax.NumberSetting) else None


def _application(item: syntax.PipelineItem) -> str | None:
    return application(item.network) if isinstance(item, syntax.NetworkSetting) else None


def _data(item: syntax.PipelineItem) -> str | None:
    return " ".join(data_pieces(item.data)) if isinstance(item, syntax.DataSetting) else None


def _value(item: syntax.PipelineItem) -> str | None:
    if not isinstance(item, syntax.WithSetting) or len(item.changes) != 1:
        return None
    found = item.changes[0].value
    return " ".join(data_pieces(found)) if isinstance(found, syntax.Data) else expression(found)


def _reference(item: syntax.PipelineItem) -> str | None:
    one = isinstance(item, syntax.RecordSetting) and len(item.layers) == 1
    return reference(item.layers[0]) if one and isinstance(item, syntax.RecordSetting) else None


def _space(item: syntax.PipelineItem) -> str | None:
    free = isinstance(item, syntax.SearchSetting) and item.condition is None
    return statement(item).removeprefix("search k in ") if free else None


def _origin(item: syntax.PipelineItem) -> str | None:
    return statement(item).removeprefix("from ") if isinstance(item, syntax.FromSetting) else None
