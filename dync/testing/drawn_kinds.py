"""Drawing the kind of an edge: windows that fit the layers, weights of low rank, weights that others own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

from hypothesis import strategies as st

from dync.compiler.window_plan import WindowPlan, same_padding
from dync.testing.draft import Draft, DrawnLayer, Owner, Shape
from dync.testing.drawn_pairs import draw_pairs
from dync.testing.drawn_parts import has_part, part_between

WINDOWS: Final = ("conv", "conv", "pool", "unpool")


@dataclass(frozen=True)
class DrawnKind:
    """A kind by its word and as it is written; `owner` is the edge that a tied one shares weights with."""

    word: str
    text: str
    owner: Owner | None = None

    @property
    def learns(self) -> bool:
        """Whether an edge of this kind may learn."""
        return self.word not in ("pool", "unpool", "network") and (self.owner is None or self.owner.learns)


def draw_kind(draft: Draft, sender: DrawnLayer, receiver: DrawnLayer, strength: str, *, loop: bool) -> DrawnKind:
    """A kind that fits these layers, of this strength where it has one."""
    words = ["dense"] * 4
    words += ["one_to_one"] * 2 if sender.shape == receiver.shape else []
    words += ["low_rank"]
    words += WINDOWS * 2 if 2 <= len(sender.shape) == len(receiver.shape) else []
    shared = [
        (owner, turned) for owner in draft.owners for turned in (False, True) if owner.fits(sender, receiver, turned)
    ]
    words += ["tied"] * 5 if shared else []
    words += ["pairs"] * 2  # dense, with `weights`, `present` or `radius`
    words += ["network"] if has_part(draft, (sender.shape, receiver.shape)) else []
    words = [word for word in words if {"pairs": "dense"}.get(word, word) in draft.wanted.kinds]
    word = draft.one_of(words)
    match word:
        case "one_to_one":
            return DrawnKind(word, f"one_to_one({strength})")
        case "low_rank":
            rank = draft.draw(st.integers(1, min(sender.units, receiver.units, 3)))
            return DrawnKind(word, f"low_rank(rank = {rank}, strength = {strength})")
        case "tied":
            owner, turned = draft.draw(st.sampled_from(shared))
            return DrawnKind(word, f"tied({owner.label}, transposed = {'true' if turned else 'false'})", owner)
        case "conv" | "pool" | "unpool":
            return _window(draft, word, sender, receiver, strength) or _anywhere(draft, strength)
        case "network":
            return DrawnKind(word, part_between(draft, sender, receiver))
        case "pairs":
            return DrawnKind("dense", f"dense({draw_pairs(draft, sender, receiver, strength, loop=loop)})")
    density = f", density = {draft.number(0.3, 0.95)}" if draft.chance() else ""
    diagonal = f", diagonal = {draft.number(-0.4, 0.4)}" if loop and draft.chance() else ""
    return DrawnKind("dense", f"dense(strength = {strength}{density}{diagonal})")


def _anywhere(draft: Draft, strength: str) -> DrawnKind:
    """The simplest kind that joins layers of any shapes."""
    if "dense" in draft.wanted.kinds:
        return DrawnKind("dense", f"dense({strength})")
    return DrawnKind("low_rank", f"low_rank(rank = 1, strength = {strength})")


def _window(draft: Draft, word: str, sender: DrawnLayer, receiver: DrawnLayer, strength: str) -> DrawnKind | None:
    """A window that fits, or None where there is none."""
    transposed = word == "unpool" or (word == "conv" and draft.chance())
    large, small = (receiver.shape, sender.shape) if transposed else (sender.shape, receiver.shape)
    fitting = list(_fitting(large, small))
    if not fitting or (word != "conv" and large[-1] != small[-1]):
        return None
    kernel, stride, padding = draft.draw(st.sampled_from(fitting))
    place = f"{_tuple(kernel)}, stride = {_tuple(stride)}, padding = {padding}"
    if word != "conv":
        by = draft.one_of(["max", "mean", "sum"] if word == "pool" else ["copy", "share"])
        return DrawnKind(word, f"{word}({place}, by = {by})")
    groups = [n for n in (1, 2, 3) if large[-1] % n == small[-1] % n == 0]
    more = f", groups = {draft.draw(st.sampled_from(groups))}, transposed = {'true' if transposed else 'false'}"
    density = f", density = {draft.number(0.3, 0.95)}" if draft.draw(st.integers(0, 3)) == 3 else ""
    return DrawnKind(word, f"conv({place}{more}, strength = {strength}{density})")


def _fitting(large: tuple[int, ...], small: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], str]]:
    """Kernels, strides and paddings with which a window over the one layer has the positions of the other."""
    axes = len(large) - 1
    for kernel, stride in product(product((2, 3, 1), repeat=axes), product((1, 2), repeat=axes)):
        for padding in ("0", "1", "same"):
            if padding == "same":
                before, after = same_padding(large, kernel, stride)
            else:
                before = after = (int(padding),) * axes
            if padding == "1" and min(kernel) < 2:
                continue
            if WindowPlan(kernel, stride, before, after).places(large) == small[:-1]:
                yield kernel, stride, padding


def _tuple(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else f"({', '.join(map(str, numbers))})"


def owner_of(label: str, kind: DrawnKind, sender: DrawnLayer, receiver: DrawnLayer, learns: bool) -> Owner | None:
    """The edge as one whose weights others can use, where they can."""
    if kind.word in ("pool", "unpool", "tied", "network"):
        return None
    return Owner(label, kind.word, sender.shape, receiver.shape, learns)


def shape_of(draft: Draft) -> Shape:
    """Mostly the usual shape, so that layers are stacked and `one_to_one` edges fit; or one to which windows lead."""
    usual = draft.usual
    if draft.chance():
        return usual
    if len(usual) == 1:
        return (draft.draw(st.integers(*(draft.wanted.units or (1, 5)))),)
    if draft.draw(st.integers(0, 3)) == 3:
        return (prod(usual),)
    halves = tuple(max(1, n // 2) for n in usual[:-1])
    larger = tuple(n + 1 for n in usual[:-1])
    positions = draft.draw(st.sampled_from([usual[:-1], halves, larger]))
    return (*positions, draft.draw(st.sampled_from([usual[-1], 1, 2])))
