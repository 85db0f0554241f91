"""The LALR automaton of the language: its states, what each symbol does in them, and the productions of reductions.

Lark makes it from `dyn.lark` (see `tables.py`); `tables.json` beside it holds the result, because building it anew
would take longer than everything else that `dync check` does. Where the two no longer agree, the grammar counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal
from zlib import crc32

from msgspec import Struct

END: Final = "$END"
"""The terminal after the last one of every text."""

Role = Literal["node", "pass", "list"]


class Production(Struct, frozen=True):
    """How to put the right side of a grammar rule together.

    `children` are the positions on the right side that are kept, None standing for an optional part that is absent.
    `role` says what becomes of them: a node called `name`, the only child itself, or a part of the parent's list.
    """

    origin: str
    name: str
    length: int
    children: tuple[int | None, ...]
    role: Role


class Automaton(Struct, frozen=True):
    """The tables. A row maps a symbol to the state to go to (0 and above) or to `-1 - production` to reduce by."""

    words: Mapping[str, str]
    """The text of each keyword and its terminal."""
    marks: Mapping[str, str]
    """The text of each operator and bracket and its terminal."""
    patterns: Mapping[str, str]
    """The terminals that are regular expressions."""
    productions: tuple[Production, ...]
    rows: tuple[Mapping[str, int], ...]
    symbols: tuple[str, ...]
    """The symbol that leads into each state; the first state has none and says the empty string."""
    accepting: int

    def follow(self, states: Sequence[int], terminal: str) -> list[int] | None:
        """The states after `terminal` has been shifted (or the end accepted), or None where it cannot stand."""
        stack = list(states)
        while True:
            action = self.rows[stack[-1]].get(terminal)
            if action is None:
                return None
            if action >= 0:
                stack.append(action)
                return stack
            production = self.productions[-1 - action]
            if production.length:
                del stack[-production.length :]
            stack.append(self.rows[stack[-1]][production.origin])
            if terminal == END and stack[-1] == self.accepting:
                return stack

    def expected(self, states: Sequence[int]) -> frozenset[str]:
        """All the terminals that can stand next."""
        return frozenset(t for t in self.rows[states[-1]] if t.isupper() and self.follow(states, t) is not None)


def fingerprint(grammar: str) -> int:
    """A number that changes with the text of the grammar."""
    return crc32(grammar.encode())


def from_json(data: Mapping[str, Any]) -> Automaton:
    """The automaton of what `tables.py` wrote."""
    lookaheads = [text.split() for text in data["lookaheads"]]
    rows = []
    for shifts, reductions in data["rows"]:
        row: dict[str, int] = dict(shifts)
        for production, lookahead in reductions:
            row.update(dict.fromkeys(lookaheads[lookahead], -1 - production))
        rows.append(row)
    symbols = [""] * len(rows)
    for row in rows:
        for symbol, action in row.items():
            if action >= 0:
                symbols[action] = symbol
    return Automaton(
        words=data["words"],
        marks=data["marks"],
        patterns=data["patterns"],
        productions=tuple(Production(o, n, size, tuple(c), r) for o, n, size, c, r in data["productions"]),
        rows=tuple(rows),
        symbols=tuple(symbols),
        accepting=data["accepting"],
    )


@cache
def automaton() -> Automaton:
    """The automaton of `dyn.lark`, from the tables beside it where they were made from this very grammar."""
    folder = Path(__file__).parent
    grammar = (folder / "dyn.lark").read_text(encoding="utf-8")
    stored = folder / "tables.json"
    if stored.is_file():
        data = json.loads(stored.read_text(encoding="utf-8"))
        if data.get("grammar") == fingerprint(grammar):
            return from_json(data)
    from dync.grammar.tables import build

    return from_json(build(grammar))
