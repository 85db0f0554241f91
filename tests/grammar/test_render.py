"""What diagnostics look like."""

from dync.grammar.diagnostic import Diagnostic, Fix, Note
from dync.grammar.render import to_json, to_text
from dync.grammar.source import Source, Span


class Example(Diagnostic, frozen=True):
    """A mistake for these tests."""

    code = "E9999"
    wrong = right = ""

    sentence: str = "this is wrong"
    remarks: tuple[Note, ...] = ()
    change: Fix | None = None

    @property
    def message(self) -> str:
        return self.sentence

    @property
    def notes(self) -> tuple[Note, ...]:
        return self.remarks

    @property
    def fix(self) -> Fix | None:
        return self.change


class Smell(Example, frozen=True):
    """A warning for these tests."""

    code = "W9999"
    severity = "warning"


TEXT = Source("a.dyn", "first line\n  second line\nthird\n" + "\n" * 8 + "twelfth\n")


def place(word: str, source: Source = TEXT) -> Span:
    start = source.text.index(word)
    return Span(source, start, start + len(word))


def test_both_places_are_marked_in_the_order_of_the_text() -> None:
    mistake = Example(
        place("twelfth"),
        remarks=(Note("because of this", place("second")), Note("and so on")),
        change=Fix("write 'last'", place("twelfth"), "last"),
    )
    assert to_text([mistake], color=False) == (
        "error[E9999]: this is wrong\n"
        "  --> a.dyn:12:1\n"
        " 2 |   second line\n"
        "   |   ------ because of this\n"
        "...\n"
        "12 | twelfth\n"
        "   | ^^^^^^^\n"
        "  note: and so on\n"
        "  help: write 'last'\n"
        "\n"
        "1 error\n"
    )


def test_a_note_in_another_file_has_its_own_excerpt() -> None:
    other = Source("b.dyn", "elsewhere\n")
    text = to_text([Example(place("third"), remarks=(Note("here", place("elsewhere", other)),))], color=False)
    assert text.splitlines()[1:7] == [
        " --> a.dyn:3:1",
        "3 | third",
        "  | ^^^^^",
        " --> b.dyn:1:1",
        "1 | elsewhere",
        "  | --------- here",
    ]


def test_sorted_by_place_each_once_and_counted() -> None:
    found = [Example(place("third")), Smell(place("first")), Example(place("third")), Example(place("second"))]
    text = to_text(found, color=False)
    assert [line.split(":")[0] for line in text.splitlines() if "[" in line] == [
        "warning[W9999]",
        "error[E9999]",
        "error[E9999]",
    ]
    assert text.endswith("\n2 errors and 1 warning\n")
    assert len(to_json(found)["diagnostics"]) == 3


def test_nothing_is_nothing() -> None:
    assert to_text([], color=False) == ""
    assert to_json([]) == {"diagnostics": []}


def test_colour_only_when_asked_for() -> None:
    mistake = Example(place("third"))
    assert "\x1b" not in to_text([mistake], color=False)
    assert "\x1b[1;31merror[E9999]\x1b[0m" in to_text([mistake], color=True)


def test_a_file_cannot_steer_the_terminal() -> None:
    source = Source("\x1b[2J.dyn", "a\x1b[31m\x07\u202e bad\r\n")
    text = to_text([Example(place("bad", source), sentence="found \x1b[0m\n\x9b")], color=False)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert "found \\x1b[0m\\n\\x9b" in text


def test_marks_line_up_beneath_tabs_and_wide_characters() -> None:
    source = Source("a.dyn", "\t名前 bad\n")
    lines = to_text([Example(place("bad", source))], color=False).splitlines()
    assert lines[2:4] == ["1 |     名前 bad", "  |" + " " * 10 + "^^^"]


def test_a_place_over_several_lines_is_marked_on_the_first() -> None:
    span = Span(TEXT, TEXT.text.index("second"), TEXT.text.index("third") + 2)
    assert to_text([Example(span)], color=False).splitlines()[2:4] == ["2 |   second line", "  |   ^^^^^^^^^^^"]
    (data,) = to_json([Example(span)])["diagnostics"]
    assert [data[key] for key in ("line", "column", "end_line", "end_column")] == [2, 3, 3, 3]


def test_an_empty_place_at_the_end_can_be_shown() -> None:
    text = to_text([Example(Span(TEXT, len(TEXT.text), len(TEXT.text)))], color=False)
    assert " --> a.dyn:13:1" in text
    assert "^" in text


def test_long_lines_are_cut_around_the_place() -> None:
    source = Source("a.dyn", "x" * 100_000 + " bad " + "y" * 100_000)
    lines = to_text([Example(place("bad", source))], color=False).splitlines()
    assert all(len(line) < 250 for line in lines)
    column = lines[3].index("^")
    assert lines[2][column : column + 3] == "bad"


def test_two_places_far_apart_in_a_long_line_are_both_shown() -> None:
    source = Source("a.dyn", "far " + "x" * 1000 + " bad\n")
    mistake = Example(place("bad", source), remarks=(Note("here", place("far", source)),))
    lines = to_text([mistake], color=False).splitlines()
    assert [lines[i][lines[i + 1].index(mark) :][:3] for i, mark in ((2, "-"), (4, "^"))] == ["far", "bad"]


def test_two_places_near_each_other_in_a_long_line_share_it() -> None:
    source = Source("a.dyn", "x" * 1000 + " near bad" + "y" * 1000)
    mistake = Example(place("bad", source), remarks=(Note("here", place("near", source)),))
    lines = to_text([mistake], color=False).splitlines()
    assert [lines[2][lines[i].index(mark) :][:3] for i, mark in ((3, "-"), (4, "^"))] == ["nea", "bad"]


def test_a_file_without_text_is_only_named() -> None:
    nowhere = Span(Source("missing.dyn", ""), 0, 0)
    assert to_text([Example(nowhere)], color=False) == ("error[E9999]: this is wrong\n --> missing.dyn\n\n1 error\n")


def test_json_has_every_field() -> None:
    mistake = Example(
        place("second"),
        remarks=(Note("because", place("first")), Note("so")),
        change=Fix("write it", place("line"), "text"),
    )
    assert to_json([mistake]) == {
        "diagnostics": [
            {
                "code": "E9999",
                "severity": "error",
                "message": "this is wrong",
                "file": "a.dyn",
                "line": 2,
                "column": 3,
                "end_line": 2,
                "end_column": 9,
                "notes": [
                    {"message": "because", "file": "a.dyn", "line": 1, "column": 1, "end_line": 1, "end_column": 6},
                    {"message": "so", "file": None, "line": None, "column": None, "end_line": None, "end_column": None},
                ],
                "fix": {
                    "message": "write it",
                    "replacement": "text",
                    "file": "a.dyn",
                    "line": 1,
                    "column": 7,
                    "end_line": 1,
                    "end_column": 11,
                },
            }
        ]
    }
