"""Reading JSON that anybody may have written: each value knows where it stands, and says so where it is of no use."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from dync.runtime.error import RunError

_KINDS: Final = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
LARGEST: Final = 1e100
"""The largest number that is shown: none that a float32 can hold is beyond it."""
LONGEST_TEXT: Final = 100_000
_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Field:
    """A value of a JSON file and its place there (`result.json: outputs.trials[3]`).

    What is absent is null, and null is an empty object, an empty list, no text or no number, as one asks. Anything else
    of another kind than asked for raises RunError.
    """

    place: str
    value: Any

    def __getitem__(self, name: str) -> Field:
        return Field(f"{self.place}.{_short(name)}", self._of(dict).get(name))

    def fields(self) -> dict[str, Field]:
        """The fields of an object by name."""
        return {name: Field(f"{self.place}.{_short(name)}", found) for name, found in self._of(dict).items()}

    def items(self) -> list[Field]:
        """The items of a list."""
        return [Field(f"{self.place}[{number}]", found) for number, found in enumerate(self._of(list))]

    def text(self) -> str:
        """A text; empty where there is none."""
        found: str = self._of(str)
        return found

    def texts(self) -> list[str]:
        """A list of texts."""
        return [item.text() for item in self.items()]

    def number(self) -> float | None:
        """A number that can be drawn; None where there is none, where it is not finite or beyond `LARGEST`."""
        if self.value is None:
            return None
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self._wrong("a number")
        try:
            found = float(self.value)
        except OverflowError:
            return None
        return found if abs(found) <= LARGEST else None

    def whole(self) -> int | None:
        """A whole number; None where there is none."""
        found = self.number()
        if found is not None and found != int(found):
            raise self._wrong("a whole number")
        return None if found is None else int(found)

    def numbers(self) -> list[float]:
        """The finite numbers of a list."""
        return [found for item in self.items() if (found := item.number()) is not None]

    def measures(self) -> dict[str, float]:
        """The numbers of an object by name, those that are none left out."""
        found = {name: item.number() for name, item in self.fields().items()}
        return {name: number for name, number in found.items() if number is not None}

    def interval(self) -> tuple[float, float] | None:
        """Two numbers, low and high; None where there are none."""
        match self.items():
            case []:
                return None
            case [low, high]:
                ends = low.number(), high.number()
                return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])
        raise self._wrong("a low and a high number")

    def present(self) -> bool:
        """Whether there is anything: not null, and not empty."""
        return self.value is not None and self.value not in ({}, [], "")

    def _of(self, kind: type) -> Any:
        if self.value is None:
            return kind()
        if not isinstance(self.value, kind):
            raise self._wrong(_KINDS[kind])
        return self.value

    def _wrong(self, wanted: str) -> RunError:
        found = _KINDS.get(type(self.value), "a number")
        return RunError(
            f"{self.place} is {found} where {wanted} should be: the file was changed or damaged, or another version of"
            " dync wrote it"
        )


def clean(data: Any) -> Any:
    """JSON data with texts that can be shown: what would upset a page (control characters, halves of surrogate pairs,
    changes of the direction of writing) is replaced by U+FFFD."""
    match data:
        case str():
            return clean_text(data)
        case dict():
            return {clean_text(name): clean(value) for name, value in data.items()}
        case list():
            return [clean(item) for item in data]
    return data


def clean_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text as `clean` leaves it, and no longer than this."""
    if len(text) > longest:
        text = text[:longest] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join("\ufffd" if _upsets(letter) else letter for letter in text)


def _upsets(letter: str) -> bool:
    return letter in _DIRECTIONS or (letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cs", "Cn"))


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}…"
