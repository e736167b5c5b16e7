"""Wires of a crossbar and what drives and senses its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics import check
from pcmphys.numerics.brief import called
from pcmphys.numerics.frozen import Frozen

NAMES = ("row", "column", "source", "sense", "right", "top")


@dataclass(frozen=True, eq=False, kw_only=True)
class Wires(Frozen):
    """Resistances [ohm] along the lines; each a number, or one number a line; zero is allowed everywhere.

    Parameters
    ----------
    row, column : float or array_like [ohm]
        One wire segment of a word line (shape (rows,)) or a bit line (shape (columns,)): the piece between two
        neighbouring cells, and between a terminal and the cell next to it.
    source, right : float or array_like [ohm]
        Output resistance of the driver at the left and at the right end of each word line.
    sense, top : float or array_like [ohm]
        Resistance of the virtual ground or driver at the bottom and at the top end of each bit line.

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
    right: float | np.ndarray = 0.0
    top: float | np.ndarray = 0.0

    def __repr__(self) -> str:
        ends = {name: getattr(self, name) for name in NAMES if name in ("row", "column") or np.any(getattr(self, name))}
        return called(self, ends)

    def __post_init__(self) -> None:
        for name in NAMES:
            value = check.array(f"wires.{name}", getattr(self, name), "ohm", 0.0, ndim=(0, 1))
            if value.ndim:
                value = value.copy()
                value.flags.writeable = False
            object.__setattr__(self, name, value if value.ndim else float(value))

    @property
    def ideal(self) -> bool:
        """Whether no wire and no terminal has any resistance."""
        return not any(np.any(getattr(self, name)) for name in NAMES)

    def per_line(self, rows: int, columns: int) -> Resistances:
        """Resistances of each line of an array of a size.

        Raises
        ------
        ParameterError
            A resistance is given for another number of lines.
        """
        row, column = self._lines("row", rows), self._lines("column", columns)
        return Resistances(
            row,
            row + self._lines("source", rows),
            row + self._lines("right", rows),
            column,
            column + self._lines("sense", columns),
            column + self._lines("top", columns),
        )

    def _lines(self, name: str, count: int) -> np.ndarray:
        value = np.asarray(getattr(self, name))
        if value.ndim == 1 and value.shape != (count,):
            raise ParameterError(f"wires.{name} must be a number or have shape ({count},); got shape {value.shape}")
        return np.array(np.broadcast_to(value, (count,)))


class Resistances(NamedTuple):
    """Resistances [ohm] of each line: one segment, and from the terminals at its near and far end to the next cell.

    The near end is the left one of a word line and the bottom one of a bit line.
    """

    row: np.ndarray
    row_near: np.ndarray
    row_far: np.ndarray
    column: np.ndarray
    column_near: np.ndarray
    column_far: np.ndarray
