"""Build the wheel, install it into an environment of its own, and use it from an empty folder.

`make test-wheel`, or `make test-wheel ARGS="-k data"` for some of the tests alone. Runs the test suite against the
installed package and then every command; ends with status 1 at the first that fails. The tests are copied beside the
specs, the tools and the pages, without what looks at the repository itself.
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
    "explain E0201",
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
        python = installed(folder)
        work = folder / "empty"
        work.mkdir()
        shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns(*ABOUT_THE_REPOSITORY))
        for beside in ("specs", "tools", "docs"):  # where tests look for them
            shutil.copytree(ROOT / beside, folder / beside)
        where = output(python, "-c", "import dync; print(dync.__file__)", cwd=work)
        if not Path(where).is_relative_to(folder / "venv"):
            raise SystemExit(f"not the installed package: {where}")
        say("the test suite, against the installed wheel")
        for file in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / file, folder)
        suite = (
            "-m",
            "pytest",
            "-c",
            str(folder / "pyproject.toml"),
            "-p",
            "no:cacheprovider",
            "-n",
            "2",
            "--dist",
            "worksteal",
            "-q",
        )
        call(python, *suite, *sys.argv[1:], str(folder / "tests"), cwd=work)
        shutil.copytree(ROOT / "specs", work / "specs")
        forgotten = set(output(python, "-c", NAMES, cwd=work).split()) - {command.split()[0] for command in COMMANDS}
        if forgotten:
            raise SystemExit(f"not tried: {', '.join(sorted(forgotten))}")
        for command in COMMANDS:
            say(f"dync {command}")
            call(python.with_name("dync"), *command.split(), cwd=work)
        say("every command works from the installed wheel")


def installed(folder: Path) -> Path:
    """The Python of a new environment in `folder` that has the wheel and what its tests need."""
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), ".", cwd=source(folder))
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    options = ("--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt"))
    call(python, "-m", "pip", "install", *options, f"{wheel}[test]", cwd=folder)
    return python


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
