"""Sums of products over lines of an array of weights, each in one order, alone or four inputs at a time.

What a product waits for is the weights, which come from memory in single precision and are made numbers of double
precision one after the other: four inputs share them, at little more than half of the time for each. A sum has the same
bits either way. Forward, lines of weights are added to each other in their order, each times its factor; along a line,
every 32nd product is added to one of 32 sums, and these at last to each other, the upper half onto the lower one.
"""

from __future__ import annotations

import numpy as np

from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.lanes import LANES, eight, everywhere, store, total
from pcmphys.numerics.random import U64

FOUR = 4
"""Inputs that share what is read of the weights."""
_BLOCK = 4 * LANES
"""Sums along a line, in four values of eight."""


@law
def padded(columns: int) -> int:
    """Room for a line of levels: whole blocks, and the ends of them zero."""
    return -(-columns // _BLOCK) * _BLOCK


@law
def gather(levels: np.ndarray, first: int, across: bool, factors: np.ndarray, lines: np.ndarray) -> int:
    """Levels that are not zero, into ``factors``, and where their lines of weights begin; how many there are."""
    count = 0
    for i in range(levels.size):
        factors[count], lines[count] = levels[i], first + U64(i) * U64(across)
        count += levels[i] != 0.0
    return count


@law
def gather_four(
    levels: np.ndarray, first: int, across: bool, factors: np.ndarray, lines: np.ndarray
) -> tuple[int, int]:
    """Levels (4, lines) of which one at least is not zero, and their lines; how many, and how many are not zero."""
    count, met = 0, 0
    for i in range(levels.shape[1]):
        on = 0
        for k in range(FOUR):
            factors[k, count] = levels[k, i]
            on += levels[k, i] != 0.0
        lines[count] = first + U64(i) * U64(across)
        count += on > 0
        met += on
    return count, met


@kernel
def add_lines(count, factors, lines, flat, out):
    """Add lines of weights, each times its factor, in their order: four at a time, as ``out`` is in memory."""
    columns = out.size
    fours = count - count % 4
    for k in range(0, fours, 4):
        a, b, c, d = factors[k], factors[k + 1], factors[k + 2], factors[k + 3]
        p, q, r, s = lines[k], lines[k + 1], lines[k + 2], lines[k + 3]
        for j in range(columns):
            u = U64(j)
            out[j] = out[j] + a * flat[p + u] + b * flat[q + u] + c * flat[r + u] + d * flat[s + u]
    for k in range(fours, count):
        a, p = factors[k], lines[k]
        for j in range(columns):
            out[j] += a * flat[p + U64(j)]


@kernel
def add_lines_of_four(count, factors, lines, flat, columns, out):
    """The sums of `add_lines` of four inputs, (4, lines) factors, into ``out`` (4, values of eight, 8)."""
    f0, f1, f2, f3 = factors[0], factors[1], factors[2], factors[3]
    whole = columns // LANES
    for j in range(0, whole - 1, 2):
        a0, a1, a2, a3 = everywhere(0.0), everywhere(0.0), everywhere(0.0), everywhere(0.0)
        b0, b1, b2, b3 = everywhere(0.0), everywhere(0.0), everywhere(0.0), everywhere(0.0)
        for k in range(count):
            place = lines[k] + U64(LANES * j)
            x, y = eight(flat, place), eight(flat, place + U64(LANES))
            a0, b0 = a0 + f0[k] * x, b0 + f0[k] * y
            a1, b1 = a1 + f1[k] * x, b1 + f1[k] * y
            a2, b2 = a2 + f2[k] * x, b2 + f2[k] * y
            a3, b3 = a3 + f3[k] * x, b3 + f3[k] * y
        store(a0, j, out[0])
        store(b0, j + 1, out[0])
        store(a1, j, out[1])
        store(b1, j + 1, out[1])
        store(a2, j, out[2])
        store(b2, j + 1, out[2])
        store(a3, j, out[3])
        store(b3, j + 1, out[3])
    for j in range(whole - whole % 2, whole):
        a0, a1, a2, a3 = everywhere(0.0), everywhere(0.0), everywhere(0.0), everywhere(0.0)
        for k in range(count):
            x = eight(flat, lines[k] + U64(LANES * j))
            a0, a1, a2, a3 = a0 + f0[k] * x, a1 + f1[k] * x, a2 + f2[k] * x, a3 + f3[k] * x
        store(a0, j, out[0])
        store(a1, j, out[1])
        store(a2, j, out[2])
        store(a3, j, out[3])
    for j in range(whole * LANES, columns):
        s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
        for k in range(count):
            x = flat[lines[k] + U64(j)]
            s0, s1, s2, s3 = s0 + f0[k] * x, s1 + f1[k] * x, s2 + f2[k] * x, s3 + f3[k] * x
        row, place = j // LANES, j % LANES
        out[0, row, place], out[1, row, place], out[2, row, place], out[3, row, place] = s0, s1, s2, s3


@law
def end_of_line(line: int, columns: int, flat: np.ndarray, end: np.ndarray) -> bool:
    """What a line of weights has behind its whole blocks, into ``end``, a block of zeros; whether that is anything."""
    whole = columns - columns % _BLOCK
    for j in range(columns - whole):
        end[j] = flat[line + U64(whole + j)]
    return columns > whole


@kernel
def along_each(levels, first, across, columns, flat, end, out):
    """Sums of levels, as of `padded`, times each line of weights, into ``out``; ``end`` is a block of zeros."""
    whole = columns - columns % _BLOCK
    for i in range(out.size):
        a, b, c, d = everywhere(0.0), everywhere(0.0), everywhere(0.0), everywhere(0.0)
        line = first + U64(i) * U64(across)
        for k in range(0, whole, _BLOCK):
            place = line + U64(k)
            a = a + eight(levels, k) * eight(flat, place)
            b = b + eight(levels, k + 8) * eight(flat, place + U64(8))
            c = c + eight(levels, k + 16) * eight(flat, place + U64(16))
            d = d + eight(levels, k + 24) * eight(flat, place + U64(24))
        if end_of_line(line, columns, flat, end):
            a, b = a + eight(levels, whole) * eight(end, 0), b + eight(levels, whole + 8) * eight(end, 8)
            c, d = c + eight(levels, whole + 16) * eight(end, 16), d + eight(levels, whole + 24) * eight(end, 24)
        out[i] = total((a + c) + (b + d))


@kernel
def along_four(levels, first, across, columns, flat, end, out):
    """The sums of `along_each` of four inputs, (4, levels), with each line of weights, into ``out`` (4, lines)."""
    l0, l1, l2, l3 = levels[0], levels[1], levels[2], levels[3]
    whole = columns - columns % _BLOCK
    for i in range(out.shape[1]):
        a0, a1, a2, a3 = everywhere(0.0), everywhere(0.0), everywhere(0.0), everywhere(0.0)
        b0, b1, b2, b3 = everywhere(0.0), everywhere(0.0), everywhere(0.0), everywhere(0.0)
        c0, c1, c2, c3 = everywhere(0.0), everywhere(0.0), everywhere(0.0), everywhere(0.0)
        d0, d1, d2, d3 = everywhere(0.0), everywhere(0.0), everywhere(0.0), everywhere(0.0)
        line = first + U64(i) * U64(across)
        more = end_of_line(line, columns, flat, end)
        for k in range(0, whole + _BLOCK if more else whole, _BLOCK):
            place = line + U64(k)
            if k < whole:
                x, y = eight(flat, place), eight(flat, place + U64(8))
                z, w = eight(flat, place + U64(16)), eight(flat, place + U64(24))
            else:
                x, y, z, w = eight(end, 0), eight(end, 8), eight(end, 16), eight(end, 24)
            a0, b0 = a0 + eight(l0, k) * x, b0 + eight(l0, k + 8) * y
            c0, d0 = c0 + eight(l0, k + 16) * z, d0 + eight(l0, k + 24) * w
            a1, b1 = a1 + eight(l1, k) * x, b1 + eight(l1, k + 8) * y
            c1, d1 = c1 + eight(l1, k + 16) * z, d1 + eight(l1, k + 24) * w
            a2, b2 = a2 + eight(l2, k) * x, b2 + eight(l2, k + 8) * y
            c2, d2 = c2 + eight(l2, k + 16) * z, d2 + eight(l2, k + 24) * w
            a3, b3 = a3 + eight(l3, k) * x, b3 + eight(l3, k + 8) * y
            c3, d3 = c3 + eight(l3, k + 16) * z, d3 + eight(l3, k + 24) * w
        out[0, i], out[1, i] = total((a0 + c0) + (b0 + d0)), total((a1 + c1) + (b1 + d1))
        out[2, i], out[3, i] = total((a2 + c2) + (b2 + d2)), total((a3 + c3) + (b3 + d3))
