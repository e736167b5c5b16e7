"""Products of an array as it reads: forward along the word lines, backward along the bit lines.

As in `pcmphys.numerics.product` every sum runs in one order, whoever computes it. A word line is read once for all
inputs of a call. Places count from zero as unsigned numbers: only then does LLVM make vector code of the loops, as
there is no counting from the end to look out for.
"""

from __future__ import annotations

import numpy as np

from pcmphys.numerics.compile import kernel
from pcmphys.numerics.random import U64


@kernel
def read_row(start, state, reference, row):
    """Weights of a word line from device ``start`` on, as they read against their reference."""
    weight, offset = state.weight, state.offset
    for j in range(row.size):
        row[j] = weight[start + U64(j)]
    if offset.size == weight.size:
        for j in range(row.size):
            row[j] += offset[start + U64(j)]
    if reference.size == weight.size:
        for j in range(row.size):
            row[j] -= reference[start + U64(j)]


@kernel
def forward(start, stop, x, place, state, reference, out):
    """Products of inputs start..stop with a block of weights as they read against their reference.

    ``place`` of the block: first word and first bit line, and bit lines of the whole array; out (inputs, bit lines).
    """
    first_row, first_column, across = place
    columns = out.shape[1]
    row = np.empty(columns)
    out[start:stop] = 0.0
    for i in range(x.shape[1]):
        read = False
        for s in range(start, stop):
            factor = x[s, i]
            if factor == 0.0:
                continue
            if not read:
                read_row(U64((first_row + i) * across + first_column), state, reference, row)
                read = True
            for j in range(columns):
                out[s, j] += factor * row[j]


@kernel
def backward(start, stop, d, place, state, reference, out):
    """As `forward`, of errors with the transposed block; out (errors, word lines)."""
    first_row, first_column, across = place
    columns = d.shape[1]
    row, terms = np.empty(columns), np.empty(columns)
    for i in range(out.shape[1]):
        read_row(U64((first_row + i) * across + first_column), state, reference, row)
        for s in range(start, stop):
            for j in range(columns):
                terms[j] = d[s, j] * row[j]
            count = columns
            while count > 1:  # the upper half onto the lower one, until one number is left
                half, upper = count // 2, U64(count - count // 2)
                for j in range(half):
                    terms[j] += terms[upper + U64(j)]
                count -= half
            out[s, i] = terms[0]
