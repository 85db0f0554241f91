"""Conditions on runs, as `--where` takes them: `accuracy > 0.9 and (optimizer = sgd or not epochs < 5)`.

A key is a measure (`test.accuracy`), a setting (`optimizer.learning_rate`) or a column (`seconds`); a value is a number
(`0.9`, `90%`), a word or a quoted text. Nothing is evaluated as a program.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from dync.runtime.error import RunError

LONGEST: Final = 1000
"""Characters of a condition, at most."""

DEEPEST: Final = 50
"""Parentheses and `not`s that stand inside each other, at most."""

Value = float | str
Lookup = Callable[[str], Value | None]
"""Gives what a run has under a key; None where it has nothing."""

_OPERATORS: Final[dict[str, Callable[[Value, Value], bool]]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_TOKEN: Final = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|(<=|>=|!=|==|[<>=()])|([^\s()<>=!"']+))""")
_EXAMPLE: Final = "write it as in --where 'accuracy > 0.9 and optimizer = sgd'"


@dataclass(frozen=True)
class Relation:
    """`KEY OP VALUE`. A run that lacks the key, or has a text where a number is asked for, does not pass."""

    key: str
    operator: str
    value: Value

    def holds(self, lookup: Lookup) -> bool:
        """Whether it holds of a run."""
        found = lookup(self.key)
        if found is None or isinstance(found, str) is not isinstance(self.value, str):
            return False
        return _OPERATORS[self.operator](found, self.value)

    def mentioned(self) -> Iterator[str]:
        """The key."""
        yield self.key


@dataclass(frozen=True)
class Not:
    """`not CONDITION`."""

    inner: Condition

    def holds(self, lookup: Lookup) -> bool:
        """Whether the condition inside does not hold."""
        return not self.inner.holds(lookup)

    def mentioned(self) -> Iterator[str]:
        """The keys of the condition inside."""
        yield from self.inner.mentioned()


@dataclass(frozen=True)
class Both:
    """`A and B`, or with `either` `A or B`."""

    left: Condition
    right: Condition
    either: bool

    def holds(self, lookup: Lookup) -> bool:
        """Whether both hold, or either."""
        if self.either:
            return self.left.holds(lookup) or self.right.holds(lookup)
        return self.left.holds(lookup) and self.right.holds(lookup)

    def mentioned(self) -> Iterator[str]:
        """The keys of both."""
        yield from self.left.mentioned()
        yield from self.right.mentioned()


Condition = Relation | Not | Both


def parse_condition(text: str) -> Condition:
    """A condition from its text; raises RunError, which says what was expected where."""
    if len(text) > LONGEST:
        raise RunError(f"a condition has at most {LONGEST} characters, this one has {len(text)}")
    parser = _Parser(text)
    found = parser.either(0)
    if parser.peek() is not None:
        raise parser.error("`and`, `or`, or the end")
    return found


@dataclass(frozen=True)
class _Token:
    text: str
    kind: str
    place: int

    @property
    def shown(self) -> str:
        return f"`{self.text}`"


class _Parser:
    """One token ahead, one function for each level of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._tokens())
        self.at = 0

    def _tokens(self) -> Iterator[_Token]:
        place = 0
        while self.text[place:].strip():
            match = _TOKEN.match(self.text, place)
            if match is None:
                raise RunError(f"`{self.text}` has a sign without a meaning at character {place + 1}: {_EXAMPLE}")
            kind = ("text", "text", "sign", "word")[(match.lastindex or 1) - 1]
            yield _Token(match[match.lastindex or 0], kind, match.start(match.lastindex or 0) + 1)
            place = match.end()

    def peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def takes(self, kind: str, text: str) -> bool:
        token = self.peek()
        if token is None or token.kind != kind or token.text != text:
            return False
        self.at += 1
        return True

    def error(self, expected: str) -> RunError:
        token = self.peek()
        found = "the end" if token is None else f"{token.shown} at character {token.place}"
        return RunError(f"`{self.text}`: expected {expected}, found {found}; {_EXAMPLE}")

    def either(self, depth: int) -> Condition:
        found = self.both(depth)
        while self.takes("word", "or"):
            found = Both(found, self.both(depth), either=True)
        return found

    def both(self, depth: int) -> Condition:
        found = self.one(depth)
        while self.takes("word", "and"):
            found = Both(found, self.one(depth), either=False)
        return found

    def one(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise RunError(f"a condition has at most {DEEPEST} parentheses and `not`s inside each other")
        if self.takes("word", "not"):
            return Not(self.one(depth + 1))
        if self.takes("sign", "("):
            found = self.either(depth + 1)
            if not self.takes("sign", ")"):
                raise self.error("`)`")
            return found
        return self.test()

    def test(self) -> Relation:
        key = self.taken(("word", "text"), "a measure or a setting")
        sign = self.peek()
        if sign is None or sign.kind != "sign" or sign.text not in _OPERATORS:
            raise self.error(f"one of {' '.join(_OPERATORS)}")
        self.at += 1
        value = self.taken(("word", "text"), "a number or a word")
        return Relation(key.text, sign.text, value.text if value.kind == "text" else _value(value.text))

    def taken(self, kinds: tuple[str, ...], expected: str) -> _Token:
        token = self.peek()
        if token is None or token.kind not in kinds or (token.kind == "word" and token.text in ("and", "or", "not")):
            raise self.error(expected)
        self.at += 1
        return token


def _value(word: str) -> Value:
    """A number, also in per cent, or the word itself."""
    try:
        found = float(word[:-1]) / 100 if word.endswith("%") else float(word)
    except ValueError:
        return word
    return found if math.isfinite(found) else word
