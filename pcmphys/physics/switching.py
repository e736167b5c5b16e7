"""Threshold switching: when the amorphous layer lets go, and the voltage that the cell keeps once it has.

The threshold is that of the harmonic mean of the sectors' domes, V_th = (V_0 + F_th u_h) e^(-c (T - T_0)) (1 + g ln D):
it rises as the glass relaxes and falls with temperature. A switched cell keeps

    V_on(I) = V_h + max(V_th - V_h, 0) / (1 + (I / I_c)^m)

and the heater's B I: V_th at small currents, the holding voltage V_h at large ones, in between a negative differential
resistance. Driven by a current it is single-valued. Behind a load resistance R the terminal's voltage V_on(I) + R I may
fold: it rises to a first fold, falls, and rises again from a second one. A source of voltage that goes up jumps at the
first fold, one that goes down at the second: that is the hysteresis. A threshold below V_h folds nothing.

Not modelled: delay time, recovery after the on-state (some 30 ns; no digits were at hand), statistics of the threshold.

References
----------
V_h, the plateau of the cell's voltage above 100 uA: Marrone et al., Sci. Rep. 12 (2022), s41598-022-09948-6, caption of
Fig. 5. Dynamic resistance A/I + B, A of the material and B of the heater: B. Rajendran et al., VLSI Technology
Symposium (2008), abstract. Threshold and decay are fits to an electro-thermal model of ours (16 sectors of 24 shells):
with domes of 8 to 60 nm, R2 0.997; V_on within 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pcmphys.numerics.compile import law
from pcmphys.numerics.elementary import exp, log, log1p

_LEAST = 1e-15
"""Least part of the decay current that is told from none; its power then is a normal number."""
_MOST_STEPS = 60
_ROUNDING = 2e-15


@dataclass(frozen=True)
class SwitchingParameters:
    """Threshold, and the decay from it to the holding voltage."""

    threshold_offset: float = field(metadata={"unit": "V", "low": 0.0, "doc": "V_0, threshold of no thickness at all"})
    threshold_field: float = field(metadata={"unit": "V/m", "above": 0.0, "doc": "F_th, unrelaxed, at the reference"})
    reference_temperature: float = field(metadata={"unit": "K", "above": 0.0, "doc": "temperature of the threshold"})
    temperature_slope: float = field(metadata={"unit": "1/K", "low": 0.0, "doc": "fall of ln V_th per kelvin, c"})
    relaxation_gain: float = field(
        metadata={"unit": "1", "low": 0.0, "doc": "relative rise of V_th per e-fold of the amorphous resistance, g"}
    )
    decay_current: float = field(
        metadata={"unit": "A", "above": 0.0, "doc": "I_c, where half of the threshold's excess over V_h is left"}
    )
    decay_power: float = field(
        metadata={"unit": "1", "above": 1.0, "doc": "m, how steeply that excess goes with the current"}
    )
    compliance: float = field(
        metadata={"unit": "V", "above": 0.0, "doc": "largest voltage of a current source at the cell and its leads"}
    )

    def pack(self) -> SwitchingFloats:
        """The same numbers as the laws take them."""
        return SwitchingFloats(
            self.threshold_offset,
            self.threshold_field,
            self.reference_temperature,
            self.temperature_slope,
            self.relaxation_gain,
            self.decay_current,
            self.decay_power,
            self.compliance,
        )


class SwitchingFloats(NamedTuple):
    """`SwitchingParameters` for the laws."""

    threshold_offset: float
    threshold_field: float
    reference_temperature: float
    temperature_slope: float
    relaxation_gain: float
    decay_current: float
    decay_power: float
    compliance: float


class OnState(NamedTuple):
    """The on-state of one device behind a resistance: all that its terminal voltage depends on."""

    hold: float
    """V_h [V]."""
    excess: float
    """What the threshold has over it [V], zero if it lies below."""
    resistance: float
    """In series: the heater's, and the load's [ohm]."""


@law
def threshold_voltage(thickness: float, temperature: float, log_drift: float, p: SwitchingFloats) -> float:
    """Threshold voltage [V] of a dome of harmonic mean thickness [m]: (V_0 + F u) e^(-c (T - T_0)) (1 + g ln D).

    ``log_drift`` is ln D, the logarithm by which drift has raised the amorphous resistance. Zero without a dome.

    Examples
    --------
    >>> from pcmphys.physics.switching import SwitchingFloats
    >>> p = SwitchingFloats(0.37, 31.5e6, 300.0, 6.2e-3, 0.155, 40e-6, 1.65, 4.0)
    >>> [round(threshold_voltage(25e-9, t, 0.0, p), 3) for t in (250.0, 300.0, 360.0)]
    [1.578, 1.157, 0.798]
    """
    if thickness <= 0.0:
        return 0.0
    thermal = exp(-p.temperature_slope * (temperature - p.reference_temperature))
    gain = 1.0 + p.relaxation_gain * max(log_drift, 0.0)
    return (p.threshold_offset + p.threshold_field * thickness) * thermal * gain


@law
def decay(current: float, p: SwitchingFloats) -> float:
    """Part of the threshold's excess over the holding voltage that is left at a current [A]: 1 / (1 + (I/I_c)^m).

    Examples
    --------
    >>> from pcmphys.physics.switching import SwitchingFloats
    >>> p = SwitchingFloats(0.37, 31.5e6, 300.0, 6.2e-3, 0.155, 40e-6, 1.65, 4.0)
    >>> decay(-40e-6, p), round(decay(100e-6, p), 4)
    (0.5, 0.1807)
    """
    return 1.0 / (1.0 + exp(p.decay_power * log(max(abs(current) / p.decay_current, _LEAST))))


@law
def on_voltage(current: float, branch: OnState, p: SwitchingFloats) -> float:
    """Voltage [V] of the switched cell at a current [A] with all that is in series: V_on(I) + R I; see the module.

    Examples
    --------
    A dome of 25 nm and a heater of 200 ohm at 50, 100 and 440 uA:

    >>> from pcmphys.physics.switching import OnState, SwitchingFloats
    >>> p = SwitchingFloats(0.37, 31.5e6, 300.0, 6.2e-3, 0.155, 40e-6, 1.65, 4.0)
    >>> [round(on_voltage(i, OnState(0.8, 0.3575, 200.0), p), 3) for i in (50e-6, 100e-6, 440e-6)]
    [0.956, 0.885, 0.895]
    """
    size = abs(current)
    return branch.hold + branch.excess * decay(size, p) + branch.resistance * size


@law
def slope(current: float, branch: OnState, p: SwitchingFloats) -> float:
    """DV/dI [ohm] of `on_voltage` at a current [A]; negative between the folds.

    Examples
    --------
    >>> from pcmphys.physics.switching import OnState, SwitchingFloats
    >>> p = SwitchingFloats(0.37, 31.5e6, 300.0, 6.2e-3, 0.155, 40e-6, 1.65, 4.0)
    >>> round(slope(20e-6, OnState(0.8, 0.3575, 200.0), p)), round(slope(400e-6, OnState(0.8, 0.3575, 200.0), p))
    (-5205, 168)
    """
    part = max(abs(current) / p.decay_current, _LEAST)
    power = exp(p.decay_power * log(part))
    left = 1.0 / (1.0 + power)
    return branch.resistance - branch.excess * p.decay_power * (power / part) * left * left / p.decay_current


@law
def folds(branch: OnState, p: SwitchingFloats) -> tuple[float, float]:
    """Currents [A] of the first and second fold of `on_voltage`, where it stops rising and where it rises again.

    Zero both where it never falls: behind a large resistance, or with a threshold below the holding voltage. With
    x = I / I_c the folds are where x^(m-1) / (1 + x^m)^2 = R I_c / (m (V_th - V_h)). The logarithm of that is concave
    in ln x, so that Newton's steps from outside, from its asymptotes, never pass a fold.

    Examples
    --------
    Behind 2 kohm a dome of 25 nm is unstable between 2 and 64 uA; behind 10 kohm it is not:

    >>> from pcmphys.physics.switching import OnState, SwitchingFloats
    >>> p = SwitchingFloats(0.37, 31.5e6, 300.0, 6.2e-3, 0.155, 40e-6, 1.65, 4.0)
    >>> [round(1e6 * i, 1) for i in folds(OnState(0.8, 0.3575, 2000.0), p)], folds(OnState(0.8, 0.3575, 10e3), p)
    ([1.9, 63.8], (0.0, 0.0))
    """
    m = p.decay_power
    steepest = log((m - 1.0) / (m + 1.0)) / m
    if branch.excess == 0.0 or slope(p.decay_current * exp(steepest), branch, p) >= 0.0:
        return 0.0, 0.0
    level = log(branch.resistance * p.decay_current / (m * branch.excess))
    first = _fold(max(level / (m - 1.0), log(_LEAST)), level, m)
    second = _fold(-level / (m + 1.0), level, m)
    return p.decay_current * exp(first), p.decay_current * exp(second)


@law
def _fold(start, level, m):
    """Ln x of a fold, from outside of it."""
    x = start
    for _ in range(_MOST_STEPS):
        power = exp(m * x)
        change = ((m - 1.0) * x - 2.0 * log1p(power) - level) / ((m - 1.0) - 2.0 * m * power / (1.0 + power))
        x -= change
        if abs(change) <= _ROUNDING * (1.0 + abs(x)):
            break
    return x


@law
def on_current(voltage: float, low: float, high: float, branch: OnState, p: SwitchingFloats) -> float:
    """Current [A] at which `on_voltage` is a voltage [V], on a stretch low..high [A] where it rises.

    Newton's steps in a bracket, which is cut in two where a step would leave it. Beyond the second fold the voltage is
    convex and the steps begin at ``high``, before the first one it is concave and they begin at ``low``: they go one
    way. The ends are returned for voltages beyond theirs.

    Examples
    --------
    >>> from pcmphys.physics.switching import OnState, SwitchingFloats
    >>> p = SwitchingFloats(0.37, 31.5e6, 300.0, 6.2e-3, 0.155, 40e-6, 1.65, 4.0)
    >>> branch = OnState(0.8, 0.3575, 2000.0)
    >>> round(1e6 * on_current(1.16, folds(branch, p)[1], 1e-3, branch, p), 1)
    164.1
    """
    if high <= low or on_voltage(low, branch, p) >= voltage:
        return low
    if on_voltage(high, branch, p) <= voltage:
        return high
    below, above = low, high
    current = high if low > 0.0 or branch.excess == 0.0 else low
    for _ in range(_MOST_STEPS):
        miss = on_voltage(current, branch, p) - voltage
        if miss < 0.0:
            below = max(below, current)
        else:
            above = min(above, current)
        last = current
        current -= miss / slope(current, branch, p)
        if not below <= current <= above:
            current = 0.5 * (below + above)
        if abs(current - last) <= _ROUNDING * above:
            break
    return current


@law
def highest_current(voltage: float, branch: OnState) -> float:
    """Current [A] that no root of `on_voltage` at a voltage [V] exceeds: (V - V_h) / R, none below V_h."""
    return max(voltage - branch.hold, 0.0) / branch.resistance
