"""Conjugate gradients on the bit-line currents of a linear crossbar: two sweeps over the array an iteration.

With the word lines eliminated exactly, the column voltages x obey (T_c - D T_r^-1 D) x = b, where T_r and T_c are the
ladders of word and bit lines and D the cell conductances. The preconditioner is T_c. The unknown that is kept is
y = T_c x, the current that cells push into the bit lines: then T_c itself is never applied (it would divide by a
wire resistance), and of all directions p only t = T_c p is needed, which obeys the same recursion as p.

A cell may carry a source s beside its conductance (a linearised I-V curve): then y = D V_r + s.

Arrays of shape (rows, columns): y, residual r, direction p and t, and ``work`` that holds by turns T_c^-1 r and S p.

References
----------
M. R. Hestenes, E. Stiefel, J. Res. Natl. Bur. Stand. 49, 409 (1952).
"""

from __future__ import annotations

import numpy as np

from pcmphys.crossbar.solver import lines
from pcmphys.crossbar.solver.lines import NEAR, ROOM, ROWS_AT_ONCE
from pcmphys.crossbar.solver.measure import larger
from pcmphys.numerics.compile import kernel, law


@kernel
def start_rows(start, stop, net, drive, y):
    """First guess on the word lines start..stop: y = D V_r with each bit line at the voltage of its near terminal."""
    scratch = np.zeros((ROOM, y.shape[1]))
    for first in range(start, stop, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, stop - first)
        for k in range(count):
            lines.multiply(net.conductance[first + k], drive.column[NEAR], scratch[k])
        lines.row_ladders(first, net, drive, scratch)
        for k in range(count):
            lines.multiply(net.conductance[first + k], scratch[k], y[first + k])


@kernel
def residual_rows(start, stop, net, drive, x, y, residual):
    """Residual r = D V_r(x) + s - y: what the cells deliver at the column voltages ``x`` minus what was assumed."""
    scratch = np.zeros((ROOM, x.shape[1]))
    for first in range(start, stop, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, stop - first)
        lines.solve_rows(first, count, net, drive, x, scratch)
        for k in range(count):
            _product_minus(net.conductance[first + k], scratch[k], y[first + k], residual[first + k])
            if drive.source.size:
                lines.add_scaled(1.0, drive.source[first + k], residual[first + k])


@kernel
def precondition(start, stop, net, ground, residual, work, slots, largest):
    """``work`` = T_c^-1 r on the bit lines start..stop; slots get the parts of r . work, ``largest`` its magnitudes.

    ``ground`` (columns,) is zero: a residual is nothing that a terminal drives.
    """
    lines.copy(residual[0, start:stop], work[0, start:stop])
    for i in range(1, work.shape[0]):
        _eliminate(i, start, stop, net, residual, work)
    _substitute(start, stop, net, ground, residual, work, slots, largest)


@kernel
def direction_rows(start, stop, beta, net, still, fields, slots):
    """New direction p, t and ``work`` = S p = t - D T_r^-1 D p on the word lines start..stop; slots get p . S p.

    ``still`` drives nothing (`lines.still`). ``fields`` as in `solve`.
    """
    _, residual, p, t, work = fields
    scratch = np.zeros((ROOM, p.shape[1]))
    for first in range(start, stop, ROWS_AT_ONCE):
        count = min(ROWS_AT_ONCE, stop - first)
        for i in range(first, first + count):
            if beta == 0.0:  # the first direction; what p and t hold then has no meaning
                lines.copy(work[i], p[i])
                lines.copy(residual[i], t[i])
            else:
                _advance(beta, work[i], p[i])
                _advance(beta, residual[i], t[i])
        lines.solve_rows(first, count, net, still, p, scratch)
        for k in range(count):
            i = first + k
            _minus_product(t[i], net.conductance[i], scratch[k], work[i])
            slots[i] = lines.dot(p[i], work[i])


@kernel
def step_columns(start, stop, alpha, net, ground, fields, slots, largest):
    """Step y += alpha t, r -= alpha S p, then ``work`` = T_c^-1 r on the bit lines start..stop."""
    y, residual, _, t, work = fields
    for i in range(y.shape[0]):
        lines.add_scaled(alpha, t[i, start:stop], y[i, start:stop])
        lines.add_scaled(-alpha, work[i, start:stop], residual[i, start:stop])
        if i == 0:
            lines.copy(residual[i, start:stop], work[i, start:stop])
        else:
            _eliminate(i, start, stop, net, residual, work)
    _substitute(start, stop, net, ground, residual, work, slots, largest)


@kernel
def solve(net, drive, still, fields, limits, steps, resume):
    """The whole iteration on one thread. ``fields``: (y, r, p, t, work); ``still`` drives nothing (`lines.still`).

    ``limits``: (tolerance [V], most iterations, iterations without a smaller change after which rounding is reached,
    part of its first energy at which the residual that is carried along is no longer trusted).

    Returns (iterations, last change of the column voltages [V]); on return ``y`` is the solution and the rest free.
    With ``resume`` the ``y`` passed in is the first guess.
    ``steps`` (2, most) gets alpha and beta of every iteration. The threaded driver in `linear` takes the same steps
    in the same order, so that the two agree bit by bit.
    """
    y, residual, _, _, work = fields
    rows, columns = y.shape
    if not resume:
        start_rows(0, rows, net, drive, y)
    lines.column_ladders(0, columns, net, drive, y, work)
    residual_rows(0, rows, net, drive, work, y, residual)
    tolerance, most, patience, trusted = limits
    return descend(net, still, fields, (tolerance, most, patience, trusted, 0.0), steps)


@kernel
def descend(net, still, fields, limits, steps):
    """Iterate from a ``y`` and its residual; the last limit is a part of the first change at which it may end, too."""
    y, residual, _, _, work = fields
    tolerance, most, patience, trusted, part = limits
    rows, columns = y.shape
    row_slots, column_slots, largest = np.empty(rows), np.empty(columns), np.empty(columns)
    precondition(0, columns, net, still.column[NEAR], residual, work, column_slots, largest)
    energy, beta, longest = lines.ordered_sum(column_slots), 0.0, 1.0
    change = greatest(largest)
    tolerance = max(tolerance, part * change)
    iterations, smallest, since, least = 0, change, 0, trusted * energy
    while change > tolerance and iterations < most and since < patience and energy > least:
        direction_rows(0, rows, beta, net, still, fields, row_slots)
        stiffness = lines.ordered_sum(row_slots)
        # not positive: of the direction nothing but rounding is left, and this is the last step, of no length
        alpha = energy / stiffness if stiffness > 0.0 else 0.0
        step_columns(0, columns, alpha, net, still.column[NEAR], fields, column_slots, largest)
        previous, energy = energy, lines.ordered_sum(column_slots)
        beta = energy / previous
        steps[0, iterations], steps[1, iterations] = alpha, beta
        # what the next step can still change: a long step so far tells of a slow mode, where work alone is too small
        longest = max(longest, alpha)
        peak = greatest(largest)
        change = longest * peak
        iterations += 1
        since = 0 if peak < smallest else since + 1
        since = since if stiffness > 0.0 else patience
        smallest = min(smallest, peak)
    return iterations, change


@law
def greatest(peaks):
    """The largest of magnitudes; a NaN comes through."""
    out = 0.0
    for k in range(peaks.size):
        out = larger(out, peaks[k])
    return out


@kernel
def _product_minus(x, y, z, out):
    for j in range(out.size):
        out[j] = x[j] * y[j] - z[j]


@kernel
def _minus_product(x, y, z, out):
    for j in range(out.size):
        out[j] = x[j] - y[j] * z[j]


@kernel
def _advance(beta, source, inout):
    for j in range(inout.size):
        inout[j] = source[j] + beta * inout[j]


@kernel
def _eliminate(i, start, stop, net, residual, work):
    above, factor = work[i - 1, start:stop], net.column_factor[i - 1, start:stop]
    lines.column_down(residual[i, start:stop], factor, above, work[i, start:stop])


@kernel
def _substitute(start, stop, net, ground, residual, work, slots, largest):
    sums, peaks = slots[start:stop], largest[start:stop]
    sums[:] = 0.0
    peaks[:] = 0.0
    for i in range(work.shape[0] - 1, -1, -1):
        lines.column_up_one(i, start, stop, net, ground, work, work)
        # while the row is in the cache
        _add_products(residual[i, start:stop], work[i, start:stop], sums)
        _raise_peaks(work[i, start:stop], peaks)


@kernel
def _add_products(x, y, sums):
    for j in range(sums.size):
        sums[j] += x[j] * y[j]


@kernel
def _raise_peaks(values, peaks):
    for j in range(peaks.size):
        peaks[j] = larger(peaks[j], values[j])
