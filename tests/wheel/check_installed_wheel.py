"""Build the wheel, install it into an environment of its own, and use it from an empty folder.

`make test-wheel`, or `make test-wheel ARGS="-k data"` for some of the tests alone. Runs the test suite against the
installed package and then every command; ends with status 1 at the first that fails. The tests are copied beside the
specs, the tools and the pages, without what looks at the repository itself. What users get by the extra `test` is tried
before the rest that the suite needs is there.
"""

import shutil
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
ABOUT_THE_REPOSITORY = ("test_packaging.py", "benchmarks", "docs", "wheel", "__pycache__")

COMMANDS = (
    "check specs/digits.dyn",
    "check specs/digits.dyn --format json",
    "fmt specs/digits.dyn --check",
    "test specs/digits.dyn --cases 3",
    "verify specs/digits.dyn",
    "explain E0201",
    "explain stdp",
    "doctor",
    "compile specs/digits.dyn Digits -o compiled",
    "compile specs/digits.dyn Digits --emit plan",
    "compile specs/digits.dyn Digits --emit hlo",
    "graph specs/digits.dyn Digits -o digits.svg",
    "new first",
    "check first.dyn",
    "run specs/digits.dyn --set epochs=1 --out run",
    "run compiled fit --out again",
    "run specs/study.dyn tune --set trials=2 --set epochs=1 --jobs 2 --out study",
    "runs",
    "report run -o run.html",
)


def main() -> None:
    """Build, install, test, run."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        wheel = built(folder)
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        install(python, f"{wheel}[test]")
        work = folder / "empty"
        work.mkdir()
        where = output(python, "-c", "import dync; print(dync.__file__)", cwd=work)
        if not Path(where).is_relative_to(folder / "venv"):
            raise SystemExit(f"not the installed package: {where}")
        shutil.copytree(ROOT / "specs", work / "specs")
        say("the properties of the specs, with the extra `test` alone")
        call(python, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--dyn-cases=2", "specs", cwd=work)
        say("the test suite, against the installed wheel")
        install(python, f"{wheel}[dev]")
        run_suite(python, folder, work)
        run_commands(python, work)
        say("every command works from the installed wheel")


def run_suite(python: Path, folder: Path, work: Path) -> None:
    """The tests and the specs, copied into `folder`, by a pytest that starts in `work`."""
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns(*ABOUT_THE_REPOSITORY))
    for beside in ("specs", "tools", "docs"):  # where tests look for them
        shutil.copytree(ROOT / beside, folder / beside)
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, folder)
    options = ("-c", str(folder / "pyproject.toml"), "-p", "no:cacheprovider", "-n", "2", "--dist", "worksteal", "-q")
    places = (str(folder / "tests"), str(folder / "specs"))
    call(python, "-m", "pytest", *options, *sys.argv[1:], *places, cwd=work)


def run_commands(python: Path, work: Path) -> None:
    """Every command, in a folder that has the specs."""
    forgotten = set(output(python, "-c", NAMES, cwd=work).split()) - {command.split()[0] for command in COMMANDS}
    if forgotten:
        raise SystemExit(f"not tried: {', '.join(sorted(forgotten))}")
    for command in COMMANDS:
        say(f"dync {command}")
        call(python.with_name("dync"), *command.split(), cwd=work)


def built(folder: Path) -> Path:
    """The wheel, built into `folder`."""
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), ".", cwd=source(folder))
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(python: Path, what: str) -> None:
    """Install something into the environment of an interpreter, with the tested versions of all that it needs."""
    options = ("--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt"))
    call(python, "-m", "pip", "install", *options, what, cwd=python.parent)


def source(folder: Path) -> Path:
    """A copy of the working tree in `folder`, so that building leaves nothing behind."""
    ignored = shutil.ignore_patterns(".git", ".venv", "build", "dist", "runs", "*.egg-info", ".*_cache", "__pycache__")
    return Path(shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=ignored))


NAMES = "from dync.commands.app import app; print(*(command.name for command in app.registered_commands))"
"""Prints every command that this version has."""


def output(*command: object, cwd: Path) -> str:
    """What a command that must succeed prints."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def call(*command: object, cwd: Path) -> None:
    """Run a command that must succeed."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, check=False)
    if done.returncode:
        raise SystemExit(f"status {done.returncode}: {' '.join(map(str, command))}")


def say(text: str) -> None:
    """A line about what comes next."""
    print(f"== {text}", flush=True)


if __name__ == "__main__":
    main()
