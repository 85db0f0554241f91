"""All that can be told truly is told at once: a mistake in a network does not hide those about its parameters."""

import pytest

from dync.compiler.driver import compile_source
from dync.grammar.source import Source

STUDY = """
network Net {
  param hidden = 4 in 1..16
  input  x (8)
  layer  h (hidden) tanh
  output y (2)
  edge x -> h dense learn hebbian rate 0.1
  edge h -> y dense learn delta
  phase free { steps 2 messages forward }
  train free
  infer free
}
pipeline fit training {
  network   Net
  data      prototypes(classes = 2, units = 8, samples = 4) then split(test = 0.2, validation = 0.2)
  epochs    3
  optimizer adam(learning_rate = 0.05)
}
pipeline longer training { base fit  epochs 6  with { hiddn = 4 } }
pipeline tune sweep {
  base      fit
  with      { data.split.tst = 0.1 }
  search    hiden in { 1, 2 }
  search    optimizer.learning_rte in { 0.1, 0.2 }
  search    hidden in 4..99
  objective minimize validation.mse
  trials    4
}
pipeline duel comparison {
  entry wide fit with { hiden = 6 }
  entry many fit with { epochs = "a" }
  entry best tune.best with { hidden = 0 }
  seeds 2
}
"""


def told(text: str) -> set[tuple[str, str]]:
    return {(d.code, d.message) for d in compile_source(Source("study.dyn", text)).diagnostics}


@pytest.fixture(scope="module")
def alone() -> set[tuple[str, str]]:
    """The mistakes in the studies, where all else is right."""
    found = told(STUDY)
    assert len(found) == 7
    return found


@pytest.mark.parametrize(
    ("right", "bad"),
    [
        ("tanh", "tnah"),
        ("learn delta", "learn dlta"),
        ("x -> h", "z -> h"),
        ("infer free", "infer fre"),
        ("layer  h (hidden)", "layer  h (0)"),
        ("epochs    3", "epochs    -3"),
        ("adam(learning_rate = 0.05)", "adam(learning_rate = 0.05, b3 = 1)"),
    ],
)
def test_mistakes_elsewhere_hide_none_in_studies_and_add_none(alone, right, bad):
    text = STUDY.replace(right, bad, 1)
    found = told(text)
    assert found > alone
    here = {  # what stands before the studies: the studies themselves say nothing else
        (d.code, d.message)
        for d in compile_source(Source("study.dyn", text)).diagnostics
        if d.span.start < text.index("pipeline longer")
    }
    assert found == alone | here


@pytest.mark.parametrize(
    ("right", "bad", "unsure"),
    [
        ("network   Net", "network   Nett", ("hiden", "hiddn")),
        ("adam(", "adamm(", ("learning_rte",)),
        ("then split(", "then spliit(", ("split.tst",)),
    ],
)
def test_what_hangs_on_an_unknown_name_is_not_guessed(alone, right, bad, unsure):
    found = told(STUDY.replace(right, bad, 1))
    assert not [message for _, message in found if any(name in message for name in unsure)]
    assert [message for _, message in found if "not a text" in message]
