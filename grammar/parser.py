"""Driving the automaton over the tokens of a text.

A word is a keyword where the automaton can go on with that keyword, and a name everywhere else. What a reduction makes
is the business of the `Maker`; what happens after a mistake that of `recovery.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct, field

from dync.grammar.automaton import END, Automaton, Production
from dync.grammar.lexer import Token

DEEPEST: Final = 100
"""How many levels expressions and repetitions may be nested."""

HIGHEST: Final = 1000
"""How many entries the stack may have: more than any text needs that is nested `DEEPEST` levels."""

LEVELS: Final = frozenset({"binary", "unary", "call", "indicator", "member", "parenthesis", "for", "for_each"})
"""The productions that make a level of nesting."""

Maker = Callable[[str, Sequence[Any], int, int], Any]
"""Makes the value of a node: its name, its children, and where it starts and ends."""


class Chain(NamedTuple):
    """A list that grows at its end and shares its beginning: stacks that hold one can be copied and gone back to."""

    before: Chain | None
    value: Any

    def values(self) -> list[Any]:
        """What it holds, in order."""
        found = []
        chain: Chain | None = self
        while chain is not None:
            found.append(chain.value)
            chain = chain.before
        return found[::-1]


class Entry(NamedTuple):
    """What has been read of the text for one state of the stack: the value, where it starts and ends, its nesting."""

    value: Any
    start: int
    end: int
    depth: int


class TooDeepError(Exception):
    """The text is nested deeper than can be read; carries where."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self.start, self.end = start, end


class Stack(Struct):
    """The states of the automaton and, one fewer, the entries between them."""

    automaton: Automaton
    make: Maker
    states: list[int] = field(default_factory=lambda: [0])
    entries: list[Entry] = field(default_factory=list)

    def copy(self) -> Stack:
        """A stack that can be changed without changing this one."""
        return Stack(self.automaton, self.make, self.states.copy(), self.entries.copy())

    def cut(self, height: int) -> None:
        """Forget all but the lowest `height` states."""
        del self.states[height:]
        del self.entries[height - 1 :]

    def terminal(self, token: Token) -> str:
        """What a token is here: a keyword where one can stand, a name otherwise."""
        return terminal(self.automaton, self.states, token)

    def feed(self, terminal: str, token: Token) -> bool:
        """Shift a token after all reductions that it calls for; if it cannot stand here, nothing changes."""
        rows = self.automaton.rows
        action = rows[self.states[-1]].get(terminal)
        if action is None or (action < 0 and self.automaton.follow(self.states, terminal) is None):
            return False
        while action < 0:
            self._reduce(self.automaton.productions[-1 - action], token.start)
            if terminal == END and self.states[-1] == self.automaton.accepting:
                return True
            action = rows[self.states[-1]][terminal]
        if len(self.states) > HIGHEST:
            raise TooDeepError(token.start, token.end)
        self.states.append(action)
        self.entries.append(Entry(token, token.start, token.end, 0))
        return True

    def _reduce(self, production: Production, position: int) -> None:
        size = production.length
        parts = self.entries[len(self.entries) - size :]
        start, end = (parts[0].start, parts[-1].end) if parts else (position, position)
        depth = max((part.depth for part in parts), default=0) + (production.name in LEVELS)
        if depth > DEEPEST:
            raise TooDeepError(start, end)
        children = [None if i is None else parts[i].value for i in production.children]
        if size:
            del self.entries[-size:]
            del self.states[-size:]
        self.entries.append(Entry(self._value(production, children, start, end), start, end, depth))
        self.states.append(self.automaton.rows[self.states[-1]][production.origin])

    def _value(self, production: Production, children: list[Any], start: int, end: int) -> Any:
        match production.role:
            case "pass":
                return children[0]
            case "list":
                chain: Chain | None = None
                for child in children:
                    chain = child if chain is None and isinstance(child, Chain) else Chain(chain, child)
                return chain
            case "node":
                flat: list[Any] = []
                for child in children:
                    flat.extend(child.values() if isinstance(child, Chain) else [child])
                return self.make(production.name, flat, start, end)


def terminal(automaton: Automaton, states: Sequence[int], token: Token) -> str:
    """What a token is in these states: a keyword where one can stand, a name otherwise."""
    if token.terminal != "NAME":
        return token.terminal
    keyword = automaton.words.get(token.text)
    if keyword is None:
        return "NAME"
    action = automaton.rows[states[-1]].get(keyword)
    if action is None or (action < 0 and automaton.follow(states, keyword) is None):
        return "NAME"
    return keyword
