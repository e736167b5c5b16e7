"""The selectors' laws and the node between selector and device in 40 digits, from the formulas of their docstrings.

Parameters that the package derives (n k T / q, 2 n beta U^2, the pinch-off voltage) are taken as it rounds them, so
that only what follows is compared.
"""

from typing import NamedTuple

import mpmath
from mpmath import mpf

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.crossbar.selectors import OTS, Diode, Exponential, Transistor

DIGITS = 40


class Point(NamedTuple):
    """Current [A] and slope [S]."""

    current: mpf
    slope: mpf


class Node(NamedTuple):
    """Selector and device in series: current [A], slope [S], voltage of the selector [V]."""

    current: mpf
    slope: mpf
    inner: mpf


def diode(selector: Diode):
    scale = mpf(selector.saturation_current)
    voltage = mpf(selector.ideality * BOLTZMANN * selector.temperature / ELEMENTARY_CHARGE)
    return lambda w: Point(scale * mpmath.expm1(w / voltage), scale / voltage * mpmath.exp(w / voltage))


def exponential(selector: Exponential):
    scale, voltage = mpf(selector.scale), mpf(selector.voltage)
    return lambda w: Point(scale * mpmath.sinh(w / voltage), scale / voltage * mpmath.cosh(w / voltage))


def transistor(selector: Transistor, gate):
    thermal = BOLTZMANN * selector.temperature / ELEMENTARY_CHARGE
    scale = mpf(2.0 * selector.slope_factor * selector.transconductance * thermal * thermal)
    pinch = mpf((gate - selector.threshold_voltage) / (2.0 * selector.slope_factor * thermal))
    modulation, thermal = mpf(selector.modulation), mpf(thermal)

    def law(w):
        # the squares cancel at small voltage
        with mpmath.workdps(3 * DIGITS):
            source, drain = (mpmath.log1p(mpmath.exp(x)) for x in (pinch, pinch - mpf(w) / (2 * thermal)))
            flat, stretch = scale * (source**2 - drain**2), 1 + modulation * abs(w)
            rise = scale * drain / thermal / (1 + mpmath.exp(mpf(w) / (2 * thermal) - pinch))
            return Point(flat * stretch, rise * stretch + modulation * abs(flat))

    return law


def ots(selector: OTS, on=False):
    leak, voltage = mpf(selector.leakage_current), mpf(selector.leakage_voltage)
    conductance, hold = mpf(1.0 / selector.on_resistance), mpf(selector.hold_voltage)

    def law(w):
        extra = conductance if on and abs(w) > hold else 0
        line = mpmath.sign(w) * (abs(w) - hold) * extra
        return Point(leak * mpmath.sinh(w / voltage) + line, leak / voltage * mpmath.cosh(w / voltage) + extra)

    return law


LAWS = {Diode: diode, Exponential: exponential, Transistor: transistor, OTS: ots}


def law_of(selector, **state):
    """Current and slope as a function of the voltage [V]; ``state`` is a cell's gate [V] or whether it is on."""
    return LAWS[type(selector)](selector, **state)


def node(law, voltage, conductance) -> Node:
    """Selector and device: the Illinois method in a bracket, on the logarithm of the miss; nothing of the package."""
    voltage, conductance = mpf(float(voltage)), mpf(float(conductance))
    if conductance == 0:
        return Node(mpf(0), mpf(0), mpf(0))
    w = root(law, voltage, conductance) if voltage else mpf(0)
    current, slope = law(w)
    return Node(current, conductance * slope / (conductance + slope), w)


def root(law, voltage, conductance):
    """Voltage across the selector [V]."""

    def miss(w):
        value = law(w).current - conductance * (voltage - w)
        return mpmath.sign(value) * mpmath.log1p(abs(value) / (conductance * abs(voltage)))

    low, high = min(mpf(0), voltage), max(mpf(0), voltage)
    at_low, at_high, side = miss(low), miss(high), 0
    for count in range(400):
        if at_low == 0 or at_high == 0:
            return low if at_low == 0 else high
        assert at_low < 0 < at_high
        w = (low * at_high - high * at_low) / (at_high - at_low) if count % 4 else (low + high) / 2
        value = miss(w)
        if value > 0:
            high, at_high, at_low, side = w, value, at_low / (2 if side > 0 else 1), 1
        else:
            low, at_low, at_high, side = w, value, at_high / (2 if side < 0 else 1), -1
        if high - low <= mpf(10) ** (5 - DIGITS) * abs(w):
            return w
    raise AssertionError("no root")
