"""What stands in the documents, and that it happens: files are written, commands print what is shown, Python runs."""

import re
import shlex
from pathlib import Path

import pytest

from dync.cli import main

ROOT = Path(__file__).resolve().parents[2]
CONSTRUCTS = sorted((ROOT / "docs" / "constructs").glob("*.md"))
RULES = sorted((ROOT / "docs" / "rules").glob("*.md"))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

MEASURED = r"\d+(?= batches)|[\d.]+(?=%)|\d+:\d\d(?= left)|(?<=in )[\d.]+(?= s$)|(?<=mse )[\d.]+|(?<=% )[\d.]+$"


def blocks(path, *languages):
    """The fenced blocks of a document: language and text."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [(language, body) for language, body in found if language in languages]


def files(path):
    """The `.dyn` files that a document names before it shows them, "This is `name.dyn`:", with their texts."""
    text = path.read_text(encoding="utf-8")
    return dict(re.findall(r"`([\w/]+\.dyn)`[^`]*:\n\n```dyn\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE))


def networks(text):
    return re.findall(r"^network (\w+)", text, flags=re.MULTILINE)


def transcripts(text):
    """Commands with the lines that are shown of what they print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *lines = part.splitlines()
        yield shlex.split(command.partition("  #")[0]), [line for line in lines if line.strip()]


def without_numbers(line):
    """A line of training: what it says, whatever it measured and however long it took."""
    return re.sub(MEASURED, "#", " ".join(line.split()))


def without_rounding(line):
    """A line of `dync verify`, however the machine rounds."""
    return re.sub(r"to \d+e[+-]\d+", "to #", " ".join(line.split()))


SAME = {"run": without_numbers, "verify": without_rounding}
"""When lines are the same, of commands that measure."""


def shows(lines, printed, same):
    """Whether the lines are what was printed, in this order, without what stands for `...`."""
    rest = iter(same(line) for line in printed.splitlines() if line.strip())
    previous = "..."
    for line in lines:
        if line != "...":
            found = next(rest, None)
            while previous == "..." and found is not None and found != same(line):
                found = next(rest, None)
            assert found == same(line)
        previous = line
    assert previous == "..." or next(rest, None) is None


def happens(path, capsys):
    """The commands and the Python of a document, one after another in the current folder, print what is shown."""
    shared: dict[str, object] = {}
    for language, text in blocks(path, "text", "python"):
        if language == "python":
            exec(compile(text, path.name, "exec"), shared)
            printed = capsys.readouterr().out
            assert printed.split("\n")[:-1] == re.findall(r"^ *print\(.*\)  # ([^:\n]*)", text, flags=re.MULTILINE)
        for words, lines in transcripts(text):
            assert words[0] == "dync"
            with pytest.raises(SystemExit):
                main(words[1:])
            ended = capsys.readouterr()
            shows(lines, ended.out + ended.err, SAME.get(words[1], str.rstrip))
