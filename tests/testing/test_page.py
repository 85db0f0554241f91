"""The page on testing: its two files pass as they stand, and the failure that it shows is the one that there is."""

import re
from pathlib import Path

import hypothesis  # noqa: F401
import pytest

pytest_plugins = "pytester"

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")


def block(language):
    """The only block of a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    return found


@pytest.fixture
def files(pytester):
    (pytester.path / "stack.dyn").write_text(block("dyn"), encoding="utf-8")
    (pytester.path / "test_stack.py").write_text(block("python"), encoding="utf-8")


@pytest.mark.usefixtures("files")
def test_the_examples_pass(pytester):
    ended = pytester.runpytest_subprocess("-v", "-p", "no:cacheprovider")
    ended.assert_outcomes(passed=7)
    ended.stdout.fnmatch_lines(["stack.dyn::wired PASSED*"])


@pytest.mark.usefixtures("files")
def test_the_failure_is_the_one_that_is_shown(pytester):
    spec = pytester.path / "stack.dyn"
    spec.write_text(spec.read_text().replace("== depth + 1", "<= 5"))
    ended = pytester.runpytest_subprocess("-p", "no:cacheprovider", "stack.dyn")
    shown = re.search(r"^error\[E0921\].*?(?=^```)", PAGE, flags=re.DOTALL | re.MULTILINE)
    assert shown is not None
    assert shown[0] in ended.stdout.str()


def test_every_option_and_name_is_explained():
    import dync.testing

    helped = {"--dyn-cases", "--dyn-seed", "dyn_cases", "dyn_seed", "dyn_files", "no:dync"}
    names = set(dync.testing.__all__) - {"DrawnNetwork", "InvalidNetwork", "Relaxation", "draw_weights"}
    assert [name for name in helped | names if name not in PAGE] == []
