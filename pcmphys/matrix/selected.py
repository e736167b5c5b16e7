"""What selectors change around a tile: whether they open, what they let through, and known inputs that open them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pcmphys.crossbar import Selector
from pcmphys.errors import ParameterError
from pcmphys.matrix.checks import read_limit
from pcmphys.matrix.tile import Circuit
from pcmphys.numerics.warn import warn

_FAINT = 0.1
"""Part of the devices' current below which selectors count as closed."""


class Opened(NamedTuple):
    """All word lines at full read voltage, no wires: combined current (rows, columns) [A] of every weight."""

    current: np.ndarray
    largest_current: float
    largest_device_voltage: float
    passed: float  # [A], magnitudes of all devices' currents
    offered: float  # [A], what they would be without selectors
    switches: int  # selectors with hysteresis, of devices that are not idle
    off: int  # those of them that stay off


def opened(circuit: Circuit, conductance: np.ndarray, voltage: float, least: float) -> Opened:
    """Currents of a tile with all word lines at ``voltage`` [V] and devices of this conductance [S].

    Devices of the ``least`` conductance [S] hold nothing: their switches do not count.
    """
    ideal = circuit.without_wires()
    solutions = ideal.solve(ideal.arrays(conductance), np.full(conductance.shape[1], voltage))
    currents = [found.cell_current for found in solutions]
    used = conductance > least
    hysteretic = circuit.selector.hysteretic
    return Opened(
        circuit.mapping.combine(currents),
        max(float(np.abs(current).max()) for current in currents),
        max(float(np.abs(found.cell_voltage - found.selector_voltage).max()) for found in solutions),
        sum(float(np.abs(current).sum()) for current in currents),
        float(conductance.sum()) * voltage,
        int(used.sum()) if hysteretic else 0,
        sum(int((g & ~f.on).sum()) for g, f in zip(used, solutions, strict=True)) if hysteretic else 0,
    )


def check_opening(tiles: list[Opened], selector: Selector, voltage: float, cell: Any) -> None:
    """Refuse or report selectors that stay closed at the full read voltage [V], and devices that get too much of it.

    Raises
    ------
    ParameterError
        No switch turns on.
    """
    switches, off = sum(tile.switches for tile in tiles), sum(tile.off for tile in tiles)
    if switches and off == switches:
        raise ParameterError(
            f"periphery.read_voltage must be larger for {selector!r}: none of the {switches} switches turns on at "
            f"{voltage:g} V, every product would be leakage"
        )
    passed, offered = sum(tile.passed for tile in tiles), sum(tile.offered for tile in tiles)
    if off:
        warn(
            f"{off} of {switches} switches stay off at the full read voltage of {voltage:g} V, their weights are lost; "
            "a larger periphery.read_voltage helps"
        )
    elif passed < _FAINT * offered:
        warn(
            f"at the full read voltage of {voltage:g} V selectors let {passed / offered:.2g} of the devices' current "
            "through, and a gain that makes up for it raises noise and converter steps as much; a larger "
            "periphery.read_voltage or gate helps"
        )
    limit, largest = read_limit(cell), max(tile.largest_device_voltage for tile in tiles)
    if largest > limit:
        warn(
            f"behind the selectors devices get up to {largest:.3g} V at full scale; above {limit:g} V a read of "
            f"{cell.name} is not ohmic and could disturb, which is not modelled"
        )


def thinned(circuit: Circuit, conductance: np.ndarray, voltage: np.ndarray, limit: float) -> np.ndarray:
    """Inputs (batch, rows) [V] with so many word lines left at zero that no combined current exceeds ``limit`` [A].

    Weaker inputs would not do: a selector may not open for them.
    """
    ideal = circuit.without_wires()
    arrays = ideal.arrays(conductance)
    stride = 1
    while True:
        applied = np.zeros_like(voltage)
        applied[:, ::stride] = voltage[:, ::stride]
        if stride >= voltage.shape[1] or np.abs(ideal.current(arrays, applied)).max() <= limit:
            return applied
        stride *= 2
