"""The orchestrators against the cases that another model of the same semantics gave, through the Python interface.

The cases lie beside the repository, in `../shared/conformance`, or where DYNC_CONFORMANCE says.
"""

import json
import os
from pathlib import Path

import jax
import numpy as np
import pytest

import dync

FOLDER = Path(os.environ.get("DYNC_CONFORMANCE", Path(__file__).parents[3] / "shared" / "conformance"))
CASES = json.loads((FOLDER / "index.json").read_text()) if (FOLDER / "index.json").is_file() else []
FILTERS = {
    "all": {},
    "forward": {"messages": "forward"},
    "backward": {"messages": "backward"},
    "unsupervised": {"silent": ("y",)},
}

pytestmark = [
    pytest.mark.skipif(not CASES, reason="the shared conformance cases are not here"),
    pytest.mark.usefixtures("hardly_optimized"),
]


def under(arrays, kind):
    """The arrays `kind:NAME` by NAME."""
    return {name.partition(":")[2]: array for name, array in arrays.items() if name.partition(":")[0] == kind}


def ends(name):
    """`S->R` as the key of a layer map."""
    sender, _, receiver = name.partition("->")
    return receiver, sender


def agree(found, expected, what):
    np.testing.assert_allclose(np.asarray(found), expected, atol=1e-4, rtol=0, err_msg=what)


def cases():
    """One case of each kind at once; further ones, which end in other numbers, in `make test-long`."""
    met = set()
    for case in CASES:
        kind = case["name"].rpartition("_")[0]
        yield pytest.param(case, id=case["name"], marks=[pytest.mark.slow] if kind in met else [])
        met.add(kind)


@pytest.mark.parametrize("case", list(cases()))
def test_case(case):
    with np.load(FOLDER / f"{case['name']}.npz", allow_pickle=False) as archive:
        arrays = dict(archive.items())
    net = dync.compile(FOLDER / f"{case['name']}.dyn").network()
    weights = {ends(name): w for name, w in under(arrays, "weight").items()}
    orch = net.init(jax.random.key(0)).with_weights(weights)
    key = jax.random.key(1)
    for (receiver, sender), weight in weights.items():
        agree(orch.lmap[receiver, sender].weight, weight, f"weight {sender}->{receiver}")

    clamped = net.state(arrays["x"], arrays["y"])
    start = clamped.with_values(under(arrays, "start"))
    for name, arguments in FILTERS.items():
        state = start
        for steps in (1, 2):
            state, key = orch.step(state, rng=key, **arguments)
            for layer, expected in under(arrays, f"{name}{steps}").items():
                agree(state[layer], expected, f"{name}{steps}:{layer}")

    pseudo_gradients = orch.backward(start, rng=key)
    for name, expected in under(arrays, "start_update").items():
        agree(-pseudo_gradients[ends(name)].weight, expected, f"start_update:{name}")

    trained, key = orch.relax("train", clamped, rng=key)
    for layer, expected in under(arrays, "trained").items():
        agree(trained[layer], expected, f"trained:{layer}")
    pseudo_gradients = orch.backward(trained, rng=key)
    for name, expected in under(arrays, "update").items():
        agree(-pseudo_gradients[ends(name)].weight, expected, f"update:{name}")
        moved = orch.lmap[ends(name)].weight - case["sgd_rate"] * pseudo_gradients[ends(name)].weight
        agree(moved, arrays[f"sgd:{name}"], f"sgd:{name}")
    check_edges(orch, trained, pseudo_gradients, under(arrays, "field"))

    predicted, key = orch.predict(trained, rng=key)
    agree(predicted["y"], arrays["predicted:y"], "predicted")
    inferred, key = orch.relax("infer", net.state(arrays["x"]), rng=key)
    agree(inferred["y"], arrays["inferred:y"], "inferred")


def check_edges(orch, trained, pseudo_gradients, fields):
    """Fields put together message by message, and each edge's own update from them."""
    order = orch.structure.layer_numbers
    for layer, expected in fields.items():
        senders = [sender for sender in orch.lmap.row(layer) if order[sender] <= order[layer]]
        field = orch.lmap[layer, layer].reduce([orch.lmap[layer, s](trained[s]) for s in senders])
        agree(field, expected, f"field:{layer}")
        for sender in senders[:1]:
            own = orch.lmap[layer, sender].backward(trained[sender], trained[layer], field)
            agree(own.weight, pseudo_gradients[layer, sender].weight, f"backward {sender}->{layer}")
