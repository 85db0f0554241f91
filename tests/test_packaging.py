"""What is shipped: every package, every data file, one version, and nothing that names a machine."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from dync.version import VERSION

ROOT = Path(__file__).resolve().parent.parent
TOP = {"dync": "dync", "dync.grammar": "grammar", "dync.compiler": "compiler", "dync.runtime": "runtime"}
DATA = {".lark", ".dyn", ".json", ".toml", ".gz", ".typed", ".css", ".jinja"}


@pytest.fixture(scope="module")
def settings():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


@pytest.fixture(scope="module")
def wheel(built):
    """The names of the files in the wheel."""
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel built from what git would ship, by the setuptools that is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in shipped():
        target = folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(folder / "source"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


def shipped():
    """Files that git knows or would take, links to folders left out."""
    names = git("ls-files", "--cached", "--others", "--exclude-standard")
    return [name for name in names if (ROOT / name).is_file()]


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def tree():
    """Every file of the packages: its place in the repository by its place in the wheel."""
    files = {}
    for package, folder in TOP.items():
        for path in (ROOT / folder).rglob("*"):
            inside = path.relative_to(ROOT / folder)
            linked = package == "dync" and inside.parts[0] in ("grammar", "compiler", "runtime")
            if path.is_file() and "__pycache__" not in inside.parts and not linked:
                files["/".join([*package.split("."), *inside.parts])] = path
    return files


def test_the_list_of_packages_is_the_tree(settings):
    folders = {name.rpartition("/")[0].replace("/", ".") for name in tree() if name.endswith(".py")}
    assert sorted(settings["packages"]) == sorted(folders)


def test_every_package_but_the_front_door_has_its_folder(settings):
    places = settings["package-dir"]
    for package in settings["packages"]:
        top = ".".join(package.split(".")[:2])
        if top in TOP.keys() - {"dync"}:
            assert places[package] == package.replace(top, TOP[top]).replace(".", "/")
        else:
            assert package not in places


def test_every_folder_with_python_is_a_package():
    names = tree()
    folders = {name.rpartition("/")[0] for name in names if name.endswith(".py")}
    assert {folder for folder in folders if f"{folder}/__init__.py" not in names} == set()


def test_the_wheel_has_every_module_and_data_file(wheel):
    wanted = {name for name in tree() if Path(name).suffix in DATA | {".py"}}
    assert wanted - wheel == set()
    assert {"dync/py.typed", "dync/grammar/std.dyn", "dync/grammar/dyn.lark", "dync/grammar/tables.json"} <= wheel


def test_the_wheel_has_nothing_else(wheel):
    extra = {name for name in wheel - set(tree()) if ".dist-info/" not in name}
    assert extra == set()
    assert any(name.endswith("/licenses/LICENSE") for name in wheel)


def test_the_wheel_brings_the_command_and_the_plugin_of_pytest(built):
    with zipfile.ZipFile(built) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt"))
        lines = archive.read(name).decode().split("\n")
    assert {"[pytest11]", "dync = dync.testing.plugin", "dync = dync.cli:main"} <= set(lines)


def test_the_extra_for_tests_is_slim():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {re.split(r"[>=<]", name)[0] for name in extras["test"]} == {"hypothesis", "pytest"}


def test_every_kind_of_file_in_the_packages_is_shipped():
    kinds = {Path(name).suffix for name in tree()}
    assert kinds <= DATA | {".py"}


def test_the_version_stands_in_one_place():
    assert version("dync") == VERSION
    pattern = re.compile(rf"(?i)\bversion\W{{1,6}}{re.escape(VERSION)}\b")
    texts = {name: readable(name) for name in shipped() if not name.startswith("CHANGELOG")}
    assert [name for name, text in texts.items() if pattern.search(text)] == ["dync/version.py"]


def test_no_file_names_an_index_or_a_machine():
    forbidden = re.compile(
        r"pypi\.org|pythonhosted|--(?:extra-)?index-url|--find-links|file://|(?<![\w.])/(?:root|home|work|Users|opt|tmp)/\w"
    )
    found = [(name, hit.group()) for name in shipped() if (hit := forbidden.search(readable(name)))]
    assert [hit for hit in found if hit[0] != "tests/test_packaging.py"] == []


def test_the_constraints_are_names_and_versions():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    wanted = {re.split(r"[>=<\[ ]", name)[0].lower() for name in [*project["dependencies"], *extras]}
    assert wanted - {"dync"} - pinned == set()


def readable(name):
    """The text of a file, empty where it is none."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
