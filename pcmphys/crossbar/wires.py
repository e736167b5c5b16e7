"""Wires of a crossbar and what drives and senses its lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcmphys import _check
from pcmphys.errors import ParameterError


@dataclass(frozen=True, eq=False)
class Wires:
    """Resistances [ohm] along the lines; each a number, or one number a line; zero is allowed everywhere.

    Parameters
    ----------
    row, column : float or array_like [ohm]
        One wire segment of a word line (shape (rows,)) or a bit line (shape (columns,)): the piece between two
        neighbouring cells, and between the terminal and the first cell.
    source : float or array_like [ohm]
        Output resistance of the driver at the left end of each word line.
    sense : float or array_like [ohm]
        Input resistance of the virtual ground at the bottom end of each bit line.

    Notes
    -----
    Published wire resistance of one 2F cell [ohm], NeuroSim technology table: 0.25 at 90 nm, 0.35 at 45 nm, 0.78 at
    22 nm, 1.02 at 14 nm, 2.09 at 7 nm. Capacitance is not modelled: currents are those after settling.

    Examples
    --------
    >>> Wires(row=1.0, column=2.5, sense=100.0).column
    2.5
    """

    row: float | np.ndarray = 0.0
    column: float | np.ndarray = 0.0
    source: float | np.ndarray = 0.0
    sense: float | np.ndarray = 0.0

    def __post_init__(self):
        for name in ("row", "column", "source", "sense"):
            value = _check.array(f"wires.{name}", getattr(self, name), "ohm", 0.0, ndim=(0, 1))
            object.__setattr__(self, name, float(value) if value.ndim == 0 else value.copy())

    def per_line(self, rows: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Row segment, row feed, column segment and column feed of each line [ohm]."""
        row, source = self._lines("row", rows), self._lines("source", rows)
        column, sense = self._lines("column", columns), self._lines("sense", columns)
        return row, row + source, column, column + sense

    def _lines(self, name: str, count: int) -> np.ndarray:
        value = np.asarray(getattr(self, name))
        if value.ndim == 1 and value.shape != (count,):
            raise ParameterError(f"wires.{name} must be a number or have shape ({count},); got shape {value.shape}")
        return np.array(np.broadcast_to(value, (count,)))
