"""Diode in series with the device: Shockley's law, eliminated by the Wright omega function.

Not modelled: breakdown, recombination at low current, high injection, self-heating. A diode's own series resistance
belongs to the device's conductance.

References
----------
W. Shockley, Bell Syst. Tech. J. 28, 435 (1949): the law. T. C. Banwell, A. Jayakumar, Electron. Lett. 36, 291 (2000):
its exact solution with a series resistance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.crossbar.selectors.selector import Selector, check_numbers, evaluate
from pcmphys.crossbar.selectors.series import Series, check_series, launch_rows
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import LARGEST_EXPONENT, exp_pair, reciprocal_tail, rough_log

_SMALLEST_RATIO, _LARGEST_RATIO = 1e-150, 1e150
_STEPS = 2
_LINEAR = 0.25  # below it (in units of n k T / q) the tangent at zero is the better start


class DiodeFloats(NamedTuple):
    """`Diode` for the laws: saturation current [A] and n k T / q [V]."""

    saturation_current: float
    voltage: float


@law
def diode_current(voltage: float, p: DiodeFloats) -> tuple[float, float]:
    """Current [A] and slope [S] of a diode at a voltage [V]: I_s (exp(q w / n k T) - 1) (Shockley 1949).

    Examples
    --------
    >>> current, slope = diode_current(0.5, Diode(1e-12, ideality=1.5).pack())
    >>> round(1e9 * current, 4), round(1e9 * slope, 4)
    (395.3247, 10189.4928)
    """
    x = voltage / p.voltage
    less, power = exp_pair(min(x, LARGEST_EXPONENT))
    beyond = max(x - LARGEST_EXPONENT, 0.0)
    return p.saturation_current * (less + power * beyond), p.saturation_current / p.voltage * power


@law
def diode_in_series(voltage: float, conductance: float, p: DiodeFloats) -> tuple[float, float, float]:
    """Current [A], slope dI/dV [S] and the diode's part [V] of a voltage [V] across diode and conductance [S].

    With u = w / a, a = n k T / q, k = I_s / (a G): u + k (e^u - 1) = V / a. That is omega + ln omega = z with
    omega = k e^u and z = V / a + k + ln k; the steps are taken in u, where no digit of a small voltage is lost.
    """
    is_open = conductance == 0.0
    g = 1.0 if is_open else conductance
    x = voltage / p.voltage
    k = min(max(p.saturation_current / (p.voltage * g), _SMALLEST_RATIO), _LARGEST_RATIO)
    # start, wrong by 0.04 at most: u = ln(omega / k) with omega ~ z - ln z, or u = x + k - omega, or the tangent
    log_k = rough_log(k)
    z = x + k + log_k
    far = max(z, 1.0)
    log_z = rough_log(far)
    base = log_z - log_k if z > 1.0 else x + k
    less = log_z if z > 1.0 else 1.0
    over = 1.0 + far if z > 1.0 else reciprocal_tail(z)
    near = abs(x) < _LINEAR * (1.0 + k)
    base, less, over = (0.0, -x, 1.0 + k) if near else (base, less, over)
    u = base - less / over
    m, e, step = 0.0, 0.0, 0.0
    for _ in range(_STEPS):
        u += step
        m, e = exp_pair(u)
        m, e = k * m, k * e
        miss = (u - x) + m
        rise = 1.0 + e
        step = -2.0 * miss * rise / (2.0 * rise * rise - miss * e)
    # the last step is too small for an exponential of its own: two terms of its series
    u += step
    m += e * (step + 0.5 * step * step)
    e += e * (step + 0.5 * step * step)
    current, slope, inner = p.voltage * g * m, g * (e / (1.0 + e)), p.voltage * u
    return 0.0 if is_open else current, 0.0 if is_open else slope, 0.0 if is_open else inner


@kernel
def _currents(start, stop, voltage, p, current, slope):
    """Diodes start..stop alone; all arrays (cells,)."""
    for n in range(start, stop):
        current[n], slope[n] = diode_current(voltage[n], p)


@kernel
def _series(start, stop, voltage, conductance, p, work):
    """Rows start..stop of diodes with their devices into ``work``, a `Series`; all arrays (rows, columns)."""
    current, slope, inner = work
    for i in range(start, stop):
        v, g, c, s, w = voltage[i], conductance[i], current[i], slope[i], inner[i]
        for j in range(v.size):
            c[j], s[j], w[j] = diode_in_series(v[j], g[j], p)


@dataclass(frozen=True)
class Diode(Selector):
    """A diode that conducts from word line to bit line: I = I_s (exp(w / (n k T / q)) - 1).

    Parameters
    ----------
    saturation_current : float [A]
        I_s, within [1e-100, 1000].
    ideality : float
        n, within [0.1, 100]; 1 for diffusion, 2 for recombination.
    temperature : float [K]
        T, within [1, 3000].

    Raises
    ------
    ParameterError
        A number outside its range.

    Notes
    -----
    Series elimination is exact to rounding for 1e-20 to 1e-3 A, 1e-12 to 1 S and +-20 V: current within 1e-14, slope
    within 1e-12 (relative), inner voltage within 1e-15 of the voltage across both. Above w = 600 n k T / q (15 V at
    room temperature), where the law has left all physics (1e248 A for 1 pA), the law alone goes on along its tangent
    and stays a number; in series with a device it never gets there.

    Examples
    --------
    >>> current, slope = Diode(1e-12, ideality=1.5).current([0.5, -0.5])
    >>> current.round(12)
    array([ 3.95325e-07, -1.00000e-12])
    """

    saturation_current: float
    ideality: float = 1.0
    temperature: float = 300.15

    def __post_init__(self) -> None:
        check_numbers(
            self, saturation_current=("A", 1e-100, 1e3), ideality=("", 0.1, 100.0), temperature=("K", 1.0, 3000.0)
        )

    def pack(self) -> DiodeFloats:
        """The same numbers as the laws take them."""
        return DiodeFloats(self.saturation_current, self.ideality * BOLTZMANN * self.temperature / ELEMENTARY_CHARGE)

    def current(
        self, voltage: ArrayLike, *, gate: ArrayLike | None = None, on: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Current [A] and slope [S] of the diode alone at voltages [V] of any shape."""
        return evaluate(_currents, voltage, self.pack())

    def series(
        self, voltage: np.ndarray, conductance: np.ndarray, work: Series, *, gate: Any = None, on: Any = None
    ) -> None:
        """Fill ``work``, see `Selector.series`: exact to rounding, vector code, threads for a large array."""
        check_series(voltage, conductance, work)
        launch_rows(_series, voltage, conductance, self.pack(), Series(*work))
