"""The crossbar: cells, wires, and the solution of Kirchhoff's laws between them."""

from __future__ import annotations

import functools

import numpy as np

from pcmphys import _check
from pcmphys.crossbar import linear
from pcmphys.crossbar.bias import Bias
from pcmphys.crossbar.wires import Wires
from pcmphys.errors import ParameterError

DEFAULT_TOLERANCE = 1e-12


class Crossbar:
    """Cells at the crossings of word lines and bit lines, with wire resistance.

    Row i is word line i, driven at its left end through one wire segment; column j is bit line j, sensed at its
    bottom end through one segment to virtual ground.

    Parameters
    ----------
    cells : array_like [S] or population
        Conductances of shape (rows, columns), zero (open) or more; or a population of that shape, whose present
        noise-free conductance is used.
    wires : Wires, optional
        Wire resistance; none by default.
    selector : None
        Reserved for nonlinear selectors, which are not available yet.

    Raises
    ------
    ParameterError
        Negative, infinite or NaN conductance, an empty array or a wrong shape.

    Examples
    --------
    Two cells of 1 S on one word line, all wires 1 ohm: seen from the source, 1 ohm in series with the first cell's
    branch of 2 ohm and, behind one more segment, the second's of 2 ohm. So I = 1 V / (1 + (2 || 3)) ohm.

    >>> xbar = Crossbar([[1.0, 1.0]], Wires(row=1.0, column=1.0))
    >>> solution = xbar.solve(Bias.matvec([1.0]))
    >>> bool(abs(solution.row_current[0] - 1 / (1 + 6 / 5)) < 1e-12)
    True
    """

    def __init__(self, cells, wires: Wires | None = None, selector=None):
        if selector is not None:
            raise ParameterError(f"selector must be None: nonlinear selectors are not available; got {selector!r}")
        if callable(getattr(cells, "conductance", None)):
            cells = cells.conductance()
        # always a copy: what the caller does to the array later must not reach the eliminated network
        conductance = np.array(_check.array("cells", cells, "S", 0.0, ndim=2))
        if wires is not None and not isinstance(wires, Wires):
            raise ParameterError(f"wires must be a Wires; got {type(wires).__name__}")
        self.wires = Wires() if wires is None else wires
        self.conductance = conductance
        self.conductance.flags.writeable = False
        self._resistances = self.wires.per_line(*conductance.shape)

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"Crossbar({rows} x {columns}, {self.wires})"

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.conductance.shape

    @functools.cached_property
    def _network(self) -> linear.Network:
        return linear.network(self.conductance, *self._resistances)

    def solve(self, bias: Bias, *, tolerance: float = DEFAULT_TOLERANCE, max_iterations: int | None = None) -> Solution:
        """Solve the network exactly.

        Parameters
        ----------
        bias : Bias
            Terminal voltages, one input or a batch.
        tolerance : float
            Largest change of any node voltage that another iteration could still make, relative to the largest
            input voltage.
        max_iterations : int, optional
            Default 100 + 10 (rows + columns).

        Returns
        -------
        Solution

        Raises
        ------
        ConvergenceError
            The tolerance was not reached; carries residual and iterations.
        """
        if not isinstance(bias, Bias):
            raise ParameterError(f"bias must be a Bias (for example Bias.matvec(v)); got {type(bias).__name__}")
        rows, columns = self.shape
        if bias.row.shape[0] != rows:
            raise ParameterError(f"bias: voltage must have shape ({rows},) or ({rows}, batch); got {bias.row.shape}")
        tolerance = _check.number("tolerance", tolerance, "", 1e-14, 1e-2)
        if max_iterations is None:
            max_iterations = 100 + 10 * (rows + columns)
        most = _check.integer("max_iterations", max_iterations, 1)
        result = linear.solve(self._network, bias.row.reshape(rows, -1), tolerance, most)
        return Solution(self, bias, result, (tolerance, most))

    def transfer(self, *, tolerance: float = DEFAULT_TOLERANCE) -> np.ndarray:
        """Exact effective conductance [S] of the array with its wires, shape (columns, rows).

        ``transfer() @ v`` is the column current for any input ``v``; without wires it is the transposed conductance.
        """
        return self.solve(Bias.matvec(np.eye(self.shape[0])), tolerance=tolerance).column_current


class Solution:
    """Voltages and currents of a solved crossbar.

    Node arrays have shape (rows, columns), with a last axis for the batch if the bias had one. For a batch they are
    computed when first asked for.

    Attributes
    ----------
    row_current : ndarray [A]
        Current each source delivers into its word line, shape (rows[, batch]).
    column_current : ndarray [A]
        Current each bit line delivers into its virtual ground, shape (columns[, batch]). Its error is at most about
        ``tolerance`` times the largest input voltage times the summed conductance of the line: a current that is
        many decades below that (a cell behind a long, heavily loaded line) is right only to this absolute error.
    residual : float
        Largest violation of Kirchhoff's voltage law on any wire segment, with wire currents summed up from the cell
        currents by Kirchhoff's current law, relative to the largest input voltage; the worst input of a batch.
    iterations : int
        Iterations spent (two sweeps over the array each); the most of any input.
    """

    def __init__(self, crossbar: Crossbar, bias: Bias, result: linear.Result, limits: tuple[float, int]):
        self._crossbar, self._bias, self._limits = crossbar, bias, limits
        self._single = bias.row.ndim == 1
        self.row_current = result.row_current[:, 0] if self._single else result.row_current
        self.column_current = result.column_current[:, 0] if self._single else result.column_current
        self.residual = result.residual
        self.iterations = result.iterations
        self._known = result.fields

    def __repr__(self) -> str:
        return f"Solution(residual={self.residual:.2g}, iterations={self.iterations}, bias {self._bias.row.shape})"

    @functools.cached_property
    def _fields(self) -> linear.Fields:
        if self._known is not None:
            fields = self._known
            return fields if self._single else linear.Fields(*(f[:, :, None] for f in fields))
        one_by_one = [
            linear.solve(self._crossbar._network, column[:, None], *self._limits).fields for column in self._bias.row.T
        ]
        return linear.Fields(*(np.stack(part, axis=-1) for part in zip(*one_by_one, strict=True)))

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
        """Voltage across each cell [V]."""
        return self.row_voltage - self.column_voltage

    @property
    def cell_current(self) -> np.ndarray:
        """Current through each cell [A]."""
        conductance = self._crossbar.conductance
        return (conductance if self._single else conductance[:, :, None]) * self.cell_voltage

    @property
    def power(self) -> float | np.ndarray:
        """Power delivered by the sources [W], one number an input: what cells and wires turn into heat."""
        power = (self._bias.row * self.row_current).sum(axis=0)
        return float(power) if self._single else power
