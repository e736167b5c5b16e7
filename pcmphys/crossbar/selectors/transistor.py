"""Transistor in series with the device (1T1R): one smooth law from weak to strong inversion, triode to saturation.

The source is at the bit line and the gate's voltage is counted from there, so that positive voltage w is drain over
source; for negative w the two ends change roles and the law goes on without a seam.

Not modelled: rise of the source above ground by the bit line's own voltage (the array's solution counts the gate from
the bit line node), body effect beyond the slope factor, velocity saturation, gate and junction leakage, breakdown.

References
----------
C. C. Enz, F. Krummenacher, E. A. Vittoz, Analog Integr. Circuits Signal Process. 8, 83 (1995): forward and reverse
current as ln^2(1 + exp((v_p - v) / 2)), their eqs. of the EKV model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.crossbar.selectors.selector import Selector, check_numbers, evaluate
from pcmphys.crossbar.selectors.series import Series, check_series, launch_rows
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import exp, exp_pair, log, log1p

_MOST_STEPS = 100
_LAST_STEP = 1e-12  # relative to the smaller of the voltage and kT/q; more than 14 steps have not been seen
_ROUNDING = 4e-16
_NEAR = 4.0  # below it (in units of 2 kT/q) the difference of two nearly equal logarithms is taken as one logarithm


class TransistorFloats(NamedTuple):
    """`Transistor` for the laws: 2 n beta U^2 [A], U = kT/q [V], threshold [V], n, modulation [1/V]."""

    scale: float
    thermal: float
    threshold: float
    slope_factor: float
    modulation: float


@law
def pinch_off(gate: float, p: TransistorFloats) -> float:
    """Pinch-off voltage of a gate voltage [V], in units of 2 kT/q: (V_G - V_T) / n / 2U (Enz et al. 1995)."""
    return (gate - p.threshold) / (2.0 * p.slope_factor * p.thermal)


@law
def inversion(x: float) -> tuple[float, float]:
    """ln(1 + e^x) and its derivative, with all their digits.

    Examples
    --------
    >>> [round(value, 6) for value in inversion(0.0)]
    [0.693147, 0.5]
    """
    q = exp(-abs(x))
    return max(x, 0.0) + log1p(q), (1.0 if x > 0.0 else q) / (1.0 + q)


@law
def channel(
    voltage: float, pinch: float, source: float, source_rise: float, p: TransistorFloats
) -> tuple[float, float]:
    """Current [A] and slope [S] at a voltage [V], given the pinch-off voltage and `inversion` of it.

    2 n beta U^2 (source^2 - drain^2)(1 + modulation |w|), with drain = ln(1 + exp(pinch - w / 2U)).
    """
    s = voltage / (2.0 * p.thermal)
    drain, drain_rise = inversion(pinch - s)
    size = abs(s)
    if size < _NEAR:
        # ln(1 + e^a) - ln(1 + e^(a - s)) = ln(1 + sigma(a - s)(e^s - 1))
        less, _ = exp_pair(size)
        difference = math.copysign(log1p((drain_rise if s > 0.0 else source_rise) * less), s)
    else:
        difference = source - drain
    flat = p.scale * difference * (source + drain)
    stretch = 1.0 + p.modulation * abs(voltage)
    return flat * stretch, p.scale * drain * drain_rise / p.thermal * stretch + p.modulation * abs(flat)


@law
def transistor_current(voltage: float, gate: float, p: TransistorFloats) -> tuple[float, float]:
    """Current [A] and slope [S] at a voltage [V] and a gate voltage [V].

    Examples
    --------
    Strong inversion, saturated, is near beta (V_G - V_T)^2 / 2n = 19.2 uA:

    >>> p = Transistor(threshold_voltage=0.5, transconductance=2e-4).pack()
    >>> round(1e6 * transistor_current(1.0, 1.0, p)[0], 3)
    19.234
    """
    pinch = pinch_off(gate, p)
    source, rise = inversion(pinch)
    return channel(voltage, pinch, source, rise, p)


@law
def _start(size, forward, conductance, pinch, source, source_rise, p):
    """First voltage [V] across the transistor, on the side from which Newton's steps do not overshoot."""
    guess = size / (1.0 + p.scale * source * source_rise / p.thermal / conductance)
    if forward:
        # concave: the tangent at zero and the saturated current both lead below the solution
        return max(guess, size - p.scale * source * source * (1.0 + p.modulation * size) / conductance)
    # convex: the tangent, and the voltage at which all of the device's largest current would flow, lie above it
    root = math.sqrt(source * source + size * conductance / p.scale)
    less, _ = exp_pair(-root)
    bound = 2.0 * p.thermal * (root + log(max(-less, 1e-300)) - pinch)
    return min(guess, bound) if bound > 0.0 else guess


@law
def transistor_in_series(
    voltage: float, conductance: float, pinch: float, source: float, source_rise: float, p: TransistorFloats
) -> tuple[float, float, float]:
    """Current [A], slope dI/dV [S] and the transistor's part [V] of a voltage [V] across it and a conductance [S].

    Newton's method inside the bracket from 0 to the whole voltage.
    """
    if conductance == 0.0:
        return 0.0, 0.0, 0.0
    size = abs(voltage)
    low, high = 0.0, size
    # where two large logarithms are subtracted, their rounding is that of the pinch-off voltage
    coarse = 2.0 * p.thermal * abs(pinch)
    inner = _start(size, voltage > 0.0, conductance, pinch, source, source_rise, p)
    current, slope, step = 0.0, 0.0, 0.0
    for _ in range(_MOST_STEPS):
        current, slope = channel(math.copysign(inner, voltage), pinch, source, source_rise, p)
        current = abs(current)
        miss = current + conductance * (inner - size)
        step = -miss / (slope + conductance)
        # also left with a NaN
        rounding = _ROUNDING * max(size, coarse if inner > 2.0 * _NEAR * p.thermal else 0.0)
        if not abs(step) > max(_LAST_STEP * min(inner, p.thermal), rounding):
            break
        if miss > 0.0:
            high = inner
        else:
            low = inner
        inner += step
        if not low < inner < high:
            inner = 0.5 * (low + high)
    # the law's own current and the device's, weighted so that the error of the voltage cancels
    share = conductance / (slope + conductance)
    current = share * (current + slope * (size - inner))
    return math.copysign(current, voltage), share * slope, math.copysign(inner + step, voltage)


@kernel
def _currents(start, stop, voltage, gate, p, current, slope):
    """Transistors start..stop alone; all arrays (cells,)."""
    for n in range(start, stop):
        current[n], slope[n] = transistor_current(voltage[n], gate[n], p)


@kernel
def _series(start, stop, voltage, conductance, gate, p, work):
    """Rows start..stop of transistors with their devices into ``work``, a `Series` of (rows, columns); gate (rows,)."""
    current, slope, inner = work
    for i in range(start, stop):
        pinch = pinch_off(gate[i], p)
        source, rise = inversion(pinch)
        for j in range(voltage.shape[1]):
            current[i, j], slope[i, j], inner[i, j] = transistor_in_series(
                voltage[i, j], conductance[i, j], pinch, source, rise, p
            )


@dataclass(frozen=True)
class Transistor(Selector):
    """An n-channel transistor with its gate on a line along the word line (EKV model).

    I = 2 n beta U^2 [ln^2(1 + exp(P / 2U)) - ln^2(1 + exp((P - w) / 2U))] (1 + modulation |w|)
    with P = (gate - threshold) / n and U = kT/q.

    Parameters
    ----------
    threshold_voltage : float [V]
        Within [-100, 100].
    transconductance : float [A/V^2]
        beta = mobility times oxide capacitance times width over length, within [1e-30, 1e3].
    slope_factor : float
        n, within [1, 10].
    modulation : float [1/V]
        Channel-length modulation, within [0, 100].
    temperature : float [K]
        Within [1, 3000]; threshold and transconductance are those at this temperature.
    gate_voltage : float [V], optional
        Gate of every word line where a bias gives none, within [-1000, 1000].

    Raises
    ------
    ParameterError
        A number outside its range; when used, a gate voltage that neither the bias nor the selector gives.

    Notes
    -----
    Series elimination: current within 1e-12 (relative), slope within 1e-10, inner voltage within 1e-14 of the voltage
    across both.

    Examples
    --------
    >>> current, slope = Transistor(0.5, 2e-4, gate_voltage=1.0).current([1.0, -0.1])
    >>> (1e6 * current).round(2)
    array([ 19.23, -11.3 ])
    """

    gated: ClassVar[bool] = True

    threshold_voltage: float
    transconductance: float
    slope_factor: float = 1.3
    modulation: float = 0.0
    temperature: float = 300.15
    gate_voltage: float | None = None

    def __post_init__(self) -> None:
        check_numbers(
            self,
            threshold_voltage=("V", -100.0, 100.0),
            transconductance=("A/V2", 1e-30, 1e3),
            slope_factor=("", 1.0, 10.0),
            modulation=("1/V", 0.0, 100.0),
            temperature=("K", 1.0, 3000.0),
        )
        if self.gate_voltage is not None:
            check_numbers(self, gate_voltage=("V", -1e3, 1e3))

    def pack(self) -> TransistorFloats:
        """The same numbers as the laws take them."""
        thermal = BOLTZMANN * self.temperature / ELEMENTARY_CHARGE
        scale = 2.0 * self.slope_factor * self.transconductance * thermal * thermal
        return TransistorFloats(scale, thermal, self.threshold_voltage, self.slope_factor, self.modulation)

    def current(
        self, voltage: ArrayLike, *, gate: ArrayLike | None = None, on: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Current [A] and slope [S] of the transistor alone at voltages [V] of any shape; ``gate`` [V] broadcasts."""
        return evaluate(_currents, voltage, self.pack(), self.applied_gate(gate))

    def series(
        self, voltage: np.ndarray, conductance: np.ndarray, work: Series, *, gate: Any = None, on: Any = None
    ) -> None:
        """Fill ``work``, see `Selector.series`: to rounding, threads for a large array."""
        check_series(voltage, conductance, work)
        launch_rows(_series, voltage, conductance, self.row_gate(gate, voltage.shape[0]), self.pack(), Series(*work))
