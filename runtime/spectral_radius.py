"""The spectral radius of recurrent weights, and weights rescaled to one.

Eigenvalues are computed by NumPy on the host, in double precision: JAX has them for no accelerator. Weights that form
no loop have the radius zero, exactly; of the others only the units that stand in loops count. Up to `EXACT` of these
all eigenvalues are computed; of more, the largest by ARPACK, or where it cannot tell them apart by the growth of
products, both from a fixed start, so that the same weights always give the same radius.
"""

from __future__ import annotations

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

EXACT: Final = 600
"""Up to so many units all eigenvalues are computed: a second on one CPU core."""

LARGEST: Final = 6
"""How many eigenvalues ARPACK looks for: of random matrices the largest lie close together."""

STEPS: Final = 1000
VECTORS: Final = 4
"""Products that show how fast vectors grow where ARPACK cannot tell the largest eigenvalues apart."""

NOTHING: Final = 1e-6
"""A radius below this part of the norm of the matrix cannot be told from zero: so far rounding moves eigenvalues."""


def spectral_radii(matrices: Array) -> Array:
    """The spectral radius of each matrix of `[..., units, units]`, zero where that cannot be told from zero."""
    shape = jax.ShapeDtypeStruct(matrices.shape[:-2], jnp.float32)  # type: ignore[no-untyped-call]
    found: Array = jax.pure_callback(_radii, shape, matrices, vmap_method="broadcast_all")
    return found


def _radii(matrices: Any) -> NDArray[np.float32]:
    found = np.asarray(matrices, np.float64)
    flat = found.reshape(-1, *found.shape[-2:])
    return np.array([spectral_radius(m) for m in flat], np.float32).reshape(found.shape[:-2])


def spectral_radius(matrix: NDArray[np.float64]) -> float:
    """The largest modulus of the eigenvalues of a square matrix, zero where that cannot be told from zero.

    NaN where the matrix is not finite.
    """
    if not np.isfinite(matrix).all():
        return float("nan")
    core = _in_loops(matrix)
    norm = float(np.linalg.norm(core))
    if norm == 0:
        return 0.0
    radius = _largest(core / norm)
    return radius * norm if radius > NOTHING else 0.0


def _in_loops(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part between units that hear from and send to others of the part: the other eigenvalues are zero."""
    there = matrix != 0
    alive = np.ones(len(matrix), np.bool_)
    incoming, outgoing = there.sum(axis=0), there.sum(axis=1)
    while (gone := alive & ((incoming == 0) | (outgoing == 0))).any():
        alive &= ~gone
        incoming = incoming - there[gone].sum(axis=0)
        outgoing = outgoing - there[:, gone].sum(axis=1)
    core: NDArray[np.float64] = matrix[np.ix_(alive, alive)]
    return core


def _largest(matrix: NDArray[np.float64]) -> float:
    """The largest modulus of the eigenvalues."""
    if len(matrix) <= EXACT:
        return float(np.abs(np.linalg.eigvals(matrix)).max())
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    operator = csr_array(matrix) if np.count_nonzero(matrix) * 8 < matrix.size else matrix
    start = np.random.default_rng(0).standard_normal((len(matrix), VECTORS))
    try:
        found = eigs(operator, LARGEST, v0=start[:, 0], tol=1e-5, ncv=80, maxiter=20, return_eigenvectors=False)
    except ArpackNoConvergence:
        return _growth(operator, start)
    return float(np.abs(found).max())


def _growth(operator: Any, vectors: NDArray[np.float64]) -> float:
    """The factor by which products with the matrix grow in the long run, which is its spectral radius.

    The more eigenvalues have about the largest modulus, which keeps ARPACK from telling them apart, the sooner it is.
    """
    logarithms, total = np.zeros(STEPS), 0.0
    for step in range(STEPS):
        vectors = operator @ vectors
        norm = float(np.linalg.norm(vectors))
        if norm == 0:
            return 0.0
        vectors, total = vectors / norm, total + float(np.log(norm))
        logarithms[step] = total
    settled = np.arange(STEPS // 2, STEPS)
    return float(np.exp(np.polyfit(settled, logarithms[settled], 1)[0]))
