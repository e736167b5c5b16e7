"""What a solved crossbar is asked for."""

from __future__ import annotations

import functools
import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from pcmphys.crossbar.bias import Bias
from pcmphys.crossbar.problem import Solved
from pcmphys.crossbar.solver.newton import Fields
from pcmphys.errors import ParameterError
from pcmphys.numerics import labelled
from pcmphys.numerics.brief import brief

if TYPE_CHECKING:
    import xarray as xr

_TOGETHER = 2**27
"""Memory [bytes] up to which all node arrays of a batch are found in one go; of larger ones, only what is asked for."""


class Solution(labelled.Labelled):
    """Voltages and currents of a solved crossbar.

    Node arrays have shape (rows, columns), with a last axis for the batch if the bias had one. For a batch they are
    found anew when first asked for, and kept: a large batch takes the time of the solve once more for each of them, and
    no more memory than the array that is asked for.

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
    on : ndarray of bool or None
        States of selectors with hysteresis, shape (rows, columns[, batch]): which were on when the array had settled.
    switched : ndarray of bool or None
        Physical devices, same shape: which were in their on-state, see `MushroomLook.folds`.
    residual : float
        Largest violation of Kirchhoff's voltage law on any wire segment, with wire currents summed up from the cell
        currents by Kirchhoff's current law, relative to the largest input voltage; the worst input of a batch. With
        nonlinear cells, or the largest imbalance between what a cell draws and what the wires bring, relative to the
        largest current of a cell (beyond rounding), if that is larger. At the end of a line the violation is the
        voltage by which its node would move: behind a large resistance, or open, the line's cells hold it. Where lines
        hang on weak leaks, also the largest voltage by which one of them would still move as a whole.
    iterations : int
        Iterations spent (two sweeps over the array each); the most of any input.
    history : list of float or None
        Nonlinear cells, one input: the residual after each Newton step.
    """

    column_current: np.ndarray
    history: list[float] | None
    iterations: int
    on: np.ndarray | None
    residual: float
    right_current: np.ndarray
    row_current: np.ndarray
    switched: np.ndarray | None
    top_current: np.ndarray

    def __init__(self, bias: Bias, solved: Solved, nodes: Any):
        self.bias = bias
        self._single = bias.batch is None
        self.row_current, self.column_current, self.right_current, self.top_current = (
            part[:, 0] if self._single else part for part in solved.currents
        )
        self.on, self.switched = (
            part[..., 0] if self._single and part is not None else part for part in (solved.on, solved.switched)
        )
        self.residual, self.iterations, self.history = solved.residual, solved.iterations, solved.history
        self._nodes = nodes
        self._arrays: dict[str, np.ndarray] = {}

    def __repr__(self) -> str:
        batch = "" if self._single else f", batch of {self.bias.batch}"
        return f"Solution(residual={self.residual:.2g}, iterations={self.iterations}{batch})"

    def __getstate__(self) -> dict[str, Any]:
        # what is found again when it is asked for does not travel
        return {name: value for name, value in self.__dict__.items() if name != "_whole"} | {"_arrays": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name in ("on", "switched"):
            if state[name] is not None:
                state[name].flags.writeable = False  # numpy's pickles and deep copies are writeable
        self.__dict__.update(state)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the node arrays: (rows, columns), or (rows, columns, batch)."""
        size = (self.bias.left.shape[0], self.bias.bottom.shape[0])
        return size if self._single else (*size, self.bias.batch)

    @functools.cached_property
    def _whole(self) -> Fields:
        """All node arrays."""
        if self._single:
            ((_, fields),) = self._nodes.each()
            return fields
        return Fields(*self._found(*Fields._fields))

    def _found(self, *names: str) -> list[np.ndarray]:
        """Node arrays of a batch by name, from one pass over its inputs."""
        out = [np.empty(self.shape) for _ in names]
        for k, fields in self._nodes.each():
            for name, array in zip(names, out, strict=True):
                array[..., k] = _WHAT[name](fields)
        return out

    def _field(self, name: str) -> np.ndarray:
        if self._single or 8 * len(Fields._fields) * math.prod(self.shape) <= _TOGETHER:
            return _WHAT[name](self._whole)
        if name not in self._arrays:
            (self._arrays[name],) = self._found(name)
        return self._arrays[name]

    @property
    def row_voltage(self) -> np.ndarray:
        """Word-line voltage at each cell [V]."""
        return self._field("row_voltage")

    @property
    def column_voltage(self) -> np.ndarray:
        """Bit-line voltage at each cell [V]."""
        return self._field("column_voltage")

    @property
    def cell_voltage(self) -> np.ndarray:
        """Voltage across each cell [V], its selector included."""
        return self._field("cell_voltage")

    @property
    def cell_current(self) -> np.ndarray:
        """Current through each cell [A], from the word line to the bit line."""
        return self._field("cell_current")

    @property
    def slope(self) -> np.ndarray:
        """Slope dI/dV [S] of each cell at its voltage."""
        return self._field("slope")

    @property
    def selector_voltage(self) -> np.ndarray:
        """Voltage across each cell's selector [V]; zero without one."""
        return self._field("selector_voltage")

    @property
    def device_voltage(self) -> np.ndarray:
        """Voltage across each cell's device [V]."""
        return self._field("device_voltage")

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

    def to_dataset(self, *, nodes: bool = True) -> xr.Dataset:
        """The solution as an `xarray.Dataset`: axes row, column and, for a batch, input; units as attributes.

        Parameters
        ----------
        nodes : bool
            With the voltages and currents of every cell; without them, only what is at the ends of the lines.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> found = pcm.Crossbar([[1e-5, 2e-5]]).solve(pcm.Bias.matvec([0.2])).to_dataset()
        >>> dict(found.sizes), found.column_current.attrs["units"], found.column_current.values
        ({'row': 1, 'column': 2}, 'A', array([2.e-06, 4.e-06]))
        """
        batch = () if self._single else ("input",)
        rows, columns, cells = ("row", *batch), ("column", *batch), ("row", "column", *batch)
        bias = self.bias
        variables: dict[str, tuple[tuple[str, ...], Any, str, str]] = {
            "row_current": (rows, self.row_current, "A", "current from the source at the left end"),
            "column_current": (columns, self.column_current, "A", "current into the terminal at the bottom end"),
            "right_current": (rows, self.right_current, "A", "current from the terminal at the right end"),
            "top_current": (columns, self.top_current, "A", "current from the terminal at the top end"),
            "left_voltage": (rows, bias.left, "V", "terminal at the left end; NaN: open"),
            "right_voltage": (rows, bias.right, "V", "terminal at the right end; NaN: open"),
            "bottom_voltage": (columns, bias.bottom, "V", "terminal at the bottom end; NaN: open"),
            "top_voltage": (columns, bias.top, "V", "terminal at the top end; NaN: open"),
            "power": (batch, self.power, "W", "power delivered by all terminals"),
            "on": (cells, self.on, "1", "whether the selector is on"),
            "switched": (cells, self.switched, "1", "whether the device is in its on-state"),
            "history": (("step",), self.history, "1", "residual after each Newton step"),
        }
        if bias.gate is not None:
            variables["gate_voltage"] = (rows[: bias.gate.ndim], bias.gate, "V", "gate of the word line's selectors")
        for name, (unit, text) in _NODES.items() if nodes else ():
            variables[name] = (cells, self._field(name), unit, text)
        return labelled.dataset(
            "pcmphys solution of a crossbar", variables, residual=self.residual, iterations=self.iterations
        )


_NODES = {
    "row_voltage": ("V", "word line at the cell"),
    "column_voltage": ("V", "bit line at the cell"),
    "cell_current": ("A", "current through the cell, from the word line to the bit line"),
    "slope": ("S", "slope dI/dV of the cell"),
    "cell_voltage": ("V", "voltage across the cell, its selector included"),
    "selector_voltage": ("V", "voltage across the selector"),
    "device_voltage": ("V", "voltage across the device"),
}
"""Unit and meaning of the node arrays."""
_WHAT = {
    **{name: operator.attrgetter(name) for name in Fields._fields},
    "cell_voltage": lambda fields: fields.row_voltage - fields.column_voltage,
    "device_voltage": lambda fields: fields.row_voltage - fields.column_voltage - fields.selector_voltage,
}
"""Node arrays of one input by name."""


def checked_start(start: object, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray] | None:
    """Voltages [V] of word and bit lines at which an array of this shape begins; None without a start."""
    if start is None:
        return None
    wanted = f"start must be a Solution of one input, of an array of shape {shape}"
    if not isinstance(start, Solution):
        raise ParameterError(f"{wanted}; got {brief(start)}")
    if start.shape != shape:
        raise ParameterError(f"{wanted}; got one of shape {start.shape}")
    return start.row_voltage, start.column_voltage
