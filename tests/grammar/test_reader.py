"""What the reader makes of texts without mistakes."""

from pathlib import Path

import pytest

from dync.grammar import syntax as s
from dync.grammar.diagnostic import DiagnosticError
from dync.grammar.places import PLACES
from dync.grammar.reader import read, tokens, tree
from dync.grammar.source import Source
from dync.grammar.spelling import expression

GOOD = sorted((Path(__file__).parents[1] / "good").glob("*.dyn"))


def parsed(text: str) -> s.File:
    file, diagnostics = read(Source("test.dyn", text))
    assert [d.message for d in diagnostics] == []
    return file


def network(items: str) -> s.Network:
    (declaration,) = parsed(f"network N {{ {items} }}").declarations
    assert isinstance(declaration, s.Network)
    return declaration


def value(text: str) -> s.Expression:
    (param,) = network(f"param p = {text}").items
    assert isinstance(param, s.Param)
    return param.default


def nested(node: s.Expression) -> str:
    """An expression with all its brackets."""
    match node:
        case s.Binary(operator, left, right):
            return f"({nested(left)} {operator} {nested(right)})"
        case s.Unary(operator, operand):
            return f"({operator} {nested(operand)})"
        case _:
            return expression(node)


@pytest.mark.parametrize(
    ("text", "brackets"),
    [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("12 / 3 // 2 % 5 * 4", "((((12 / 3) // 2) % 5) * 4)"),
        ("2 ** 3 ** 4", "(2 ** (3 ** 4))"),
        ("-2 ** 2", "(- (2 ** 2))"),
        ("2 ** -3", "(2 ** (- 3))"),
        ("- - 1", "(- (- 1))"),
        ("1 or 2 and not 3 == 4", "(1 or (2 and (not (3 == 4))))"),
        ("not not 1", "(not (not 1))"),
        ("a < b + 1", "(a < (b + 1))"),
        ("(1 + 2) * 3", "((1 + 2) * 3)"),
        ("(1 < 2) < 3", "((1 < 2) < 3)"),
        ("[a >= 1] * 2", "([a >= 1] * 2)"),
        ("f(1, b = 2) - pre@warm", "(f(1, b = 2) - pre@warm)"),
    ],
)
def test_operators_bind_as_in_python(text: str, brackets: str) -> None:
    assert nested(value(text)) == brackets


@pytest.mark.parametrize(
    ("text", "number"),
    [("16", 16), ("0.5", 0.5), (".5", 0.5), ("2.", 2.0), ("1e-3", 1e-3), ("1.5E+2", 150.0), ("0010", 10)],
)
def test_numbers(text: str, number: float) -> None:
    literal = value(text)
    assert isinstance(literal, s.Number)
    assert literal.value == number
    assert type(literal.value) is type(number)


def test_a_range_does_not_lose_a_point_to_its_numbers() -> None:
    (param,) = network("param p = 1 in 1..depth").items
    assert isinstance(param, s.Param)
    assert isinstance(param.domain, s.Range)
    assert isinstance(param.domain.low, s.Number)
    assert param.domain.low.value == 1
    assert isinstance(param.domain.low.value, int)


def test_strings_resolve_their_escapes() -> None:
    text = value(r'"a\"b\\c\n\t"')
    assert isinstance(text, s.Text)
    assert text.value == 'a"b\\c\n\t'


def test_an_edge_has_all_its_parts() -> None:
    (edge,) = network("edge early: h[i + 1] -> y dense(2) sends 2 * state learn oja(a = 1) rate 3 decay 4").items
    assert isinstance(edge, s.Edge)
    assert edge.label is not None
    assert (edge.label.name.text, edge.sender.name.text, edge.receiver.name.text) == ("early", "h", "y")
    assert edge.sender.index is not None
    assert (edge.kind.name.text, len(edge.kind.arguments)) == ("dense", 1)
    assert edge.rule is not None
    assert edge.rule.name.text == "oja"
    assert edge.sends is not None
    assert [expression(part) for part in (edge.sends, edge.rate, edge.decay) if part] == ["2 * state", "3", "4"]


def test_parts_that_are_left_out_are_none() -> None:
    edge, layer, output, phase = network("edge x -> y dense layer h (1) sign output o (2) phase p { }").items
    assert isinstance(edge, s.Edge)
    assert (edge.label, edge.sends, edge.rule, edge.rate, edge.decay, edge.kind.arguments) == (*[None] * 5, ())
    assert isinstance(layer, s.Layer)
    assert (layer.members, layer.start) == (None, None)
    assert isinstance(output, s.Output)
    assert output.activation is None
    assert isinstance(phase, s.Phase)
    assert phase.items == ()


def test_spans_are_what_was_written() -> None:
    text = "network N {\n  edge x  -> y dense( a = (1) ) # not this\n  layer h (3) sign\n}\n"
    (declaration,) = parsed(text).declarations
    assert isinstance(declaration, s.Network)
    edge, layer = declaration.items
    assert declaration.span.text == text.strip()
    assert edge.span.text == "edge x  -> y dense( a = (1) )"
    assert layer.span.text == "layer h (3) sign"
    assert isinstance(edge, s.Edge)
    assert edge.kind.arguments[0].span.text == "a = (1)"
    assert edge.kind.arguments[0].value.span.text == "1"


@pytest.mark.parametrize("word", sorted({word for place in PLACES for word in place.keywords}))
def test_every_keyword_can_name_a_layer_and_begin_a_name(word: str) -> None:
    kind = "dense" if word == "network" else word  # there `network` says that the edge is one
    items = network(f"layer {word} (1) sign layer {word}er (1) sign edge {word} -> {word}er {kind} learn {word}").items
    layer, longer, edge = items
    assert isinstance(layer, s.Layer)
    assert isinstance(longer, s.Layer)
    assert isinstance(edge, s.Edge)
    assert (layer.name.text, longer.name.text) == (word, word + "er")
    assert (edge.sender.name.text, edge.kind.name.text) == (word, kind)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_files_have_no_mistakes(path: Path) -> None:
    file = parsed(path.read_text(encoding="utf-8"))
    assert file.declarations


def test_windows_line_ends_and_no_line_end_at_all() -> None:
    file = parsed("network N {\r\n  input x (4)\r\n}\r\nrule r { update 1 } # end")
    assert len(file.declarations) == 2


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "\t \r\n"])
def test_an_empty_text_is_an_empty_file(text: str) -> None:
    assert parsed(text).declarations == ()


def test_tokens_say_what_each_word_was_taken_for() -> None:
    assert tokens(Source("t", "network phase {\n  input x (4)\n}")).split("\n")[:4] == [
        "1:1     NETWORK        network",
        "1:9     NAME           phase",
        "1:15    LBRACE         {",
        "2:3     INPUT          input",
    ]


def test_the_tree_shows_how_the_grammar_was_applied() -> None:
    assert tree(Source("t", "rule r { update 1 + 2 }")) == (
        "start\n  rule\n    r\n    binary\n      number\n        1\n      +\n      number\n        2\n"
    )


@pytest.mark.parametrize("stage", [tokens, tree])
def test_stages_need_a_text_without_mistakes(stage) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DiagnosticError):
        stage(Source("t", "network {"))
