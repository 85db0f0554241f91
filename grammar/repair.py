"""Small changes after which a damaged text goes on well: one token inserted, replaced or removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, Literal

from msgspec import Struct

from dync.grammar.automaton import END, Automaton
from dync.grammar.diagnostic import nearest
from dync.grammar.lexer import Token
from dync.grammar.parser import Stack, terminal
from dync.grammar.places import CLAUSES, STATEMENTS

AHEAD: Final = 12
"""So many tokens have to go well after a change, or all up to the end of the line."""

ALIKE: Final = 0.75
"""A word so much like a keyword, at the start of a line, is one, even if what follows has mistakes of its own."""

INSERTED: Final = ("->", ",", "=", ")", "]", ":", "in", "..", "{")
"""What may be missing, in the order in which it is tried."""

HEADS: Final = {
    "network": "_", "rule": "_", "activation": "_", "pipeline": "_", "phase": "_", "group": "_",
    "property": "_",
}  # fmt: skip
"""The keywords whose name may be missing, and the name that stands in for it."""


class Change(Struct, frozen=True):
    """What to do at the token that cannot stand: put `token` before it or in its place, or leave it out."""

    kind: Literal["insert", "replace", "delete"]
    token: Token


class Trial(Struct, frozen=True):
    """The place of a mistake: the stack before the token that cannot stand."""

    stack: Stack
    tokens: Sequence[Token]
    at: int

    def change(self) -> Change | None:
        """The first change after which the rest of the line can be read."""
        return next((change for change in self._changes() if self._succeeds(change)), None)

    def keyword(self) -> str | None:
        """The keyword that the word here is a misspelling of, if one like it could stand here."""
        token = self.tokens[self.at]
        automaton = self.stack.automaton
        if token.terminal != "NAME" or (token.text in automaton.words and token.text not in CLAUSES):
            return None
        expected = automaton.expected(self.stack.states)
        meant = nearest(token.text, [word for word, name in automaton.words.items() if name in expected])
        if meant is None or self._succeeds(self.replaced(meant)):
            return meant
        alike = SequenceMatcher(None, token.text, meant).ratio()
        return meant if token.fresh and alike >= ALIKE else None

    def replaced(self, text: str) -> Change:
        """The change that puts another word or mark in the token's place."""
        token = self.tokens[self.at]
        names = {**self.stack.automaton.marks, **dict.fromkeys(self.stack.automaton.words, "NAME")}
        return Change("replace", token._replace(terminal=names[text], text=text))

    def _changes(self) -> Iterator[Change]:
        token = self.tokens[self.at]
        automaton = self.stack.automaton
        expected = automaton.expected(self.stack.states)
        if token.text in ("=", "=="):
            yield self.replaced("==" if token.text == "=" else "=")
        place = self.stack.entries[-1].end if self.stack.entries else 0
        for text in INSERTED:
            if (automaton.marks.get(text) or automaton.words[text]) in expected:
                yield Change("insert", Token(automaton.marks.get(text, "NAME"), text, place, place, False))
        last = self.stack.entries[-1].value if self.stack.entries else None
        if "NAME" in expected and isinstance(last, Token):
            missing = HEADS.get(last.text) or ("training" if self._named_pipeline() else None)
            if missing is not None:
                yield Change("insert", Token("NAME", missing, place, place, False))
        if token.terminal not in (END, "LBRACE", "RBRACE") and not (token.fresh and token.text in STATEMENTS):
            yield Change("delete", token)

    def _named_pipeline(self) -> bool:
        """Whether the name of a pipeline has just been read."""
        return [self.stack.automaton.symbols[state] for state in self.stack.states[-2:]] == ["PIPELINE", "NAME"]

    def _succeeds(self, change: Change) -> bool:
        """Whether the text can be read on after the change, to the end of the line or `AHEAD` tokens far."""
        states: list[int] | None = self.stack.states
        automaton = self.stack.automaton
        if change.kind != "delete":
            states = automaton.follow(self.stack.states, terminal(automaton, self.stack.states, change.token))
        following = self.at if change.kind == "insert" else self.at + 1
        ahead = 3 if change.token.text in ("=", "==") else AHEAD
        for count, token in enumerate(self.tokens[following : following + ahead]):
            if states is None:
                return False
            new_line = token.fresh and (count > 0 or change.kind != "insert")
            if new_line and whole(automaton, states):
                return True
            name = terminal(automaton, states, token)
            if token.fresh and name == "NAME" and token.text in STATEMENTS:
                return False
            states = automaton.follow(states, name)
            if new_line or name == END:
                break
        return states is not None


def whole(automaton: Automaton, states: Sequence[int]) -> bool:
    """Whether a statement, or a body, can end here."""
    words, follow = automaton.words, automaton.follow
    # `network` goes on with an edge too; where it begins something, other words do as well.
    beginnings = STATEMENTS - {"network"}
    return follow(states, "RBRACE") is not None or any(follow(states, words[word]) is not None for word in beginnings)
