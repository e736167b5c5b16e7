"""Forward and backward sweeps of a hidden Markov model of independent two-state traps under Gaussian noise.

hmmlearn fits levels that have nothing to do with each other and any transitions between them; here levels are sums of
the amplitudes of traps, and transitions products of theirs, so that a fit has as few numbers as there are in nature.
"""

from __future__ import annotations

import numpy as np

from pcmphys.numerics.compile import kernel


@kernel
def sweep(value, levels, sigma, chance, gamma, changes, work):
    """Posterior of the states; returns the log likelihood without its constant, -n ln(sigma sqrt(2 pi)).

    Parameters
    ----------
    value : (n,) array
        Trace without its drift.
    levels : (states,) array
    sigma : float
        Standard deviation of the noise.
    chance : (states, states) array
        Of a transition between two reads, from row to column.
    gamma : (n, states) array
        Filled with the posterior chance of each state.
    changes : (states, states) array
        Filled with the expected number of transitions.
    work : (n + 3, states) array
        Room; rows 0 to n - 1 hold the emission chances, relative to the largest of a read.
    """
    count, states = gamma.shape
    total = 0.0
    half = 0.5 / (sigma * sigma)
    back, ahead = work[count], work[count + 1]
    for t in range(count):
        least = np.inf
        for s in range(states):
            off = value[t] - levels[s]
            work[t, s] = off * off * half
            least = min(least, work[t, s])
        total -= least
        for s in range(states):
            work[t, s] = np.exp(least - work[t, s])
    for t in range(count):
        norm = 0.0
        for s in range(states):
            if t == 0:
                inflow = 1.0 / states
            else:
                inflow = 0.0
                for r in range(states):
                    inflow += gamma[t - 1, r] * chance[r, s]
            gamma[t, s] = inflow * work[t, s]
            norm += gamma[t, s]
        total += np.log(norm)
        for s in range(states):
            gamma[t, s] /= norm
    for s in range(states):
        back[s] = 1.0
        for r in range(states):
            changes[s, r] = 0.0
    for t in range(count - 2, -1, -1):
        norm = 0.0
        for s in range(states):
            ahead[s] = back[s] * work[t + 1, s]
        for s in range(states):
            outflow = 0.0
            for r in range(states):
                outflow += chance[s, r] * ahead[r]
            back[s] = outflow
            norm += gamma[t, s] * outflow
        for s in range(states):
            weight = gamma[t, s] / norm
            for r in range(states):
                changes[s, r] += weight * chance[s, r] * ahead[r]
        for s in range(states):
            back[s] /= norm
            gamma[t, s] *= back[s]
    return total
