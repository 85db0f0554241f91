"""Write docs/diagnostics.md from the mistake classes: `python -m tools.diagnostics_page`.

What each mistake means is its class's docstring, what dync says of it is what dync says of the class's wrong example.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Final

from dync.commands.explain import mistakes
from dync.compiler.driver import bind_pipeline, compile_source
from dync.compiler.mistakes.examples import training
from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.grammar.render import to_text
from dync.grammar.source import Source
from dync.properties.said import diagnostics_of as of_verdict
from dync.properties.search import search

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "diagnostics.md"

AREAS: Final = {
    "E01": "Reading a file",
    "E02": "Names",
    "E03": "Shapes and edges",
    "E04": "Schedules, phases and protocols",
    "E05": "Rules and activations",
    "E06": "Parameters and numbers",
    "E07": "Topology",
    "E08": "Pipelines, data and settings",
    "E09": "Properties",
    "E10": "Measures",
    "W02": "Warnings: things that nobody uses",
    "W04": "Warnings: phases",
    "W05": "Warnings: rules and activations",
    "W07": "Warnings: topology",
    "W08": "Warnings: pipelines",
    "W09": "Warnings: properties",
}

HEAD: Final = """# Diagnostics

All that `dync` can say of a file, by its code; codes never change their meaning. `dync explain CODE` shows a whole
wrong and a whole right file. **E** is an error, nothing is compiled; **W** is a warning. This page is made by `make
docs` from the program itself, do not edit it.
"""


def page() -> str:
    """The page as it ought to be."""
    known = sorted(mistakes(), key=lambda mistake: mistake.code)
    links = " · ".join(f"[{title}](#{_anchor(title)})" for title in AREAS.values())
    parts = [HEAD, f"{links}\n"]
    for prefix, title in AREAS.items():
        parts += [f"## {title}\n", *_entries(mistake for mistake in known if mistake.code.startswith(prefix))]
    return "\n".join(parts)


def _anchor(title: str) -> str:
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


def _entries(found: Iterable[type[Diagnostic]]) -> Iterator[str]:
    for mistake in found:
        yield f"### {mistake.code}\n\n{cleandoc(mistake.__doc__ or '')}\n"
        for diagnostic in _shown(mistake):
            text, _, _ = to_text([diagnostic], color=False).rpartition("\n\n")  # without the count
            yield f"```text\n{text}\n```\n"


def _shown(mistake: type[Diagnostic]) -> list[Diagnostic]:
    """The first mistake of this class in its wrong example; none where the mistake is not one of a text."""
    found = (diagnostic for diagnostic in _diagnostics(mistake.wrong) if diagnostic.code == mistake.code)
    return list(found)[:1]


def _diagnostics(example: str) -> tuple[Diagnostic, ...]:
    """What is said of an example: a file, whose properties are tried, or a command line with settings."""
    if not example.startswith("dync "):
        found = compile_source(Source("example.dyn", example))
        properties = found.properties.values() if found.ok else ()
        verdicts = (search(prop, found.libraries.of(prop.network)) for prop in properties)
        return (*found.diagnostics, *(d for verdict in verdicts for d in of_verdict(verdict)))
    settings = dict(word.split("=", 1) for word in shlex.split(example) if "=" in word)
    if not settings:
        return ()
    try:
        bind_pipeline(compile_source(Source("example.dyn", training("epochs 1"))), "fit", settings)
    except DiagnosticError as error:
        return error.diagnostics
    return ()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
