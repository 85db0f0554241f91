"""The small files that explain mistakes in rules and activations."""

from __future__ import annotations


def with_rule(rule: str, learn: str = "r") -> str:
    """The declaration of a rule, and a network with an edge that learns by `learn`."""
    return f"""\
{rule}

network Small {{
  input  x (4)
  layer  h (3) tanh
  output y (2)
  edge x -> h dense learn {learn}
  edge h -> y dense learn delta
  phase settle {{ steps 1 }}
  train settle
  infer settle
}}
"""


def with_activation(activation: str, use: str = "a") -> str:
    """A network whose one layer uses the activation `use`, and the declaration of an activation."""
    return f"""\
{activation}

network Small {{
  input  x (4)
  layer  h (3) {use}
  output y (2)
  edge x -> h dense
  edge h -> y dense learn hebbian
  phase settle {{ steps 1 }}
  train settle
  infer settle
}}
"""


def with_sends(sends: str) -> str:
    """A network whose input sends `sends`."""
    return f"""\
network Small {{
  param gain = 2
  input  x (4)
  output y (2)
  edge x -> y dense sends {sends} learn hebbian
  phase settle {{ steps 1 }}
  train settle
  infer settle
}}
"""
