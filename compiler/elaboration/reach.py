"""What can be reached along edges: the closure that every `dync check` needs.

`dync.compiler.topology` asks the same, and much more, of a NetworkX graph. This stands apart because loading NetworkX
would take most of the time of a check; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterable

Arc = tuple[str, str]
"""Sender and receiver."""


def reached(starts: Iterable[str], arcs: Iterable[Arc]) -> set[str]:
    """The starts and all that the arcs lead to from any of them."""
    following: dict[str, list[str]] = {}
    for sender, receiver in arcs:
        following.setdefault(sender, []).append(receiver)
    found = set(starts)
    waiting = list(found)
    while waiting:
        for name in following.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def reaching(ends: Iterable[str], arcs: Iterable[Arc]) -> set[str]:
    """The ends and all from which the arcs lead to any of them."""
    return reached(ends, ((receiver, sender) for sender, receiver in arcs))
