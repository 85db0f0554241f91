"""The words of a `.dyn` text by their kinds, for colours: by pattern alone, so that any text will do."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = (
    "network rule activation pipeline param input layer output constant edge learn rate decay delay sends start "
    "for in group schedule phase steps until settled within max messages except clamp protocol train infer "
    "rule_messages let update next data then optimizer epochs updates batch seed evaluate every checkpoint keep "
    "best stop after without better record repeat base with search step log when strategy trials seeds together "
    "objective maximize minimize prune compare fused entry task measure rope folds claim by on against baselines "
    "package baseline artefact from limit continue_on_failure retries training sweep comparison benchmark property "
    "require and or not"
)
_PATTERN: Final = re.compile(
    r"(?P<comment>#.*)"
    r'|(?P<string>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<literal>(?<!\w)(?<!(?<!\.)\.)\d+(?:\.(?!\.)\d*)?(?:[eE][+-]?\d+)?(?!\w))"
    rf"|(?P<keyword>(?<![\w.])(?:{'|'.join(_WORDS.split())})(?![\w(]))"
    r"|(?P<call>(?<!\w)[A-Za-z_]\w*(?=\())"
    r"|(?P<operator>->|\.\.|[<>=!]=?|[-+*/%@])"
)

Line = tuple[tuple[str, str], ...]
"""Pieces of a line: the class of each (empty: plain) and its text."""

MOST_LINES: Final = 3000


def highlighted(text: str) -> tuple[Line, ...]:
    """The lines of a text in pieces that together are the text. Of very long texts, the first lines."""
    return tuple(_line(line) for line in text.rstrip("\n").split("\n")[:MOST_LINES])


def _line(line: str) -> Line:
    pieces: list[tuple[str, str]] = []
    end = 0
    for found in _PATTERN.finditer(line):
        if found.start() > end:
            pieces.append(("", line[end : found.start()]))
        pieces.append((found.lastgroup or "", found.group()))
        end = found.end()
    if end < len(line):
        pieces.append(("", line[end:]))
    return tuple(pieces)
