"""What is measured: the networks, and the programs that each is tried with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.networks import Chain, Mnist, Network

OURS, HANDWRITTEN, DICTIONARY = "ours", "hand-written", "dictionary"

MODULES = {
    "chain": {
        OURS: "benchmarks.ours",
        HANDWRITTEN: "benchmarks.handwritten.chain",
        DICTIONARY: "benchmarks.handwritten.dictionaries",
    },
    "mnist": {
        OURS: "benchmarks.ours",
        HANDWRITTEN: "benchmarks.handwritten.mnist",
        "hand-written, dense": "benchmarks.handwritten.mnist_dense",
        DICTIONARY: "benchmarks.handwritten.dictionaries",
    },
}


@dataclass(frozen=True)
class Case:
    """A network, and how many batches one repetition trains it for."""

    network: Network
    batches: int

    @property
    def name(self) -> str:
        """What tables call it."""
        match self.network:
            case Chain(depth=depth, schedule=schedule):
                return f"chain, {schedule}, L = {depth}"
            case Mnist():
                return "MNIST"

    @property
    def modules(self) -> dict[str, str]:
        """The modules of the programs by the names that tables give them."""
        return MODULES["chain" if isinstance(self.network, Chain) else "mnist"]

    def to_json(self) -> str:
        """As text for a child process."""
        kind = "chain" if isinstance(self.network, Chain) else "mnist"
        return json.dumps({"kind": kind, "network": asdict(self.network), "batches": self.batches})

    @staticmethod
    def from_json(text: str) -> Case:
        """What `to_json` wrote."""
        data = json.loads(text)
        if data["kind"] == "chain":
            return Case(Chain(**data["network"]), data["batches"])
        fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in data["network"].items()}
        return Case(Mnist(**fields), data["batches"])


def cases(quick: bool) -> list[Case]:
    """Chains of every length under both schedules, and the MNIST network; only short chains if it is to be quick."""
    depths = (4, 16) if quick else (4, 16, 64, 256)
    chains = [Chain(depth, schedule) for schedule in ("sequential", "synchronous") for depth in depths]
    return [*(Case(chain, max(10, 400 // chain.depth)) for chain in chains), Case(Mnist(), 100)]
