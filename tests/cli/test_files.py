"""`dync graph`, `dync fmt`, `dync explain`, `dync doctor` and `dync new`."""

import io
import re
import sys
from xml.etree import ElementTree

import pytest

from dync.commands import doctor as doctor_module
from dync.commands.doctor import Finding, numbers, package
from dync.commands.explain import mistakes
from dync.commands.new import starter
from dync.compiler.driver import compile_source
from dync.grammar.printer import format_source
from dync.grammar.source import Source

# --- graph ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["svg", "html", "dot", "mmd", "graphml", "SVG"])
def test_pictures(dync, spec, tmp_path, ending):
    ended = dync("graph", spec, "Tiny", "-o", f"below/picture.{ending}")
    assert (ended.status, ended.err) == (0, "")
    text = (tmp_path / "below" / f"picture.{ending}").read_text(encoding="utf-8")
    assert "perceptron" in text
    if ending in ("svg", "graphml"):
        ElementTree.fromstring(text)


def test_a_picture_has_the_settings(dync, spec, tmp_path):
    assert dync("graph", spec, "-o", "a.svg", "--set", "hidden=33").status == 0
    assert "33" in (tmp_path / "a.svg").read_text(encoding="utf-8")


# --- fmt --------------------------------------------------------------------------------------------------------------

UGLY = "network   N{input x(4)   # the pixels\n output y (4)\n\n\n\n edge x->y dense}\n"


def test_formatting_is_done_once(dync, write, tmp_path):
    name = write("ugly.dyn", UGLY)
    (tmp_path / name).chmod(0o640)
    assert dync("fmt", name).out == "ugly.dyn: formatted\n"
    text = (tmp_path / name).read_text()
    assert "# the pixels" in text
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o640
    again = dync("fmt", name)
    assert (again.status, again.out, (tmp_path / name).read_text()) == (0, "", text)


def test_fmt_check_changes_nothing(dync, write, tmp_path):
    ugly, fine = write("ugly.dyn", UGLY), write("fine.dyn", format_source(Source("ugly.dyn", UGLY)))
    ended = dync("fmt", "--check", ugly, fine)
    assert (ended.status, ended.out) == (1, "ugly.dyn: would change\n")
    assert (tmp_path / ugly).read_text() == UGLY
    assert dync("fmt", "--check", fine).status == 0


def test_a_broken_file_is_left_alone_and_the_others_are_formatted(dync, write, tmp_path):
    broken, ugly = write("broken.dyn", "network {"), write("ugly.dyn", UGLY)
    ended = dync("fmt", broken, ugly)
    assert ended.status == 1
    assert "broken.dyn" in ended.err
    assert (tmp_path / broken).read_text() == "network {"
    assert (tmp_path / ugly).read_text() != UGLY


def test_a_link_stays_a_link(dync, write, tmp_path):
    (tmp_path / "link.dyn").symlink_to(write("ugly.dyn", UGLY))
    assert dync("fmt", "link.dyn").status == 0
    assert (tmp_path / "link.dyn").is_symlink()
    assert (tmp_path / "ugly.dyn").read_text() != UGLY


def test_fmt_of_standard_input(dync, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    assert dync("fmt", "-").out == format_source(Source("ugly.dyn", UGLY))


# --- explain ----------------------------------------------------------------------------------------------------------


def test_every_code_is_listed_and_explained(dync):
    listed = dync("explain").out.splitlines()
    codes = [line.split()[0] for line in listed]
    assert codes == sorted({mistake.code for mistake in mistakes()})
    assert len(codes) >= 40
    for code in codes:
        ended = dync("explain", code.lower())
        assert ended.status == 0
        assert f"[{code}]\n" in ended.out
        assert "\nWrong:\n" in ended.out
        assert "\nRight:\n" in ended.out


def test_an_unknown_code_has_a_near_one(dync):
    ended = dync("explain", "0121")
    assert ended.status == 1
    assert "did you mean E0121?" in ended.err


# --- doctor -----------------------------------------------------------------------------------------------------------


def test_this_machine_is_healthy(dync):
    ended = dync("doctor")
    assert (ended.status, ended.err) == (0, "")
    for subject in ("python", "jax", "typer", "devices", "memory", "disk", "processors"):
        assert f"  {subject} " in ended.out


def test_what_is_missing_fails_with_advice(dync, monkeypatch):
    monkeypatch.setattr(
        doctor_module, "requires", lambda name: ["nowhere-to-be-found>=3", "jax>=9999", "lark", "x; extra == 'y'"]
    )
    ended = dync("doctor")
    assert ended.status == 1
    assert "pip install 'nowhere-to-be-found>=3'" in ended.out
    assert "pip install -U 'jax>=9999'" in ended.out
    assert "everything that is needed is here" not in ended.out


def test_an_optional_part_that_is_missing_is_no_fault(dync, monkeypatch):
    """What to install is said, and the status is that of a healthy machine."""
    parts = ["lark", 'nowhere>=1; extra == "sweep"', 'lark>=1.0; extra == "report"', "nowhere; extra == 'dev'"]
    parts += ["hypothesis; extra == 'test'", "pytest; extra == 'test'"]
    monkeypatch.setattr(doctor_module, "requires", lambda name: parts)
    ended = dync("doctor")
    assert ended.status == 0
    assert "pip install 'dync[sweep]' where you want the strategies of Optuna and cma" in ended.out
    assert "  ok        dync[report]" in ended.out
    assert re.search(r"  ok        dync\[test\] +hypothesis [\d.]+, pytest [\d.]+", ended.out)
    assert "dync[dev]" not in ended.out


def test_versions_are_compared_as_numbers():
    assert numbers("0.10.2") > numbers("0.9")
    assert numbers("2.0.0") == numbers("2")
    assert numbers("1.2rc1") == (1, 2)
    assert package("typer>=0.1") == Finding("ok", "typer", package("typer").found)


# --- new --------------------------------------------------------------------------------------------------------------


def test_the_starter_file_runs(dync, tmp_path):
    assert dync("new", "first_try").status == 0
    text = (tmp_path / "first_try.dyn").read_text()
    assert "network FirstTry {" in text
    assert "dync run first_try.dyn" in text
    assert dync("check", "first_try.dyn").out == "first_try.dyn: ok\n"
    assert dync("fmt", "--check", "first_try.dyn").status == 0
    ended = dync("run", "first_try.dyn", "--set", "epochs=1", "--out", "out")
    assert ended.status == 0
    assert "fit: success" in ended.out


@pytest.mark.parametrize(
    "name", ["network", "edge", "learn", "x", "Digits2", "a_b_c", "std", "in", "tanh", "perceptron"]
)
def test_any_name_makes_a_good_file(name):
    assert compile_source(Source(f"{name}.dyn", starter(name))).diagnostics == ()


def test_nothing_is_replaced(dync, write, tmp_path):
    write("mine.dyn", "# mine\n")
    ended = dync("new", "mine")
    assert ended.status == 1
    assert "mine.dyn is there already" in ended.err
    assert (tmp_path / "mine.dyn").read_text() == "# mine\n"


def test_a_starter_in_a_new_folder(dync, tmp_path):
    assert dync("new", "below/here/mine.dyn").status == 0
    assert "network Mine {" in (tmp_path / "below" / "here" / "mine.dyn").read_text()
