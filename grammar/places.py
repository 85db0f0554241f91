"""Which statement stands where: in a file, a network, a phase, a rule, an activation, a pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from dync.grammar.lexer import Token
from dync.grammar.parser import Chain, Entry


class Place(Struct, frozen=True):
    """A place for statements: what it is called in a sentence, and the keywords with which its statements begin."""

    title: str
    keywords: tuple[str, ...]

    @property
    def where(self) -> str:
        """The place after `stands` or `belongs`."""
        return f"in {self.title}" if self is not FILE else "at the top of a file"


FILE: Final = Place("a file", ("import", "network", "rule", "activation", "kind", "pipeline", "property"))
NETWORK: Final = Place(
    "a network",
    ("param", "input", "layer", "output", "constant", "edge", "wire", "for", "group", "schedule", "phase", "train",
     "infer", "protocol", "measure", "rule_messages", "skip", "between"),
)  # fmt: skip
PHASE: Final = Place("a phase", ("steps", "until", "messages", "clamp", "from"))
PROTOCOL: Final = Place("a protocol", ("train", "infer"))
RULE: Final = Place("a rule", ("let", "trace", "update"))
ACTIVATION: Final = Place("an activation", ("let", "trace", "next"))
PIPELINE: Final = Place(
    "a pipeline",
    ("network", "data", "optimizer", "epochs", "updates", "batch", "seed", "evaluate", "checkpoint", "base", "with",
     "from", "stop", "record", "repeat", "search", "strategy", "trials", "seeds", "together", "objective", "prune",
     "compare", "fused", "entry", "task", "measure", "rope", "folds", "claim", "against", "package", "limit", "retries",
     "continue_on_failure"),
)  # fmt: skip

PROPERTY: Final = Place("a property", ("require", "for"))

BLOCKS: Final[Mapping[str, Place]] = {
    "network": NETWORK, "for": NETWORK, "phase": PHASE, "protocol": PROTOCOL, "rule": RULE, "activation": ACTIVATION,
    "pipeline": PIPELINE, "property": PROPERTY,
}  # fmt: skip
"""What stands in the braces after each keyword that has a body; after `for` it is what stands around it."""

PLACES: Final = (FILE, NETWORK, PHASE, PROTOCOL, RULE, ACTIVATION, PIPELINE, PROPERTY)

STATEMENTS: Final = frozenset(word for place in PLACES for word in place.keywords)
"""Every word with which a statement begins."""

CLAUSES: Final = frozenset(
    {
        "learn", "during", "sends", "rate", "decay", "start", "then", "except", "within", "when", "without", "step",
        "over", "per", "to", "surrogate", "python",
    }
)  # fmt: skip
"""Words with which a part of a statement begins."""


def homes(word: str) -> list[Place]:
    """The places in which a statement can begin with this word."""
    return [place for place in PLACES if word in place.keywords]


class Body(Struct, frozen=True):
    """The innermost body that is open on a stack: its place, its brace (None for the file), and how many states of the
    stack belong to it and what surrounds it, up to the last statement that is whole."""

    place: Place
    brace: Token | None
    height: int


def body(entries: Sequence[Entry]) -> Body:
    """The innermost open body of a stack."""
    closed = 0
    for i in range(len(entries) - 1, -1, -1):
        value = entries[i].value
        if not isinstance(value, Token):
            continue
        if value.terminal == "RBRACE":
            closed += 1
        elif value.terminal == "LBRACE" and closed:
            closed -= 1
        elif value.terminal == "LBRACE":
            owner = _owner(entries, i)
            if owner in BLOCKS:
                place = BLOCKS[owner] if owner != "for" else body(entries[:i]).place
                return Body(place, value, i + 2 + _statements(entries, i + 1))
    return Body(FILE, None, 1 + _statements(entries, 0))


def _statements(entries: Sequence[Entry], i: int) -> int:
    """1 where the entry is the list of the body's statements so far, 0 where there are none."""
    return int(i < len(entries) and isinstance(entries[i].value, Chain))


def _owner(entries: Sequence[Entry], brace: int) -> str:
    """The keyword to which an opening brace belongs, none where it opens a set of values."""
    last = entries[brace - 1].value if brace else None
    if isinstance(last, Token) and last.terminal == "IN":
        return ""
    for i in range(brace - 1, -1, -1):
        value = entries[i].value
        if isinstance(value, Token) and (value.text in BLOCKS or value.text in STATEMENTS):
            before = entries[i - 1].value if i else None
            if not isinstance(before, Token) or before.terminal == "LBRACE":
                return value.text
    return ""


def opening(entries: Sequence[Entry], mark: str) -> Token | None:
    """The innermost bracket of this kind (`(`, `[` or `{`) that is open on a stack."""
    closing = {"(": ")", "[": "]", "{": "}"}[mark]
    closed = 0
    for entry in reversed(entries):
        if isinstance(entry.value, Token) and entry.value.text == closing:
            closed += 1
        elif isinstance(entry.value, Token) and entry.value.text == mark:
            if not closed:
                return entry.value
            closed -= 1
    return None
