"""The standard library, and a file's own rules beside it."""

from __future__ import annotations

import pytest

from dync.compiler.expression import to_json
from dync.compiler.library import build_library
from dync.compiler.rules.define import define_activation, define_rule
from dync.grammar import syntax
from dync.grammar.reader import read
from dync.grammar.source import Source
from dync.grammar.standard import standard_source

STANDARD, _ = read(standard_source())


def file(text: str) -> syntax.File:
    found, mistakes = read(Source("own.dyn", text))
    assert not mistakes
    return found


@pytest.mark.parametrize("node", STANDARD.declarations, ids=lambda node: node.name.text)
def test_the_standard_library_has_no_fault(node: syntax.Declaration) -> None:
    match node:
        case syntax.Rule():
            rule, mistakes = define_rule(node)
            assert rule is not None
            assert rule.terms
        case syntax.Activation():
            _, mistakes = define_activation(node)
        case _:
            raise AssertionError("only rules and activations belong there")
    assert not mistakes


def test_every_standard_declaration_says_what_it_is() -> None:
    lines = standard_source().text.splitlines()
    for node in STANDARD.declarations:
        line, _ = standard_source().position(node.span.start)
        assert lines[line - 2].startswith("#")


def test_the_names_that_the_language_promises() -> None:
    library, mistakes = build_library([])
    assert not mistakes
    assert set(library.activations) >= {"identity", "sign", "tanh", "relu", "sigmoid", "leaky_tanh", "glauber"}
    assert set(library.rules) >= {"perceptron", "hebbian", "oja", "delta", "contrastive"}
    leaky, glauber = library.activations["leaky_tanh"], library.activations["glauber"]
    assert leaky is not None and leaky.parameters == {"leak": 0.1}
    assert glauber is not None and glauber.parameters == {"beta": 1.0}
    hebbian = library.rules["hebbian"]
    assert hebbian is not None and to_json(hebbian.update) == ["div", ["mul", "pre", "post"], "batch"]
    assert "nonsense" not in library.rules
    with pytest.raises(KeyError):
        library.rules["nonsense"]


def test_own_declarations_stand_beside_the_standard_ones() -> None:
    library, _ = build_library([file("rule mine { update pre * post } activation bent { next field ** 3 }")])
    assert library.rules["mine"] is not None
    assert library.activations["bent"] is not None
    assert library.rules["oja"] is not None
    assert len(library.rules) == len(list(library.rules))


def test_one_with_mistakes_is_known_but_not_there() -> None:
    library, mistakes = build_library([file("rule mine { update y }")])
    assert "mine" in library.rules
    assert library.rules["mine"] is None
    assert [mistake.code for mistake in mistakes] == ["E0501", "W0553"]


def test_a_standard_name_stays_what_it_is() -> None:
    library, mistakes = build_library([file("rule hebbian { update 2 * pre * post }")])
    assert [mistake.code for mistake in mistakes] == ["E0520"]
    (note,) = mistakes[0].notes
    assert note.span is not None and note.span.source == standard_source()
    hebbian = library.rules["hebbian"]
    assert hebbian is not None and to_json(hebbian.update) == ["div", ["mul", "pre", "post"], "batch"]


def test_uses_count_wherever_they_stand() -> None:
    text = """
    rule deep { update pre * post } rule never { update pre }
    activation a { next field } activation b { next field } activation c { next field }
    network N {
      input x (2) layer h[1..2] (2) a output y (2) b
      for i in 1..1 { for j in 1..1 { edge h[i] -> h[j + 1] dense learn deep } }
    }"""
    _, mistakes = build_library([file(text)])
    assert [(mistake.code, mistake.span.text) for mistake in mistakes] == [("W0553", "never"), ("W0553", "c")]
