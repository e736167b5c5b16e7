"""Margins of an array: can a cell be told from its neighbours' sneak currents, and be written without writing others.

Read margin: the selected cell's bit line is sensed twice, with the selected device at high and at low conductance, each
time with the others as they mislead most: all low while a high cell is read, all high while a low one is read. Write
margin: the voltage that reaches the selected device against the largest one across any other.

References
----------
A. Chen, IEEE Trans. Electron Devices 60, 1318 (2013): worst-case margins of crossbars with wire resistance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.crossbar.bias import Bias
from pcmphys.crossbar.crossbar import Crossbar
from pcmphys.errors import ParameterError
from pcmphys.numerics import check, labelled
from pcmphys.numerics.brief import fields

if TYPE_CHECKING:
    import xarray as xr

    from pcmphys.crossbar.selectors.selector import Selector
    from pcmphys.crossbar.wires import Wires


@dataclass(frozen=True)
class ReadMargin(labelled.Labelled):
    """How well one cell can be read in the worst case.

    Attributes
    ----------
    high, low : float [A]
        Current of the sensed bit line with the selected device at high and at low conductance, the others at the
        other one.
    margin : float
        (high - low) / high: near 1 for a good array; zero or less if the two cannot be told apart.
    sneak : float
        Part of the low current that does not flow through the selected cell.
    """

    high: float
    low: float
    margin: float
    sneak: float

    def to_dataset(self) -> xr.Dataset:
        """The margin as an `xarray.Dataset` of single numbers, units as attributes."""
        return labelled.dataset(
            "pcmphys read margin",
            {
                "high": ((), self.high, "A", "current with the selected device at high conductance"),
                "low": ((), self.low, "A", "current with the selected device at low conductance"),
                "margin": ((), self.margin, "1", "(high - low) / high"),
                "sneak": ((), self.sneak, "1", "part of the low current beside the selected cell"),
            },
        )


@dataclass(frozen=True, eq=False)
class WriteMargin(labelled.Labelled):
    """How well one cell can be written alone.

    Attributes
    ----------
    selected : float [V]
        Across the selected device.
    disturb : float [V]
        Largest across any other device.
    margin : float
        (selected - disturb) / applied voltage.
    voltage : ndarray [V]
        Across every device, shape (rows, columns).
    leakage : float [A]
        Sum of the magnitudes of all other cells' currents.
    power : float [W]
        Delivered by all terminals.
    """

    selected: float
    disturb: float
    margin: float
    voltage: np.ndarray
    leakage: float
    power: float

    __repr__ = fields

    def to_dataset(self) -> xr.Dataset:
        """The margin as an `xarray.Dataset` with axes row and column, units as attributes."""
        return labelled.dataset(
            "pcmphys write margin",
            {
                "selected": ((), self.selected, "V", "across the selected device"),
                "disturb": ((), self.disturb, "V", "largest across any other device"),
                "margin": ((), self.margin, "1", "(selected - disturb) / applied voltage"),
                "voltage": (("row", "column"), self.voltage, "V", "across every device"),
                "leakage": ((), self.leakage, "A", "sum of the magnitudes of all other cells' currents"),
                "power": ((), self.power, "W", "delivered by all terminals"),
            },
        )


def read_margin(
    shape: tuple[int, int],
    high: float,
    low: float,
    voltage: float,
    *,
    wires: Wires | None = None,
    selector: Selector | None = None,
    scheme: str = "ground",
    cell: Any = None,
    gate: ArrayLike | None = None,
) -> ReadMargin:
    """Worst-case read margin of an array of ohmic devices.

    Parameters
    ----------
    shape : (rows, columns)
        Size of the array.
    high, low : float [S]
        Conductances of the two states, high above low.
    voltage : float [V]
        On the selected word line.
    wires, selector
        As in `Crossbar`.
    scheme : str
        Unselected lines, as in `Bias.select`.
    cell : (i, j), optional
        The selected cell; by default the one farthest from driver and sense: (0, columns - 1).
    gate : float [V], optional
        Gate voltage of the selected word line.

    Examples
    --------
    Two by two cells, all other lines open, no selector: a low cell is read through three high ones.

    >>> round(read_margin((2, 2), 1e-5, 1e-7, 0.2, scheme="float").margin, 3)
    0.658
    """
    rows, columns = _shape(shape)
    high = check.number("high", high, "S", 0.0, low_open=True)
    low = check.number("low", low, "S", 0.0)
    if not low < high:
        raise ParameterError(f"low must be below high in S; got low = {low:g} S and high = {high:g} S")
    i, j = _cell(cell, rows, columns)
    bias = Bias.select(i, j, voltage, scheme, gate=gate)
    found = []
    for own, others in ((high, low), (low, high)):
        cells = np.full((rows, columns), others)
        cells[i, j] = own
        # lines that only open cells meet carry nothing, wherever they are held
        held = Bias.select(i, j, voltage, "ground", gate=gate) if scheme == "float" and others == 0.0 else bias
        solution = Crossbar(cells, wires, selector).solve(held)
        found.append((abs(float(solution.column_current[j])), abs(float(solution.cell_current[i, j]))))
    (read_high, _), (read_low, own_low) = found
    sneak = 1.0 - own_low / read_low if read_low > 0.0 else 0.0
    return ReadMargin(read_high, read_low, 1.0 - read_low / read_high if read_high > 0.0 else -np.inf, sneak)


def write_margin(
    xbar: Crossbar,
    voltage: float,
    *,
    scheme: str = "half",
    cell: Any = None,
    gate: ArrayLike | None = None,
    on: ArrayLike | None = None,
) -> WriteMargin:
    """Write margin of one cell of an array as it is.

    Parameters
    ----------
    xbar : Crossbar
        Cells, wires, selector.
    voltage : float [V]
        On the selected word line.
    scheme, cell, gate
        As in `read_margin`.
    on : array_like of bool, optional
        As in `Crossbar.solve`.
    """
    if not isinstance(xbar, Crossbar):
        raise ParameterError(f"xbar must be a Crossbar; got {type(xbar).__name__}")
    rows, columns = xbar.shape
    i, j = _cell(cell, rows, columns)
    solution = xbar.solve(Bias.select(i, j, voltage, scheme, gate=gate), on=on)
    others = np.ones((rows, columns), dtype=bool)
    others[i, j] = False
    device = solution.device_voltage
    selected = abs(float(device[i, j]))
    disturb = float(np.abs(device[others]).max()) if others.any() else 0.0
    leakage = float(np.abs(solution.cell_current[others]).sum())
    return WriteMargin(selected, disturb, (selected - disturb) / abs(voltage), device, leakage, solution.power)


def margin_map(margin: Callable[[int, int], float], rows: ArrayLike, columns: ArrayLike) -> np.ndarray:
    """Any margin over the array: ``margin((i, j))`` for each of the word lines ``rows`` and bit lines ``columns``.

    Parameters
    ----------
    margin : callable
        Takes (word line, bit line), gives a number.
    rows, columns : sequence of int
        Numbers of the lines, from 0.

    Returns
    -------
    ndarray
        Shape (rows, columns).

    Examples
    --------
    >>> import pcmphys as pcm
    >>> xbar = pcm.Crossbar(np.full((8, 8), 1e-4), pcm.Wires(row=20.0, column=20.0))
    >>> found = margin_map(lambda cell: write_margin(xbar, 1.0, cell=cell).margin, [0, 7], [0, 7])
    >>> bool(found[1, 0] > found[0, 1])  # near driver and sense, far from both
    True
    """
    if not callable(margin):
        raise ParameterError(f"margin must be a function of (word line, bit line); got {margin!r}")
    rows, columns = (_line_numbers(name, lines) for name, lines in (("rows", rows), ("columns", columns)))
    return np.array([[float(margin((i, j))) for j in columns] for i in rows])


def _line_numbers(name: str, lines) -> list[int]:
    try:
        numbers = list(lines)
    except TypeError:
        raise ParameterError(f"{name} must be a sequence of line numbers; got {lines!r}") from None
    return [check.integer(f"{name}[{k}]", line, 0) for k, line in enumerate(numbers)]


def _shape(shape) -> tuple[int, int]:
    dims = check.shape("shape", shape)
    if len(dims) != 2 or min(dims) < 1:
        raise ParameterError(f"shape must be (rows, columns), each at least 1; got {shape!r}")
    return dims


def _cell(cell, rows: int, columns: int) -> tuple[int, int]:
    if cell is None:
        return 0, columns - 1
    try:
        i, j = cell
    except (TypeError, ValueError):
        raise ParameterError(f"cell must be (word line, bit line); got {cell!r}") from None
    return check.integer("cell[0]", i, 0, rows - 1), check.integer("cell[1]", j, 0, columns - 1)
