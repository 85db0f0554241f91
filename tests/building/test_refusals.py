"""What has no place in a pipeline is refused with its keys."""

import pytest

import dync


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epoch": 3}, r"p\.epoch: there is no such setting; did you mean `epochs`"),
        ({"epochs": "3 batch 4"}, r"p\.epochs: `3 batch 4` is more than this one value"),
        ({"epochs": float("nan")}, r"p\.epochs: nan is no number"),
        ({"epochs": 10**400}, r"p\.epochs: the number is too large"),
        ({"epochs": object()}, r"p\.epochs: .* cannot stand here"),
        ({"optimizer": {"sgd": 1, "adam": 1}}, r"p\.optimizer: .* is not one name with its arguments"),
        ({"optimizer": {"sgd": {"a b": 1}}}, r"p\.optimizer\.sgd\.a b: 'a b' is no name"),
        ({"data": {"source": "digits", "than": "sign"}}, r"p\.data\.than: there is no such key here"),
        ({"checkpoint": {"keep": 2}}, r"p\.checkpoint\.keep: "),
        ({"stop": {"after": 2}}, r"p\.stop: `better` is missing"),
        ({"claim": [{"better": "a", "worse": "b"}]}, r"p\.claim\.0: `on` is missing"),
        ({"from": {"final": "x"}}, r"p\.from: this is the name of a pipeline"),
        ({"search": {"a": {"low": 1, "high": 2, "scale": "log2"}}}, r"p\.search\.a\.scale: there is no scale but"),
        ({"with": {"a": {"b": {"c": {}}}}, "name": "q"}, r"p: name is no setting"),
        ({"fused": False}, r"p\.fused: False is no word"),
        ({"data": "\ud800"}, r"p\.data: the text holds half a character"),
    ],
)
def test_what_has_no_place_is_refused_with_its_keys(given, message):
    with pytest.raises(dync.RunError, match=message):
        dync.pipeline("p", "training", given)


def test_what_cannot_be_read_is_said_by_the_reader_itself():
    with pytest.raises(dync.CompileError) as caught:
        dync.pipeline("p", "training", data={"source": "digits", "then": [{"split": {"test": "0.2 +"}}]})
    assert caught.value.diagnostics[0].code == "E0101"
    assert "in the mapping this is `p.data.then.0.split.test`" in str(caught.value)


def test_a_mapping_that_holds_itself_is_refused():
    mapping = {}
    mapping["data"] = mapping
    with pytest.raises(dync.RunError, match="deep"):
        dync.pipeline("p", "training", mapping)
