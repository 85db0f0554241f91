"""Programs, files, documents and runs that take pipelines which were built."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import dync
from dync.building.settings import STRUCTURES
from dync.cli import main
from dync.grammar.source import Source
from tests.building.texts import FIT, NETWORK, ROOT, settings_in


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
