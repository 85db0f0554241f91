"""Building the parser's tables from `dyn.lark` by Lark; `python -m dync.grammar.tables` writes `tables.json`.

This is the only module that imports Lark, and the reader needs it only while `tables.json` is missing or out of date.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from dync.grammar.automaton import fingerprint

JSON = dict[str, Any]


def build(grammar: str) -> JSON:
    """The tables of a grammar as plain data, the same for the same grammar.

    States are numbered in the order in which a walk from the first one, symbols sorted, comes upon them, because
    Lark's own numbers differ from run to run.
    """
    data, memo = Lark(grammar, parser="lalr", maybe_placeholders=True).memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    rows = {
        state: {table["tokens"][token]: tuple(action) for token, action in row.items()}
        for state, row in table["states"].items()
    }
    used = {action[1]["@"] for row in rows.values() for action in row.values() if action[0] == 1}
    productions = sorted((_production(memo[number]), number) for number in used)
    numbers = {number: i for i, (_, number) in enumerate(productions)}
    order = _walk(rows, table["start_states"]["start"])
    lookaheads: dict[str, int] = {}
    return {
        "grammar": fingerprint(grammar),
        **_terminals(memo),
        "productions": [json.loads(text) for text, _ in productions],
        "rows": [_row(rows[state], order, numbers, lookaheads) for state in order],
        "lookaheads": list(lookaheads),
        "accepting": order[table["end_states"]["start"]],
    }


def _production(rule: Mapping[str, Any]) -> str:
    """The fields of a `Production`, as JSON text so that they can be sorted."""
    origin, options, expansion = rule["origin"]["name"], rule["options"], rule["expansion"]
    empty = "".join(str(int(absent)) for absent in options["empty_indices"]).split("0")
    absent = [len(ones) for ones in empty] if options["empty_indices"] else [0] * (len(expansion) + 1)
    children: list[int | None] = [None] * absent[0]
    for i, symbol in enumerate(expansion):
        if not symbol.get("filter_out", False):
            children.append(i)
        children.extend([None] * absent[i + 1])
    if origin.startswith("_"):
        role = "list"
    else:
        role = "pass" if options["expand1"] and not rule["alias"] and len(children) == 1 else "node"
    return json.dumps([origin, rule["alias"] or origin, len(expansion), children, role])


def _walk(rows: Mapping[int, Mapping[str, tuple[int, Any]]], start: int) -> dict[int, int]:
    """New numbers of the states that can be reached, by their old ones, in the order of the new ones."""
    order = {start: 0}
    waiting = [start]
    for state in waiting:
        for _, (reduces, target) in sorted(rows[state].items()):
            if not reduces and target not in order:
                order[target] = len(order)
                waiting.append(target)
    return order


def _row(
    row: Mapping[str, tuple[int, Any]], order: Mapping[int, int], numbers: Mapping[int, int], lookaheads: dict[str, int]
) -> list[Any]:
    """A row as `[{symbol: state}, [[production, lookahead]]]`; sets of lookaheads are shared and kept by number."""
    shifts = {symbol: order[target] for symbol, (reduces, target) in sorted(row.items()) if not reduces}
    reductions: dict[int, list[str]] = {}
    for symbol, (reduces, target) in sorted(row.items()):
        if reduces:
            reductions.setdefault(numbers[target["@"]], []).append(symbol)
    texts = {number: " ".join(symbols) for number, symbols in sorted(reductions.items())}
    return [shifts, [[number, lookaheads.setdefault(text, len(lookaheads))] for number, text in texts.items()]]


def _terminals(memo: Mapping[int, Mapping[str, Any]]) -> JSON:
    """The terminals, sorted into words, marks and regular expressions."""
    words, marks, patterns = {}, {}, {}
    for terminal in memo.values():
        if terminal["__type__"] != "TerminalDef":
            continue
        name, pattern = terminal["name"], terminal["pattern"]
        if pattern["__type__"] == "PatternRE":
            patterns[name] = pattern["value"]
        elif pattern["value"].isidentifier():
            words[pattern["value"]] = name
        else:
            marks[pattern["value"]] = name
    return {key: dict(sorted(d.items())) for key, d in (("words", words), ("marks", marks), ("patterns", patterns))}


def to_text(data: JSON) -> str:
    """The tables as they stand in the file: one line for each production, row and set of lookaheads."""
    lines = []
    for key, value in data.items():
        if isinstance(value, list):
            items = ",\n".join(json.dumps(item, separators=(",", ":")) for item in value)
            lines.append(f"{json.dumps(key)}: [\n{items}\n]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Write `tables.json` beside the grammar."""
    folder = Path(__file__).parent
    text = to_text(build((folder / "dyn.lark").read_text(encoding="utf-8")))
    (folder / "tables.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
