"""Products of an array as it reads, through its converters: forward along the word lines, backward along the bit lines.

As in `pcmphys.numerics.product` every sum runs in one order, whoever computes it and whatever else is asked for in the
same call. Word lines without input are passed over. Places count from zero as unsigned numbers: only then does LLVM
make vector code of the loops, as there is no counting from the end to look out for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.matrix import Periphery
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.random import U64

_CHUNK = 128
"""Word lines that stay in the cache while all inputs of a call meet them."""
_LANES = 32
"""Sums of a product along the bit lines, each of every 32nd term; they are added last."""


class LineConverters(NamedTuple):
    """LineConverters at both ends of the lines: steps on either side of zero (0: ideal), and ranges.

    ``input_range`` of 0 takes the largest of each input vector; ``bound`` is the full scale of a product of inputs
    with a range of 1. A forward product that leaves it is repeated with inputs of half the size, ``halvings`` times at
    most.
    """

    input_steps: float
    output_steps: float
    input_range: float
    bound: float
    halvings: int


def converters_of(periphery: Periphery, bound: float, halvings: int) -> LineConverters:
    """The converters of a periphery."""
    steps = [0.0 if bits is None else float(2 ** (bits - 1) - 1) for bits in (periphery.dac_bits, periphery.adc_bits)]
    return LineConverters(*steps, periphery.input_range or 0.0, bound, halvings)


@law
def converted(value, full, steps):
    """A value rounded to a converter's steps within its full scale; as `Periphery.quantise` does it."""
    if steps == 0.0:
        return value
    return max(min(np.rint(value / full * steps), steps), -steps) / steps * full


@law
def full_scale(values, first, count, input_range):
    """Full scale of a vector of inputs: as given, or its largest magnitude, or 1 of no input at all."""
    if input_range > 0.0:
        return input_range
    largest = 0.0
    for k in range(count):
        largest = max(largest, abs(values[first + k]))
    return largest if largest > 0.0 else 1.0


@kernel
def look(start, stop, state, reference, shown):
    """What word lines start..stop, (lines, bit lines), read as: state, write noise, and less the reference."""
    across = shown.shape[1]
    for i in range(start, stop):
        for j in range(across):
            shown[i, j] = reads_as(i * across + j, state, reference)


@law
def reads_as(d, state, reference):
    """What device d reads as, in weight, without noise of the read."""
    found = np.float64(state.weight[d])
    if state.offset.size == state.weight.size:
        found += state.offset[d]
    if reference.size == state.weight.size:
        found -= reference[d]
    return found


@kernel
def forward(start, stop, x, place, converters, shown, out, clipped):
    """Products of inputs start..stop with a block of weights, added to out (inputs, bit lines).

    Parameters
    ----------
    x : ndarray
        Inputs, (inputs, word lines).
    place : tuple of int
        First word and first bit line of the block, and how many of each.
    converters : LineConverters
    shown : ndarray
        Weights as they read, (word lines, bit lines), of the whole array.
    clipped : ndarray of int64
        Products that left the converter's range, a number an input, added to.
    """
    first_row, first_column, rows, columns = place
    flat, across = shown.reshape(-1), shown.shape[1]
    factors, lines = np.empty(_CHUNK + 3), np.empty(_CHUNK + 3, dtype=np.uint64)
    full, total = np.empty(stop - start), np.zeros((stop - start, columns))
    for s in range(start, stop):
        full[s - start] = full_scale(x[s], first_row, rows, converters.input_range)
    for chunk in range(0, rows, _CHUNK):
        part = first_row + chunk, first_column, min(_CHUNK, rows - chunk), across
        for s in range(start, stop):
            levels = full[s - start], converters.input_steps
            count = gather(x[s], part, levels, factors, lines)
            add_lines(count, factors, lines, flat, total[s - start])
    for s in range(start, stop):
        for _ in range(converters.halvings):
            if out_of_range(total[s - start], full[s - start] * converters.bound, converters.output_steps) == 0:
                break
            full[s - start] *= 2.0
            total[s - start] = 0.0
            for chunk in range(0, rows, _CHUNK):
                part = first_row + chunk, first_column, min(_CHUNK, rows - chunk), across
                count = gather(x[s], part, (full[s - start], converters.input_steps), factors, lines)
                add_lines(count, factors, lines, flat, total[s - start])
        scale = full[s - start] * converters.bound
        clipped[s] += out_of_range(total[s - start], scale, converters.output_steps)
        for j in range(columns):
            out[s, first_column + j] += converted(total[s - start, j], scale, converters.output_steps)


@law
def out_of_range(values, full, steps):
    """How many values a converter clips: half a step beyond the last code still rounds to it."""
    found = 0
    if steps > 0.0:
        for k in range(values.size):
            found += abs(values[k] / full) > 1.0 + 0.5 / steps
    return found


@kernel
def gather(x, part, levels, factors, lines):
    """Inputs of a part of the word lines that are not zero, as converted, and where their lines begin; how many.

    ``part`` is first word line and first bit line, number of word lines, and bit lines of the array; ``levels`` full
    scale and steps of the converter.
    """
    first, column, rows, across = part
    count = 0
    for i in range(first, first + rows):
        level = converted(x[i], levels[0], levels[1])
        if level != 0.0:
            factors[count], lines[count] = level, U64(i * across + column)
            count += 1
    return count


@kernel
def add_lines(count, factors, lines, flat, total):
    """Add lines of weights, each times its factor, in their order: four at a time, as ``total`` is in memory."""
    columns = total.size
    fours = count - count % 4
    for k in range(0, fours, 4):
        a, b, c, d = factors[k], factors[k + 1], factors[k + 2], factors[k + 3]
        p, q, r, s = lines[k], lines[k + 1], lines[k + 2], lines[k + 3]
        for j in range(columns):
            u = U64(j)
            total[j] = total[j] + a * flat[p + u] + b * flat[q + u] + c * flat[r + u] + d * flat[s + u]
    for k in range(fours, count):
        a, p = factors[k], lines[k]
        for j in range(columns):
            total[j] += a * flat[p + U64(j)]


@kernel
def backward(start, stop, d, place, converters, shown, out, clipped):
    """As `forward`, of errors with the transposed block; out (errors, word lines)."""
    first_row, first_column, rows, columns = place
    flat, across = shown.reshape(-1), shown.shape[1]
    full, levels, lanes = np.empty(stop - start), np.empty((stop - start, columns)), np.empty(_LANES)
    for s in range(start, stop):
        full[s - start] = full_scale(d[s], first_column, columns, converters.input_range)
        for j in range(columns):
            levels[s - start, j] = converted(d[s, first_column + j], full[s - start], converters.input_steps)
    for i in range(first_row, first_row + rows):
        line = U64(i * across + first_column)
        for s in range(start, stop):
            along(levels[s - start], line, flat, lanes)
            scale = full[s - start] * converters.bound
            clipped[s] += out_of_range(lanes[:1], scale, converters.output_steps)
            out[s, i] += converted(lanes[0], scale, converters.output_steps)


@kernel
def along(levels, line, flat, lanes):
    """Sum of levels times a line of weights, into the first of the lanes."""
    columns = levels.size
    lanes[:] = 0.0
    whole = columns - columns % (4 * _LANES)
    for k in range(0, whole, 4 * _LANES):
        p, q, r, s = U64(k), U64(k + _LANES), U64(k + 2 * _LANES), U64(k + 3 * _LANES)
        for j in range(_LANES):
            u = U64(j)
            lanes[u] = (
                lanes[u] + levels[p + u] * flat[line + p + u] + levels[q + u] * flat[line + q + u]
                + levels[r + u] * flat[line + r + u] + levels[s + u] * flat[line + s + u]
            )  # fmt: skip
    for k in range(whole, columns, _LANES):
        p = U64(k)
        for j in range(min(_LANES, columns - k)):
            u = U64(j)
            lanes[u] = lanes[u] + levels[p + u] * flat[line + p + u]
    half = _LANES // 2
    while half:  # the upper half onto the lower one, until one number is left
        for j in range(half):
            lanes[j] += lanes[U64(j + half)]
        half //= 2
