"""Statistics of comparisons, as pure functions over NumPy arrays. The unit of analysis is the training seed."""

from dync.runtime.statistics.analysis import Analysis, analyse
from dync.runtime.statistics.design import Design
from dync.runtime.statistics.power import Power, power_of
from dync.runtime.statistics.scores import Scale, Scores, scale_of

__all__ = ["Analysis", "Design", "Power", "Scale", "Scores", "analyse", "power_of", "scale_of"]
