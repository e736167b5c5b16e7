r"""One pass over the reads of a device: the likelihood of its residuals under many trial noise models at once.

The covariance of the reads, in units of their white noise, is for each trial model

.. math:: V_{ij} = q_i q_j \sum_k p_k(t_i) e^{-r_k (t_j - t_i)} + (q_i^2 p_w + w)\, \delta_{ij}, \qquad t_i \le t_j,

with q the curve over the unit of noise, p_k the variance of relaxation k (see `pcmphys.fit.drift.modes`) at the earlier
read, constant for stationary noise and :math:`\propto 1 - e^{-r_k (t - d)}` for noise that ages. Its factors
:math:`V = L D L^T` follow from read to read with as many numbers as the relaxations have pairs (a Kalman filter;
Foreman-Mackey et al., Astron. J. 154, 220 (2017) for the form used here). Trial models are the innermost axis.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import log

CURVE, TILT, REST = range(3)
"""Sides that are always there: derivatives by the logarithm of the curve and by the exponent, and the residual."""
SUMS = 6
"""Products among them: curve-curve, curve-tilt, tilt-tilt, curve-rest, tilt-rest, rest-rest."""


class Track(NamedTuple):
    """The reads of one device on their way through the filter."""

    decay: np.ndarray  # (n, modes) e^(-rate times the time since the read before)
    young: np.ndarray  # (n, modes) e^(-rate (age - read duration)): share of traps not yet refreshed
    loading: np.ndarray  # (n,) q
    sides: np.ndarray  # (sides, n) right-hand sides: `CURVE`, `TILT`, `REST`, then any others


class Models(NamedTuple):
    """Trial noise models, one a lane."""

    white: np.ndarray  # (lanes,) w
    fast: np.ndarray  # (lanes,) p_w
    strength: np.ndarray  # (modes, lanes) p_k when fully grown
    ageing: np.ndarray  # (lanes,) 1 or 0
    flicker: np.ndarray  # (lanes,) Q^2 that the two before belong to


class Sums(NamedTuple):
    """Products x' V^-1 y of the sides, and the logarithm of the determinant of V."""

    log_determinant: np.ndarray  # (lanes,)
    product: np.ndarray  # (SUMS, lanes)
    other: np.ndarray  # (others, 4, lanes) of each other side with curve, tilt, rest, itself


class Filter(NamedTuple):
    """State of the pass."""

    known: np.ndarray  # (modes, modes, lanes) variance that the reads so far explain
    row: np.ndarray  # (modes, lanes) its row sums
    gain: np.ndarray  # (modes, lanes)
    state: np.ndarray  # (sides, modes, lanes)
    pivot: np.ndarray  # (3, lanes) D, 1 / D, work
    innovation: np.ndarray  # (sides, lanes) over D
    raw: np.ndarray  # (sides, lanes)


@law
def sweep(track, count, modes, models, work, sums):
    """Fill ``sums`` from ``count`` reads with so many modes; reads must be in the order of time."""
    _begin(modes, work, sums)
    for i in range(count):
        if i > 0:
            _advance(track.decay[i], modes, work)
        _factor(track.loading[i], track.young[i], modes, models, work)
        _innovate(track, i, modes, work)
        _add(work, sums)


@law
def _begin(modes, work, sums):
    work.known[:modes] = 0.0
    work.row[:modes] = 0.0
    work.state[:, :modes] = 0.0
    sums.log_determinant[:] = 0.0
    sums.product[:] = 0.0
    sums.other[:] = 0.0


@law
def _advance(decay, modes, work):
    """What is known of the noise at the next read."""
    known, row, gain, state, pivot, innovation = (
        work.known,
        work.row,
        work.gain,
        work.state,
        work.pivot,
        work.innovation,
    )
    lanes = pivot.shape[1]
    for k in range(modes):
        for m in range(lanes):
            row[k, m] = 0.0
            pivot[2, m] = gain[k, m] * pivot[1, m]
        for j in range(k):
            both = decay[k] * decay[j]
            for m in range(lanes):
                value = both * (known[k, j, m] + pivot[2, m] * gain[j, m])
                known[k, j, m] = value
                row[k, m] += value
                row[j, m] += value
        both = decay[k] * decay[k]
        for m in range(lanes):
            value = both * (known[k, k, m] + pivot[2, m] * gain[k, m])
            known[k, k, m] = value
            row[k, m] += value
    for x in range(state.shape[0]):
        for k in range(modes):
            for m in range(lanes):
                state[x, k, m] = decay[k] * (state[x, k, m] + gain[k, m] * innovation[x, m])


@law
def _factor(loading, young, modes, models, work):
    """The next pivot and its gains."""
    pivot, gain, row = work.pivot, work.gain, work.row
    lanes = pivot.shape[1]
    square = loading * loading
    for m in range(lanes):
        pivot[0, m] = square * models.fast[m] + models.white[m]
    for k in range(modes):
        for m in range(lanes):
            left = models.strength[k, m] * (1.0 - models.ageing[m] * young[k]) - row[k, m]
            gain[k, m] = loading * left
            pivot[0, m] += square * left
    for m in range(lanes):
        pivot[0, m] = max(pivot[0, m], 1e-300)
        pivot[1, m] = 1.0 / pivot[0, m]


@law
def _innovate(track, i, modes, work):
    """Each side less what the reads before say of it, and the same over the pivot."""
    raw, innovation, state, pivot = work.raw, work.innovation, work.state, work.pivot
    lanes = pivot.shape[1]
    loading = track.loading[i]
    for x in range(state.shape[0]):
        for m in range(lanes):
            raw[x, m] = 0.0
        for k in range(modes):
            for m in range(lanes):
                raw[x, m] += state[x, k, m]
        for m in range(lanes):
            raw[x, m] = track.sides[x, i] - loading * raw[x, m]
            innovation[x, m] = raw[x, m] * pivot[1, m]


@law
def _add(work, sums):
    lanes = work.pivot.shape[1]
    raw, moved = work.raw, work.innovation
    for m in range(lanes):
        sums.log_determinant[m] += log(work.pivot[0, m])
        sums.product[0, m] += raw[0, m] * moved[0, m]
        sums.product[1, m] += raw[0, m] * moved[1, m]
        sums.product[2, m] += raw[1, m] * moved[1, m]
        sums.product[3, m] += raw[0, m] * moved[2, m]
        sums.product[4, m] += raw[1, m] * moved[2, m]
        sums.product[5, m] += raw[2, m] * moved[2, m]
    for j in range(sums.other.shape[0]):
        for m in range(lanes):
            sums.other[j, 0, m] += raw[3 + j, m] * moved[0, m]
            sums.other[j, 1, m] += raw[3 + j, m] * moved[1, m]
            sums.other[j, 2, m] += raw[3 + j, m] * moved[2, m]
            sums.other[j, 3, m] += raw[3 + j, m] * moved[3 + j, m]
