"""What a rule makes of the size of its batch, in words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def growth(degree: Fraction) -> str:
    """How the update of a batch of equal examples grows with its size: `sqrt(batch)`."""
    match 1 + degree:
        case Fraction(numerator=0):
            return "1"
        case Fraction(numerator=1, denominator=1):
            return "batch"
        case Fraction(numerator=1, denominator=2):
            return "sqrt(batch)"
        case exponent:
            return f"batch ** {exponent if exponent.denominator == 1 else f'({exponent})'}"


def batch_sentence(degree: Fraction | None, by: Sequence[str], *, known: bool = True) -> str:
    """Whether and why an update changes with the size of the batch; `by` are the parts that read it.

    What a function in Python makes of it is not `known`.
    """
    if degree == -1:
        return "the mean over the batch: its size makes no difference"
    if degree == 0:
        return "the sum over the batch: of twice the examples it is twice as large"
    reads = f"it reads {' and '.join(f'`{part}`' for part in by)}"
    if not known:
        return f"{reads}, of which the compiler does not know what it makes"
    if degree is None:
        return f"{reads}: the update is neither the mean nor the sum of what the examples want"
    times = f"of equal examples the update is {growth(degree)} times that of one"
    return f"{reads}: {times}, where a mean would be the same and a sum batch times as large"
