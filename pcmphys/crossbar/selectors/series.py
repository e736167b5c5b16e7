"""What a selector in series with its device carries, cell by cell: the arrays, their checks, and rows on threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pcmphys.errors import ParameterError
from pcmphys.numerics.compile import launch

_CELLS_PER_THREAD = 32_768


class Series(NamedTuple):
    """What `Selector.series` fills, each array (rows, columns), C-contiguous float64.

    Attributes
    ----------
    current : ndarray [A]
        Current through selector and device, from word line to bit line.
    slope : ndarray [S]
        Its derivative by the voltage across both.
    inner : ndarray [V]
        Voltage across the selector.
    """

    current: np.ndarray
    slope: np.ndarray
    inner: np.ndarray

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Series:
        """Arrays of a shape with undefined content."""
        return cls(np.empty(shape), np.empty(shape), np.empty(shape))


def check_series(voltage: np.ndarray, conductance: np.ndarray, work: Series) -> tuple[int, int]:
    """Rows and columns; kernels do not look at array bounds."""
    if voltage.ndim != 2 or any(array.shape != voltage.shape for array in (conductance, *work)):
        shapes = ", ".join(str(array.shape) for array in (voltage, conductance, *work))
        raise ParameterError(
            f"voltage, conductance, current, slope and inner must share one shape (rows, columns); got {shapes}"
        )
    if not all(array.flags.c_contiguous and array.dtype == np.float64 for array in work):
        raise ParameterError("current, slope and inner must be C-contiguous arrays of float64, to be filled in place")
    return voltage.shape


def launch_rows(compiled: Callable, voltage: np.ndarray, *arguments: Any) -> None:
    """Run a kernel over the rows of an array, on threads if it is large."""
    rows, columns = voltage.shape
    launch(compiled, rows, voltage, *arguments, grain=max(1, _CELLS_PER_THREAD // max(columns, 1)))
