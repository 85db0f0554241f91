"""A program of its own: trains small networks on one device and on all that there are, and prints how far they differ.

`python trained_on_devices.py FOLDER NAME…`; the environment says how many devices and processes there are.
"""

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from msgspec.structs import replace

import dync
from dync.compiler.plan import SlotsPlan
from dync.runtime.devices import choose_devices, learning_program_on
from dync.runtime.error import RunError
from dync.runtime.joined_processes import (
    folder_of_process,
    join_processes,
    leads,
    shared_bytes,
    verify_joined_alike,
)
from dync.runtime.learner import Feed, learning_program, start_learner
from dync.runtime.network import Network

SETTLING = """
rule mixed { update tanh(pre * post + weight) / batch }
rule traced(reward) {
  trace sent = 0.7 * sent + pre
  update (reward - 0.5) * sent * (post - predicted) / batch
}
network Settling {
  input  x (20)
  layer  a (9) tanh
  layer  b (9) tanh
  output y (3)
  edge x -> a dense learn mixed
  edge a -> b dense(density = 0.5) learn mixed
  edge x -> b dense(density = 0.5) learn gradient(mse)
  edge b -> a one_to_one(0.5) learn mixed
  edge b -> y dense(density = 0.7) learn contrastive
  edge a -> y dense learn traced(mse) during free
  phase clamped { until settled within 0.001 max 40 }
  phase free { until settled within 0.001 max 40 messages forward clamp x }
  train clamped, free
}
"""
SPARSE = """
network Sparse {
  input  x (20)
  layer  h (12) glauber(beta = 2)
  output y (3)
  edge x -> h dense(density = 0.3) sends 0.5 * state + state**2 learn perceptron(margin = 1) decay 0.1
  edge h -> h dense(diagonal = 0.4, density = 0.3) learn oja rate 2
  edge h -> y dense learn delta
  phase clamped { steps 3 }
  train clamped
  schedule synchronous
}
"""
BATCH = 16


def sparsely_stored(net):
    """The network with its families of low density stored by slots."""
    structure = net.plan.structure
    families = []
    for family in structure.families:
        senders, receivers = (structure.blocks[b].units for b in (family.sender, family.receiver))
        slots = SlotsPlan(min(6, senders), senders, receivers) if family.masked else None
        families.append(replace(family, slots=slots))
    return Network(replace(net.plan, structure=replace(structure, families=tuple(families))))


NETWORKS = {
    "sparse": lambda: sparsely_stored(dync.compile_text(SPARSE).network()),
    "settling": lambda: dync.compile_text(SETTLING).network(),
}


def trained(net, program_of):
    """Weights, optimizer and counts after three calls of the program on the same data."""
    rng = np.random.default_rng(0)
    shapes = net.layers("input") | net.layers("output")
    arrays = {n: jnp.asarray(np.sign(rng.normal(size=(4 * BATCH, *s))).astype(np.float32)) for n, s in shapes.items()}
    rows = jnp.asarray(rng.permutation(4 * BATCH).reshape(4, BATCH).astype(np.int32))
    feed = Feed(arrays, rows, jnp.int32(4), jax.random.key(1))
    optimizer = optax.chain(optax.add_noise(0.01, 0.5, jax.random.key(3)), optax.adam(0.01))
    program, learner, steps = program_of(optimizer), start_learner(net.init(jax.random.key(0)), optimizer), []
    for _ in range(3):
        jax.tree.map(lambda leaf: jnp.array(leaf, copy=True), learner)  # as a training keeps the last good one
        learner, outcome = program(feed, learner)
        steps += outcome.steps.tolist()
    assert bool(outcome.finite)
    assert all(len(leaf.devices()) == 1 for leaf in jax.tree.leaves(learner))
    return learner, [*steps, int(learner.count)]


def compare(name):
    """The largest difference, the largest move of a weight (so that something was learned), and the counts."""
    net = NETWORKS[name]()
    one, counts = trained(net, learning_program)
    devices = choose_devices(len(jax.devices()), BATCH)
    all_, others = trained(net, lambda optimizer: learning_program_on(devices, optimizer))
    before = net.init(jax.random.key(0)).lmap.weights
    moved = [np.abs(a - b).max() for a, b in zip(before, one.orchestrator.lmap.weights, strict=True)]
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(all_), strict=True)
    apart = [np.abs(np.asarray(a) - np.asarray(b)).max(initial=0) for a, b in pairs if a.dtype == jnp.float32]
    facts = {"apart": float(max(apart)), "moved": float(max(moved)), "devices": devices.count}
    return facts | {"same counts": counts == others}


if __name__ == "__main__":
    join_processes()
    folder = Path(sys.argv[1])
    with folder_of_process(folder, resume=True) as own:
        seen = {str(f.relative_to(own)): f.read_text() for f in sorted(own.rglob("*")) if f.is_file()}
        found = {name: compare(name) for name in sys.argv[2:]}
        facts = {"leads": leads(), "shares": own == folder, "seen": seen, "networks": found}
    verify_joined_alike({"data": [1, 2], "start": None})
    try:
        verify_joined_alike({"data": jax.process_index(), "start": None})
        facts["differ"] = "in nothing"
    except RunError as error:
        facts["differ"] = str(error)
    said = shared_bytes(b"from the leader" if leads() else b"from another").decode()
    print("FOUND " + json.dumps(facts | {"said": said, "left": own.exists()}))
