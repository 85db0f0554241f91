"""Write the equations into docs/rules/*.md, from the rules as they are executed: `python -m tools.rules_pages`.

What stands between `<!-- rule NAME -->` and `<!-- end -->` is made by the program; the rest of the pages is written by
hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import Final

from dync.compiler.library import build_library
from dync.compiler.report.explanation import Explanation, explained_rule
from dync.compiler.report.rule_text import EquationText

PAGES: Final = Path(__file__).resolve().parent.parent / "docs" / "rules"
WIDTH: Final = 120
BLOCK: Final = re.compile(r"(?<=<!-- rule )(\w+) -->\n.*?(?=<!-- end -->)", flags=re.DOTALL)


def with_equations(text: str) -> str:
    """A page with its blocks as they ought to be. Raises KeyError for a rule that the standard library lacks."""
    rules = build_library([])[0].rules

    def block(match: re.Match[str]) -> str:
        definition = rules[match[1]]
        assert definition is not None, "the standard library has no mistakes"
        lines = "\n".join(_lines(explained_rule(definition, ())))
        return f"{match[1]} -->\n{lines}\n"

    return BLOCK.sub(block, text)


def rules_of(text: str) -> list[str]:
    """The rules whose equations a page has."""
    return [match[1] for match in BLOCK.finditer(text)]


def _lines(rule: Explanation) -> Iterator[str]:
    head = rule.declared.removeprefix("rule ")
    yield f"## `{head}`\n"
    yield fill(rule.about, WIDTH) + "\n"
    yield from _math(rule.equations)
    yield f"Computed {rule.how}:\n"
    yield from _math(rule.computed)
    yield "```text"
    yield from (equation.text for equation in rule.computed)
    yield "```\n"
    said = rule.batch or ""
    yield f"{said[:1].upper()}{said[1:]}."


def _math(equations: Sequence[EquationText]) -> Iterator[str]:
    yield "```math"
    yield "\\begin{aligned}"
    yield " \\\\\n".join("& " + equation.latex for equation in equations)
    yield "\\end{aligned}"
    yield "```\n"


def main() -> None:
    """Write all pages anew."""
    for path in sorted(PAGES.glob("*.md")):
        path.write_text(with_equations(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
