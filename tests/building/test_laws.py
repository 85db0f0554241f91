"""What holds for every mapping, however it was drawn, and whoever wrote it."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

import dync
from dync.building.settings import STRUCTURES
from dync.grammar import syntax
from dync.grammar.printer import format_source
from dync.grammar.source import Source
from tests.building.texts import pipelines, settings_in

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
