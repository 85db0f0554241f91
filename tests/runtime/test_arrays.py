"""What a step does with arrays of members, beside the same in NumPy."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from dync.runtime.arrays import added, gathered, off_diagonal, product, replaced, take, within

PLACES = [(0, 1, 2, 3), (1, 2), (3,), (2, 0), (0, 2, 1, 3)]
"""All, a run, one, and some and all in another order."""

BLOCK = np.arange(24, dtype=np.float32).reshape(4, 3, 2)


@pytest.mark.parametrize("places", PLACES, ids=str)
def test_members_are_read_replaced_and_added_to(places: tuple[int, ...]) -> None:
    more = -1 - np.arange(6 * len(places), dtype=np.float32).reshape(-1, 3, 2)
    expected = {"taken": BLOCK[list(places)], **{name: BLOCK.copy() for name in ("replaced", "added")}}
    expected["replaced"][list(places)] = more
    expected["added"][list(places)] += more
    expected["begun"] = expected["added"] - BLOCK

    @jax.jit
    def found(block: jax.Array, more: jax.Array) -> dict[str, jax.Array]:
        return {
            "taken": take(block, places),
            "replaced": replaced(block, places, more),
            "added": added(block, places, more, 4),
            "begun": added(None, places, more, 4),
        }

    for name, array in found(BLOCK, more).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def test_rows_products_and_diagonals() -> None:
    square = np.arange(1, 10, dtype=np.float32).reshape(3, 3)
    rows = np.array([3, 0, 3], np.int32)
    with_rows, products, sums, inside = jax.jit(
        lambda block, square: (
            gathered(block, rows),
            product(square, square),
            product(block, block, (-2, -2)),
            within(square[None], off_diagonal(3)),
        )
    )(BLOCK, square)
    np.testing.assert_array_equal(with_rows, BLOCK[rows])
    np.testing.assert_array_equal(products, square @ square)
    np.testing.assert_array_equal(sums, np.einsum("mbi,mbj->mij", BLOCK, BLOCK))
    np.testing.assert_array_equal(inside[0], square - np.diag(np.diag(square)))
