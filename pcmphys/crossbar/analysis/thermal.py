"""Thermal crosstalk: how much a pulsed cell warms its neighbours.

A cell is a point source on a half space of one thermal conductivity, whose rise falls as 1/r; metal lines above and
below take heat away and screen it over a length:

    Delta T(r) = P exp(-r / l) / (2 pi kappa r),

summed up over all heated cells but the one itself, whose own temperature is the business of its device model.

Not modelled: time (the rise is that of the steady state, an upper bound for a pulse shorter than r^2 / (4 D), some
10 ns at 100 nm), anisotropy of lines and spacers, temperature dependence of the conductivity. Coupling in PCM arrays is
not published for the cells shipped here: both numbers are assumptions of the user.

References
----------
H. S. Carslaw, J. C. Jaeger, *Conduction of Heat in Solids*, 2nd ed. (1959), sec. 10.4: point source; the screening by
exp(-r/l) is ours, assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.numerics import check
from pcmphys.numerics.compile import kernel, launch, law

_REACH = 14.0
"""Distance, in screening lengths, beyond which a cell is not warmed (e^-14 = 1e-6)."""
_MOST = 32
"""Cells to either side that are looked at, however long the screening length."""


@dataclass(frozen=True)
class ThermalCrosstalk:
    """Heat from cell to cell.

    Parameters
    ----------
    pitch : float [m]
        Distance between neighbouring word lines and between neighbouring bit lines.
    conductivity : float [W/(m K)]
        Of the surroundings; about 1.4 for silicon dioxide.
    screening_length : float [m]
        Over which metal lines screen the heat.

    Examples
    --------
    A RESET of 0.7 mW, cells 200 nm apart:

    >>> warm = ThermalCrosstalk(pitch=200e-9, conductivity=1.4, screening_length=100e-9)
    >>> power = np.zeros((3, 3))
    >>> power[1, 1] = 0.7e-3
    >>> warm.rise(power).round(1)
    array([[16.6, 53.8, 16.6],
           [53.8,  0. , 53.8],
           [16.6, 53.8, 16.6]])
    """

    pitch: float
    conductivity: float = 1.4
    screening_length: float = 100e-9

    def __post_init__(self) -> None:
        for name, unit in (("pitch", "m"), ("conductivity", "W/(m K)"), ("screening_length", "m")):
            value = check.number(name, getattr(self, name), unit, 0.0, low_open=True)
            object.__setattr__(self, name, value)

    def rise(self, power: ArrayLike) -> np.ndarray:
        """Rise [K] of each cell by the power [W] of all others, both of shape (rows, columns)."""
        power = check.array("power", power, "W", 0.0, ndim=2)
        reach = min(max(math.ceil(_REACH * self.screening_length / self.pitch), 1), _MOST)
        steps = np.arange(reach + 1) * self.pitch
        distance = np.hypot(steps[:, None], steps[None, :])
        distance[0, 0] = 1.0
        coupling = np.empty_like(distance)
        flat = distance.reshape(-1), coupling.reshape(-1)
        _couple(0, distance.size, self.conductivity, self.screening_length, *flat)
        coupling[0, 0] = 0.0
        out = np.empty_like(power)
        launch(_rise, power.shape[0], power, coupling, out, grain=max(1, 32_768 // (power.shape[1] * (2 * reach + 1))))
        return out


@law
def coupled(distance: float, conductivity: float, screening_length: float) -> float:
    """Rise [K] per power [W] at a distance [m]: exp(-r / l) / (2 pi kappa r).

    Examples
    --------
    >>> round(coupled(200e-9, 1.4, 100e-9))
    76926
    """
    return math.exp(-distance / screening_length) / (2.0 * math.pi * conductivity * distance)


@kernel
def _couple(start, stop, conductivity, screening_length, distance, out):
    """Coupling of pairs of cells start..stop, see `coupled`."""
    for n in range(start, stop):
        out[n] = coupled(distance[n], conductivity, screening_length)


@kernel
def _rise(start, stop, power, coupling, out):
    """Rise of the cells on the word lines start..stop."""
    rows, columns = power.shape
    reach = coupling.shape[0] - 1
    for i in range(start, stop):
        for j in range(columns):
            total = 0.0
            for k in range(max(i - reach, 0), min(i + reach + 1, rows)):
                for m in range(max(j - reach, 0), min(j + reach + 1, columns)):
                    total += power[k, m] * coupling[abs(i - k), abs(j - m)]
            out[i, j] = total
