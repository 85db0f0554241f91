"""Pipelines go from text to mappings and back, and lose nothing."""

import json
from typing import get_args

import pytest

import dync
from dync.building.leaves import statement
from dync.building.mapping import mapping_of
from dync.building.settings import STRUCTURES
from dync.grammar import syntax
from dync.grammar.printer import format_source
from dync.grammar.source import Source
from tests.building.texts import GOOD, pipelines, settings_in, texts


@pytest.mark.parametrize("text", list(texts()))
def test_every_pipeline_of_the_specs_and_documents_goes_to_a_mapping_and_back(text):
    for node in pipelines(text):
        mapping = json.loads(json.dumps(mapping_of(node)))  # holds only what JSON can
        built = dync.pipeline_from_mapping(mapping)
        assert sorted(settings_in(built.to_dyn())) == sorted(statement(item) for item in node.items)
        assert (built.name, built.kind) == (node.name.text, node.kind.text)
        assert built.to_mapping() == mapping
        assert format_source(Source("text", built.to_dyn())) == built.to_dyn()


def test_the_file_with_every_setting_has_every_setting():
    found = {type(item) for node in pipelines(GOOD.read_text()) for item in node.items}
    assert found == set(get_args(syntax.PipelineItem))
    assert {statement(item).split()[0] for node in pipelines(GOOD.read_text()) for item in node.items} >= set(
        STRUCTURES
    ) - {"folds", "updates"}


def test_settings_become_numbers_and_mappings_rather_than_texts():
    by_name = {node.name.text: mapping_of(node) for node in pipelines(GOOD.read_text())}
    fit, tune, duel = by_name["fit"], by_name["tune"], by_name["duel"]
    assert fit["network"] == {"Digits": {"hidden": 30}}
    assert fit["checkpoint"] == {"every": 1, "keep": 2, "best": "validation.accuracy"}
    assert fit["record"] == {"layers": ["h[1]", "y"], "every": 10}
    assert fit["continue_on_failure"] is True
    assert tune["search"]["optimizer.learning_rate"] == {"low": 0.001, "high": 1, "scale": "log"}
    assert tune["search"]["optimizer.b1"] == {"in": {"low": 0.8, "high": 0.95}, "when": {"optimizer": "adam(0.01)"}}
    assert duel["entry"]["deep"] == {
        "pipeline": "fit",
        "with": {"network.depth": 2, "optimizer.learning_rate": 0.05},
    }
    assert duel["entry"]["saved"] == {"checkpoint": "runs/fit/final"}
    assert duel["claim"][1] == {"better": "tuned", "worse": "deep", "by": 0.01, "on": "test.accuracy"}
