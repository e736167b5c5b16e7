"""An analog matrix at one moment."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ValidityWarning
from pcmphys.matrix import checks as checks
from pcmphys.matrix.tile import Counts, TileState
from pcmphys.numerics.compile import together

if TYPE_CHECKING:
    from pcmphys.matrix.analog_matrix import AnalogMatrix

_CLIPPING_WORTH_SAYING = 0.05
"""Fraction of clipped conversions above which a product warns."""


@dataclass(frozen=True)
class Snapshot:
    """An analog matrix at one moment: conductances read once; drift, noise, gains and converter ranges frozen."""

    matrix: AnalogMatrix
    states: list[TileState]

    __array_ufunc__ = None
    __array__ = checks.no_array

    def __repr__(self) -> str:
        return f"Snapshot({self.matrix!r})"

    def __rmatmul__(self, x: ArrayLike) -> np.ndarray:
        """``x @ snapshot``: short for `matvec`."""
        return self.matvec(x)

    def __matmul__(self, x: ArrayLike) -> np.ndarray:
        """``snapshot @ x`` for one input, as of `AnalogMatrix`."""
        return self.matvec(checks.one_input(x, self.matrix.shape[0]))

    def matvec(self, x: ArrayLike, *, compensate: bool = True) -> np.ndarray:
        """Multiply with the frozen conductances; arguments as `AnalogMatrix.matvec`."""
        owner = self.matrix
        x, single = owner._inputs(x)
        voltage, full, dac_clipped = owner._to_voltage(x)
        pairs = list(zip(owner._tiles, self.states, strict=True))
        found = together([functools.partial(owner._measure, part, state, voltage) for part, state in pairs])
        y = np.zeros((len(x), owner.shape[1]))
        done = Counts(dac=x.size, dac_clipped=dac_clipped)
        owner._tiles[0].counts += done
        for (part, state), (current, clipped) in zip(pairs, found, strict=True):
            y[:, part.columns] += current * (state.gain if compensate else 1.0)
            converted = Counts(adc=current.size, adc_clipped=clipped)
            part.counts += converted
            done += converted
        _warn_of_clipping(done)
        y *= full * owner._output_scale
        return y[0] if single else y


def _warn_of_clipping(counts: Counts) -> None:
    for what, clipped, total, remedy in (
        ("inputs", counts.dac_clipped, counts.dac, "a larger periphery.input_range"),
        ("outputs", counts.adc_clipped, counts.adc, "fit_range(sample inputs) or a larger periphery.adc_range"),
    ):
        if clipped > _CLIPPING_WORTH_SAYING * total:
            warnings.warn(
                f"{clipped} of {total} converted {what} were clipped at the converter's range; {remedy} helps",
                ValidityWarning,
                stacklevel=3,
            )
