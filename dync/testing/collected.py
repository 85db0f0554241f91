"""What pytest collects of a `.dyn` file: the file, and an item for each of its properties."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dync.compiled import compilation
from dync.compiler.library import Library
from dync.compiler.properties.listing import listing
from dync.compiler.properties.model import PropertyModel
from dync.compiler.properties.outcome import NoNetwork
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.reader import load_source
from dync.grammar.render import to_text
from dync.properties.said import diagnostics_of
from dync.properties.search import Verdict, search
from dync.runtime.error import RunError
from dync.testing.plugin import cases_of, seed_of

_PROPERTY = re.compile(rb"^[^#\n]*\bproperty\b", re.MULTILINE)


def speaks_of_properties(path: Path) -> bool:
    """Whether the word `property` stands somewhere in a file, outside of comments; a file that is not there is a no.

    So a file in which a mistake hides its properties is not passed over, and one without properties is none of ours.
    """
    try:
        return _PROPERTY.search(path.read_bytes()) is not None
    except OSError:
        return False


class PropertyFails(Exception):  # noqa: N818 - what it says, not an error of the program
    """A property that does not hold, with the smallest values at which it does not."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{verdict.prop.name} does not hold")
        self.verdict = verdict

    def __str__(self) -> str:
        """What `dync test` says of it: the mistakes with their lines, and the network at the smallest values."""
        text = to_text(diagnostics_of(self.verdict), color=False)
        found = self.verdict.counterexample
        if found is None or isinstance(found.failure, NoNetwork):
            return text
        return text + "\n".join(listing(found.failure.model))


class DynFile(pytest.File):
    """A `.dyn` file. Its mistakes are an error of the collection."""

    def collect(self) -> Iterator[DynProperty]:
        """An item for each property, in the order of the file."""
        try:
            found = compilation(load_source(os.path.relpath(self.path))).verify()
        except DiagnosticError as error:
            raise self.CollectError(to_text(error.diagnostics, color=False)) from None
        for prop in found.properties.values():
            library = found.libraries.of(prop.network)
            yield DynProperty.from_parent(self, name=prop.name, prop=prop, library=library)


class DynProperty(pytest.Item):
    """One property, tried as `dync test` tries it."""

    def __init__(self, *, prop: PropertyModel, library: Library, **others: Any) -> None:
        super().__init__(**others)
        self.prop = prop
        self.library = library
        self.add_marker("dyn")

    def runtest(self) -> None:
        """Try it; raises PropertyFails where it does not hold."""
        config = self.config
        verdict = search(self.prop, self.library, cases=cases_of(config), seed=seed_of(config))
        self.user_properties.append(("dyn_cases", verdict.tried))
        if not verdict.holds:
            raise PropertyFails(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A property that fails and a package that is missing are told in words, anything else as a bug of dync."""
        if isinstance(excinfo.value, PropertyFails | RunError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands: the line counts from 0."""
        line, _ = self.prop.span.source.position(self.prop.span.start)
        return self.path, line - 1, f"{self.prop.name} on {self.prop.network.name.text}"
