"""Products of matrices whose every bit is a function of their numbers alone.

BLAS adds in an order that follows from the number of its threads, the kind of processor and the version of the library:
a worker of a cluster, where it has one thread, differs from a notebook in the last bit, and a converter that rounds may
make a step of it. Here each sum runs over its terms in their order, whoever computes it. It costs about a factor of two
of one thread of OpenBLAS (13 against 30 products of 1e9 a second at 256 x 256).
"""

from __future__ import annotations

import numpy as np

from pcmphys.numerics.compile import kernel, launch

_PRODUCTS_PER_THREAD = 2_000_000
"""Below this many products a thread more costs about as much as it saves."""


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``left @ right`` of float64 matrices, each sum in the order of its terms.

    Parameters
    ----------
    left, right : ndarray
        Shapes (rows, terms) and (terms, columns).

    Examples
    --------
    >>> product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
    array([[11.]])
    """
    left, right = (np.ascontiguousarray(part, dtype=np.float64) for part in (left, right))
    (rows, terms), columns = left.shape, right.shape[1]
    if terms != right.shape[0]:
        raise ValueError(f"matrices of shapes {left.shape} and {right.shape} have no product")
    out = np.empty((rows, columns))
    launch(multiply, rows, left, right, out, grain=max(1, _PRODUCTS_PER_THREAD // max(terms * columns, 1)))
    return out


@kernel
def multiply(start: int, stop: int, left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
    """Rows ``start`` to before ``stop`` of a product: four terms at a time, as ``out`` is what memory is slow for."""
    terms, columns = right.shape
    fours = terms - terms % 4
    for row in range(start, stop):
        for column in range(columns):
            out[row, column] = 0.0
        for k in range(0, fours, 4):
            a, b, c, d = left[row, k], left[row, k + 1], left[row, k + 2], left[row, k + 3]
            for column in range(columns):
                total = out[row, column] + a * right[k, column]
                total = total + b * right[k + 1, column]
                total = total + c * right[k + 2, column]
                out[row, column] = total + d * right[k + 3, column]
        for k in range(fours, terms):
            a = left[row, k]
            for column in range(columns):
                out[row, column] = out[row, column] + a * right[k, column]


@kernel
def add_outer(start: int, stop: int, factor: float, left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
    """Add ``factor`` times left.T @ right to rows ``start`` to before ``stop``, one outer product after the other.

    Rows whose left part is zero are not touched.
    """
    for k in range(left.shape[0]):
        for row in range(start, stop):
            scale = factor * left[k, row]
            if scale != 0.0:
                for column in range(right.shape[1]):
                    out[row, column] += scale * right[k, column]


def length(values: np.ndarray) -> float:
    """Euclidean length of all values, as ``numpy.linalg.norm`` gives it, but not by BLAS."""
    return float(np.sqrt(np.square(values).sum()))
