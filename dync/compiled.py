"""`dync.compile`: from a `.dyn` file to programs whose networks can be bound and made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dync.compiler import driver
from dync.grammar.diagnostic import Diagnostic, DiagnosticError
from dync.grammar.imports import read_files
from dync.grammar.reader import load_source
from dync.grammar.render import to_text
from dync.grammar.source import Source

if TYPE_CHECKING:
    from dync.building.pipeline import Pipeline
    from dync.runtime.network import Network
    from dync.verification.verdict import Verification


class CompileError(DiagnosticError):
    """A text with mistakes. It prints as `dync check` would; `diagnostics` are the mistakes as data."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(diagnostics)
        self.args = ("\n" + to_text(diagnostics, color=False),)


@dataclass(frozen=True)
class Program:
    """A `.dyn` file without mistakes."""

    compilation: driver.Compilation

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of its networks."""
        return tuple(self.compilation.networks)

    @property
    def pipelines(self) -> tuple[str, ...]:
        """The names of its pipelines."""
        return tuple(self.compilation.pipelines)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What merely smells."""
        return self.compilation.diagnostics

    def pipeline(self, name: str) -> Pipeline:
        """A pipeline of the file, to be printed or taken as a mapping. Raises RunError where there is none."""
        from dync.building.pipeline import pipeline_in
        from dync.runtime.error import RunError

        if name not in self.pipelines:
            raise RunError(f"there is no pipeline {name!r}; there are {', '.join(self.pipelines) or 'none'}")
        return pipeline_in(self.compilation.file, name)

    def with_pipelines(self, *pipelines: Pipeline) -> Program:
        """The program with further pipelines behind its text; raises CompileError with all their mistakes."""
        from dync.building.joined import compilation_with

        found = compilation_with(self.compilation.file.source, pipelines)
        if not found.ok:
            raise CompileError(found.diagnostics)
        return Program(found)

    def network(self, name: str | None = None, *, protocol: str | None = None, **parameters: float) -> Network:
        """A network with its parameters bound and everything checked; the name may be left out where there is one.

        `protocol` is the name of the protocol that it trains and infers by, None for the one without a name.
        Raises CompileError where there is no such network or protocol, a parameter is unknown or out of range, or what
        comes out has mistakes at these parameters.
        """
        from dync.runtime.network import Network

        try:
            model = driver.bind(self.compilation, name, parameters, protocol=protocol)
        except DiagnosticError as error:
            raise CompileError(error.diagnostics) from None
        return Network(driver.plan_of(model))

    def verify(
        self, name: str | None = None, *, protocol: str | None = None, seed: int = 0, **parameters: float
    ) -> Verification:
        """What `dync verify` finds out about a network: rules computed as written, for any batch, and local.

        Values are drawn from `seed`; the rest is as for `network`, and raises what that raises.
        """
        from dync.verification.of_model import verify_model

        try:
            model = driver.bind(self.compilation, name, parameters, protocol=protocol)
            return verify_model(self.compilation, model, seed)
        except DiagnosticError as error:
            raise CompileError(error.diagnostics) from None


def compile(path: str | Path) -> Program:
    """Compile a `.dyn` file; raises CompileError with all its mistakes."""
    try:
        return _program(load_source(path))
    except DiagnosticError as error:
        raise CompileError(error.diagnostics) from None


def compile_text(text: str, name: str = "text.dyn") -> Program:
    """Compile a text, which messages call `name`; raises CompileError with all its mistakes.

    What it imports is looked for from the folder of `name`, which need not exist as a file: `"specs/text.dyn"`.
    """
    return _program(Source(name, text))


def compilation(source: Source) -> driver.Compilation:
    """All that the compiler finds out about a text and what it imports, from the folder that its name says.

    Data sources that others add are looked for only where one is missed: it takes longer than to compile most files.
    """
    files = read_files(source)
    found = driver.compile_files(files)
    if found.ok:
        return found
    from dync.compiler.mistakes.pipelines import UnknownSource
    from dync.sources import added_sources

    missed = any(isinstance(mistake, UnknownSource) for mistake in found.diagnostics)
    return driver.compile_files(files, added_sources()) if missed else found


def _program(source: Source) -> Program:
    found = compilation(source)
    if not found.ok:
        raise CompileError(found.diagnostics)
    return Program(found)
