"""The pytest plugin, as users meet it: in runs of pytest in folders of their own.

Such a run forgets every module that it was the first to load. So what these load is loaded here, for JAX cannot be
loaded twice.
"""

import subprocess
import sys

import hypothesis  # noqa: F401
import jax  # noqa: F401
import networkx  # noqa: F401
import pytest

import dync.properties.drawing
import dync.testing.collected  # noqa: F401

pytest_plugins = "pytester"

CHAIN = """
network Chain {
  param depth = 2 in 1..64
  input x (4)
  layer h[1..depth] (4) tanh
  output y (2)
  edge x -> h[1] dense
  for i in 1..depth-1 { edge h[i] -> h[i+1] dense }
  edge h[depth] -> y dense
}
"""
WIRED = "property wired(depth in 1..20) on Chain { require path_length(x, y) == depth + 1 }\n"
SHORT = "property short(depth in 1..20) on Chain { require path_length(x, y) <= 5 }\n"


@pytest.fixture
def write(pytester):
    """Writes a file into the folder of the run."""

    def to_file(name, text):
        place = pytester.path / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")

    return to_file


@pytest.fixture
def run(pytester):
    """Runs pytest in its folder, without what other plugins say."""
    return lambda *words: pytester.runpytest_inprocess("-p", "no:cacheprovider", *words)


def test_each_property_is_a_test(write, run):
    write("chain.dyn", CHAIN + WIRED + SHORT.replace("<= 5", "<= 500"))
    ended = run("-v")
    ended.assert_outcomes(passed=2)
    ended.stdout.fnmatch_lines(["chain.dyn::wired PASSED*", "chain.dyn::short PASSED*"])


def test_a_failure_shows_the_smallest_network(write, run):
    write("chain.dyn", CHAIN + WIRED + SHORT)
    ended = run()
    ended.assert_outcomes(passed=1, failed=1)
    ended.stdout.fnmatch_lines(
        [
            "*short on Chain*",
            "error[[]E0921[]]: `path_length(x, y) <= 5` was `6 <= 5` at depth = 5",
            "* --> chain.dyn:12:*",
            "Chain: 7 layers, 6 edges",
            "  h[[]5[]]  layer*tanh",
            "*h[[]5[]]*->*y*dense*forward*",
            "FAILED chain.dyn::short*",
        ]
    )
    ended.stdout.no_fnmatch_line("*Traceback*")
    ended.stdout.no_fnmatch_line("*dync/*.py*")


def test_one_property_can_be_chosen(write, run):
    write("chain.dyn", CHAIN + WIRED + SHORT)
    run("chain.dyn::wired").assert_outcomes(passed=1)
    run("-k", "wired").assert_outcomes(passed=1, deselected=1)
    write("test_other.py", "def test_other(): pass\n")
    run("-m", "not dyn").assert_outcomes(passed=1, deselected=2)


def test_files_without_properties_are_not_collected(write, run):
    write("plain.dyn", CHAIN + "# no property in here\n")
    write("broken.dyn", "network N { edge x -> }\n")
    write("notes.txt", WIRED)
    assert run("--collect-only").ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CHAIN.replace("-> h[1]", "-> g[1]") + WIRED, "error[[]E0201[]]: there is no layer `g`*"),
        (CHAIN + WIRED.replace("depth in", "deep in"), "error[[]E0602[]]*depth*"),
        (CHAIN + "property wired on Chain { require ", "error[[]E01*"),
        (CHAIN + 'import "missing.dyn"\n' + WIRED, "error*missing.dyn*"),
    ],
    ids=["network", "property", "syntax", "import"],
)
def test_a_file_with_mistakes_is_an_error_of_the_collection(write, run, text, said):
    write("chain.dyn", text)
    ended = run()
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines(["*ERROR collecting chain.dyn*", said])
    ended.stdout.no_fnmatch_line("*Traceback*")


def test_a_file_that_is_no_text_is_an_error_of_the_collection(pytester, run):
    (pytester.path / "chain.dyn").write_bytes(b"property wired \xff\n")
    ended = run()
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines(["error*chain.dyn*"])


def test_imports_go_from_the_folder_of_the_file(write, run):
    write("nets/chain.dyn", CHAIN)
    write("nets/asked.dyn", 'import "chain.dyn"\n' + WIRED)
    run("nets/asked.dyn").assert_outcomes(passed=1)
    run("nets").assert_outcomes(passed=1)


def counted(pytester, run, *words):
    """How many values were tried, as the report for other tools says."""
    run("--junit-xml=report.xml", *words).assert_outcomes(passed=1)
    text = (pytester.path / "report.xml").read_text(encoding="utf-8")
    return int(text.partition('name="dyn_cases" value="')[2].partition('"')[0])


def test_how_many_values_are_tried(pytester, write, run):
    write("chain.dyn", CHAIN + WIRED)
    assert counted(pytester, run) == 20
    assert counted(pytester, run, "--dyn-cases", "3") == 3
    pytester.makeini("[pytest]\ndyn_cases = 4\n")
    assert counted(pytester, run) == 4
    assert counted(pytester, run, "--dyn-cases", "5") == 5


def test_the_seed_says_which(write, run):
    rare = "property rare(depth in 1..64) on Chain { require count(layers) != 50 }\n"
    write("chain.dyn", CHAIN + rare)
    failed = {seed: run("--dyn-cases", "20", "--dyn-seed", seed).parseoutcomes().get("failed", 0) for seed in "0123456"}
    assert set(failed.values()) == {0, 1}
    assert failed["3"] == run("--dyn-cases", "20", "--dyn-seed", "3").parseoutcomes().get("failed", 0)


@pytest.mark.parametrize("word", ["0", "-1", "many", "1.5", "9999999999"])
def test_no_such_number(pytester, write, run, word):
    write("chain.dyn", CHAIN + WIRED)
    ended = run(f"--dyn-cases={word}")
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines([f"*--dyn-cases: '{word}' is no whole number from 1 to 1000000"])
    pytester.makeini(f"[pytest]\ndyn_cases = {word}\n")
    ended = run()
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines([f"*dyn_cases in the configuration: '{word}' is no whole number from 1 to 1000000"])


def test_which_files_are_collected_is_configured(pytester, write, run):
    write("chain.dyn", CHAIN + WIRED)
    write("nets/chain.dyn", CHAIN + SHORT)
    pytester.makeini("[pytest]\ndyn_files = nets/*.dyn other_*.dyn\n")
    run().assert_outcomes(failed=1)
    pytester.makeini("[pytest]\ndyn_files =\n")
    assert run().ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_it_can_be_switched_off(write, run):
    write("chain.dyn", CHAIN + WIRED)
    assert run("-p", "no:dync").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_without_hypothesis_it_says_what_to_install(write, pytester):
    write("chain.dyn", CHAIN + WIRED)
    write("conftest.py", "import sys\nsys.modules['hypothesis'] = None\n")
    ended = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    ended.assert_outcomes(failed=1)
    ended.stdout.fnmatch_lines(["*pip install 'dync[[]test[]]'*"])
    ended.stdout.no_fnmatch_line("*Traceback*")


LOADED = """
import sys
import pytest

others = set(sys.modules)
pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:jaxtyping", "-p", "no:hypothesispytest"])
heavy = {"dync", "jax", "numpy", "hypothesis"}
print(*sorted(name for name in set(sys.modules) - others if name.split(".")[0] in heavy))
"""


def test_a_run_without_dyn_files_loads_next_to_nothing(tmp_path):
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): pass\n")
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].split() == ["dync", "dync.testing", "dync.testing.plugin", "dync.version"]
