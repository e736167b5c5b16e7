"""Exponential selector in series with the device: a current that grows as sinh of the voltage, in both directions.

The usual stand-in for selectors that conduct both ways and have no state: mixed ionic-electronic conduction (MIEC),
tunnel and Schottky stacks, field-assisted hopping below threshold.

Not modelled: saturation at high current, dependence on temperature, delay.

References
----------
G. W. Burr et al., J. Vac. Sci. Technol. B 32, 040802 (2014): selectors for crosspoint arrays, MIEC among them, whose
current is exponential in the voltage of either sign.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.crossbar.selectors.selector import Selector, evaluate
from pcmphys.crossbar.selectors.series import Series, check_series, launch_rows
from pcmphys.numerics import check
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import LARGEST_EXPONENT, hyperbolic, reciprocal_tail, rough_log

_SMALLEST_RATIO, _LARGEST_RATIO = 1e-90, 1e90
_STEPS = 2
_LINEAR = 0.75  # below it (in units of the selector's voltage) the tangent at zero is the better start


class ExponentialFloats(NamedTuple):
    """`Exponential` for the laws: current [A] and voltage [V] of I = current sinh(w / voltage)."""

    current: float
    voltage: float


@law
def exponential_current(voltage: float, p: ExponentialFloats) -> tuple[float, float]:
    """Current [A] and slope [S] at a voltage [V]: I_0 sinh(w / V_0).

    Examples
    --------
    >>> current, slope = exponential_current(0.5, ExponentialFloats(1e-9, 0.1))
    >>> round(1e9 * current, 4), round(1e9 * slope, 3)
    (74.2032, 742.099)
    """
    x = abs(voltage) / p.voltage
    sinh, cosh = hyperbolic(min(x, LARGEST_EXPONENT))
    beyond = max(x - LARGEST_EXPONENT, 0.0)
    return math.copysign(p.current * (sinh + cosh * beyond), voltage), p.current / p.voltage * cosh


@law
def ratio(current: float, voltage: float, conductance: float) -> float:
    """I_0 / (V_0 G) kept where its powers are numbers."""
    return min(max(current / (voltage * conductance), _SMALLEST_RATIO), _LARGEST_RATIO)


@law
def sinh_root(x: float, k: float) -> tuple[float, float, float]:
    """Root y of y + k sinh y = x for x >= 0, with k sinh y and k cosh y, all their digits.

    Examples
    --------
    >>> y, sinh, cosh = sinh_root(10.0, 3.0)
    >>> round(y, 6), round(sinh, 6), round(y + sinh, 12)
    (1.73768, 8.26232, 10.0)
    """
    # start, wrong by 0.13 at most: omega + ln omega = x + ln(k / 2) has omega = k e^y / 2 for large y
    z = x + rough_log(0.5 * k)
    far = max(z, 1.0)
    over = far * (1.0 + far - rough_log(far)) if z > 1.0 else 1.0
    omega = over / (1.0 + far if z > 1.0 else reciprocal_tail(z))
    sine = min(omega / k, 1e150)
    bent = rough_log(sine + math.sqrt(sine * sine + 1.0))
    y = bent if z > 1.0 else x - omega
    near = x < _LINEAR * (1.0 + k)
    y = x / (1.0 + k) if near else y
    sinh, cosh, step = 0.0, 0.0, 0.0
    # Householder's steps of fourth order
    for _ in range(_STEPS):
        y += step
        sinh, cosh = hyperbolic(y)
        sinh, cosh = k * sinh, k * cosh
        miss = (y - x) + sinh
        rise = 1.0 + cosh
        bend = miss * sinh
        square = rise * rise
        step = -miss * (6.0 * square - 3.0 * bend) / (6.0 * rise * (square - bend) + miss * miss * cosh)
    # the last step is too small for an exponential of its own: two terms of the series
    half = 0.5 * step * step
    return y + step, sinh + (cosh * step + sinh * half), cosh + (sinh * step + cosh * half)


@law
def exponential_in_series(voltage: float, conductance: float, p: ExponentialFloats) -> tuple[float, float, float]:
    """Current [A], slope dI/dV [S] and the selector's part [V] of a voltage [V] across it and a conductance [S].

    With y = w / V_0 and k = I_0 / (V_0 G): y + k sinh y = V / V_0. Exactly odd in the voltage.

    Examples
    --------
    >>> current, slope, inner = exponential_in_series(1.0, 1e-5, ExponentialFloats(1e-9, 0.1))
    >>> round(1e6 * current, 4), round(1e6 * slope, 4), round(inner, 6), round(inner + current / 1e-5, 12)
    (1.8073, 6.4378, 0.819272, 1.0)
    """
    is_open = conductance == 0.0
    g = 1.0 if is_open else conductance
    y, sinh, cosh = sinh_root(abs(voltage) / p.voltage, ratio(p.current, p.voltage, g))
    current = math.copysign(p.voltage * g * sinh, voltage)
    slope = g * (cosh / (1.0 + cosh))
    inner = math.copysign(p.voltage * y, voltage)
    return 0.0 if is_open else current, 0.0 if is_open else slope, 0.0 if is_open else inner


@kernel
def _currents(start, stop, voltage, p, current, slope):
    """Selectors start..stop alone; all arrays (cells,)."""
    for n in range(start, stop):
        current[n], slope[n] = exponential_current(voltage[n], p)


@kernel
def _series(start, stop, voltage, conductance, p, work):
    """Rows start..stop of selectors with their devices into ``work``, a `Series`; all arrays (rows, columns)."""
    current, slope, inner = work
    for i in range(start, stop):
        v, g, c, s, w = voltage[i], conductance[i], current[i], slope[i], inner[i]
        for j in range(v.size):
            c[j], s[j], w[j] = exponential_in_series(v[j], g[j], p)


@dataclass(frozen=True, init=False, repr=False)
class Exponential(Selector):
    """A selector that conducts both ways: I = current sinh(w / voltage).

    Parameters
    ----------
    current : float [A]
        Within [1e-100, 1000]; kept as ``scale``, because `current` is the method that evaluates the law.
    voltage : float [V]
        Within [1e-4, 1000]: one decade of current for each 2.3 times this voltage.

    Raises
    ------
    ParameterError
        A number outside its range.

    Notes
    -----
    Series elimination is exact to rounding: current, slope and inner voltage within 1e-14 (relative) for 1e-20 to 1e-3
    A, 1e-12 to 1 S and +-20 V. Above 600 times ``voltage`` the law alone goes on along its tangent, so that it stays a
    number; in series with a device it never gets there.

    Examples
    --------
    >>> current, slope = Exponential(current=1e-9, voltage=0.1).current([0.5, -0.5])
    >>> current.round(12)
    array([ 7.4203e-08, -7.4203e-08])
    """

    scale: float
    voltage: float

    def __init__(self, current: float, voltage: float):
        object.__setattr__(self, "scale", check.number("current", current, "A", 1e-100, 1e3))
        object.__setattr__(self, "voltage", check.number("voltage", voltage, "V", 1e-4, 1e3))

    def __repr__(self) -> str:
        return f"Exponential(current={self.scale!r}, voltage={self.voltage!r})"

    def pack(self) -> ExponentialFloats:
        """The same numbers as the laws take them."""
        return ExponentialFloats(self.scale, self.voltage)

    def current(
        self, voltage: ArrayLike, *, gate: ArrayLike | None = None, on: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Current [A] and slope [S] of the selector alone at voltages [V] of any shape."""
        return evaluate(_currents, voltage, self.pack())

    def series(
        self, voltage: np.ndarray, conductance: np.ndarray, work: Series, *, gate: Any = None, on: Any = None
    ) -> None:
        """Fill ``work``, see `Selector.series`: exact to rounding, vector code, threads for a large array."""
        check_series(voltage, conductance, work)
        launch_rows(_series, voltage, conductance, self.pack(), Series(*work))
