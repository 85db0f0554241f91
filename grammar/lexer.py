"""Cutting a text into words, numbers, strings and marks.

Words stay words here: whether `batch` is a keyword or a name depends on where it stands, which the parser knows. What
is wrong with single characters is settled here, too: each such mistake is reported once and mended as well as can be,
so that the parser sees only tokens that exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple

from msgspec import Struct

from dync.grammar.automaton import END, automaton
from dync.grammar.character_mistakes import (
    CommentMark,
    ForeignMark,
    ForeignName,
    MalformedNumber,
    NumberTooLarge,
    OpenText,
    Semicolon,
    UnexpectedCharacter,
    UnknownEscape,
    WrongQuotes,
)
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.source import Source, Span

FOREIGN: Final = {
    "&&": "and", "||": "or", "=>": "->", "-->": "->", "→": "->", "...": "..", "…": "..", "=<": "<=", "≤": "<=",
    "≥": ">=", "<>": "!=", "≠": "!=", "===": "==", "!": "not", "^": "**", "−": "-", "–": "-", "×": "*", "·": "*",
    "÷": "/",
}  # fmt: skip
"""Marks of other languages and of print, each with what is written for it here."""

ESCAPES: Final = {"\\": "\\", '"': '"', "n": "\n", "t": "\t"}
"""What may follow a backslash in a string, and the character that it stands for."""

MAX_DIGITS: Final = 400
"""No number needs more: float64 ends at 1e308."""


class Token(NamedTuple):
    """A piece of the text: its terminal (NAME for every word), where it stands, and whether it is first on its line."""

    terminal: str
    text: str
    start: int
    end: int
    fresh: bool


@cache
def _pattern() -> re.Pattern[str]:
    """One regular expression for all tokens; the name of the group says what was found."""
    tables = automaton()
    patterns = tables.patterns
    foreign = "|".join(
        re.escape(mark) + ("(?!=)" if mark == "!" else "") for mark in sorted(FOREIGN, key=len, reverse=True)
    )
    marks = "|".join(map(re.escape, sorted(tables.marks, key=len, reverse=True)))
    return re.compile(
        f"(?P<blank>{patterns['SPACE']}|{patterns['COMMENT']})"
        r"|(?P<word>[^\W\d]\w*)"
        r"|(?P<number>\.?[0-9](?:[eE][+-](?=[0-9])|\w|\.(?!\.))*)"
        f"|(?P<text>{patterns['STRING']})"
        r'|(?P<open>"(?:\\[^\n]|[^"\\\n,(){}])*\\?)'
        r"|(?P<quotes>'[^'\n]*'|“[^“”\n]*”)"
        r"|(?P<remark>/\*(?s:.*?)(?:\*/|\Z))"
        f"|(?P<foreign>{foreign})"
        f"|(?P<mark>{marks})"
        r"|(?P<semicolon>;)"
        r"|(?P<other>(?s:.))"
    )


class Lexer(Struct):
    """Reads one source; `report` takes the mistakes."""

    source: Source
    report: Callable[[Diagnostic], None]
    _paired_until: int = 0
    _left_over: bool = False
    """Whether a quote without a partner stands before `_paired_until`, the end of the line."""

    def tokens(self) -> Iterator[Token]:
        """The tokens in order, the end of the text last."""
        text, pattern = self.source.text, _pattern()
        place = line = last = 0
        while match := pattern.match(text, place):
            group, found = match.lastgroup or "", match.group()
            start, place = place, match.end()
            if group == "blank":
                continue
            if group == "text" and (cut := self._runs_on(match)):
                group, found, place = "open", found[:cut], start + cut
            token = self._token(group, found, start, text.find("\n", line, start) >= 0 or line == 0)
            if token is not None:
                line, last = max(start, 1), token.end
                yield token
        yield Token(END, "", last, last, True)

    def _runs_on(self, match: re.Match[str]) -> int:
        """Where a string should have ended that has taken the opening quote of the next one for its closing one.

        That is so where brackets stand in it and a quote is left over on the line. 0 where all is well.
        """
        bracket = re.search(r"[,(){}]", match.group())
        if bracket is None:
            return 0
        if match.start() >= self._paired_until:
            self._paired_until = (self.source.text.find("\n", match.start()) + 1) or len(self.source.text)
            rest = re.sub(automaton().patterns["STRING"], "", self.source.text[match.start() : self._paired_until])
            self._left_over = '"' in rest.partition("#")[0]
        runs_on, self._left_over = self._left_over, False
        return bracket.start() if runs_on else 0

    def _token(self, group: str, found: str, start: int, fresh: bool) -> Token | None:
        """The token of a match, or None where there is nothing to go on with."""
        span = Span(self.source, start, start + len(found))
        match group:
            case "mark":
                return Token(automaton().marks[found], found, start, span.end, fresh)
            case "word":
                if not found.isascii():
                    self.report(ForeignName(span))
                return Token("NAME", found, start, span.end, fresh)
            case "number":
                return Token("NUMBER", self._number(span), start, span.end, fresh)
            case "text":
                self._check_escapes(span)
                return Token("STRING", found, start, span.end, fresh)
            case "open":
                self.report(OpenText(span))
                return Token("STRING", found.rstrip("\\") + '"', start, span.end, fresh)
            case "quotes":
                self.report(WrongQuotes(span))
                return Token("STRING", '"' + re.sub(r'["\\]', "", found[1:-1]) + '"', start, span.end, fresh)
            case "foreign":
                self.report(ForeignMark(span, FOREIGN[found]))
                return self._mended(FOREIGN[found], span, fresh)
            case "remark":
                self.report(CommentMark(span))
            case "semicolon":
                self.report(Semicolon(span))
            case _:
                self.report(UnexpectedCharacter(span))
        return None

    def _mended(self, text: str, span: Span, fresh: bool) -> Token:
        """The token that the user meant."""
        return Token(automaton().marks.get(text, "NAME"), text, span.start, span.end, fresh)

    def _number(self, span: Span) -> str:
        """The digits as they are, or as much of them as is a number."""
        pattern = automaton().patterns["NUMBER"]
        text = span.text
        if not re.fullmatch(pattern, text):
            self.report(MalformedNumber(span))
            good = re.match(pattern, text)
            text = good.group() if good else "0"
        if len(text) > MAX_DIGITS or float(text) == float("inf"):
            self.report(NumberTooLarge(span))
            return "1"
        return text

    def _check_escapes(self, span: Span) -> None:
        for escape in re.finditer(r"\\(.)", span.text):
            if escape.group(1) not in ESCAPES:
                start = span.start + escape.start()
                self.report(UnknownEscape(Span(span.source, start, start + 2)))


def comments(source: Source) -> list[Span]:
    """The comments of a text without mistakes, from their `#` to the end of their lines."""
    matches = _pattern().finditer(source.text)
    return [Span(source, m.start(), m.end()) for m in matches if m.lastgroup == "blank" and m.group().startswith("#")]
