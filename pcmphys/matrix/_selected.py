"""What selectors change around a tile: checks of selector and gate, and currents of the ideal wiring."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcmphys import _check
from pcmphys.crossbar import Selector
from pcmphys.errors import ParameterError
from pcmphys.matrix.tile import Circuit


class Opened(NamedTuple):
    """All word lines at full read voltage, no wires: combined current (rows, columns) [A] of every weight."""

    current: np.ndarray
    largest_current: float
    largest_device_voltage: float


def checked_selector(selector):
    """A selector, or None."""
    if selector is not None and not isinstance(selector, Selector):
        raise ParameterError(f"selector must be None or a Selector, for example a Diode; got {selector!r}")
    return selector


def checked_gate(gate, selector, inputs: int) -> float | np.ndarray | None:
    """Gate voltage [V], one number or one a word line; present exactly if the selector needs it."""
    gated = selector is not None and selector.gated
    if gate is None:
        if gated and getattr(selector, "gate_voltage", None) is None:
            raise ParameterError(f"gate must be given for {selector!r}: a voltage in V, or one a word line")
        return None
    if not gated:
        raise ParameterError(f"gate must be None for a selector without gate; the selector is {selector!r}")
    gate = _check.array("gate", gate, "V", ndim=(0, 1))
    if gate.ndim and gate.shape != (inputs,):
        raise ParameterError(f"gate must be a number or have shape ({inputs},); got shape {gate.shape}")
    return gate.copy() if gate.ndim else float(gate)


def opened(circuit: Circuit, conductance: np.ndarray, voltage: float) -> Opened:
    """Currents of a tile with all word lines at ``voltage`` [V] and devices of this conductance [S]."""
    solutions = circuit.without_wires().solve(conductance, np.full(conductance.shape[1], voltage))
    currents = [found.cell_current for found in solutions]
    return Opened(
        circuit.mapping.combine(currents),
        max(float(np.abs(current).max()) for current in currents),
        max(float(np.abs(found.cell_voltage - found.selector_voltage).max()) for found in solutions),
    )


def thinned(circuit: Circuit, conductance: np.ndarray, voltage: np.ndarray, limit: float) -> np.ndarray:
    """Inputs (batch, rows) [V] with so many word lines left at zero that no combined current exceeds ``limit`` [A].

    Weaker inputs would not do: a selector may not open for them.
    """
    ideal = circuit.without_wires()
    stride = 1
    while True:
        applied = np.zeros_like(voltage)
        applied[:, ::stride] = voltage[:, ::stride]
        if stride >= voltage.shape[1] or np.abs(ideal.current(conductance, applied)).max() <= limit:
            return applied
        stride *= 2
