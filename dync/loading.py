"""`dync.load`: the network and weights that a run, a checkpoint or an artefact holds."""

from __future__ import annotations

from dync.runtime.saved_model import Model
from dync.runtime.saved_model import load_model as load

__all__ = ["Model", "load"]
