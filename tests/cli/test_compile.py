"""`dync compile`: reports, stages, and artefacts that train to the same bits as their files."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

OWN = "pipeline large training {\n  network Tiny(hidden = 20)\n  data prototypes(classes = 3, units = 16,"
OWN += " samples = 8, flip = 0.1)\n  epochs 1\n  batch 4\n  optimizer sgd(learning_rate = 0.1)\n  seed 8\n}\n"


def final(folder):
    (path,) = (folder / "final").glob("*.safetensors")
    return load_file(path)


def agree(left, right):
    return left.keys() == right.keys() and all(np.array_equal(left[name], right[name]) for name in left)


def test_the_report(dync, spec):
    ended = dync("compile", spec)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("network Tiny: 3 layers, 4 edges, sequential\n")


def test_all_networks_are_reported(dync, write, tiny):
    name = write("two.dyn", tiny + tiny.replace("Tiny", "Twin"))
    out = dync("compile", name).out
    assert "network Tiny: " in out
    assert "network Twin: " in out
    assert "network Tiny: " not in dync("compile", name, "Twin").out


def test_an_artefact_of_several_networks_needs_a_name(dync, write, tiny, tmp_path):
    name = write("two.dyn", tiny + tiny.replace("Tiny", "Twin"))
    ended = dync("compile", name, "-o", "art")
    assert ended.status == 1
    assert "Tiny or Twin" in ended.err
    assert dync("compile", name, "Twin", "-o", "art").status == 0
    assert json.loads((tmp_path / "art" / "manifest.json").read_text())["network"] == "Twin"


def test_pipelines_with_parameters_of_their_own_are_named(dync, write, tiny, fit):
    ended = dync("compile", write("own.dyn", tiny + fit + OWN))
    note = "note: this is Tiny with hidden = 12; the pipeline large has its own, with hidden = 20\n"
    assert ended.out.endswith(note)
    assert "note:" not in dync("compile", "own.dyn", "--set", "hidden=20").out


@pytest.mark.parametrize("stage", ["tokens", "tree", "ast", "model", "topology", "plan", "jaxpr", "hlo"])
def test_every_stage_can_be_seen(dync, spec, stage):
    ended = dync("compile", spec, "--emit", stage)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.endswith("\n")
    again = dync("compile", spec, "--emit", stage)
    assert again.out == ended.out


def test_the_programs_of_a_batch_have_its_size(dync, spec):
    assert "tensor<5x16xf32>" in dync("compile", spec, "--emit", "hlo", "--batch", "5").out
    assert "f32[5,16]" in dync("compile", spec, "--emit", "jaxpr", "--batch", "5").out


def test_the_plan_has_the_settings(dync, spec):
    plan = json.loads(dync("compile", spec, "--emit", "plan", "--set", "network.hidden=9").out)
    assert [layer["shape"] for layer in plan["structure"]["layers"]] == [[16], [9], [3]]


def test_an_artefact_trains_as_its_file_does(dync, spec, tmp_path):
    ended = dync("compile", spec, "-o", "art")
    assert ended.status == 0
    assert "the weights are drawn from seed 3" in ended.out
    assert dync("run", "art", "--out", "a").status == 0
    assert dync("run", spec, "--out", "b").status == 0
    assert agree(final(tmp_path / "a"), final(tmp_path / "b"))


def test_pipelines_of_other_seeds_and_parameters_do_too(dync, write, tiny, fit, tmp_path):
    other = fit.replace("pipeline fit", "pipeline other").replace("seed      3", "seed      4")
    name = write("own.dyn", tiny + fit + other + OWN)
    assert dync("compile", name, "-o", "art").status == 0
    assert dync("run", "art", "--out", "a").status == 0
    assert dync("run", name, "--out", "b").status == 0
    for pipeline in ("fit", "other", "large"):
        assert agree(final(tmp_path / "a" / pipeline), final(tmp_path / "b" / pipeline))


def test_settings_and_seed_go_into_the_artefact(dync, spec, tmp_path):
    settings = "--set", "hidden=6", "--set", "epochs=1"
    assert dync("compile", spec, "-o", "art", *settings, "--seed", "7").status == 0
    assert dync("run", "art", "--out", "a").status == 0
    assert dync("run", spec, "--out", "b", *settings, "--set", "seed=7").status == 0
    assert agree(final(tmp_path / "a"), final(tmp_path / "b"))


def test_an_artefact_takes_no_settings(dync, spec):
    assert dync("compile", spec, "-o", "art").status == 0
    ended = dync("run", "art", "--set", "epochs=1")
    assert ended.status == 1
    assert "compiled already" in ended.err


def test_an_artefact_is_replaced_by_another(dync, spec, tmp_path):
    assert dync("compile", spec, "-o", "art").status == 0
    first = (tmp_path / "art" / "plan.json").read_bytes()
    assert dync("compile", spec, "-o", "art", "--set", "hidden=3").status == 0
    assert (tmp_path / "art" / "plan.json").read_bytes() != first


@pytest.mark.parametrize("name", ["manifest.json", "plan.json", "pipelines.json", "weights.safetensors"])
@pytest.mark.parametrize("damage", ["removed", "cut", "emptied", "changed", "foreign"])
def test_a_damaged_artefact_is_refused(dync, spec, tmp_path, name, damage):
    assert dync("compile", spec, "-o", "art").status == 0
    path = tmp_path / "art" / name
    data = path.read_bytes()
    match damage:
        case "removed":
            path.unlink()
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "emptied":
            path.write_bytes(b"")
        case "changed":
            place = data.index(b'"sha256":"') + 12 if name == "manifest.json" else len(data) // 2
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        case "foreign":
            path.write_bytes(b'{"files": 3}')
    ended = dync("run", "art", "--out", "out")
    assert ended.status == 1
    assert ended.err.startswith(("dync: art", "error[E0122]"))
    assert not (tmp_path / "out").exists()
