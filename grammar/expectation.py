"""What could have stood at a place, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from dync.grammar.automaton import END, Automaton, Production
from dync.grammar.lexer import Token
from dync.grammar.parser import Stack
from dync.grammar.places import FILE, NETWORK, body

STARTERS: Final = frozenset({"NUMBER", "NAME", "STRING", "LPAR", "LSQB", "MINUS"})
"""The terminals with which every part of an expression can begin; `not` can stand before some."""

COMPARISONS: Final = frozenset({"LESS", "AT_MOST", "MORE", "AT_LEAST", "EQUAL", "UNEQUAL"})
OPERATORS: Final = COMPARISONS | {"PLUS", "MINUS", "TIMES", "OVER", "FLOOR", "MODULO", "POWER", "AND", "OR"}

NAMES: Final = (
    (("ARROW", "reference"), "the kind of the edge"),
    (("PIPELINE", "NAME"), "the kind of the pipeline"),
    (("EDGE",), "the sender"),
    (("ARROW",), "the receiver"),
    (("WIRE", "NAME", "COLON"), "an array of layers"),
    (("COLON",), "the sender"),
    (("WIRE",), "an array of layers"),
    (("references", "BY"), "a graph generator"),
    (("BY", "application"), "the kind of the edges"),
    (("shape",), "an activation"),
    (("LEARN",), "a rule"),
    (("SCHEDULE",), "`sequential`, `synchronous` or `grouped(…)`"),
    (("MESSAGES",), "`all`, `forward` or `backward`"),
    (("RULE_MESSAGES",), "`all`, `forward` or `backward`"),
    (("BETWEEN", "SEQUENCES"), "`carry` or `reset`"),
    (("START",), "a layer"),
    (("CLAMP",), "a layer"),
    (("draws", "ON"), "a network"),
    (("PROPERTY", "NAME", "ON"), "a network"),
    (("EXCEPT",), "a layer"),
    (("TRAIN",), "a phase"),
    (("INFER",), "a phase"),
    (("AT",), "a phase"),
    (("DATA",), "a data source"),
    (("OPTIMIZER",), "an optimizer"),
    (("THEN",), "a transform"),
    (("BASE",), "a pipeline"),
    (("FROM",), "a pipeline, or `checkpoint` and a path"),
    (("ENTRY", "NAME"), "a pipeline, `checkpoint`, `artefact` or `baseline`"),
    (("LIMIT",), "`parallel_jobs`, `gpu_memory_fraction`, `threads` or `stage_seconds`"),
    (("STRATEGY",), "a strategy"),
    (("OBJECTIVE",), "`maximize` or `minimize`"),
    (("OBJECTIVE", "NAME"), "a metric such as `validation.accuracy`"),
    (("MEASURE",), "a metric such as `test.accuracy`"),
    (("BEST",), "a metric such as `validation.accuracy`"),
    (("BETTER",), "a metric such as `validation.accuracy`"),
    (("ON",), "a metric such as `test.accuracy`"),
    (("PRUNE",), "a pruner"),
    (("FUSED",), "`auto`, `fast`, `exact` or `off`"),
    (("SEARCH",), "a setting such as `optimizer.learning_rate`"),
    (("WHEN",), "a setting that is searched"),
    (("WITH", "LBRACE"), "a setting such as `optimizer.learning_rate`"),
    (("CLAIM",), "an entry"),
    (("MORE",), "an entry"),
    (("AGAINST",), "`baselines`"),
    (("BASELINE",), "a model"),
)
"""What a name stands for after these symbols of the grammar."""

PARTS: Final = (
    (("EDGE", "reference"), "the sender"),
    (("COLON", "reference"), "the sender"),
    (("ARROW", "reference"), "the receiver"),
    (("shape",), "the shape"),
)
"""What stands before the place, where the grammar has a word for it."""


class Expectation(Struct, frozen=True):
    """What has to stand at a place, what may, and what stands before it."""

    required: frozenset[str]
    optional: frozenset[str]
    symbols: tuple[str, ...]


def expectation(automaton: Automaton, states: Sequence[int]) -> Expectation:
    """Split what can stand next into what the statement needs and what could only lengthen the part before."""
    possible = automaton.expected(states)
    stack = list(states)
    optional: set[str] = set()
    while True:
        row = automaton.rows[stack[-1]]
        shifts = {symbol for symbol, action in row.items() if action >= 0 and symbol in possible}
        reductions = Counter(action for action in row.values() if action < 0)
        symbols = tuple(automaton.symbols[state] for state in stack)
        if not reductions:
            return Expectation(frozenset(shifts), frozenset(optional), symbols)
        production = _likeliest(automaton, reductions)
        if production.origin == "start":
            return Expectation(frozenset(shifts | {END}), frozenset(optional), symbols)
        optional |= shifts
        if production.length:
            del stack[-production.length :]
        stack.append(automaton.rows[stack[-1]][production.origin])


def _likeliest(automaton: Automaton, reductions: Mapping[int, int]) -> Production:
    """What stands before the place, by how much could follow it; no label, which a statement can do without."""
    found = [(automaton.productions[-1 - action], follow) for action, follow in reductions.items()]
    return max(found, key=lambda one: (one[0].origin != "label", one[1]))[0]


def sentence_parts(stack: Stack) -> tuple[str, str]:
    """What was expected, and after what, for `expected … after …`."""
    expected = expectation(stack.automaton, stack.states)
    phrases = _phrases(stack, expected)
    return _alternatives(phrases), _before(stack, expected)


def _phrases(stack: Stack, expected: Expectation) -> list[str]:
    texts = {name: f"`{text}`" for text, name in {**stack.automaton.words, **stack.automaton.marks}.items()}
    place = body(stack.entries).place
    statements = {stack.automaton.words[word] for word in place.keywords}
    required = set(expected.required)
    ends = statements <= required
    phrases = _optional(set(expected.optional), texts) if ends else []
    if ends:
        required -= statements
        kind = "declaration" if place is FILE else "statement"
        listed = f" ({_alternatives(place.keywords)})" if len(place.keywords) <= 6 else f" of {place.title}"
        phrases.append(f"a {kind}{listed}")
    if required >= STARTERS:
        required -= STARTERS | {"NOT"}
        phrases.append("an expression")
    if "NAME" in required:
        required.discard("NAME")
        declares = place is NETWORK and expected.symbols[-1] == "MEASURE"  # a pipeline has another `measure`
        phrases.append((not declares and _ending(expected.symbols, NAMES)) or "a name")
    if "STRING" in required:
        required.discard("STRING")
        phrases.append("a string in double quotes")
    required -= {END, *OPERATORS} if required - OPERATORS else {END}
    return phrases + sorted(texts[name] for name in required)


def _optional(optional: set[str], texts: dict[str, str]) -> list[str]:
    """What could have lengthened the statement before."""
    operators = ["an operator"] if optional & OPERATORS else []
    return sorted(texts[name] for name in optional - OPERATORS if name in texts) + operators


def _ending(symbols: Sequence[str], table: Iterable[tuple[tuple[str, ...], str]]) -> str | None:
    """The word of a table for the symbols at the end."""
    return next((word for ending, word in table if tuple(symbols[-len(ending) :]) == ending), None)


def _before(stack: Stack, expected: Expectation) -> str:
    if not stack.entries:
        return ""
    part = _ending(expected.symbols, PARTS)
    last = stack.entries[-1].value
    if part is not None:
        return part
    return f"`{last.text}`" if isinstance(last, Token) and last.text else ""


def _alternatives(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = words or ["nothing"]
    return f"{', '.join(most)} or {last}" if most else last
