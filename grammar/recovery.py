"""Reading a whole text, and going on after each mistake in it.

At a mistake the smallest change that lets the line go on is looked for (`repair.py`). Where there is none, everything
up to the next statement or closing brace is skipped, and the stack loses what that statement cannot follow on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, Final

from msgspec import Struct, field

from dync.grammar.automaton import END
from dync.grammar.character_mistakes import CommentMark
from dync.grammar.diagnosis import Diagnosis
from dync.grammar.diagnostic import Diagnostic, nearest
from dync.grammar.lexer import Token
from dync.grammar.mistakes import Misplaced, StrayBracket, TooDeep, UnclosedBracket
from dync.grammar.parser import DEEPEST, Stack, TooDeepError
from dync.grammar.places import CLAUSES, FILE, STATEMENTS, body
from dync.grammar.repair import Change, Trial, whole
from dync.grammar.source import Source, Span

NEAR: Final = 10_000
"""So many tokens are looked at to find out whether a brace is missing or too many."""


class Mark(Struct, frozen=True):
    """A place to go back to: the stack before the token of this number."""

    stack: Stack
    at: int


class Reading(Struct, dict=True):
    """One pass over the tokens of a source. `report` takes the mistakes, `shifted` the tokens as they were taken."""

    source: Source
    stack: Stack
    tokens: Sequence[Token]
    report: Callable[[Diagnostic], None]
    shifted: list[tuple[str, Token]] = field(default_factory=list)
    at: int = 0
    _suspect: Mark | None = None
    """The first word of the statement that begins a line and may have been meant for the beginning of another one."""
    _last_end: Mark | None = None
    """The brace that ended the last declaration."""

    def run(self) -> Any:
        """The value of the whole text."""
        while True:
            token = self.tokens[self.at]
            terminal = self.stack.terminal(token)
            self._remember(terminal, token)
            try:
                if not self.stack.feed(terminal, token):
                    self._recover()
                elif terminal == END:
                    return self.stack.entries[-1].value
                else:
                    self.shifted.append((terminal, token))
                    self.at += 1
            except TooDeepError as error:
                mistake = TooDeep(Span(self.source, error.start, error.end), DEEPEST)
                self.report(mistake)
                self.stack.cut(body(self.stack.entries).height)
                self._skip(mistake)

    def _remember(self, terminal: str, token: Token) -> None:
        """Keep the places that a mistake further on may turn out to come from."""
        if token.text in STATEMENTS and terminal != "NAME":
            self._suspect = None
        elif terminal == "NAME" and token.text in CLAUSES:
            self._suspect = self._suspect or Mark(self.stack.copy(), self.at)
        elif token.fresh and self._suspect is None and self._suspicious(terminal, token):
            self._suspect = Mark(self.stack.copy(), self.at)
        if terminal == "RBRACE" and self._open_braces() == 1:
            self._last_end = Mark(self.stack.copy(), self.at)

    def _suspicious(self, terminal: str, token: Token) -> bool:
        """Whether the token at the start of a line, which can go on with the statement before, might begin another."""
        if token.text in STATEMENTS:
            return self.tokens[self.at - 1].text != "{"
        return terminal == "FLOOR" or (terminal == "NAME" and whole(self.stack.automaton, self.stack.states))

    def _open_braces(self) -> int:
        texts = [entry.value.text for entry in self.stack.entries if isinstance(entry.value, Token)]
        return texts.count("{") - texts.count("}")

    def _recover(self) -> None:
        """Report the mistake at the present token and get to where the text can be read on."""
        if self._one_brace_too_many():
            return
        is_name = self._go_back()
        trial = Trial(self.stack, self.tokens, self.at)
        diagnosis = Diagnosis(self.source, trial, self._balanced())
        meant = None if is_name else trial.keyword()
        if meant is not None:
            self.report(diagnosis.misspelt(meant))
            self._apply(trial.replaced(meant))
            return
        mistake = diagnosis.special()
        change = None if mistake or is_name else trial.change()
        mistake = mistake or diagnosis.mistake(change)
        self.report(mistake)
        if isinstance(mistake, CommentMark):
            self.at = next(i for i in range(self.at + 1, len(self.tokens)) if self.tokens[i].fresh)
        elif change is not None:
            self._apply(change)
        else:
            self._skip(mistake)

    def _go_back(self) -> bool:
        """Go back to where the mistake really is, if further up; whether a keyword was taken for a name there."""
        mark, self._suspect = self._suspect, None
        if mark is None or mark.at == self.at:
            return False
        text = self.tokens[mark.at].text
        place = body(mark.stack.entries).place
        known = text in STATEMENTS or text == "//"
        keyword = text in CLAUSES and mark.at == self.at - 1
        if not (known or keyword) and (text in CLAUSES or nearest(text, place.keywords) is None):
            return False
        self.stack, self.at = mark.stack, mark.at
        return keyword or text in STATEMENTS

    def _one_brace_too_many(self) -> bool:
        """Whether the declaration before was ended by a brace too many; if so, it is reported and undone."""
        mark, self._last_end = self._last_end, None
        if mark is None or mark.at != self.at - 1 or self._balance(self.at) != -1:
            return False
        terminal = mark.stack.terminal(self.tokens[self.at])
        if mark.stack.automaton.follow(mark.stack.states, terminal) is None:
            return False
        brace = self.tokens[mark.at]
        self.report(StrayBracket(Span(self.source, brace.start, brace.end)))
        self.stack = mark.stack
        return True

    @cached_property
    def _depths(self) -> list[int]:
        """The braces open before each token, counted over the whole text."""
        return list(accumulate(((t.text == "{") - (t.text == "}") for t in self.tokens), initial=0))

    def _balance(self, at: int) -> int:
        """The braces opened less those closed from a token to the next one that begins a declaration on the left."""
        last = len(self.tokens) - 1
        end = next((i for i in range(at, min(at + NEAR, last)) if self._outermost(self.tokens[i])), last)
        return self._depths[end] - self._depths[at]

    def _outermost(self, token: Token) -> bool:
        """Whether a declaration begins here, at the very left."""
        return token.fresh and token.text in FILE.keywords and self.source.position(token.start)[1] == 1

    def _balanced(self) -> bool:
        """Whether the braces that are open here are all closed further on."""
        return self._balance(self.at) == -self._open_braces()

    def _apply(self, change: Change) -> None:
        """Go on as though the text had the change."""
        if change.kind != "delete":
            terminal = self.stack.terminal(change.token)
            self.stack.feed(terminal, change.token)
            self.shifted.append((terminal, change.token))
        if change.kind != "insert":
            self.at += 1

    def _skip(self, reported: Diagnostic) -> None:
        """Go to the next token that begins a statement, or ends a body or the text, and make the stack fit it."""
        depth = 0
        first = self.at
        self.at += isinstance(reported, Misplaced)
        possible: dict[str, bool] = {}
        while True:
            token = self.tokens[self.at]
            if token.text == "}" and depth:
                depth -= 1
            elif self._resumes(token, depth, self.at > first, possible):
                self._make_fit(token, reported if self.at == first else None)
                return
            depth += token.text == "{"
            self.at += 1

    def _resumes(self, token: Token, depth: int, later: bool, possible: dict[str, bool]) -> bool:
        """Whether reading can go on at this token."""
        if token.terminal == END:
            return True
        if depth and not self._outermost(token):
            return False
        if token.text == "}" or (token.text in STATEMENTS and (token.fresh or self._begins_statement())):
            if token.text not in possible:
                possible[token.text] = self._fit(token.text) is not None
            return possible[token.text]
        return later and token.fresh and token.terminal == "NAME" and self._misspelt(token)

    def _begins_statement(self) -> bool:
        """Whether the keyword within a line stands where a statement may begin."""
        before, after = self.tokens[self.at - 1], self.tokens[self.at + 1]
        return before.text in ("{", "}") or after.terminal in ("NAME", "NUMBER")

    def _misspelt(self, token: Token) -> bool:
        """Whether a word at the start of a line looks like a statement of the body, so that it is worth a report."""
        keywords = body(self.stack.entries).place.keywords
        if self.tokens[self.at - 1].text in (",", "(", "[", "{", "->", "=") or nearest(token.text, keywords) is None:
            return False
        return self.tokens[self.at + 1].terminal in ("NAME", "NUMBER") and not self.tokens[self.at + 1].fresh

    def _fit(self, text: str) -> list[str] | None:
        """What to do to the stack so that this token can stand: for each state taken away 'cut', for each body that is
        closed 'close'. None where nothing helps."""
        automaton = self.stack.automaton
        terminal = END if not text else automaton.words.get(text) or automaton.marks[text]
        states = self.stack.states.copy()
        deeds: list[str] = []
        while states:
            if automaton.follow(states, terminal) is not None:
                return deeds
            closed = automaton.follow(states, "RBRACE") if terminal != "RBRACE" else None
            if closed is not None:
                states = closed
                deeds.append("close")
            else:
                cut = self._part(states)
                del states[-cut:]
                deeds.extend(["cut"] * cut)
        return None

    def _part(self, states: Sequence[int]) -> int:
        """How many states to take away at once: a closed body with its opening brace, anything else alone."""
        symbols = self.stack.automaton.symbols
        if symbols[states[-1]] != "RBRACE":
            return 1
        return next(i for i, state in enumerate(reversed(states), 1) if symbols[state] == "LBRACE")

    def _make_fit(self, token: Token, reported: Diagnostic | None) -> None:
        """Change the stack so that the token can stand; report the braces that this closes."""
        known = token.terminal != "NAME" or token.text in self.stack.automaton.words
        deeds = self._fit(token.text) if known else None
        if deeds is None:
            self.stack.cut(body(self.stack.entries).height)
            return
        place = self.tokens[self.at - 1].end if self.at else 0
        for deed in deeds:
            if deed == "cut":
                self.stack.cut(len(self.stack.states) - 1)
                continue
            brace = Token("RBRACE", "}", place, place, False)
            mistake = self._unclosed(token, place)
            self.stack.feed("RBRACE", brace)
            if not isinstance(reported, UnclosedBracket):
                self.report(mistake)
            reported = None

    def _unclosed(self, token: Token, place: int) -> UnclosedBracket:
        trial = Trial(self.stack, self.tokens, self.at)
        return Diagnosis(self.source, trial, balanced=False).unclosed("{", place)
