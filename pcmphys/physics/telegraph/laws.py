"""Random telegraph noise: two-state traps, exact over any interval.

Each device has K traps. Trap k sits in sector k mod 16 and, while it is filled, multiplies the resistance of the
disordered parts of that sector (dome and films between grains) by e^A. Its time constant is log-uniform and drawn anew
by each quench. Between two looks a trap's state follows the exact two-state Markov law. The share of a sector in the
current and the number of sectors that conduct decide how much of it is seen: at low conductance few strong traps
dominate.

A trap blocks a fixed area of the current's path: where the path is narrow it weighs more (`amplitude`). Traps differ:
amplitudes of single traps are spread exponentially (`weights`), as those of thresholds are in transistors, so that few
strong traps make jumps that are seen beside the noise of all.

With all sectors alike, the spectrum of many traps is S_I/I^2 = N A^2 / (4 L f), L = ln(tau_max / tau_min), A the
root mean square of their amplitudes.

Not modelled: correlations between traps, field dependence, amplitudes that a quench draws anew.

References
----------
S. Machlup, J. Appl. Phys. 25, 341 (1954): two-state process. M. J. Kirton, M. J. Uren, Adv. Phys. 38, 367 (1989):
capture and emission. Numbers are assumed, calibrated to the published 1/f amplitude.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp, log
from pcmphys.physics.state import TRAPS

GRID = 256
"""Log-spaced time constants that a trap's own is drawn from."""
MOST_TRAPS = TRAPS
"""Traps of a device are the bits of one word."""
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True)
class TelegraphParameters:
    """Traps of a device."""

    traps: float = field(metadata={"unit": "1", "low": 0.0, "doc": "number of traps K of a device, at most 32"})
    fastest: float = field(metadata={"unit": "s", "above": 0.0, "doc": "shortest time constant"})
    slowest: float = field(metadata={"unit": "s", "above": 0.0, "more_than": "fastest", "doc": "longest time constant"})
    emission_over_capture: float = field(
        metadata={"unit": "1", "above": 0.0, "doc": "ratio of emission to capture time; 1: filled half of the time"}
    )
    activation: float = field(metadata={"unit": "eV", "low": 0.0, "doc": "activation of both rates"})
    reference_temperature: float = field(
        metadata={"unit": "K", "above": 0.0, "doc": "temperature of the time constants"}
    )
    dome_amplitude: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "A of a sector's dome: ln of its change by a trap, rms"}
    )
    boundary_amplitude: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "A of the films of a fully crystalline sector"}
    )
    crowding: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "exponent of the amplitude's rise where the path is narrow"}
    )
    largest_amplitude: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "bound of what one trap adds to ln of its sector's resistance"}
    )

    def pack(self) -> TelegraphFloats:
        """The same numbers as the laws take them."""
        return TelegraphFloats(
            min(round(self.traps), MOST_TRAPS),
            self.emission_over_capture / (1.0 + self.emission_over_capture),
            self.activation * ELEMENTARY_CHARGE,
            self.reference_temperature,
            self.dome_amplitude,
            self.boundary_amplitude,
            self.crowding,
            self.largest_amplitude,
        )


class TelegraphFloats(NamedTuple):
    """`TelegraphParameters` for the laws; ``filled`` is the mean occupancy tau_e / (tau_e + tau_c)."""

    traps: int
    filled: float
    activation: float
    reference_temperature: float
    dome_amplitude: float
    boundary_amplitude: float
    crowding: float
    largest_amplitude: float


def relaxation_rates(parameters: TelegraphParameters) -> np.ndarray:
    """Rates [1/s] 1/tau = 1/tau_c + 1/tau_e of the grid of time constants at the reference temperature: (256,)."""
    edges = np.linspace(math.log(parameters.fastest), math.log(parameters.slowest), GRID + 1)
    return np.exp(-0.5 * (edges[1:] + edges[:-1]))


def weights(traps: int) -> np.ndarray:
    """Amplitude of each trap over the rms of all, (32,): exponential quantiles; zero beyond the last trap.

    In a fixed order, along which neighbours, and the traps of a sector, are of different size: trap k has the rank of
    the fractional part of k times the golden ratio. The mean square is one, the mean so 0.71 and a little more.

    Examples
    --------
    >>> found = weights(30)
    >>> round(float((found[:30] ** 2).mean()), 12), round(float(found[:30].mean()), 2), round(float(found.max()), 2)
    (1.0, 0.72, 2.99)
    """
    found = np.zeros(MOST_TRAPS)
    if traps > 0:
        rank = np.argsort(np.argsort(np.arange(traps) * _GOLDEN % 1.0))
        quantile = -np.log1p(-(rank + 0.5) / traps)
        found[:traps] = quantile / math.sqrt((quantile**2).mean())
    return found


@law
def acceleration(temperature: float, p: TelegraphFloats) -> float:
    """Factor of all rates at a temperature [K]: exp(E (1/kT_0 - 1/kT))."""
    return exp(p.activation / BOLTZMANN * (1.0 / p.reference_temperature - 1.0 / temperature))


@law
def filled_after(was_filled: float, decay: float, filled: float) -> float:
    """Chance in [0, 1] that a trap is filled after an interval; ``decay`` = e^(-t/tau), ``filled`` the mean occupancy.

    f + (n - f) e^(-t/tau) (Machlup 1954).

    Examples
    --------
    >>> filled_after(1.0, 0.5, 0.5), filled_after(0.0, 0.0, 0.25)
    (0.75, 0.25)
    """
    return filled + (was_filled - filled) * decay


@law
def amplitude(dome_resistance: float, boundary_resistance: float, path: float, p: TelegraphFloats) -> float:
    """What one filled trap adds to the logarithm of its sector's disordered resistance, root mean square over traps.

    ``path`` in (0, 1] is the conducting cross-section of the sector over that of a fully crystalline one. Dome and
    films weigh by their resistance; the films' part rises as ``path`` ^ -crowding. Bounded by ``largest_amplitude``, as
    is that of each trap, see `height`.
    """
    total = dome_resistance + boundary_resistance
    films = p.boundary_amplitude * exp(-p.crowding * log(path))
    mean = (dome_resistance * p.dome_amplitude + boundary_resistance * films) / total
    return min(mean, p.largest_amplitude)


@law
def height(amplitude: float, weight: float, p: TelegraphFloats) -> float:
    """What one trap adds when filled: the rms ``amplitude`` of its sector times its weight (see `weights`), bounded."""
    return min(amplitude * weight, p.largest_amplitude)
