"""Pipelines from mappings, YAML and JSON: they print as the text that they mean, and as nothing else."""

import json
import re
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dync
from dync.building.leaves import statement
from dync.building.mapping import mapping_of
from dync.building.settings import STRUCTURES
from dync.cli import main
from dync.grammar import syntax
from dync.grammar.printer import format_source
from dync.grammar.reader import read
from dync.grammar.source import Source

ROOT = Path(__file__).resolve().parents[1]
GOOD = ROOT / "tests" / "good" / "pipelines.dyn"

NETWORK = """
network Tiny {
  param hidden = 6 in 1..64
  input  x (8)
  layer  h (hidden) sign
  output y (2)
  edge x -> h dense learn perceptron(margin = 1)
  edge h -> y dense learn perceptron(margin = 1)
  phase relax { steps 2 messages forward }
  train relax
  infer relax
}
"""

FIT = {
    "network": {"Tiny": {"hidden": 4}},
    "data": {
        "source": {"prototypes": {"classes": 2, "units": 8, "samples": 8, "flip": 0.1}},
        "then": [{"split": {"test": 0.25}}],
    },
    "epochs": 1,
    "batch": 4,
    "optimizer": {"sgd": {"learning_rate": 0.1}},
}


def texts():
    """The specs, the documents and the file with every setting."""
    for path in (GOOD, *sorted((ROOT / "specs").glob("*.dyn"))):
        yield pytest.param(path.read_text(encoding="utf-8"), id=path.name)
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        blocks = re.findall(r"^```dyn\n(.*?)^```$", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for number, block in enumerate(blocks):
            yield pytest.param(block, id=f"{path.name}-{number}")


def pipelines(text):
    file, mistakes = read(Source("text", text))
    assert not mistakes
    return [node for node in file.declarations if isinstance(node, syntax.Pipeline)]


def settings_in(text):
    (found,) = pipelines(text)
    return [statement(item) for item in found.items]


# --- from text to mappings and back -----------------------------------------------------------------------------------


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


# --- laws -------------------------------------------------------------------------------------------------------------

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z_0-9]{0,6}", fullmatch=True).filter(
    lambda name: name not in ("every", "true", "false", "none", "checkpoint", "artefact", "baseline", "best")
)
NUMBERS = st.one_of(st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 9))
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(
    lambda text: not (text.startswith('"') and text.endswith('"'))
)
KEYS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)
SCALARS = st.one_of(NUMBERS, st.booleans(), st.none())


def calls(names=NAMES):
    arguments = st.one_of(
        st.dictionaries(NAMES, SCALARS, min_size=1, max_size=3), st.lists(SCALARS, min_size=1, max_size=3)
    )
    return st.one_of(NAMES, st.builds(lambda name, given: {name: given}, names, arguments))


FILES = st.builds(
    lambda images, labels: {"idx": {"images": images, "labels": labels}},
    *([PLAIN.filter(lambda text: text not in ("true", "false", "none"))] * 2),
)
DATA = st.one_of(
    NAMES,
    st.builds(
        lambda source, bind, then: {
            "source": source,
            **({"bind": bind} if bind else {}),
            **({"then": then} if then else {}),
        },
        FILES,
        st.dictionaries(NAMES, PLAIN, max_size=2),
        st.lists(calls(), max_size=2),
    ),
)
VALUES = st.one_of(SCALARS, NAMES)
CHANGES = st.dictionaries(KEYS, VALUES, min_size=1, max_size=3)
SAVED = st.builds(lambda kind, path: {kind: path}, st.sampled_from(["checkpoint", "artefact"]), PLAIN)
MADE = st.one_of(NAMES, st.builds(lambda name: f"{name}.best", NAMES))
INTERVALS = st.fixed_dictionaries(
    {"low": NUMBERS, "high": NUMBERS}, optional={"step": NUMBERS, "scale": st.just("log")}
)
SPACES = st.one_of(st.lists(VALUES, min_size=1, max_size=3), INTERVALS)
SEARCHED = st.one_of(
    SPACES,
    st.builds(lambda space, key, value: {"in": space, "when": {key: value}}, SPACES, KEYS, NUMBERS),
)
ENTRIES = st.one_of(
    MADE,
    st.builds(lambda made, changes: {"pipeline": made, "with": changes}, MADE, CHANGES),
    SAVED,
    st.builds(lambda model: {"baseline": model}, calls()),
)
CLAIMS = st.fixed_dictionaries({"better": NAMES, "worse": NAMES, "on": KEYS}, optional={"by": NUMBERS}).map(
    lambda claim: {key: claim[key] for key in ("better", "worse", "by", "on") if key in claim}
)
CHECKPOINTS = st.one_of(
    st.fixed_dictionaries({"every": NUMBERS}, optional={"keep": NUMBERS, "best": KEYS}),
    st.fixed_dictionaries({"best": KEYS}),
)

SETTINGS = {
    **dict.fromkeys(["epochs", "updates", "batch", "seed", "repeat", "trials", "seeds"], NUMBERS),
    **dict.fromkeys(["together", "rope", "folds", "retries"], NUMBERS),
    "limit": st.dictionaries(NAMES, NUMBERS, min_size=1, max_size=3),
    "continue_on_failure": st.just(True),
    "network": calls(),
    "data": DATA,
    "optimizer": calls(),
    "evaluate": st.fixed_dictionaries({"every": NUMBERS}, optional={"noisy": DATA, "other": DATA}),
    "checkpoint": CHECKPOINTS,
    "base": NAMES,
    "with": CHANGES,
    "from": st.one_of(MADE, SAVED),
    "stop": st.fixed_dictionaries({"after": NUMBERS, "better": KEYS}),
    "record": st.fixed_dictionaries({"layers": st.lists(NAMES, min_size=1, max_size=3), "every": NUMBERS}),
    "search": st.dictionaries(KEYS, SEARCHED, min_size=1, max_size=3),
    "strategy": calls(),
    "objective": st.builds(lambda key: {"maximize": key}, KEYS),
    "prune": calls(),
    "compare": st.fixed_dictionaries({"best": NUMBERS}),
    "fused": NAMES,
    "entry": st.dictionaries(NAMES, ENTRIES, min_size=1, max_size=3),
    "task": st.dictionaries(NAMES, DATA, min_size=1, max_size=2),
    "measure": KEYS,
    "claim": st.one_of(CLAIMS, st.lists(CLAIMS, min_size=2, max_size=3)),
    "against": NAMES,
    "package": st.just("best"),
}
MAPPINGS = st.fixed_dictionaries(
    {"name": NAMES, "kind": st.sampled_from(["training", "sweep", "comparison", "benchmark"])}, optional=SETTINGS
)


def test_the_laws_are_about_all_settings():
    assert set(SETTINGS) == set(STRUCTURES)


@settings(max_examples=80, deadline=None)
@given(MAPPINGS)
def test_a_mapping_is_printed_as_text_that_means_the_same_mapping(mapping):
    built = dync.pipeline_from_mapping(mapping)
    assert built.to_mapping() == mapping
    assert dync.pipeline_from_mapping(built.to_mapping()) == built
    assert format_source(Source("text", built.to_dyn())) == built.to_dyn()


HOSTILE = st.one_of(
    st.sampled_from(
        [
            "1 batch 4", "1\nbatch 4", "1 }\npipeline evil training {", "1 #", "1 # }", "1, momentum = 2",
            "1) batch (4", 'a" batch 4 "', "\\", '\\"', "a then b", "a } evaluate every 1 with { b = 1",
            "", " ", "#", "}", "{", "..",
            "1..2 when a == 1", "1..2 step 3", "fit with { a = 1 }", "x, y every 1 batch 4", "a\x00b", "a\rb", '"',
            "fit.best", "checkpoint \"x\"", "1 keep 2", "a > b", "\ud800", "[1]", "1 in 2", "-", "best", "every 1",
        ]
    ),
    st.text(st.sampled_from(list('ab1 .,"\\{}()#=\n-><')), max_size=10),
)  # fmt: skip
FULL = {
    "name": "all", "kind": "training", "epochs": 1, "limit": {"threads": 2}, "network": {"N": {"a": 1}},
    "data": {"source": {"idx": {"images": "f"}}, "bind": {"x": "y"}, "then": [{"split": [1]}]},
    "optimizer": {"sgd": {"learning_rate": 1}}, "evaluate": {"every": 1, "more": {"source": {"npz": ["f"]}}},
    "checkpoint": {"every": 1, "keep": 2, "best": "a.b"}, "base": "other", "with": {"a": 1, "b": 2},
    "stop": {"after": 1, "better": "a.b"}, "record": {"layers": ["h", "y"], "every": 1},
    "search": {"a": [1, 2], "b": {"in": {"low": 1, "high": 2}, "when": {"a": 1}},
               "c": {"in": "1..2", "when": {"a": 1}}},
    "objective": {"maximize": "a.b"}, "compare": {"best": 1}, "fused": "fast",
    "entry": {"one": {"pipeline": "fit", "with": {"a": 1}}, "two": {"checkpoint": "p"},
              "three": {"baseline": {"m": [1]}}},
    "task": {"t": {"source": {"npz": ["f"]}}}, "measure": "a.b", "against": "baselines",
    "claim": {"better": "a", "worse": "b", "by": 1, "on": "a.b"}, "from": {"artefact": "p"},
}  # fmt: skip


def places(value, path=()):
    """All the paths of values, and of keys as (path, None)."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(part, dict | list):
            yield from places(part, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    first, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[first] = replaced(value[first], rest, new)
    return copy


def renamed(value, path, new):
    *front, last = path
    around = value
    for key in front:
        around = around[key]
    return replaced(value, front, {new if key == last else key: part for key, part in around.items()})


def families(built):
    """The statements, by the words that they begin with."""
    found = {}
    for text in settings_in(built.to_dyn()):
        found.setdefault(text.split()[0], []).append(text)
    return found


PLACES = [path for path in places(FULL) if path[0] not in ("name", "kind")]
WHOLE = families(dync.pipeline_from_mapping(FULL))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), HOSTILE, st.booleans())
def test_a_hostile_text_makes_no_other_statements_than_its_own(path, hostile, as_key):
    if as_key and not (len(path) > 1 and isinstance(path[-1], str)):
        as_key = False
    mapping = renamed(FULL, path, hostile) if as_key else replaced(FULL, path, hostile)
    try:
        built = dync.pipeline_from_mapping(mapping)
    except (dync.RunError, dync.CompileError):
        return
    found = families(built)
    (node,) = pipelines(built.to_dyn())
    assert (node.name.text, node.kind.text) == ("all", "training")
    assert {key: texts for key, texts in found.items() if key != path[0]} == {
        key: texts for key, texts in WHOLE.items() if key != path[0]
    }
    if len(path) > 1:  # what is only a part of a setting leaves the number of settings as it is
        assert len(found[path[0]]) == len(WHOLE[path[0]])


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_a_part_of_a_setting_leaves_its_neighbours_as_they_are(hostile):
    for mapping, rest in (
        ({"optimizer": {"sgd": {"learning_rate": hostile, "momentum": 2}}}, r"sgd\(learning_rate = .*, momentum = 2\)"),
        ({"with": {"a": hostile, "b": 2}}, r"\{ a = .*, b = 2 \}"),
        ({"search": {"k": {"in": hostile, "when": {"b": 1}}}}, r"k in .* when b == 1"),
        ({"data": {"source": hostile, "then": "sign"}}, r".* then sign"),
        ({"data": {"source": "npz", "bind": {"x": hostile, "y": "b"}}}, r'npz \{ x = ".*", y = "b" \}'),
        ({"record": {"layers": [hostile, "y"], "every": 1}}, r".*, y every 1"),
    ):
        try:
            built = dync.pipeline("p", "training", mapping)
        except (dync.RunError, dync.CompileError):
            continue
        (text,) = settings_in(built.to_dyn())
        assert re.fullmatch(rf"{next(iter(mapping))} {rest}", text, flags=re.DOTALL)
        (node,) = pipelines(built.to_dyn())
        match node.items[0]:
            case syntax.OptimizerSetting(syntax.Application(arguments=parts)):
                assert [part.name.text for part in parts] == ["learning_rate", "momentum"]
            case syntax.WithSetting(changes):
                assert [change.key.text for change in changes] == ["a", "b"]
            case syntax.DataSetting(data) if data.bindings:
                assert [binding.layer.text for binding in data.bindings] == ["x", "y"]
                assert hostile in (data.bindings[0].array.value, data.bindings[0].array.span.text)
            case syntax.RecordSetting(layers):
                assert len(layers) == 2


def test_a_comment_ends_with_the_text_that_it_stands_in():
    built = dync.pipeline("p", "sweep", search={"k": {"in": "1..2 # or more", "when": {"b": 1}}}, epochs="3 # few")
    assert settings_in(built.to_dyn()) == ["search k in 1..2 when b == 1", "epochs 3"]


def test_a_with_stays_its_own_setting_behind_entries():
    built = dync.pipeline("p", "comparison", entry={"a": "fit"}, with_={"x": 1}, seeds=2)
    assert settings_in(built.to_dyn()) == ["with { x = 1 }", "seeds 2", "entry a fit"]


def test_texts_in_quotes_are_taken_as_they_are():
    built = dync.pipeline("p", "training", from_={"checkpoint": '"a b"'}, data={"source": {"csv": ['"a b"', "c d"]}})
    assert settings_in(built.to_dyn()) == ['from checkpoint "a b"', 'data csv("a b", "c d")']


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_paths_of_files_come_through_whatever_they_hold(path):
    built = dync.pipeline("p", "training", from_={"checkpoint": path})
    (node,) = pipelines(built.to_dyn())
    saved = node.items[0].origin
    assert path in (saved.path.value, saved.path.span.text)


# --- what is refused --------------------------------------------------------------------------------------------------


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


# --- in a program -----------------------------------------------------------------------------------------------------


def test_a_program_takes_pipelines_and_gives_them_back():
    program = dync.compile_text(NETWORK)
    fit = dync.pipeline("fit", "training", FIT)
    tune = dync.pipeline("tune", "sweep", base="fit", search={"batch": [2, 4]}, objective={"maximize": "test.accuracy"})
    both = program.with_pipelines(fit, tune)
    assert program.pipelines == ()
    assert both.pipelines == ("fit", "tune")
    assert both.pipeline("fit") == fit
    assert both.pipeline("tune").to_mapping() == tune.to_mapping()
    with pytest.raises(dync.RunError, match="there is no pipeline 'fits'"):
        both.pipeline("fits")


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"network": {"Tiny": {"hidden": 100}}}, "E0216", "fit.network.Tiny.hidden"),
        ({"optimizer": {"sgd": {"rate": 0.1}}}, None, "fit.optimizer.sgd.rate"),
        ({"epochs": 1.5}, None, "fit.epochs"),
        ({"search": {"batch": [1, 2]}}, None, "fit.search.batch"),
        ({"with": {"network.hiden": 2}}, None, "fit.with.network.hiden"),
        ({"limit": {"threads": 0}}, None, "fit.limit.threads"),
    ],
)
def test_mistakes_are_the_compilers_with_their_keys_in_the_mapping(change, code, path):
    program = dync.compile_text(NETWORK)
    built = dync.pipeline("fit", "training", {**FIT, **change})
    with pytest.raises(dync.CompileError) as caught:
        program.with_pipelines(built)
    by_hand = dync.compiler.driver.check(Source("text.dyn", f"{NETWORK}\n{built.to_dyn()}"))
    assert [d.code for d in caught.value.diagnostics] == [d.code for d in by_hand]
    assert [d.span.text for d in caught.value.diagnostics] == [d.span.text for d in by_hand]
    assert f"in the mapping this is `{path}`" in str(caught.value)


def test_an_unclosed_file_does_not_swallow_pipelines(tmp_path):
    (tmp_path / "open.dyn").write_text("network Tiny {\n")
    with pytest.raises(dync.CompileError) as caught:
        dync.run(tmp_path / "open.dyn", dync.pipeline("fit", "training", FIT), out=tmp_path / "out")
    assert "mapping" not in str(caught.value)


def test_values_of_numpy_and_paths_are_taken(tmp_path):
    built = dync.pipeline(
        "p", "training", epochs=np.int64(3), optimizer={"sgd": np.float64(0.1)}, from_={"checkpoint": Path("a b")},
        data={"source": {"npz": Path("d.npz")}},
    )  # fmt: skip
    assert settings_in(built.to_dyn()) == [
        "epochs 3", "optimizer sgd(0.1)", 'from checkpoint "a b"', 'data npz("d.npz")'
    ]  # fmt: skip


def test_schedules_stand_in_optimizers_as_mappings():
    built = dync.pipeline(
        "p", "training", optimizer={"sgd": {"cosine_decay_schedule": [0.1, 5]}},
        with_={"optimizer.learning_rate": {"cosine_decay_schedule": [0.1, 5]}},
    )  # fmt: skip
    assert settings_in(built.to_dyn()) == [
        "optimizer sgd(cosine_decay_schedule(0.1, 5))",
        "with { optimizer.learning_rate = cosine_decay_schedule(0.1, 5) }",
    ]


# --- files ------------------------------------------------------------------------------------------------------------

STUDY = """
fit:
  kind: training
  network: Tiny(hidden = 4)
  data: >
    prototypes(classes = 2, units = 8, samples = 8, flip = 0.1)
    then split(test = 0.25)
  epochs: 1
  batch: 4
  optimizer: {sgd: {learning_rate: 1e-1}}
tune:
  kind: sweep
  base: fit
  search:
    optimizer.learning_rate: {low: 1e-3, high: 1, scale: log}
  trials: 2
  fused: off
"""


def written(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_yaml_and_json_hold_the_same_pipelines(tmp_path):
    found = dync.read_pipelines(written(tmp_path, "study.yaml", STUDY))
    assert [(one.name, one.kind) for one in found] == [("fit", "training"), ("tune", "sweep")]
    assert found[1].to_mapping()["fused"] == "off"  # a word, and no truth value
    assert "sgd(learning_rate = 0.1)" in found[0].to_dyn()
    dync.compile_text(NETWORK).with_pipelines(*found)
    listed = json.dumps([one.to_mapping() for one in found])
    by_name = json.dumps({one.name: {k: v for k, v in one.to_mapping().items() if k != "name"} for one in found})
    assert dync.read_pipelines(written(tmp_path, "listed.json", listed)) == found
    assert dync.read_pipelines(written(tmp_path, "named.json", by_name)) == found
    assert dync.read_pipelines(written(tmp_path, "one.json", json.dumps(found[0].to_mapping()))) == found[:1]


BOMB = "a: &a {x: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}\n" + "".join(
    f"{b}: &{b} {{x: [{', '.join([f'*{a}'] * 10)}]}}\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", BOMB, "more than 100000 values"),
        ("a.yaml", "fit: &a\n  kind: training\n  with: *a\n", "recursive|deep"),
        ("a.yaml", "fit: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("a.yaml", "fit: {kind: training, epochs: 1, epochs: 2}", "epochs stands twice"),
        ("a.yaml", "1: {kind: training}", "keys of mappings are texts"),
        ("a.yaml", "[" * 30_000, "deep|expected"),
        ("a.yaml", "fit: {kind: training, epochs: !!timestamp 2031-05-17}", "cannot stand here"),
        ("a.yaml", "", "should be a mapping"),
        ("a.yaml", "{}", "holds no pipeline"),
        ("a.yaml", "fit: 3", "fit should be a mapping"),
        ("a.yaml", "[3]", "3 is no pipeline"),
        ("a.json", '{"fit": {"kind": "training", "epochs": NaN}}', "NaN is no number"),
        ("a.json", '{"fit": {}, "fit": {}}', "fit stands twice"),
        ("a.json", "[" * 100_000, "deep"),
        ("a.json", '{"fit": {"epochs": 1}}', "needs its `kind`"),
        ("a.json", '{"fit": {"kind": "training", "epochs": ' + "9" * 5000 + "}}", "digits"),
        ("a.toml", "", "are read from .yaml"),
        ("a.json", " " * (1024 * 1024 + 1), "more than 1048576 bytes"),
    ],
)
def test_files_that_cannot_serve_are_refused(tmp_path, name, text, message):
    path = written(tmp_path, name, text)
    with pytest.raises((dync.RunError, dync.CompileError), match=message):
        dync.read_pipelines(path)


def test_without_pyyaml_the_way_out_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(dync.RunError, match=r"dync\[yaml\]"):
        dync.read_pipelines(written(tmp_path, "study.yaml", STUDY))


# --- documents --------------------------------------------------------------------------------------------------------


def test_the_page_about_pipelines_in_python_is_true(tmp_path, monkeypatch):
    page = (ROOT / "docs" / "pipelines_in_python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    shown = {language: text for language, text in blocks if language in ("yaml", "json")}
    (tmp_path / "specs").symlink_to(ROOT / "specs")
    (tmp_path / "data").mkdir()
    for language, text in shown.items():
        written(tmp_path, f"study.{language}", text)
    monkeypatch.chdir(tmp_path)
    assert dync.read_pipelines("study.yaml") == dync.read_pipelines("study.json")
    names = {"dync": dync}
    for language, text in blocks:
        if language == "python":
            exec(compile(text.replace("epochs=20", "epochs=0"), "page", "exec"), names)
    texts = [text for language, text in blocks if language == "text"]
    assert names["tune"].to_dyn() == texts[0]
    assert [key for key in STRUCTURES if f"`{key}`" not in page] == []
    small = dync.pipeline(
        "small", "training", network={"Digits": {"hidden": 8}}, data="digits", epochs=1, optimizer="sgd(0.1)"
    )
    with pytest.raises(dync.CompileError) as caught:
        dync.compile("specs/digits.dyn").with_pipelines(small)
    assert str(caught.value).strip() in page


# --- runs -------------------------------------------------------------------------------------------------------------


def test_a_pipeline_that_was_built_runs_as_the_one_that_was_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit = dync.pipeline("fit", "training", FIT)
    longer = dync.pipeline("longer", "training", base="fit", from_="fit", epochs=2)
    spec = written(tmp_path, "tiny.dyn", NETWORK)
    by_hand = written(tmp_path, "hand.dyn", f"{NETWORK}\n{fit.to_dyn()}")
    built, hand = dync.run(spec, fit, out="built"), dync.run(by_hand, "fit", out="hand")
    assert built.is_success()
    assert hand.is_success()
    weights = [(tmp_path / name / "final" / "arrays.safetensors").read_bytes() for name in ("built", "hand")]
    assert weights[0] == weights[1]
    specs = [json.loads((tmp_path / name / "spec.json").read_text()) for name in ("built", "hand")]
    assert specs[0]["digest"] == specs[1]["digest"]
    assert fit.to_dyn() in specs[0]["text"]
    program = dync.compile(spec).with_pipelines(fit)
    after = dync.run(program, longer, out="after")
    assert after.is_success() and (tmp_path / "after" / "fit" / "final").is_dir()
    assert dync.run(program, "fit", out="again", epochs=0).is_success()


def test_the_command_line_takes_pipelines_from_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "tiny.dyn", NETWORK)
    written(tmp_path, "study.yaml", STUDY)

    def command(*words):
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        return ended.value.code, capsys.readouterr()

    status, said = command("run", "tiny.dyn", "fit", "--pipelines", "study.yaml", "--out", "run")
    assert status == 0, said.err
    assert (tmp_path / "run" / "final").is_dir()
    status, said = command("run", "tiny.dyn", "--pipelines", "study.yaml", "--dry-run")
    assert status in (0, None), said.err
    assert "tune" in said.out
    (tmp_path / "bad.json").write_text('{"fit": {"kind": "training", "network": "Tony"}}')
    status, said = command("run", "tiny.dyn", "--pipelines", "bad.json")
    assert status == 1
    assert "in the mapping this is `fit.network`" in said.err
