r"""Law of a programming curve: mean conductance after a pulse of amplitude x.

A contact is closed by molten material (opened by crystal) place by place. Where the rise of temperature at a place is
in proportion to its distance from what melts, and the places' melt fronts lie evenly within bounds, the share that is
closed rises in proportion to x from the onset a to a + w, where the last place closes; to first order in x this is
what `pcmphys.physics.thermal.shape.distance` with the bounded front of `pcmphys.physics.geometry.front_shift` says:
near the heater's edge, where a contact closes, the temperature falls nearly as a straight line. Devices
whose heaters differ have onsets that differ; with a normal spread s the mean share is the ramp smoothed by it,

.. math:: U(x) = \frac{s}{w}\left[h\!\left(\frac{x-a}{s}\right) - h\!\left(\frac{x-a-w}{s}\right)\right],
   \qquad h(z) = z\,\Phi(z) + \varphi(z),

which is the integral of the normal distribution function from (x - a - w) / s to (x - a) / s. What is in parallel
adds up in G, not in R: so the law is one of G, and R follows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_ROOT = np.sqrt(2.0 * np.pi)


def _integral(z: np.ndarray) -> np.ndarray:
    """Integral of the normal distribution function up to z."""
    from scipy.special import ndtr

    return z * ndtr(z) + np.exp(-0.5 * z * z) / _ROOT


def share(x: np.ndarray, onset: float, width: float, spread: float) -> np.ndarray:
    """Part in [0, 1] that is closed at x.

    Examples
    --------
    >>> [round(float(share(x, 1.0, 2.0, 1e-3)), 3) for x in (0.5, 1.5, 2.0, 4.0)]
    [0.0, 0.25, 0.5, 1.0]
    """
    return spread / width * (_integral((x - onset) / spread) - _integral((x - onset - width) / spread))


def curve_law(x: np.ndarray, values: Mapping[str, float], rises: bool, falls: bool, what: str) -> np.ndarray:
    """Mean conductance [S] at amplitudes x of a curve with a SET branch (``rises``) and a RESET branch (``falls``)."""
    high = np.full(np.shape(x), values["set_conductance"])
    if rises:
        opened = share(x, values[f"set_{what}"], values["set_width"], values["set_spread"])
        high = values["start_conductance"] + (high - values["start_conductance"]) * opened
    if not falls:
        return high
    closed = share(x, values[f"melting_{what}"], values["melting_width"], values["melting_spread"])
    return high + (values["reset_conductance"] - high) * closed
