"""An analog matrix at one moment."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pcmphys.errors import ParameterError
from pcmphys.matrix import checks
from pcmphys.matrix.converters import Converters
from pcmphys.matrix.tile import Counts, Tile, TileState
from pcmphys.numerics.compile import together
from pcmphys.numerics.warn import warn

_CLIPPING_WORTH_SAYING = 0.05
"""Fraction of clipped conversions above which a product warns."""


@dataclass(frozen=True)
class Snapshot:
    """An analog matrix at one moment: conductances read once; drift, noise, gains and converter ranges frozen."""

    converters: Converters
    tiles: list[Tile]
    states: list[TileState]
    name: str
    """Which matrix it is of, and when."""

    __array_ufunc__ = None

    def __repr__(self) -> str:
        return f"Snapshot({self.name})"

    def __array__(self, *arguments: Any, **options: Any) -> np.ndarray:
        """Refuse to be taken for numbers: pandas asks for them, and would multiply by ideal weights."""
        raise checks.no_array(self)

    def __rmatmul__(self, x: ArrayLike) -> np.ndarray:
        """``x @ snapshot``: short for `matvec`."""
        return self.matvec(x)

    def __matmul__(self, x: ArrayLike) -> np.ndarray:
        """``snapshot @ x`` for one input, as of `AnalogMatrix`."""
        return self.matvec(checks.one_input(x, self.converters.inputs))

    def through(self, tiles: list[Tile], name: str) -> Snapshot:
        """The same conductances in the circuits of other tiles, which hold the same devices."""
        if [id(part.devices) for part in tiles] != [id(part.devices) for part in self.tiles]:
            raise ParameterError("read must be of a matrix with the same devices: rewired(wires, shared=True)")
        states = [part.state(state.conductance) for part, state in zip(tiles, self.states, strict=True)]
        return Snapshot(self.converters, tiles, states, name)

    def matvec(self, x: ArrayLike, *, compensate: bool = True) -> np.ndarray:
        """Multiply with the frozen conductances; arguments as `AnalogMatrix.matvec`."""
        x, single = self.converters.checked(x)
        voltage, full, dac_clipped = self.converters.to_voltage(x)
        pairs = list(zip(self.tiles, self.states, strict=True))
        found = together([functools.partial(self.converters.measure, part, state, voltage) for part, state in pairs])
        y = np.zeros((len(x), self.tiles[-1].columns.stop))
        done = Counts(dac=x.size, dac_clipped=dac_clipped)
        self.tiles[0].counts += done
        for (part, state), (current, clipped) in zip(pairs, found, strict=True):
            y[:, part.columns] += current * (state.gain if compensate else 1.0)
            converted = Counts(adc=current.size, adc_clipped=clipped)
            part.counts += converted
            done += converted
        _warn_of_clipping(done)
        y *= full * self.converters.output_scale
        return y[0] if single else y


def _warn_of_clipping(counts: Counts) -> None:
    for what, clipped, total, remedy in (
        ("inputs", counts.dac_clipped, counts.dac, "a larger periphery.input_range"),
        ("outputs", counts.adc_clipped, counts.adc, "fit_range(sample inputs) or a larger periphery.adc_range"),
    ):
        if clipped > _CLIPPING_WORTH_SAYING * total:
            warn(f"{clipped} of {total} converted {what} were clipped at the converter's range; {remedy} helps")
