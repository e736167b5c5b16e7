"""Ovonic threshold switch in series with the device: leakage when off, a held voltage and a resistance when on.

The state of each cell is the array's, not the selector's: whoever solves the array gives it and asks `OTS.switches_on`
and `OTS.switches_off` for a consistent one. Between the holding current and the threshold voltage both states are
possible: that is the hysteresis.

Not modelled: delay and its statistics, drift of the threshold after switching, dependence on temperature, spread from
cell to cell, cycling.

References
----------
S. R. Ovshinsky, Phys. Rev. Lett. 21, 1450 (1968): the switch. D. Ielmini, Y. Zhang, J. Appl. Phys. 102, 054517 (2007):
leakage as sinh of the voltage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.crossbar.selectors.exponential import ratio, sinh_root
from pcmphys.crossbar.selectors.selector import Selector, cell_states, check_numbers, evaluate
from pcmphys.crossbar.selectors.series import Series, check_series, launch_rows
from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.compile import kernel, law
from pcmphys.numerics.elementary import LARGEST_EXPONENT, hyperbolic


class OTSFloats(NamedTuple):
    """`OTS` for the laws; ``hold_leakage`` [A] is the leakage at the hold voltage."""

    hold_voltage: float
    on_conductance: float
    leakage_current: float
    leakage_voltage: float
    hold_leakage: float


@law
def ots_current(voltage: float, on: bool, p: OTSFloats) -> tuple[float, float]:
    """Current [A] and slope [S] at a voltage [V], off or on.

    Off: I_l sinh(w / V_l); on: the same plus (|w| - V_hold) / R_on with the sign of w, where that is positive.

    Examples
    --------
    >>> p = OTS(on_resistance=1e3, leakage_current=1e-10, leakage_voltage=0.2).pack()
    >>> round(1e9 * ots_current(1.0, False, p)[0], 4), round(1e6 * ots_current(-1.0, True, p)[0], 3)
    (7.4203, -600.007)
    """
    size = abs(voltage)
    x = size / p.leakage_voltage
    sinh, cosh = hyperbolic(min(x, LARGEST_EXPONENT))
    beyond = max(x - LARGEST_EXPONENT, 0.0)
    extra = p.on_conductance if on and size > p.hold_voltage else 0.0
    current = p.leakage_current * (sinh + cosh * beyond) + extra * max(size - p.hold_voltage, 0.0)
    return math.copysign(current, voltage), p.leakage_current / p.leakage_voltage * cosh + extra


@law
def ots_in_series(voltage: float, conductance: float, on: bool, p: OTSFloats) -> tuple[float, float, float]:
    """Current [A], slope dI/dV [S] and the switch's part [V] of a voltage [V] across it and a conductance [S].

    The on-state's line makes of the device another source and conductance, G + 1/R_on at
    (G V + V_hold / R_on) / (G + 1/R_on), on which the leakage alone is solved. Exactly odd in the voltage.

    Examples
    --------
    >>> p = OTS(on_resistance=1e3, leakage_current=1e-10, leakage_voltage=0.2).pack()
    >>> current, slope, inner = ots_in_series(1.4, 1e-3, True, p)
    >>> round(1e6 * current, 3), round(inner, 6)
    (500.002, 0.899998)
    """
    is_open = conductance == 0.0
    g = 1.0 if is_open else conductance
    size = abs(voltage)
    # beyond the hold voltage if the device carries more than the leakage there
    held = on and g * (size - p.hold_voltage) > p.hold_leakage
    extra = p.on_conductance if held else 0.0
    total = g + extra
    drive = (g * size + extra * p.hold_voltage) / total if held else size
    y, sinh, cosh = sinh_root(drive / p.leakage_voltage, ratio(p.leakage_current, p.leakage_voltage, total))
    w = p.leakage_voltage * y
    rise = total * cosh + extra
    share = g / (g + rise)
    # the switch's own current and the device's, weighted so that the error of w cancels
    current = share * (p.leakage_voltage * total * sinh + extra * (w - p.hold_voltage) + rise * (size - w))
    current, inner = math.copysign(current, voltage), math.copysign(w, voltage)
    return 0.0 if is_open else current, 0.0 if is_open else share * rise, 0.0 if is_open else inner


@kernel
def _currents(start, stop, voltage, on, p, current, slope):
    """Switches start..stop alone; all arrays (cells,)."""
    for n in range(start, stop):
        current[n], slope[n] = ots_current(voltage[n], on[n], p)


@kernel
def _series(start, stop, voltage, conductance, on, p, work):
    """Rows start..stop of switches with their devices into ``work``, a `Series`; all arrays (rows, columns)."""
    current, slope, inner = work
    for i in range(start, stop):
        v, g, o, c, s, w = voltage[i], conductance[i], on[i], current[i], slope[i], inner[i]
        for j in range(v.size):
            c[j], s[j], w[j] = ots_in_series(v[j], g[j], o[j], p)


@dataclass(frozen=True)
class OTS(Selector):
    """An ovonic threshold switch, the same in both directions.

    Parameters
    ----------
    threshold_voltage : float [V]
        An off cell turns on where the voltage across the switch exceeds it; within [1e-3, 1000].
    hold_voltage : float [V]
        Voltage that the on-state keeps at small current; below the threshold, within [0, 1000].
    holding_current : float [A]
        An on cell turns off where its current falls below it; within [0, 1000].
    on_resistance : float [ohm]
        Resistance of the on-state above the hold voltage; within [1e-6, 1e12].
    leakage_current, leakage_voltage : float [A], [V]
        Off-state: leakage_current sinh(w / leakage_voltage); within [1e-100, 1000] and [1e-4, 1000].

    Raises
    ------
    ParameterError
        A number outside its range, or a hold voltage that is not below the threshold.

    Notes
    -----
    Threshold (1.75 V), hold voltage (0.4 V) and holding current (0.25 mA) are a published simulation's, of a film of 50
    nm; on-resistance (1 kohm), leakage current (0.1 nA) and leakage voltage (0.2 V: 4 nA at half the threshold) are
    assumed. Series elimination is exact to rounding, 1e-13 (relative) in current and slope.

    Examples
    --------
    >>> switch = OTS()
    >>> current, slope = switch.current([1.7, 1.7], on=[False, True])
    >>> current.round(9)
    array([2.460000e-07, 1.300246e-03])
    >>> switch.switches_on(np.array([1.7, -1.8])), switch.switches_off(current)
    (array([False,  True]), array([ True, False]))
    """

    hysteretic: ClassVar[bool] = True

    threshold_voltage: float = 1.75
    hold_voltage: float = 0.4
    holding_current: float = 0.25e-3
    on_resistance: float = 1e3
    leakage_current: float = 1e-10
    leakage_voltage: float = 0.2

    def __post_init__(self) -> None:
        check_numbers(
            self,
            threshold_voltage=("V", 1e-3, 1e3),
            hold_voltage=("V", 0.0, 1e3),
            holding_current=("A", 0.0, 1e3),
            on_resistance=("ohm", 1e-6, 1e12),
            leakage_current=("A", 1e-100, 1e3),
            leakage_voltage=("V", 1e-4, 1e3),
        )
        if self.hold_voltage >= self.threshold_voltage:
            raise ParameterError(
                f"hold_voltage must be below threshold_voltage ({self.threshold_voltage:g} V); "
                f"got {self.hold_voltage:g} V"
            )

    def pack(self) -> OTSFloats:
        """The same numbers as the laws take them."""
        hold = min(self.hold_voltage / self.leakage_voltage, LARGEST_EXPONENT)
        return OTSFloats(
            self.hold_voltage,
            1.0 / self.on_resistance,
            self.leakage_current,
            self.leakage_voltage,
            self.leakage_current * hyperbolic(hold)[0],
        )

    def current(
        self, voltage: ArrayLike, *, gate: ArrayLike | None = None, on: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Current [A] and slope [S] of the switch alone at voltages [V] of any shape; ``on`` None is off."""
        states = cell_states(on, np.shape(voltage))
        return evaluate(_currents, voltage, self.pack(), states)

    def series(
        self, voltage: np.ndarray, conductance: np.ndarray, work: Series, *, gate: Any = None, on: Any = None
    ) -> None:
        """Fill ``work``, see `Selector.series`: exact to rounding, vector code, threads for a large array."""
        check_series(voltage, conductance, work)
        launch_rows(_series, voltage, conductance, cell_states(on, voltage.shape), self.pack(), Series(*work))

    def switches_on(self, inner: np.ndarray) -> np.ndarray:
        """Where a cell that is off must turn on: |voltage across the switch| [V] above the threshold; bool."""
        return np.abs(check.array("inner", inner, "V", empty=True)) > self.threshold_voltage

    def switches_off(self, current: np.ndarray) -> np.ndarray:
        """Where a cell that is on must turn off: |current| [A] below the holding current; bool."""
        return np.abs(check.array("current", current, "A", empty=True)) < self.holding_current
