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
from pcmphys.numerics.lanes import LANES
from pcmphys.numerics.random import U64, Stream, normal_pair, words
from pcmphys.training.sums import (
    FOUR,
    add_lines,
    add_lines_of_four,
    along_each,
    along_four,
    gather,
    gather_four,
    padded,
)

_READ = int(Stream.PULSED_READ)
_LANES = 32
"""Sums of a variance along the bit lines, each of every 32nd term; they are added last."""
_PER_FOUR = 2.4
"""Inputs that are not zero on a line for which four products at a time take as long as one after the other."""


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
def converted(value: float, full: float, steps: float) -> float:
    """A value rounded to a converter's steps within its full scale; as `Periphery.quantise` does it."""
    if steps == 0.0:
        return value
    return max(min(np.rint(value / full * steps), steps), -steps) / steps * full


@kernel
def convert(values, first, full, steps, out):
    """Values from ``first`` on as a converter takes them in."""
    for k in range(out.size):
        out[U64(k)] = converted(values[U64(first) + U64(k)], full, steps)


@kernel
def deliver(values, full, steps, first, out):
    """Add values, as a converter gives them out, to ``out`` from ``first`` on."""
    for k in range(values.size):
        place = U64(first) + U64(k)
        out[place] = out[place] + converted(values[U64(k)], full, steps)


@law
def full_scale(values: np.ndarray, first: int, count: int, input_range: float) -> float:
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
    line = U64(first_row * across + first_column)
    levels, full = np.empty((FOUR, rows)), np.empty(FOUR)
    factors, lines = np.empty((FOUR, rows)), np.empty(rows, dtype=np.uint64)
    totals = np.empty((FOUR, -(-columns // LANES), LANES))
    noisy = noise.constant != 0.0 or noise.slope != 0.0
    variance = np.empty(columns if noisy else 0)
    for s in range(start, stop, FOUR):
        some = min(stop - s, FOUR)
        for k in range(some):
            full[k] = full_scale(x[s + k], first_row, rows, converters.input_range)
            convert(x[s + k], first_row, full[k], converters.input_steps, levels[k])
        shared = False
        if some == FOUR:
            count, met = gather_four(levels, line, across, factors, lines)
            shared = _PER_FOUR * count < met
            if shared:
                add_lines_of_four(count, factors, lines, flat, columns, totals)
        for k in range(some):
            total = totals[k].reshape(-1)[:columns]
            for repeated in range(converters.halvings + 1):
                if repeated > 0:
                    full[k] *= 2.0
                    convert(x[s + k], first_row, full[k], converters.input_steps, levels[k])
                if not shared or repeated > 0 or noisy:
                    count = gather(levels[k], line, across, factors[k], lines)
                if not shared or repeated > 0:
                    total[:] = 0.0
                    add_lines(count, factors[k], lines, flat, total)
                if noisy:
                    add_variances(count, factors[k], lines, flat, noise, variance)
                    draw(address[0], address[1] + line, address[2] + U64(s + k), variance, total)
                over = out_of_range(total, full[k] * converters.bound, converters.output_steps)
                if over == 0 or repeated == converters.halvings:
                    clipped[s + k] += over
                    break
            deliver(total, full[k] * converters.bound, converters.output_steps, first_column, out[s + k])


@law
def out_of_range(values: np.ndarray, full: float, steps: float) -> int:
    """How many values a converter clips: half a step beyond the last code still rounds to it."""
    found = 0
    if steps > 0.0:
        for k in range(values.size):
            found += abs(values[k] / full) > 1.0 + 0.5 / steps
    return found


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
    line = U64(first_row * across + first_column)
    # what no level stands for stays zero
    levels, full, end = np.zeros((FOUR, padded(columns))), np.empty(FOUR), np.zeros(padded(1))
    totals, lanes = np.empty((FOUR, rows)), np.empty(_LANES)
    noisy = noise.constant != 0.0 or noise.slope != 0.0
    variance = np.empty(rows if noisy else 0)
    for s in range(start, stop, FOUR):
        some = min(stop - s, FOUR)
        for k in range(some):
            full[k] = full_scale(d[s + k], first_column, columns, converters.input_range)
            convert(d[s + k], first_column, full[k], converters.input_steps, levels[k, :columns])
        if some == FOUR:
            along_four(levels, line, across, columns, flat, end, totals)
        for k in range(some):
            total, own = totals[k], levels[k]
            if some < FOUR:
                along_each(own, line, across, columns, flat, end, total)
            if noisy:
                given = own[:columns]
                for i in range(rows):
                    variance[i] = variance_along(given, line + U64(i * across), flat, noise, lanes)
                draw(address[0], address[1] + line, address[2] + U64(s + k), variance, total)
            scale = full[k] * converters.bound
            clipped[s + k] += out_of_range(total, scale, converters.output_steps)
            deliver(total, scale, converters.output_steps, first_row, out[s + k])


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
