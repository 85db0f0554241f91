"""Every mistake is explained: in plain words, with a file that has it and one that has not."""

import importlib
import inspect
import pkgutil
import shlex
from collections.abc import Iterator
from functools import cache

import pytest

import dync.compiler.mistakes
import dync.grammar
from dync.compiler.driver import Compilation, bind_pipeline, compile_source, plan_of
from dync.compiler.mistakes.between import NoSuchArray, ShapeOfWeights
from dync.compiler.mistakes.examples import training
from dync.compiler.mistakes.properties import CannotAsk, CannotRun, DrawnNetworkBroken
from dync.compiler.mistakes.python import ModuleRefused
from dync.compiler.mistakes.studies import ShapeOfData
from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.grammar.file_mistakes import MissingFile, NotText, TextTooLarge, UnreadableFile
from dync.grammar.import_mistakes import OF_IMPORTS
from dync.grammar.source import Source
from dync.properties.said import diagnostics_of as diagnostics_of_verdict
from dync.properties.search import Verdict, search

OF_FILES = {
    *OF_IMPORTS, ModuleRefused, NoSuchArray, ShapeOfWeights, MissingFile, NotText, ShapeOfData, TextTooLarge,
    UnreadableFile,
}  # fmt: skip
"""What is wrong with a file, or with what is done with it, rather than with its text: no text can show it."""


WITH_OTHERS = {CannotAsk, CannotRun, DrawnNetworkBroken}
"""What is said of a property beside the mistake that is the reason."""


def every_mistake() -> list[type[Diagnostic]]:
    for package in (dync.grammar, dync.compiler.mistakes):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    found: list[type[Diagnostic]] = []
    waiting = [Diagnostic]
    while waiting:
        subclasses = waiting.pop().__subclasses__()
        waiting.extend(subclasses)
        found.extend(c for c in subclasses if c.__module__.startswith("dync.") and not inspect.isabstract(c))
    coded = [c for c in found if hasattr(c, "code")]
    return sorted(set(coded), key=lambda c: (c.code, c.__name__))


MISTAKES = every_mistake()


def verdicts(found: Compilation) -> Iterator[Verdict]:
    """What becomes of the properties of a file without errors."""
    if found.ok:
        for prop in found.properties.values():
            yield search(prop, found.libraries.of(prop.network))


@cache
def diagnostics_of(example: str) -> tuple[Diagnostic, ...]:
    """What the compiler says of a file, or of a file that is run with `--set`, and what trying its properties shows."""
    words = shlex.split(example) if example.startswith("dync run FILE") else []
    if not words:
        found = compile_source(Source("example.dyn", example))
        return (*found.diagnostics, *(d for v in verdicts(found) for d in diagnostics_of_verdict(v)))
    settings = dict(word.split("=", 1) for word in words if "=" in word)
    try:
        bind_pipeline(compile_source(Source("example.dyn", training("epochs 1"))), "fit", settings)
    except DiagnosticError as error:
        return error.diagnostics
    return ()


def codes_of(example: str) -> set[str]:
    return {diagnostic.code for diagnostic in diagnostics_of(example)}


def test_codes_are_unique() -> None:
    codes = [mistake.code for mistake in MISTAKES]
    assert sorted(set(codes)) == codes


def test_there_are_many() -> None:
    assert len(MISTAKES) >= 40


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.code)
def test_code_says_how_bad_it_is(mistake: type[Diagnostic]) -> None:
    assert mistake.code[0] == {"error": "E", "warning": "W"}[mistake.severity]
    assert len(mistake.code) == 5
    assert mistake.code[1:].isdigit()


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.code)
def test_says_what_it_means(mistake: type[Diagnostic]) -> None:
    doc = inspect.cleandoc(mistake.__doc__ or "")
    assert len(doc.split()) >= 6


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m not in OF_FILES], ids=lambda m: m.code)
def test_wrong_example_has_it(mistake: type[Diagnostic]) -> None:
    assert mistake.code in codes_of(mistake.wrong)


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m not in OF_FILES], ids=lambda m: m.code)
def test_right_example_has_not(mistake: type[Diagnostic]) -> None:
    codes = codes_of(mistake.right)
    assert mistake.code not in codes
    of_syntax = mistake.code.startswith("E01")
    errors = {code for code in codes if code.startswith("E01" if of_syntax else "E")}
    assert not errors


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m not in OF_FILES], ids=lambda m: m.code)
def test_wrong_example_shows_nothing_else(mistake: type[Diagnostic]) -> None:
    if mistake.severity == "error" and not mistake.code.startswith("E01") and mistake not in WITH_OTHERS:
        assert {code for code in codes_of(mistake.wrong) if code.startswith("E")} == {mistake.code}


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m not in OF_FILES], ids=lambda m: m.code)
def test_sentence_and_places(mistake: type[Diagnostic]) -> None:
    (found, *_) = [d for d in diagnostics_of(mistake.wrong) if d.code == mistake.code]
    assert found.message
    assert not found.message.endswith(".")
    for span in (found.span, *(note.span for note in found.notes if note.span is not None)):
        assert 0 <= span.start <= span.end <= len(span.source.text)


def mended(text: str, diagnostic: Diagnostic) -> str:
    fix = diagnostic.fix
    assert fix is not None
    return text[: fix.span.start] + fix.replacement + text[fix.span.end :]


FIXABLE = [
    (mistake, diagnostic)
    for mistake in MISTAKES
    if mistake not in OF_FILES and not mistake.wrong.startswith("dync run")
    for diagnostic in [d for d in diagnostics_of(mistake.wrong) if d.code == mistake.code and d.fix is not None][:1]
]


def test_many_have_a_fix() -> None:
    assert len(FIXABLE) >= 20


@pytest.mark.parametrize(("mistake", "diagnostic"), FIXABLE, ids=lambda x: x.code)
def test_fix_mends(mistake: type[Diagnostic], diagnostic: Diagnostic) -> None:
    before = [d.code for d in diagnostics_of(mistake.wrong)].count(mistake.code)
    after = [d.code for d in diagnostics_of(mended(mistake.wrong, diagnostic))].count(mistake.code)
    assert after < before


def test_the_sentence_of_a_shape_that_the_data_have() -> None:
    text = "network N {\n  input x (*)\n  output y (2)\n  edge x -> y dense\n}\n"
    with pytest.raises(DiagnosticError) as raised:
        plan_of(compile_source(Source("example.dyn", text)).networks["N"])
    (found,) = raised.value.diagnostics
    assert isinstance(found, ShapeOfData)
    assert (found.span.text, found.message.partition(",")[0]) == (
        "input x (*)",
        "the shape of `x` in `N` must come from data",
    )
