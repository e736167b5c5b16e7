"""What an array makes of its outputs: error by output code, with wires, selectors, noise and converters folded in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.matrix import AnalogMatrix
from pcmphys.numerics import check, labelled
from pcmphys.numerics.frozen import Frozen

if TYPE_CHECKING:
    import xarray as xr

_LEAST_SEEN = 8
"""Outputs of a code from which its own mean and spread are taken."""


@dataclass(frozen=True, eq=False, repr=False)
class OutputError(Frozen, labelled.Labelled):
    """Error of an array's outputs by the code that they should have; `output_error` makes it.

    Attributes
    ----------
    code : ndarray
        0 ... 2**bits: the exact output in steps of an even scale from the least to the largest exact output.
    mean : ndarray
        Mean of what comes out instead, in codes.
    std : ndarray
        Its standard deviation, in codes.
    count : ndarray of int
        Outputs behind each; where they are too few, mean and std are interpolated from the neighbours.
    low, high : float
        Exact outputs of the first and the last code, as ``inputs @ weights`` has them.
    """

    code: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    count: np.ndarray
    low: float
    high: float

    def __post_init__(self) -> None:
        for name in ("code", "mean", "std", "count"):
            getattr(self, name).flags.writeable = False

    def __repr__(self) -> str:
        rms = np.sqrt(np.average((self.mean - self.code) ** 2 + self.std**2, weights=self.count))
        return f"OutputError({self.code.size} codes, {int(self.count.sum())} outputs, rms error {rms:.3g} codes)"

    def to_dataset(self) -> xr.Dataset:
        """The error as an `xarray.Dataset` with the axis code, units as attributes."""
        along = ("code",)
        return labelled.dataset(
            "pcmphys error of outputs by code",
            {
                "mean": (along, self.mean, "1", "mean of what comes out, in codes"),
                "std": (along, self.std, "1", "its standard deviation, in codes"),
                "count": (along, self.count, "1", "outputs behind each"),
            },
            {"code": (along, self.code, "1", "exact output in steps of an even scale")},
            low=self.low,
            high=self.high,
        )


def output_error(matrix: AnalogMatrix, inputs: ArrayLike, *, bits: int = 7) -> OutputError:
    """Send inputs through a programmed matrix, and sort what comes out by the code that it should have.

    Parameters
    ----------
    matrix : AnalogMatrix
        Programmed; its wires, selector, converters, device noise and age are what is folded in.
    inputs : array_like
        Shape (batch, inputs): typical ones, as many as it takes to meet every code.
    bits : int
        Resolution of the codes.

    Returns
    -------
    OutputError

    Raises
    ------
    ParameterError
        Inputs of another shape, all exact outputs alike, or too few outputs to tell a spread.

    Notes
    -----
    The error of a code is that of the target's own device model and converter only where the target uses no other: an
    array-level table replaces them. Which device is hit is forgotten: errors of one column go together in an array, and
    are drawn apart from a table.

    Examples
    --------
    >>> import pcmphys as pcm
    >>> rng = np.random.default_rng(0)
    >>> weights = rng.random((64, 16))
    >>> wires = pcm.Wires(row=5.0, column=5.0)
    >>> matrix = pcm.AnalogMatrix(weights, pcm.load_cell("ibm-90nm-statistical"), wires=wires, seed=1)
    >>> inputs = rng.random((200, 64))
    >>> matrix.fit_range(inputs)
    >>> report = matrix.program()
    >>> found = output_error(matrix, inputs, bits=5)
    >>> found.code.size, bool(found.mean[-1] < 32)
    (33, True)
    """
    if not isinstance(matrix, AnalogMatrix):
        raise ParameterError(f"matrix must be an AnalogMatrix; got {type(matrix).__name__}")
    inputs = check.array("inputs", inputs, ndim=2)
    if inputs.shape[1] != matrix.weights.shape[0]:
        raise ParameterError(f"inputs must have shape (batch, {matrix.weights.shape[0]}); got {inputs.shape}")
    codes = 2 ** check.integer("bits", bits, 1, 16)
    exact = (inputs @ matrix.weights).reshape(-1)
    low, high = float(min(exact.min(initial=0.0), 0.0)), float(exact.max(initial=0.0))
    if not low < high:
        raise ParameterError("inputs: all exact outputs are alike, so that there are no codes to sort by")
    step = (high - low) / codes
    found = (matrix.matvec(inputs).reshape(-1) - low) / step
    code = np.clip(np.rint((exact - low) / step), 0, codes).astype(int)
    off = found - (exact - low) / step
    count = np.bincount(code, minlength=codes + 1)
    seen = np.flatnonzero(count >= _LEAST_SEEN)
    if seen.size == 0:
        raise ParameterError(
            f"inputs: {off.size} outputs tell no spread of {codes} codes; give more inputs, or less bits"
        )
    mean = np.array([off[code == k].mean() for k in seen])
    std = np.array([off[code == k].std(ddof=1) for k in seen])
    every = np.arange(codes + 1)
    return OutputError(every, every + np.interp(every, seen, mean), np.interp(every, seen, std), count, low, high)
