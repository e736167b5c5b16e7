"""Noise of the column currents of a crossbar, by adjoint solves instead of sampling.

At a solved bias the array is a linear network of the cells' slopes. A small current source beside a cell changes the
current out of bit line k by the voltage that the cell would see with one volt at the bit line's bottom end and no other
drive (reciprocity). So one linear solve a bit line gives its sensitivity to all cells at once; independent noise adds
up in squares.

Not modelled: correlated noise of different cells, second order in the noise, noise of wires, drivers and amplifiers.

References
----------
S. W. Director, R. A. Rohrer, IEEE Trans. Circuit Theory 16, 318 (1969): the adjoint network. Ya. M. Blanter,
M. Buettiker, Phys. Rep. 336, 1 (2000), eq. (61) and sec. 1: thermal noise, and the noise of a current of Fano factor F
between thermal and shot noise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pcmphys.constants import BOLTZMANN, ELEMENTARY_CHARGE
from pcmphys.crossbar.solution import Solution
from pcmphys.crossbar.solver import batch, linear, lines
from pcmphys.crossbar.solver.ends import joined
from pcmphys.crossbar.wires import Resistances
from pcmphys.errors import ParameterError
from pcmphys.numerics import check, labelled
from pcmphys.numerics.brief import fields
from pcmphys.numerics.compile import kernel

if TYPE_CHECKING:
    import xarray as xr

    from pcmphys.cells.protocol import Look
    from pcmphys.crossbar.bias import Bias

_VISITORS = 8
"""Partial sums of the shares: a fixed number, so that their rounding does not depend on the threads."""


@dataclass(frozen=True, eq=False)
class Noise(labelled.Labelled):
    """Noise of the column currents at one bias.

    Attributes
    ----------
    variance : ndarray [A2, or A2/Hz for a spectrum]
        Of each column current, shape (columns,). Zero where the bottom end is open.
    share : ndarray
        Part of each cell in the variance of all columns together, shape (rows, columns), summing up to 1 (all zero
        if there is no noise).
    unit : str
        Of the variance: "A2", or "A2/Hz" for a spectrum.
    """

    variance: np.ndarray
    share: np.ndarray
    unit: str = "A2"

    __repr__ = fields

    @property
    def std(self) -> np.ndarray:
        """Standard deviation [A, or A/sqrt(Hz)] of each column current."""
        return np.sqrt(self.variance)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.std, dtype=dtype)

    def to_dataset(self) -> xr.Dataset:
        """The noise as an `xarray.Dataset` with axes row and column, units as attributes.

        Examples
        --------
        >>> import pcmphys as pcm
        >>> noise = pcm.Crossbar([[1e-5, 2e-5]]).noise(pcm.Bias.matvec([0.2]), relative_std=0.1)
        >>> found = noise.to_dataset()
        >>> found["std"].attrs["units"], found["share"].values.round(3)
        ('A', array([[0.2, 0.8]]))
        """
        root = "A" if self.unit == "A2" else "A/sqrt(Hz)"
        return labelled.dataset(
            "pcmphys noise of the column currents",
            {
                "variance": (("column",), self.variance, self.unit, "variance of the column current"),
                "std": (("column",), self.std, root, "standard deviation of the column current"),
                "share": (("row", "column"), self.share, "1", "part of the cell in the variance of all columns"),
            },
        )

    def region(self, rows: Any = slice(None), columns: Any = slice(None)) -> float:
        """Part in [0, 1] of a region (slices or indices of word lines and bit lines) in the whole variance."""
        try:
            return float(self.share[rows][..., columns].sum())
        except IndexError as error:
            raise ParameterError(
                f"region: rows and columns must be lines of a {self.share.shape} array; {error}"
            ) from None


def cell_variance(
    solution: Any, gain: np.ndarray, relative: np.ndarray, temperature: float, fano: float, bandwidth: float
) -> np.ndarray:
    """Variance [A2] of each cell's own noise current: of its device, and thermal and shot noise in a bandwidth [Hz].

    (gain I r)^2 + df [(1 - F) 4 k T dI/dV + F 2 q I coth(q V / 2 k T)].
    """
    current, slope = solution.cell_current, solution.slope
    variance = (gain * current * relative) ** 2
    if bandwidth > 0.0:
        thermal = 4.0 * BOLTZMANN * temperature * slope
        between = np.maximum(np.abs(solution.cell_voltage), 1e-9) * ELEMENTARY_CHARGE / (2.0 * BOLTZMANN * temperature)
        # at no voltage the second form is thermal noise, too
        small = np.abs(solution.cell_voltage) < 1e-9
        shot = np.where(small, thermal, 2.0 * ELEMENTARY_CHARGE * np.abs(current) / np.tanh(between))
        variance = variance + bandwidth * ((1.0 - fano) * thermal + fano * shot)
    return variance


class OperatingPoint(NamedTuple):
    """Solution of one input, its cells' gain for the devices' noise, wires, and limits for the linear solves on it."""

    solution: Solution
    gain: np.ndarray
    resistances: Resistances
    limits: tuple[float, int]


def density(at: OperatingPoint, relative: np.ndarray, temperature: float, fano: float) -> Noise:
    """As `total`, a spectrum: over a bandwidth of 1 Hz."""
    return dataclasses.replace(total(at, relative, 1.0, temperature, fano), unit="A2/Hz")


def total(at: OperatingPoint, relative: np.ndarray, bandwidth: float, temperature: float, fano: float) -> Noise:
    """Noise of the columns from the relative one (rows, columns) of the devices, thermal and shot noise."""
    temperature = check.number("temperature", temperature, "K", 0.0, low_open=True)
    fano = check.number("fano", fano, "", 0.0, 1.0)
    variance = cell_variance(at.solution, at.gain, relative, temperature, fano, bandwidth)
    return propagate(at.solution.bias, at.resistances, at.solution.slope, variance, at.limits)


def sensitivity(at: OperatingPoint, column: int) -> np.ndarray:
    """Answer of one column current to each device, see `Crossbar.sensitivity`."""
    net, drives, _ = adjoint(at.solution.bias, at.resistances, at.solution.slope, [column])
    if not drives:
        raise ParameterError(f"column: the bottom end of bit line {column} is open, no current is sensed there")
    found = batch.solve(net, drives, *at.limits).fields
    return (found.column_voltage - found.row_voltage) * at.gain * at.solution.cell_current


def propagate(
    bias: Bias, resistances: Resistances, slope: np.ndarray, variance: np.ndarray, limits: tuple[float, int]
) -> Noise:
    """Noise of the columns from the variances (rows, columns) [A2] of the cells' currents."""
    (net, drives, sensed) = adjoint(bias, resistances, slope, range(slope.shape[1]))
    rows, columns = slope.shape
    out = np.zeros(columns)
    visitors = [_Visitor(variance, np.zeros((rows, columns)), out, sensed) for _ in range(_VISITORS)]
    if drives:
        batch.visit(net, drives, *limits, visitors)
    total = np.zeros((rows, columns))
    for visitor in visitors:
        total += visitor.sum
    whole = total.sum()
    return Noise(out, total / whole if whole > 0.0 else total)


def adjoint(
    bias: Bias, resistances: Resistances, slope: np.ndarray, columns: Any
) -> tuple[linear.Network, list[lines.Drive], Any]:
    """The network of the slopes, and for each sensed bit line of ``columns`` one volt at its bottom end.

    Returns network, drives, and the number of the bit line of each drive.
    """
    ((ends, _, _),) = joined(bias, resistances)
    net = linear.network(np.ascontiguousarray(slope), ends)
    sensed = [k for k in columns if ends.column_feed[k] < np.inf]
    drives = []
    for k in sensed:
        drives.append(lines.still(*slope.shape))
        drives[-1].column[lines.NEAR, k] = 1.0
    return net, drives, sensed


class _Visitor:
    """Sums up squared sensitivities times variances: over the cells for each column, over the columns for each cell."""

    def __init__(self, variance, total, out, sensed):
        self.variance, self.sum, self.out, self.sensed = variance, total, out, sensed

    def __call__(self, number: int, voltage: np.ndarray, x: np.ndarray) -> None:
        self.out[self.sensed[number]] = _add_squares(voltage, x, self.variance, self.sum)


@kernel
def _add_squares(voltage, x, variance, total):
    """Add (x - V)^2 variance of every cell to ``total``; returns their sum."""
    out = 0.0
    for i in range(x.shape[0]):
        line = 0.0
        for j in range(x.shape[1]):
            part = (x[i, j] - voltage[i, j]) ** 2 * variance[i, j]
            total[i, j] += part
            line += part
        out += line
    return out


def given_or_read(relative_std: ArrayLike | None, look: Callable[[], Look | None]) -> ArrayLike:
    """The relative noise that is given, or that of one usual read of the devices now; conductances have none."""
    if relative_std is not None:
        return relative_std
    devices = look()
    return 0.0 if devices is None else devices.relative_noise


def checked(name: str, value: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """A relative noise: zero or more, a number or one a cell."""
    value = check.array(name, value, "", 0.0, ndim=(0, 2))
    if value.ndim and value.shape != shape:
        raise ParameterError(f"{name} must be a number or have shape {shape}; got shape {value.shape}")
    return np.broadcast_to(value, shape)
