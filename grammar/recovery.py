"""Reading a whole text, and going on after each mistake in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dync.grammar.automaton import END
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.lexer import Token
from dync.grammar.mistakes import Unexpected
from dync.grammar.parser import Stack
from dync.grammar.source import Source, Span


@dataclass
class Reading:
    """One pass over the tokens of a source."""

    source: Source
    stack: Stack
    tokens: Sequence[Token]
    report: Callable[[Diagnostic], None]
    shifted: list[tuple[str, Token]] = field(default_factory=list)
    at: int = 0

    def run(self) -> Any:
        """The value of the whole text."""
        while True:
            token = self.tokens[self.at]
            terminal = self.stack.terminal(token)
            if self.stack.feed(terminal, token):
                if terminal == END:
                    return self.stack.entries[-1].value
                self.shifted.append((terminal, token))
                self.at += 1
            else:
                self.report(Unexpected(Span(self.source, token.start, token.end), "something else", ""))
                return None
