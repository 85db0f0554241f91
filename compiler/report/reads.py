"""Who reads whose new state and whose old one, told once for all layers of an array that do alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Set
from typing import Literal, NamedTuple

from msgspec import Struct

from dync.compiler.plan import Structure
from dync.compiler.report.folding import Name, fold_names, named, split_name

StateRead = Literal["new", "old", "held"]


class Reads(Struct, frozen=True):
    """What one layer, or layers that do alike, read in a step.

    `new` are layers that moved earlier in the same step, `old` those that move later or at the same time, `held` those
    that no phase lets move. The names are folded; `h[i-1]` speaks of the `i` that `receivers` gives. `readout` says
    that the readers are never updated but by the read-out, after all else.
    """

    receivers: str
    new: tuple[str, ...]
    old: tuple[str, ...]
    held: tuple[str, ...]
    readout: bool


class _Range(NamedTuple):
    """Senders next to each other in one array, or one sender in none (`low` and `high` are None)."""

    state: StateRead
    base: str
    low: int | None
    high: int | None


class _Reader(NamedTuple):
    name: Name
    ranges: tuple[_Range, ...]
    moves: bool


_Ends = tuple[bool, ...]
"""For the low and high end of each range in turn, whether it moves along with the receiver."""


def who_reads_whom(structure: Structure, moving: Set[int]) -> tuple[Reads, ...]:
    """What each layer reads, in the order of declaration of the first of those that do alike.

    `moving` are the layers that some phase lets move.
    """
    readers = _readers(structure, moving)
    keys = [_keys(reader) for reader in readers]
    counts = Counter(key for choices in keys for key in choices.values())
    groups: dict[Hashable, tuple[_Ends | None, list[_Reader]]] = {}
    run: list[_Reader] = []
    for number, (reader, choices) in enumerate(zip(readers, keys, strict=True)):
        ends, key = max(choices.items(), key=lambda item: counts[item[1]]) if choices else (None, None)
        if key is not None and counts[key] > 1:
            groups.setdefault(key, (ends, []))[1].append(reader)
        elif run and _moved_along(run[0], run[-1], reader) is not None:
            run.append(reader)
        else:
            run = [reader]
            groups[number] = (None, run)
    return tuple(_told(members, ends or _ends_of_run(members)) for ends, members in groups.values())


def _readers(structure: Structure, moving: Set[int]) -> list[_Reader]:
    """The layers that hear something, in the order of declaration, with their senders in ranges."""
    heard: dict[int, dict[int, StateRead]] = {}
    for family in structure.families:
        for edge in family.edges:
            new = family.fresh or (edge.receiver not in moving and not family.delay)
            held = edge.sender not in moving and not family.delay
            state: StateRead = "held" if held else "new" if new else "old"
            heard.setdefault(edge.receiver, {})[edge.sender] = state
    names = [split_name(layer.name) for layer in structure.layers]
    return [
        _Reader(
            names[receiver],
            tuple(_ranges((names[s], state) for s, state in sorted(senders.items()))),
            receiver in moving,
        )
        for receiver, senders in sorted(heard.items())
    ]


def _ranges(senders: Iterable[tuple[Name, StateRead]]) -> Iterable[_Range]:
    ranges: list[_Range] = []
    for (base, index), state in senders:
        last = ranges[-1] if ranges else None
        follows = last is not None and last.high is not None and index == last.high + 1
        if last is not None and follows and (last.base, last.state) == (base, state):
            ranges[-1] = last._replace(high=index)
        else:
            ranges.append(_Range(state, base, index, index))
    return ranges


def _keys(reader: _Reader) -> dict[_Ends, Hashable]:
    """The ways in which a layer of an array may do as others do: all relative to its index, its own array, nothing."""
    if reader.name.place is None:
        return {}
    everything = _ends(reader, lambda sender: sender.low is not None)
    own = _ends(reader, lambda sender: sender.low is not None and sender.base == reader.name.base)
    nothing = _ends(reader, lambda sender: False)
    return {
        ends: (reader.name.base, _shape(reader), ends, _shifted(reader, ends)) for ends in (everything, own, nothing)
    }


def _ends(reader: _Reader, moves: Callable[[_Range], bool]) -> _Ends:
    return tuple(moves(sender) for sender in reader.ranges for _ in range(2))


def _shape(reader: _Reader) -> tuple[object, ...]:
    return (reader.moves, *((sender.state, sender.base, sender.low is None) for sender in reader.ranges))


def _shifted(reader: _Reader, ends: _Ends) -> tuple[int, ...]:
    index = reader.name.place or 0
    return tuple(end - index if moves else end for end, moves in zip(_indices(reader), ends, strict=True))


def _indices(reader: _Reader) -> list[int]:
    return [end or 0 for sender in reader.ranges for end in (sender.low, sender.high)]


def _moved_along(first: _Reader, before: _Reader, last: _Reader) -> _Ends | None:
    """Which ends move along in a run of layers (`h[1..i-1]`); None where the last does not do like the others."""
    if first.name.place is None or before.name.place is None or last.name.place is None:
        return None
    step = last.name.place - before.name.place
    if first.name.base != last.name.base or step != 1 or _shape(first) != _shape(last):
        return None
    ends = tuple(a != b for a, b in zip(_indices(before), _indices(last), strict=True))
    return ends if _shifted(first, ends) == _shifted(last, ends) else None


def _ends_of_run(run: list[_Reader]) -> _Ends:
    ends = _moved_along(run[0], run[-2], run[-1]) if len(run) > 1 else None
    return ends or (False,) * len(_indices(run[0]))


def _told(readers: list[_Reader], ends: _Ends) -> Reads:
    pairs = zip(ends[::2], ends[1::2], strict=True)
    shifted = _shifted(readers[0], ends) if any(ends) else _indices(readers[0])
    spans = zip(shifted[::2], shifted[1::2], strict=True)
    told: dict[StateRead, list[str]] = {"new": [], "old": [], "held": []}
    for sender, span, moves in zip(readers[0].ranges, spans, pairs, strict=True):
        told[sender.state].extend(_senders(sender, span, moves))
    receivers = _receivers(readers, any(ends) and len(readers) > 1)
    return Reads(receivers, tuple(told["new"]), tuple(told["old"]), tuple(told["held"]), not readers[0].moves)


def _receivers(readers: list[_Reader], by_index: bool) -> str:
    base = readers[0].name.base
    places = [reader.name.place for reader in readers]
    if not by_index:
        return ", ".join(fold_names(base if place is None else named(base, str(place)) for place in places))
    inside = ", ".join(part.removeprefix("i")[1:-1] for part in fold_names(f"i[{place}]" for place in places))
    return f"{named(base, 'i')}, i in {inside}"


def _senders(sender: _Range, span: tuple[int, int], moves: tuple[bool, bool]) -> list[str]:
    if sender.low is None:
        return [sender.base]
    low, high = (_index(end, along) for end, along in zip(span, moves, strict=True))
    if low == high:
        return [named(sender.base, low)]
    if moves[0] == moves[1] and span[1] == span[0] + 1:
        return [named(sender.base, low), named(sender.base, high)]
    return [named(sender.base, f"{low}..{high}")]


def _index(end: int, moves: bool) -> str:
    if not moves:
        return str(end)
    return "i" if end == 0 else f"i{end:+d}"
