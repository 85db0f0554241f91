"""`dync fmt`: one canonical layout. Comments and single blank lines survive; everything else follows from the meaning.

A comment stays on its line where it stands behind a statement or an opening brace, and else on a line of its own before
what follows it; one within a statement moves before the statement.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from dync.grammar import syntax as s
from dync.grammar.diagnostic import DiagnosticError, has_errors
from dync.grammar.lexer import Lexer, comments
from dync.grammar.pipeline_spelling import setting
from dync.grammar.reader import read
from dync.grammar.source import Source, Span
from dync.grammar.spelling import Block, Statement, edge, expression, head, statement

WIDTH: Final = 110
"""Bodies of phases, repetitions and rules that fit into one line of so many characters stand on one line. Edges and
data that do not are broken where they have parts."""

INDENT: Final = "  "


class Result(Struct, frozen=True):
    """A formula of a rule (`update`) or an activation (`next`, `sends`, `surrogate`)."""

    keyword: str
    value: s.Expression

    @property
    def span(self) -> Span:
        """Where its expression stands."""
        return self.value.span


Leaf = Statement | s.PipelineItem
"""The statements without a body of statements."""

Item = Block | Leaf | Result


def format_source(source: Source) -> str:
    """The text in its canonical layout.

    Reading it gives the same syntax tree, and formatting it again changes nothing. Raises DiagnosticError where the
    text has mistakes of syntax.
    """
    file, diagnostics = read(source)
    if has_errors(diagnostics):
        raise DiagnosticError(diagnostics)
    braces = [t.start for t in Lexer(source, lambda mistake: None).tokens() if t.terminal == "LBRACE"]
    printer = _Printer(source, comments(source), braces)
    printer.body(file.declarations, "", len(source.text))
    return "".join(f"{line}\n" for line in printer.lines)


def _items(node: Block) -> tuple[Item, ...]:
    """The statements in a body."""
    match node:
        case s.For(_, _, body) | s.ForEach(_, _, body):
            return body
        case s.Rule(_, _, definitions, update):
            return (*definitions, Result("update", update))
        case s.Activation(_, _, definitions, following):
            further = (("sends", node.sends), ("surrogate", node.surrogate))
            results = [Result(keyword, value) for keyword, value in further if value is not None]
            return (*definitions, Result("next", following), *results)
        case _:
            return node.items


def _line(node: Item) -> str | None:
    """A statement on one line, if it can stand on one."""
    match node:
        case Result(keyword, value):
            return f"{keyword} {expression(value)}"
        case s.Network() | s.Pipeline():
            return None if node.items else f"{head(node)} {{}}"
        case s.For() | s.ForEach() | s.Rule() | s.Activation() | s.Property() if len(_items(node)) != 1:
            return None if _items(node) else f"{head(node)} {{}}"
        case s.For() | s.ForEach() | s.Rule() | s.Activation() | s.Property() | s.Phase() | s.NamedProtocol():
            inside = [_line(item) for item in _items(node)]
            return f"{head(node)} {{ {'  '.join(filter(None, inside))} }}" if all(inside) else None
        case _:
            return " ".join(pieces(node))


def pieces(node: Leaf) -> list[str]:
    """The parts of a statement that may begin a line, should it be too long for one: joined by spaces they make it."""
    match node:
        case s.Edge() | s.Wire():
            return edge(node)
        case (
            s.Import() | s.Param() | s.Input() | s.Layer() | s.Instance() | s.Output() | s.Constant() | s.Group()
            | s.Schedule() | s.Protocol() | s.Measure() | s.RuleMessages() | s.Skip() | s.Between() | s.Let()
            | s.Trace() | s.Foreign()
            | s.Steps() | s.Settle() | s.Messages() | s.Clamp() | s.Beginning() | s.Require()
        ):  # fmt: skip
            return [statement(node)]
        case _:
            return setting(node)


def _filled(parts: Sequence[str], width: int) -> list[str]:
    """Parts of a statement on as few lines as they fit into; all lines but the first are indented further."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + 1 + len(part) <= width:
            lines[-1] += f" {part}"
        else:
            lines.append(INDENT * 2 + part)
    return lines


class _Printer(Struct):
    """Puts the statements of one source below each other."""

    source: Source
    comments: Sequence[Span]
    braces: Sequence[int]
    lines: list[str] = field(default_factory=list)
    taken: int = 0
    """How many of the comments have been written."""
    end: int = 0
    """Where in the source the last thing ends that has been written."""
    first: bool = True
    """Whether nothing has been written in this body yet."""

    def body(self, items: Sequence[Item], indent: str, end: int) -> None:
        """The statements of a body that ends at this place, and the comments before its end."""
        self.first = True
        for item in items:
            self._comments(item.span.start, indent)
            self._item(item, indent)
        self._comments(end, indent)

    def _item(self, item: Item, indent: str) -> None:
        """A statement, on one line if it has no body or a short one without comments."""
        line = _line(item)
        if isinstance(item, Block):
            brace = self._brace(item)
            self._inner_comments(item.span, brace, indent)
            if line is None or len(indent + line) > WIDTH or self._commented(item):
                self._block(item, brace, indent)
                return
        self._inner_comments(item.span, item.span.end, indent)
        lines = [line or ""] if isinstance(item, Block | Result) else _filled(pieces(item), WIDTH - len(indent))
        self._write("\n".join(indent + part for part in lines), item.span.start, item.span.end)
        self._comment_behind()

    def _block(self, item: Block, brace: int, indent: str) -> None:
        """A statement with its body on lines of its own."""
        self._write(f"{indent}{head(item)} {{", item.span.start, brace + 1)
        self._comment_behind()
        self.body(_items(item), indent + INDENT, item.span.end - 1)
        self.first = True
        self._write(indent + "}", item.span.end - 1, item.span.end)
        self._comment_behind()

    def _brace(self, item: Block) -> int:
        """Where the body opens."""
        match item:
            case s.For(_, numbers) | s.ForEach(_, numbers):
                after = numbers.span.end
            case s.Rule(name, parameters) | s.Activation(name, parameters):
                after = parameters[-1].span.end if parameters else name.span.end
            case s.Property():
                after = item.network.span.end
            case _:
                after = item.name.span.end
        return self.braces[bisect_left(self.braces, after)]

    def _commented(self, item: Block) -> bool:
        """Whether there is a comment in it."""
        return self.taken < len(self.comments) and self.comments[self.taken].start < item.span.end

    def _comments(self, before: int, indent: str) -> None:
        """The comments that stand before a place, each on its own line."""
        while self.taken < len(self.comments) and self.comments[self.taken].start < before:
            span = self.comments[self.taken]
            self.taken += 1
            self._write(indent + span.text.rstrip(), span.start, span.end)

    def _inner_comments(self, item: Span, before: int, indent: str) -> None:
        """The comments within a statement: they come to stand before it."""
        while self.taken < len(self.comments) and self.comments[self.taken].start < before:
            self._write(indent + self.comments[self.taken].text.rstrip(), item.start, item.start)
            self.taken += 1

    def _comment_behind(self) -> None:
        """The comment on the same line, if there is one."""
        if self.taken < len(self.comments):
            span = self.comments[self.taken]
            if not self.source.text[self.end : span.start].strip(" \t)"):
                self.lines[-1] += f"  {span.text.rstrip()}"
                self.taken += 1
                self.end = span.end

    def _write(self, line: str, start: int, end: int) -> None:
        """A line for what stands there in the source, after a blank one if there is one before it in the source."""
        if not self.first and self.source.text.count("\n", self.end, start) > 1:
            self.lines.append("")
        self.lines.append(line)
        self.first = False
        self.end = end
