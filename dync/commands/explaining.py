"""What `dync explain` says of a rule or an activation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from textwrap import wrap

from msgspec import to_builtins

from dync.commands.check import Format
from dync.commands.spec import load_spec
from dync.commands.terminal import show
from dync.compiled import compilation
from dync.compiler.driver import Compilation
from dync.compiler.library import Library, build_library
from dync.compiler.report.explanation import Explanation, comment_above, explained_activation, explained_rule
from dync.compiler.report.rule_text import EquationText
from dync.compiler.report.text_table import table
from dync.grammar.diagnostic import nearest
from dync.runtime.error import RunError

WIDTH = 110

GRADIENT = """gradient(MEASURE) is no rule: the update is the derivative of the mean of a measure over the batch, at the
end of the training protocol or of a phase, by back-propagation through the unrolled steps of training.
It is not local: an update depends on every layer through which the measure depends on the weight."""


def explain_definition(word: str | None, file: str | None, form: Format, codes: Sequence[str]) -> None:
    """Print what there is to say of a rule or an activation, of a file or of the standard library, or list those of a
    file. Raises DiagnosticError for a file with mistakes, RunError for a word that means nothing."""
    found = None if file is None else compilation(load_spec(file)).verify()
    if found is not None:
        show(found.diagnostics)
    library = build_library([])[0] if found is None else found.libraries.main
    if word is None:
        _list(library, form)
        return
    if word == "gradient":
        print(json.dumps({"kind": "gradient", "about": GRADIENT}, indent=2) if form is Format.JSON else GRADIENT)
        return
    explained = _explained(word, library, found)
    if not explained:
        raise _unknown(word, library, codes, file)
    if form is Format.JSON:
        documents = [to_builtins(each) for each in explained]
        print(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2, ensure_ascii=False))
    else:
        print("\n\n".join("\n".join(_lines(each)) for each in explained))


def _explained(word: str, library: Library, found: Compilation | None) -> list[Explanation]:
    """The rule and the activation of this name: one may be both."""
    models = () if found is None else tuple(found.networks.values())
    rule = library.rules.get(word)
    activation = library.activations.get(word)
    explained = [] if rule is None else [explained_rule(rule, models)]
    return explained + ([] if activation is None else [explained_activation(activation, models)])


def _unknown(word: str, library: Library, codes: Sequence[str], file: str | None) -> RunError:
    names = [*library.rules, *library.activations]
    near = nearest(word.upper(), codes) or nearest(word, names)
    hint = f"did you mean {near}? " if near else ""
    where = "of the standard library: --file FILE has those of a file too" if file is None else f"of {file}"
    return RunError(
        f"{word!r} is no code of a diagnostic, and no rule or activation {where}; {hint}`dync explain` lists the codes,"
        f" `dync explain --file {file or 'FILE'}` the rules and activations"
    )


def _list(library: Library, form: Format) -> None:
    """The rules and activations of a file and of the standard library, each with the first sentence about it."""
    rows = [
        (kind, name, _first_sentence(comment_above(definition.span)))
        for kind, shelf in (("rule", library.rules), ("activation", library.activations))
        for name, definition in shelf.items()
        if definition is not None
    ]
    if form is Format.JSON:
        print(json.dumps([dict(zip(("kind", "name", "about"), row, strict=True)) for row in rows], indent=2))
    else:
        print("\n".join(line.removeprefix("  ") for line in table(rows, most=len(rows))))


def _first_sentence(about: str) -> str:
    head, dot, _ = about.partition(". ")
    return head + dot.strip()


# --- text -------------------------------------------------------------------------------------------------------------


def _lines(found: Explanation) -> Iterator[str]:
    yield f"{found.declared}  ({found.place})"
    yield from (f"  {line}" for line in wrap(found.about, WIDTH - 2))
    yield from _section("as written" if found.kind == "rule" else "in each step", found.equations)
    if found.kind == "rule":
        yield from _section(f"as computed, {found.how.removeprefix('as ')}", found.computed)
        yield ""
        yield from wrap(f"batch: {found.batch}", WIDTH, subsequent_indent="  ")
    yield f"local: {found.local}"
    yield from _table("reads", [list(pair) for pair in found.reads])
    yield from _table("parameters", [[name, _default(value)] for name, value in found.parameters])
    rows = [[u.network, u.where, ", ".join(f"{name} {value}" for name, value in u.values)] for u in found.uses]
    yield from _table("used", rows)


def _default(value: str) -> str:
    return value if value.startswith("a ") else f"default {value}"


def _section(title: str, equations: Sequence[EquationText]) -> Iterator[str]:
    """Equations in both forms."""
    yield ""
    yield f"{title}{':' if equations else ''}"
    yield from (f"  {equation.text}" for equation in equations)
    if equations:
        yield "in LaTeX:"
        yield from (f"  {equation.latex}" for equation in equations)


def _table(title: str, rows: list[list[str]]) -> Iterator[str]:
    if rows:
        yield f"{title}:"
        yield from table(rows, most=100)
