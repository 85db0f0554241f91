"""Which mistake it is that stands at a token: the sentence for people, once it is known that the token cannot stand."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from dync.grammar.automaton import END
from dync.grammar.character_mistakes import CommentMark
from dync.grammar.diagnostic import Diagnostic, Fix
from dync.grammar.expectation import COMPARISONS, sentence_parts
from dync.grammar.lexer import Token
from dync.grammar.mistakes import (
    ChainedComparison,
    Misplaced,
    MisspeltKeyword,
    StrayBracket,
    UnclosedBracket,
    Unexpected,
    WrongAssignment,
)
from dync.grammar.places import FILE, STATEMENTS, body, homes, opening
from dync.grammar.repair import Change, Trial
from dync.grammar.source import Source, Span

NEAR: Final = 10_000
"""So many tokens are looked at to find out which brace is missing."""

CLOSING: Final = {"{": "}", "(": ")", "[": "]"}


class Diagnosis(Struct, frozen=True):
    """A token that cannot stand. `balanced` says whether the braces open before it are all closed after it."""

    source: Source
    trial: Trial
    balanced: bool

    @property
    def token(self) -> Token:
        """The token that cannot stand."""
        return self.trial.tokens[self.trial.at]

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.source, self.token.start, self.token.end)

    def misspelt(self, meant: str) -> MisspeltKeyword:
        """A word that is nearly a keyword."""
        return MisspeltKeyword(self.span, meant)

    def special(self) -> Diagnostic | None:
        """A mistake that the token alone gives away, before any change is tried."""
        stack, text = self.trial.stack, self.token.text
        expected = stack.automaton.expected(stack.states)
        if self.token.terminal in COMPARISONS and "AND" in expected:
            return ChainedComparison(self.span)
        if text == "//":
            return CommentMark(self.span)
        return None

    def mistake(self, change: Change | None) -> Diagnostic:
        """Which mistake it is, given the change that mends it, if one does."""
        match change:
            case Change("replace"):
                return WrongAssignment(self.span)
            case Change("insert", token) if token.text in (")", "]"):
                return self.unclosed("(" if token.text == ")" else "[", token.start)
            case Change("delete", token) if token.text in (")", "]"):
                return StrayBracket(self.span)
            case Change():
                return self._unexpected(change)
            case None:
                return self._hopeless()

    def unclosed(self, mark: str, place: int) -> UnclosedBracket:
        """A bracket that should have been closed before the token; `place` is where that would do."""
        token = opening(self.trial.stack.entries, mark)
        start = token.start if token else self.token.start
        crooked = self._crooked(start) if mark == "{" else None
        if crooked is not None:
            return UnclosedBracket(self.span, Span(self.source, crooked, crooked + 1), "}", None)
        where = Span(self.source, place, place)
        return UnclosedBracket(self.span, Span(self.source, start, start + 1), CLOSING[mark], where)

    def _crooked(self, start: int) -> int | None:
        """The first brace after a place whose partner, by count, is not indented as its line is: it is the one that
        was not closed, and the partner is another's."""
        opened: list[Token] = []
        for token in self.trial.tokens[max(0, self.trial.at - NEAR) : self.trial.at]:
            if token.start <= start:
                continue
            if token.text == "{":
                opened.append(token)
            elif token.text == "}" and opened:
                partner = opened.pop()
                if token.fresh and self.source.position(token.start)[1] != self._indentation(partner.start):
                    return partner.start
        return None

    def _indentation(self, place: int) -> int:
        """The column of the first character on the line of a place."""
        line = self.source.line(self.source.position(place)[0])
        return len(line) - len(line.lstrip()) + 1

    def _unexpected(self, change: Change | None) -> Unexpected:
        """The general sentence."""
        expected, after = sentence_parts(self.trial.stack)
        return Unexpected(self.span, expected, after, self._fix(change))

    def _fix(self, change: Change | None) -> Fix | None:
        match change:
            case Change("insert", token) if token.text not in ("_", "training"):
                space = "" if token.text in (",", ":", "..") else " "
                return Fix(f"add `{token.text}`", Span(self.source, token.start, token.start), space + token.text)
            case Change("delete", token) if token.terminal != "NAME":
                return Fix(f"remove the `{token.text}`", self.span, "")
            case _:
                return None

    def _hopeless(self) -> Diagnostic:
        """A mistake after which the rest of the statement is skipped."""
        stack, token = self.trial.stack, self.token
        inside = body(stack.entries)
        expected = stack.automaton.expected(stack.states)
        ends = token.terminal == END or token.text == "}" or (token.text in STATEMENTS and token.fresh)
        for mark, name in (("(", "RPAR"), ("[", "RSQB")):
            if ends and name in expected and opening(stack.entries, mark):
                return self.unclosed(mark, stack.entries[-1].end)
        if token.text == "}" and inside.place is FILE:
            return StrayBracket(self.span)
        elsewhere = token.text in STATEMENTS and inside.place not in homes(token.text) and self._complete()
        if elsewhere and (inside.place is FILE or self.balanced):
            belongs = " or ".join(place.where for place in homes(token.text))
            return Misplaced(self.span, inside.place.where, belongs)
        if ends and token.text != "}" and "RBRACE" in expected:
            return self.unclosed("{", stack.entries[-1].end)
        return self._unexpected(None)

    def _complete(self) -> bool:
        """Whether the statement before the token is whole."""
        stack = self.trial.stack
        words = stack.automaton.words
        expected = stack.automaton.expected(stack.states)
        return any(words[word] in expected for word in body(stack.entries).place.keywords)
