"""Products of an array as it reads, through its converters: forward along the word lines, backward along the bit lines.

As in `pcmphys.numerics.product` every sum runs in one order, whoever computes it and whatever else is asked for in the
same call. Word lines without input are passed over. Places count from zero as unsigned numbers: only then does LLVM
make vector code of the loops, as there is no counting from the end to look out for.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from pcmphys.matrix import Periphery
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.random import U64, Stream, normal_pair, words

_READ = int(Stream.PULSED_READ)
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


class ProductNoise(NamedTuple):
    """Std of what a device reads as, in weight: ``constant`` + ``slope`` times its weight."""

    constant: float
    slope: float


@kernel
def forward(start, stop, x, place, converters, reading, out, clipped):
    """Products of inputs start..stop with a block of weights, added to out (inputs, bit lines).

    Parameters
    ----------
    x : ndarray
        Inputs, (inputs, word lines).
    place : tuple of int
        First word and first bit line of the block, and how many of each.
    converters : LineConverters
    reading : tuple
        Weights as they read, (word lines, bit lines), of the whole array; a `ProductNoise`; and where its random
        numbers are drawn: seed, number of the first device, event of the first input. Every product is a read of its
        own.
    clipped : ndarray of int64
        Products that left the converter's range, a number an input, added to.
    """
    first_row, first_column, rows, columns = place
    shown, noise, address = reading
    flat, across = shown.reshape(-1), shown.shape[1]
    factors, lines, total = np.empty(rows), np.empty(rows, dtype=np.uint64), np.empty(columns)
    noisy = noise.constant != 0.0 or noise.slope != 0.0
    variance = np.empty(columns if noisy else 0)
    for s in range(start, stop):
        full = full_scale(x[s], first_row, rows, converters.input_range)
        for repeated in range(converters.halvings + 1):
            count = 0
            for i in range(first_row, first_row + rows):
                level = converted(x[s, i], full, converters.input_steps)
                if level != 0.0:
                    factors[count], lines[count] = level, U64(i * across + first_column)
                    count += 1
            total[:] = 0.0
            add_lines(count, factors, lines, flat, total)
            if noisy:
                add_variances(count, factors, lines, flat, noise, variance)
                line = address[1] + U64(first_row * across + first_column)
                draw(address[0], line, address[2] + U64(s), variance, total)
            over = out_of_range(total, full * converters.bound, converters.output_steps)
            if over == 0 or repeated == converters.halvings:
                clipped[s] += over
                break
            full *= 2.0
        for j in range(columns):
            out[s, first_column + j] += converted(total[j], full * converters.bound, converters.output_steps)


@law
def out_of_range(values, full, steps):
    """How many values a converter clips: half a step beyond the last code still rounds to it."""
    found = 0
    if steps > 0.0:
        for k in range(values.size):
            found += abs(values[k] / full) > 1.0 + 0.5 / steps
    return found


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
def add_variances(count, factors, lines, flat, noise, variance):
    """Variances of the sums of `add_lines`, from the noise of each device."""
    variance[:] = 0.0
    for k in range(count):
        a, b, p = factors[k] * noise.constant, factors[k] * noise.slope, lines[k]
        for j in range(variance.size):
            std = a + b * flat[p + U64(j)]
            variance[j] += std * std


@kernel
def draw(seed, line, event, variance, total):
    """Add normal numbers with these variances; that of the k-th sum belongs to the number ``line`` + k."""
    for k in range(total.size):
        w0, w1, w2, w3 = words(seed, line + U64(k), event, _READ, 0)
        total[k] += math.sqrt(variance[k]) * normal_pair(w0, w1, w2, w3)[0]


@kernel
def backward(start, stop, d, place, converters, reading, out, clipped):
    """As `forward`, of errors with the transposed block; out (errors, word lines). What leaves the range is clipped."""
    first_row, first_column, rows, columns = place
    shown, noise, address = reading
    flat, across = shown.reshape(-1), shown.shape[1]
    levels, lanes, total = np.empty(columns), np.empty(_LANES), np.empty(rows)
    noisy = noise.constant != 0.0 or noise.slope != 0.0
    variance = np.empty(rows if noisy else 0)
    for s in range(start, stop):
        full = full_scale(d[s], first_column, columns, converters.input_range)
        for j in range(columns):
            levels[j] = converted(d[s, first_column + j], full, converters.input_steps)
        for i in range(rows):
            line = U64((first_row + i) * across + first_column)
            along(levels, line, flat, lanes)
            total[i] = lanes[0]
            if noisy:
                variance[i] = variance_along(levels, line, flat, noise, lanes)
        if noisy:
            line = address[1] + U64(first_row * across + first_column)
            draw(address[0], line, address[2] + U64(s), variance, total)
        scale = full * converters.bound
        clipped[s] += out_of_range(total, scale, converters.output_steps)
        for i in range(rows):
            out[s, first_row + i] += converted(total[i], scale, converters.output_steps)


@kernel
def variance_along(levels, line, flat, noise, lanes):
    """Variance of the sum of `along`, from the noise of each device."""
    lanes[:] = 0.0
    for k in range(0, levels.size, _LANES):
        p = U64(k)
        for j in range(min(_LANES, levels.size - k)):
            u = U64(j)
            std = levels[p + u] * (noise.constant + noise.slope * flat[line + p + u])
            lanes[u] += std * std
    return lanes.sum()


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
