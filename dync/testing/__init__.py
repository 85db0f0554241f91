"""Tests of networks, for those who write networks or take part in dync itself (`pip install 'dync[test]'`).

Strategies of Hypothesis: `networks` draws valid ones, `invalid_networks` ones with a mistake that is known, `rules` and
`activations` declarations of one's own. `interpret` says what a network does by the letter of the language, in NumPy;
`assert_agrees` holds the engine to it. `Interpreter` is the long form. A plugin of pytest collects the properties of
`.dyn` files (`dync.testing.plugin`). Nothing here imports JAX before a network runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dync.testing.agreement import TooCloseError, assert_agrees
    from dync.testing.drawn_network import DrawnNetwork, networks
    from dync.testing.interpretation import interpret
    from dync.testing.interpreter import Interpreter
    from dync.testing.invalid import CODES, InvalidNetwork, invalid_networks
    from dync.testing.local_rules import activations, rules
    from dync.testing.relaxation import Relaxation
    from dync.testing.weights import draw_weights

_HOMES = {
    "CODES": "dync.testing.invalid",
    "DrawnNetwork": "dync.testing.drawn_network",
    "Interpreter": "dync.testing.interpreter",
    "InvalidNetwork": "dync.testing.invalid",
    "Relaxation": "dync.testing.relaxation",
    "TooCloseError": "dync.testing.agreement",
    "activations": "dync.testing.local_rules",
    "assert_agrees": "dync.testing.agreement",
    "draw_weights": "dync.testing.weights",
    "interpret": "dync.testing.interpretation",
    "invalid_networks": "dync.testing.invalid",
    "networks": "dync.testing.drawn_network",
    "rules": "dync.testing.local_rules",
}

__all__ = [
    "CODES",
    "DrawnNetwork",
    "Interpreter",
    "InvalidNetwork",
    "Relaxation",
    "TooCloseError",
    "activations",
    "assert_agrees",
    "draw_weights",
    "interpret",
    "invalid_networks",
    "networks",
    "rules",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dync.testing' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
