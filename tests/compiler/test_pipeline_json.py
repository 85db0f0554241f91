"""Plans of pipelines as JSON: there and back, and nothing else is taken for one."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dync.compiler.driver import compile_source
from dync.compiler.pipeline_json import digest_of_pipeline, pipeline_from_json, pipeline_to_json, training_from_json
from dync.compiler.pipeline_plan import PipelinePlan
from dync.compiler.plan_error import PlanError
from dync.grammar.source import Source

TEXT = (Path(__file__).parents[1] / "good" / "pipelines.dyn").read_text(encoding="utf-8")
PLANS: dict[str, PipelinePlan] = {
    name: model.plan for name, model in compile_source(Source("good.dyn", TEXT)).verify().pipelines.items()
}


@pytest.mark.parametrize("name", PLANS)
def test_there_and_back(name: str) -> None:
    data = json.loads(json.dumps(pipeline_to_json(PLANS[name]), allow_nan=False))
    assert pipeline_from_json(data) == PLANS[name]
    assert digest_of_pipeline(pipeline_from_json(data)) == digest_of_pipeline(PLANS[name])


def test_only_a_training_is_read_as_one() -> None:
    assert training_from_json(pipeline_to_json(PLANS["fit"])) == PLANS["fit"]
    with pytest.raises(PlanError, match="found a sweep"):
        training_from_json(pipeline_to_json(PLANS["tune"]))


def test_the_digest_is_of_the_meaning() -> None:
    def digests(text: str, name: str) -> dict[str, str]:
        models = compile_source(Source(name, text)).verify().pipelines
        return {key: digest_of_pipeline(model.plan) for key, model in models.items()}

    before = digests(TEXT, "a/some.dyn")
    assert digests("# a comment\n" + TEXT.replace("  epochs 2\n", "  epochs   2 # so many\n"), "b/other.dyn") == before
    changed = digests(TEXT.replace("trials 8", "trials 9").replace("rope 0.01", "rope 0.02"), "a/some.dyn")
    assert {name for name in before if before[name] != changed[name]} == {"tune", "duel"}


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of some JSON data."""
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, part in items:
        yield from places(part, (*path, key))


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["training", "best", "final", "saved", "choices", "interval"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["kind", "name", "path", "values", "low"]), st.text(max_size=3), max_size=3),
)


@given(st.sampled_from(sorted(PLANS)), st.data())
def test_damaged_data_are_refused_or_mean_something(name: str, data: st.DataObject) -> None:
    found = deepcopy(pipeline_to_json(PLANS[name]))
    path = data.draw(st.sampled_from(list(places(found))))
    value = data.draw(HOSTILE)
    if path:
        part: Any = found
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value
    else:
        found = value
    try:
        plan = pipeline_from_json(found)
    except PlanError:
        return
    assert pipeline_from_json(pipeline_to_json(plan)) == plan


@given(st.sampled_from(sorted(PLANS)), st.data())
def test_a_missing_or_further_field_is_refused(name: str, data: st.DataObject) -> None:
    found: Any = deepcopy(pipeline_to_json(PLANS[name]))
    key = data.draw(st.sampled_from(sorted(found)))
    del found[key]
    with pytest.raises(PlanError):
        pipeline_from_json(found)
    with pytest.raises(PlanError):
        pipeline_from_json({**pipeline_to_json(PLANS[name]), "further": 1})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("fit", ("batch",), 0),
        ("fit", ("epochs",), None),
        ("fit", ("updates",), 3),
        ("fit", ("seed",), 2**40),
        ("fit", ("stop", "after"), 0),
        ("fit", ("limits", "gpu_memory_fraction"), 0),
        ("fit", ("optimizer", "named", "learning_rate"), float("nan")),
        ("tune", ("trials",), 0),
        ("tune", ("search", 0, "space", "low"), -1.0),
        ("tune", ("search", 1, "space", "values"), []),
        ("tune", ("search", 1, "space", "kind"), "interval"),
        ("tune", ("fused",), "quick"),
        ("duel", ("claims", 0, "better"), "nobody"),
        ("duel", ("entries", "deep", "kind"), "best"),
        ("duel", ("folds",), 0),
        ("suite", ("baselines", "mlp", "kind"), "trained"),
    ],
)
def test_what_no_pipeline_says(name: str, path: tuple[Any, ...], value: Any) -> None:
    found: Any = deepcopy(pipeline_to_json(PLANS[name]))
    part = found
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(PlanError):
        pipeline_from_json(found)


def test_calls_within_calls_are_bounded() -> None:
    found: Any = deepcopy(pipeline_to_json(PLANS["fit"]))
    call = found["optimizer"]
    for _ in range(5000):
        call["named"]["learning_rate"] = {"name": "f", "positional": [], "named": {}}
        call = call["named"]["learning_rate"]
    with pytest.raises(PlanError, match="deep"):
        pipeline_from_json(found)
