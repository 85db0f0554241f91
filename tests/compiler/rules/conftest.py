"""Definitions from text, and their values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dync.compiler.elaboration.elaborate import elaborate
from dync.compiler.library import build_library
from dync.compiler.model import ActivationDefinition, RuleDefinition
from dync.compiler.rules.define import define_activation, define_rule
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic
from dync.grammar.reader import read
from dync.grammar.source import Source

Defined = tuple[RuleDefinition | ActivationDefinition | None, tuple[Diagnostic, ...]]


@pytest.fixture
def define() -> Callable[[str], Defined]:
    """The definition of the one declaration of a text, and its mistakes."""

    def define(text: str) -> Defined:
        file, mistakes = read(Source("test.dyn", text))
        assert not mistakes
        (node,) = file.declarations
        match node:
            case syntax.Rule():
                return define_rule(node)
            case syntax.Activation():
                return define_activation(node)
            case _:
                raise AssertionError(node)

    return define


@pytest.fixture
def mistakes_of() -> Callable[[Source], tuple[Diagnostic, ...]]:
    """Everything that is wrong with a file as far as its rules and networks go."""

    def mistakes_of(source: Source) -> tuple[Diagnostic, ...]:
        file, found = read(source)
        library, more = build_library([file])
        mistakes = [*found, *more]
        for node in file.declarations:
            if isinstance(node, syntax.Network):
                mistakes += elaborate(node, library)[1]
        return tuple(mistakes)

    return mistakes_of
