"""What a solved crossbar is asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcmphys.crossbar.bias import Bias
from pcmphys.crossbar.linear import Currents
from pcmphys.crossbar.newton import Fields


class Solution:
    """Voltages and currents of a solved crossbar.

    Node arrays have shape (rows, columns), with a last axis for the batch if the bias had one. For a batch they are
    computed when first asked for.

    Attributes
    ----------
    bias : Bias
        What was applied, sized for the array.
    row_current : ndarray [A]
        Current each word line takes from the source at its left end, shape (rows[, batch]).
    column_current : ndarray [A]
        Current each bit line delivers into its virtual ground, shape (columns[, batch]). Its error is at most about
        ``tolerance`` times the largest input voltage times the summed conductance of the line: a current that is
        many decades below that (a cell behind a long, heavily loaded line) is right only to this absolute error.
    right_current, top_current : ndarray [A]
        Currents into the lines from terminals at their far ends, zero where these are open.
    residual : float
        Largest violation of Kirchhoff's voltage law on any wire segment, with wire currents summed up from the cell
        currents by Kirchhoff's current law, relative to the largest input voltage; the worst input of a batch. With
        nonlinear cells, or the largest imbalance between what a cell draws and what the wires bring, relative to the
        largest current of a cell, if that is larger.
    iterations : int
        Iterations spent (two sweeps over the array each); the most of any input.
    history : list of float
        Nonlinear cells, one input: the residual after each Newton step.
    """

    def __init__(
        self,
        bias: Bias,
        currents: Currents,
        residual: float,
        iterations: int,
        fields: Callable[[int], Fields],
        history: list[float] | None = None,
    ):
        self.bias = bias
        self._single = bias.batch is None
        self.row_current, self.column_current, self.right_current, self.top_current = (
            part[:, 0] if self._single else part for part in currents
        )
        self.residual, self.iterations, self.history = residual, iterations, history
        self._fields_of = fields

    def __repr__(self) -> str:
        batch = "" if self._single else f", batch of {self.bias.batch}"
        return f"Solution(residual={self.residual:.2g}, iterations={self.iterations}{batch})"

    @functools.cached_property
    def _fields(self) -> Fields:
        if self._single:
            return self._fields_of(0)
        each = [self._fields_of(k) for k in range(self.bias.batch)]
        return Fields(*(np.stack(part, axis=-1) for part in zip(*each, strict=True)))

    @property
    def row_voltage(self) -> np.ndarray:
        """Word-line voltage at each cell [V]."""
        return self._fields.row_voltage

    @property
    def column_voltage(self) -> np.ndarray:
        """Bit-line voltage at each cell [V]."""
        return self._fields.column_voltage

    @property
    def cell_voltage(self) -> np.ndarray:
        """Voltage across each cell [V], its selector included."""
        return self.row_voltage - self.column_voltage

    @property
    def cell_current(self) -> np.ndarray:
        """Current through each cell [A], from the word line to the bit line."""
        return self._fields.cell_current

    @property
    def slope(self) -> np.ndarray:
        """Slope dI/dV [S] of each cell at its voltage."""
        return self._fields.slope

    @property
    def selector_voltage(self) -> np.ndarray:
        """Voltage across each cell's selector [V]; zero without one."""
        return self._fields.selector_voltage

    @property
    def device_voltage(self) -> np.ndarray:
        """Voltage across each cell's device [V]."""
        return self.cell_voltage - self.selector_voltage

    @property
    def power(self) -> float | np.ndarray:
        """Power delivered by all terminals [W], one number an input: what cells and wires turn into heat."""
        bias = self.bias
        power = sum(
            sign * (np.nan_to_num(end) * current).sum(axis=0)
            for sign, end, current in (
                (1.0, bias.left, self.row_current),
                (1.0, bias.right, self.right_current),
                (-1.0, bias.bottom, self.column_current),
                (1.0, bias.top, self.top_current),
            )
        )
        return float(power) if self._single else power
