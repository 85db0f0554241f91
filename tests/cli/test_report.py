"""`dync report`: a page of what `dync run` left."""

import pytest


@pytest.fixture
def fit_run(dync, spec):
    assert dync("run", spec, "--out", "runs/fit").status == 0
    return "runs/fit"


def test_it_writes_the_report_of_a_run(dync, fit_run, tmp_path):
    ended = dync("report", fit_run, "-o", "pages/fit.html")
    assert (ended.status, ended.out, ended.err) == (0, "written to pages/fit.html\n", "")
    text = (tmp_path / "pages" / "fit.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "data:image/svg+xml;base64," in text
    assert "Δ weight = [post * field &lt;= margin] * post * pre / sqrt(batch * fan_in)" in text
    assert dync("report", fit_run).out == "written to runs/fit/report.html\n"
    assert (tmp_path / "runs" / "fit" / "report.html").read_text(encoding="utf-8") == text
    assert dync("report", "runs", "-o", "all.html").status == 0


def test_where_there_is_no_run_it_says_what_to_give(dync):
    ended = dync("report", ".", "-o", "x.html")
    assert ended.status == 1
    assert "is not the folder of a run" in ended.err


def test_the_file_must_be_html(dync):
    ended = dync("report", ".", "-o", "x.pdf")
    assert ended.status == 2
    assert "must end in .html" in ended.err
